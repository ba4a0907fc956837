package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"pli.example/pli/e2e/dovecot"
	"pli.example/pli/e2e/rawimap"
)

const mailbox = "bench@example.test"

// prepare gives a folder of homes with the letters in it, generated once per
// machine and generator version.
func prepare(n int) (root string, fresh bool, err error) {
	root = filepath.Join(os.TempDir(), fmt.Sprintf("pli-bench-v%d-%d", generator, n))
	if _, err := os.Stat(filepath.Join(root, "ready")); err == nil {
		return root, false, nil
	}
	if err := os.RemoveAll(root); err != nil {
		return "", false, err
	}
	began := time.Now()
	if err := os.MkdirAll(filepath.Join(root, mailbox), 0o755); err != nil {
		return "", false, err
	}
	home := filepath.Join(root, mailbox)
	if err := generate(filepath.Join(home, "Maildir"), n, letter); err != nil {
		return "", false, err
	}
	if err := generate(filepath.Join(home, "Maildir", ".Sent"), n/sentShare, answer); err != nil {
		return "", false, err
	}
	if err := dovecot.Own(home); err != nil {
		return "", false, err
	}
	fmt.Printf("generated %d letters and %d sent ones in %.1f s\n", n, n/sentShare, time.Since(began).Seconds())
	return root, true, nil
}

// start runs Dovecot on the letters. On a fresh mailbox its index is built by
// asking once for everything a list shows, as years of use would have.
func start(dir, root string, n int, fresh bool) (*dovecot.Server, error) {
	d, err := dovecot.Start(dovecot.Options{Dir: dir, Mailboxes: []string{mailbox}, Separator: "/", MaildirRoot: root})
	if err != nil || !fresh {
		return d, err
	}
	began := time.Now()
	c, err := d.Inspect(mailbox)
	if err != nil {
		return d, err
	}
	defer c.Close()
	c.Timeout = 5 * time.Minute
	for folder, n := range map[string]int{"INBOX": n, "Sent": n / sentShare} {
		if err := visit(c, folder, n); err != nil {
			return d, err
		}
	}
	fmt.Printf("index built in %.1f s\n", time.Since(began).Seconds())
	return d, os.WriteFile(filepath.Join(root, "ready"), []byte("1\n"), 0o644)
}

// visit asks for everything a list shows. Twice: what Dovecot keeps in its cache is
// decided by the first asking.
func visit(c *rawimap.Client, folder string, n int) error {
	_, exists, err := c.Select(folder)
	if err != nil {
		return err
	}
	if int(exists) != n {
		return fmt.Errorf("the server sees %d letters in %s, not %d", exists, folder, n)
	}
	for range 2 {
		for first := 1; first <= n; first += 2000 {
			if _, err := c.Do(fmt.Sprintf("FETCH %d:%d (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE %s)", first, min(n, first+1999), listHeader)); err != nil {
				return err
			}
		}
	}
	return nil
}

// listHeader is what a row of a list is made from, beside flags and structure.
const listHeader = "BODY.PEEK[HEADER.FIELDS (FROM TO CC SUBJECT DATE MESSAGE-ID IN-REPLY-TO REFERENCES)]"

func inspect(d *dovecot.Server) (*rawimap.Client, error) {
	c, err := d.Inspect(mailbox)
	if err != nil {
		return nil, err
	}
	_, _, err = c.Select("INBOX")
	return c, err
}
