package mailserver

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/problem"
)

// until takes news from a watch until want is content; it gives all that was told.
func until(t *testing.T, v *Watch, what string, want func(News) bool) News {
	t.Helper()
	var all News
	limit := time.After(15 * time.Second)
	for {
		select {
		case <-limit:
			t.Fatalf("%s: not told in 15 s, only %+v", what, all)
		case <-v.Ready():
			n, err := v.Take()
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			all.Attention, all.Folders = n.Attention, append(all.Folders, n.Folders...)
			if want(n) {
				return all
			}
		}
	}
}

func about(folder string, f func(FolderNews) bool) func(News) bool {
	return func(n News) bool {
		return slices.ContainsFunc(n.Folders, func(x FolderNews) bool { return x.Folder.Name == folder && f(x) })
	}
}

func told(n News) bool { return n.Attention == Told }

// contractWatch: what others do to the folder on the page is told at once.
func contractWatch(b *bench) {
	if b.caps["late-news"] { // Courier hears of its own files by gamin, or not: the listing every PLI_IMAP_POLL tells then
		b.Skip("this server tells its news when it likes")
	}
	uids := b.fill(2)
	v := b.a.Watch("INBOX")
	defer v.Close()
	stands := until(b.T, v, "how it stands", about("INBOX", func(f FolderNews) bool { return f.Folder.Messages == 2 && !f.Arrived }))
	if n, _ := v.Take(); n.Attention != Told {
		until(b.T, v, "attention", told)
	}
	// What is told is what a list says: a page that shows all there is asks for nothing.
	same := func(what string, n News) {
		b.Helper()
		told, listed := n.Folders[len(n.Folders)-1].Folder, b.rows(Query{Folder: "INBOX"}).Folder
		if told.UIDValidity != listed.UIDValidity || told.UIDNext != listed.UIDNext || told.Messages != listed.Messages || told.Unseen != listed.Unseen ||
			told.HighestModSeq != listed.HighestModSeq {
			b.Errorf("%s: told %+v, listed %+v", what, told, listed)
		}
	}
	same("how it stands", stands)
	raw := strings.ReplaceAll(letter("nouvelle", "texte"), "\n", "\r\n")
	_, _, err := b.them.Append(b.ctx, "INBOX", nil, time.Now(), int64(len(raw)), strings.NewReader(raw))
	b.must(err)
	began := time.Now()
	n := until(b.T, v, "an arrival", about("INBOX", func(f FolderNews) bool { return f.Arrived && f.Folder.Messages == 3 && f.Folder.Unseen == 3 }))
	b.Logf("told after %s", time.Since(began).Round(time.Millisecond))
	same("an arrival", n)
	validity := b.rows(Query{Folder: "INBOX"}).Folder.UIDValidity
	_, err = b.them.SetFlags(b.ctx, "INBOX", validity, uids[:1], []string{`\Seen`}, nil)
	b.must(err)
	n = until(b.T, v, "a mark", about("INBOX", func(f FolderNews) bool { return f.Marked && f.Folder.Unseen == 2 }))
	same("a mark", n)
	archive, err := b.them.EnsureFolder(b.ctx, RoleArchive)
	b.must(err)
	_, err = b.them.Move(b.ctx, "INBOX", validity, uids[1:], archive.Name)
	b.must(err)
	n = until(b.T, v, "an expunge", about("INBOX", func(f FolderNews) bool { return f.Gone && f.Folder.Messages == 2 }))
	same("an expunge", n)
	// Somebody else has another folder before them: the one connection turns to it.
	other := b.a.Watch(archive.Name)
	defer other.Close()
	until(b.T, other, "how the other folder stands", about(archive.Name, func(f FolderNews) bool { return f.Folder.Messages == 1 }))
	b.s.Drop("s1")
	for _, w := range []*Watch{v, other} {
		if err := over(b.T, w); !problem.Is(err, problem.SignInNeeded) {
			b.Errorf("ended with %v", err)
		}
	}
}

// over waits for the end of a watch.
func over(t *testing.T, v *Watch) error {
	t.Helper()
	limit := time.After(5 * time.Second)
	for {
		select {
		case <-limit:
			t.Fatal("what has ended is still told news")
		case <-v.Ready():
			if _, err := v.Take(); err != nil {
				return err
			}
		}
	}
}
