//go:build e2e

package e2e

import (
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pli.example/pli/e2e/rawimap"
	"pli.example/pli/internal/demo/people"
)

// martinBox is the mailbox most rows work in: the GP's own.
var martinBox = people.MartinBox.String()

// eye looks at one mailbox from the server's side, by its own connection: what it
// says is what any other mail program would see.
type eye struct {
	t testing.TB
	w *world
	c *rawimap.Client
}

func (w *world) eye(t testing.TB, mailbox string) *eye {
	t.Helper()
	c, err := w.inspect(mailbox)
	if err != nil {
		t.Fatalf("look into %s: %v", mailbox, err)
	}
	t.Cleanup(func() { c.Close() })
	return &eye{t: t, w: w, c: c}
}

// subject makes a subject nobody else uses: rows of the table share a mailbox.
func unique(what string) string { return what + " " + strings.ToLower(rand.Text()[:8]) }

// deliver puts a letter into INBOX as the server's own delivery would, unread.
func (e *eye) deliver(raw string) {
	e.t.Helper()
	raw = strings.ReplaceAll(strings.ReplaceAll(raw, "\r\n", "\n"), "\n", "\r\n")
	if err := e.c.Append("INBOX", nil, time.Now(), []byte(raw)); err != nil {
		e.t.Fatal(err)
	}
}

// plainLetter is the simplest letter there is.
func plainLetter(subject, text string) string {
	return letterHead(subject) + "Content-Type: text/plain; charset=utf-8\n\n" + text + "\n"
}

func letterHead(subject string) string {
	return fmt.Sprintf("From: Dr Hugo Petit <hugo.petit@chu-touraine.mssante.fr>\nTo: Dr Claire Martin <claire.martin@medecin.mssante.fr>\n"+
		"Subject: %s\nDate: %s\nMessage-ID: <%s@e2e.test>\nMIME-Version: 1.0\n", subject, time.Now().Format(time.RFC1123Z), rand.Text())
}

// where gives each folder that holds a letter with this word in its subject, and
// the letter's flags there.
func (e *eye) where(word string) map[string][]string {
	e.t.Helper()
	folders, err := e.c.Folders()
	if err != nil {
		e.t.Fatal(err)
	}
	out := map[string][]string{}
	for _, f := range folders {
		if slices.Contains(f.Attrs, `\Noselect`) || slices.Contains(f.Attrs, `\NonExistent`) {
			continue
		}
		if _, _, err := e.c.Select(f.Name); err != nil {
			e.t.Fatal(err)
		}
		uids, err := e.c.Search("SUBJECT " + rawimap.Quote(word))
		if err != nil {
			e.t.Fatal(err)
		}
		for _, uid := range uids {
			flags, ok, err := e.c.Flags(uid)
			if err != nil {
				e.t.Fatal(err)
			}
			if ok {
				out[f.Name] = append(flags, fmt.Sprintf("uid=%d", uid))
			}
		}
	}
	return out
}

// eventually waits until the server's state is what it should be: the page may
// answer before another connection sees it.
func (e *eye) eventually(what, word string, ok func(where map[string][]string) bool) {
	e.t.Helper()
	deadline := time.Now().Add(patience)
	for p := (pace{}); ; {
		got := e.where(word)
		if ok(got) {
			return
		}
		if time.Now().After(deadline) {
			e.t.Fatalf("on the server, %s: letter %q lies in %v", what, word, got)
		}
		p.wait()
	}
}

// only says that the letter lies in this folder and nowhere else.
func only(folder string) func(map[string][]string) bool {
	return func(where map[string][]string) bool {
		_, ok := where[folder]
		return ok && len(where) == 1
	}
}

// flagged says whether the letter carries a flag in INBOX.
func flagged(flag string, want bool) func(map[string][]string) bool {
	return func(where map[string][]string) bool {
		flags, ok := where["INBOX"]
		return ok && slices.ContainsFunc(flags, func(f string) bool { return strings.EqualFold(f, flag) }) == want
	}
}
