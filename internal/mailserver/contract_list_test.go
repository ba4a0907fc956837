package mailserver

import (
	"slices"
	"strings"
	"time"

	"pli.example/pli/internal/problem"
)

func contractList(b *bench) {
	empty := b.rows(Query{Folder: "INBOX", WithFolders: true})
	if len(empty.Rows) != 0 || empty.Total != 0 || empty.Folder.UIDValidity == 0 {
		b.Fatalf("empty folder: %+v", empty)
	}
	uid := b.append("INBOX", letter("=?iso-8859-1?Q?R=E9sultats?=", "Bonjour,\nvoici les résultats."), `\Flagged`)
	l := b.rows(Query{Folder: "INBOX", WithFolders: true})
	if len(l.Rows) != 1 {
		b.Fatalf("%d rows", len(l.Rows))
	}
	r := l.Rows[0]
	if r.UID != uid || r.Envelope.Subject != "Résultats" || r.Envelope.From[0].Name != "Hélène Roux" {
		b.Errorf("row %+v", r)
	}
	if !r.Has(`\flagged`) || r.Has(`\Seen`) || r.Unreadable || r.Structure == nil || r.Structure.Type != "text/plain" {
		b.Errorf("flags %v structure %v", r.Flags, r.Structure)
	}
	if r.Snippet != "Bonjour, voici les résultats." {
		b.Errorf("snippet %q", r.Snippet)
	}
	if !r.Received.Equal(time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)) || r.Size == 0 {
		b.Errorf("received %v size %d", r.Received, r.Size)
	}
	if l.Total != 1 || l.First != 1 || l.Last != 1 || l.Folder.Unseen != 1 || l.Folder.Messages != 1 {
		b.Errorf("listing %+v", l)
	}
	if again := b.rows(Query{Folder: "INBOX"}); again.Rows[0].Structure != r.Structure {
		b.Error("the second listing did not come from the cache")
	}
}

func contractAnchors(b *bench) {
	uids := b.fill(23)
	all := down(uids)
	first := b.rows(Query{Folder: "INBOX", Size: 10})
	if !slices.Equal(uidsOf(first.Rows), all[:10]) || first.First != 1 || first.Last != 10 || first.Total != 23 {
		b.Fatalf("first page %v %d-%d/%d", uidsOf(first.Rows), first.First, first.Last, first.Total)
	}
	second := b.rows(Query{Folder: "INBOX", Size: 10, Before: all[9]})
	if !slices.Equal(uidsOf(second.Rows), all[10:20]) || second.First != 11 {
		b.Fatalf("second page %v %d", uidsOf(second.Rows), second.First)
	}
	if third := b.rows(Query{Folder: "INBOX", Size: 10, Page: 3}); !slices.Equal(uidsOf(third.Rows), all[20:]) || third.Last != 23 {
		b.Fatalf("third page %v", uidsOf(third.Rows))
	}
	if far := b.rows(Query{Folder: "INBOX", Size: 10, Page: 1 << 30}); !slices.Equal(uidsOf(far.Rows), all[20:]) {
		b.Fatalf("a page beyond the end %v", uidsOf(far.Rows))
	}
	if newer := b.rows(Query{Folder: "INBOX", Size: 10, After: all[10]}); !slices.Equal(uidsOf(newer.Rows), all[:10]) {
		b.Fatalf("newer %v", uidsOf(newer.Rows))
	}
	// A colleague removes the anchor itself and letters above it.
	_, err := b.them.Expunge(b.ctx, "INBOX", first.Folder.UIDValidity, []uint32{all[0], all[3], all[9]})
	b.must(err)
	if got := b.rows(Query{Folder: "INBOX", Size: 10, Before: all[9]}); !slices.Equal(uidsOf(got.Rows), all[10:20]) || got.First != 8 {
		b.Fatalf("after expunge %v first %d", uidsOf(got.Rows), got.First)
	}
	if got := b.rows(Query{Folder: "INBOX", Size: 3, After: all[10]}); !slices.Equal(uidsOf(got.Rows), all[6:9]) {
		b.Fatalf("after expunge, newer %v", uidsOf(got.Rows))
	}
}

func contractFresh(b *bench) {
	uids := b.fill(3)
	b.rows(Query{Folder: "INBOX"})
	raw := strings.ReplaceAll(letter("Nouvelle", "x"), "\n", "\r\n")
	_, added, err := b.them.Append(b.ctx, "INBOX", nil, time.Time{}, int64(len(raw)), strings.NewReader(raw))
	b.must(err)
	l := b.rows(Query{Folder: "INBOX"})
	if !slices.Equal(uidsOf(l.Rows), []uint32{added, uids[2], uids[1], uids[0]}) {
		b.Fatalf("a new letter is not listed: %v", uidsOf(l.Rows))
	}
	_, err = b.them.SetFlags(b.ctx, "INBOX", l.Folder.UIDValidity, uids[:1], []string{`\Seen`}, nil)
	b.must(err)
	if l = b.rows(Query{Folder: "INBOX"}); !l.Rows[3].Has(`\Seen`) || l.Folder.Unseen != 3 {
		b.Fatalf("a flag set elsewhere is not seen: %v, %d unseen", l.Rows[3].Flags, l.Folder.Unseen)
	}
	_, err = b.them.Expunge(b.ctx, "INBOX", l.Folder.UIDValidity, uids)
	b.must(err)
	if l = b.rows(Query{Folder: "INBOX"}); !slices.Equal(uidsOf(l.Rows), []uint32{added}) || l.Total != 1 {
		b.Fatalf("letters removed elsewhere are listed: %v", uidsOf(l.Rows))
	}
	_, err = b.them.Expunge(b.ctx, "INBOX", l.Folder.UIDValidity, []uint32{added})
	b.must(err)
	if l = b.rows(Query{Folder: "INBOX"}); len(l.Rows) != 0 || l.Total != 0 {
		b.Fatalf("an emptied folder lists %v", uidsOf(l.Rows))
	}
}

func contractFlagNews(b *bench) {
	uids := b.fill(5)
	l := b.rows(Query{Folder: "INBOX"})
	for i, uid := range uids {
		_, err := b.them.SetFlags(b.ctx, "INBOX", l.Folder.UIDValidity, []uint32{uid}, []string{`\Flagged`}, nil)
		b.must(err)
		if got := b.rows(Query{Folder: "INBOX"}); len(got.Rows) != 5 || !got.Rows[4-i].Has(`\Flagged`) {
			b.Fatalf("after change %d: %v", i, uidsOf(got.Rows))
		}
	}
}

func contractFilters(b *bench) {
	uids := b.fill(12)
	validity := b.rows(Query{Folder: "INBOX"}).Folder.UIDValidity
	_, err := b.a.SetFlags(b.ctx, "INBOX", validity, uids[:6], []string{`\Seen`}, nil)
	b.must(err)
	_, err = b.a.SetFlags(b.ctx, "INBOX", validity, uids[2:9], []string{`\Flagged`}, nil)
	b.must(err)
	unread := down(uids[6:])
	l := b.rows(Query{Folder: "INBOX", Unread: true, Size: 4})
	if !slices.Equal(uidsOf(l.Rows), unread[:4]) || l.Total != 6 || l.First != 1 || l.Last != 4 {
		b.Fatalf("unread %v %+v", uidsOf(l.Rows), l)
	}
	if l = b.rows(Query{Folder: "INBOX", Unread: true, Size: 4, Before: unread[3]}); !slices.Equal(uidsOf(l.Rows), unread[4:]) || l.First != 5 {
		b.Fatalf("older unread %v", uidsOf(l.Rows))
	}
	if l = b.rows(Query{Folder: "INBOX", Unread: true, Size: 4, After: unread[4]}); !slices.Equal(uidsOf(l.Rows), unread[:4]) {
		b.Fatalf("newer unread %v", uidsOf(l.Rows))
	}
	if l = b.rows(Query{Folder: "INBOX", Flagged: true}); !slices.Equal(uidsOf(l.Rows), down(uids[2:9])) {
		b.Fatalf("flagged %v", uidsOf(l.Rows))
	}
	if l = b.rows(Query{Folder: "INBOX", Flagged: true, Unread: true}); !slices.Equal(uidsOf(l.Rows), down(uids[6:9])) {
		b.Fatalf("both %v", uidsOf(l.Rows))
	}
	if l = b.rows(Query{Folder: "INBOX", Flagged: true, Page: 9}); len(l.Rows) != 0 || l.Total != 7 {
		b.Fatalf("beyond %v", uidsOf(l.Rows))
	}
}

func contractFolders(b *bench) {
	b.fill(2)
	b.raw(func(c *conn) error { return c.client.Create(b.folder("Brouillons"), nil).Wait() })
	b.raw(func(c *conn) error { return c.client.Create(b.folder("Patients"), nil).Wait() })
	b.raw(func(c *conn) error { return c.client.Create(b.folder("Patients", "Archives"), nil).Wait() })
	folders, err := b.a.Folders(b.ctx)
	b.must(err)
	in, ok := byRole(folders, RoleInbox)
	if !ok || in.Messages != 2 || in.Unseen != 2 || in.UIDValidity == 0 || in.UIDNext == 0 {
		b.Errorf("inbox %+v", in)
	}
	for _, f := range folders {
		if f.Name == b.folder("Patients", "Archives") && f.Role != RoleNone {
			b.Errorf("a folder of one's own became %q", f.Role)
		}
	}
	if _, ok := byRole(folders, RoleDrafts); !ok {
		b.Error("no drafts folder")
	}
	f, err := b.a.Counters(b.ctx, "INBOX")
	b.must(err)
	if f.Unseen != 2 {
		b.Errorf("counters %+v", f)
	}
	if _, err := b.a.Rows(b.ctx, Query{Folder: b.folder("Absent")}); !problem.Is(err, problem.Gone) {
		b.Errorf("an absent folder: %v", err)
	}
}

func contractNames(b *bench) {
	made := 0
	for _, name := range []string{"Résumés & comptes rendus", `guillemet " et \ barre`, "émoji 🩺", "a(b)c {5}", "*", "日本語", " espace"} {
		name = b.folder(name)
		refused := false
		b.raw(func(c *conn) error {
			err := c.client.Create(name, nil).Wait()
			if refused = said(err) && !b.caps["any-name"]; refused {
				return nil
			}
			return err
		})
		if refused {
			continue
		}
		made++
		b.append(name, letter("Dedans", "x"))
		l := b.rows(Query{Folder: name, WithFolders: true})
		if len(l.Rows) != 1 {
			b.Errorf("%q: %d rows", name, len(l.Rows))
		}
		if !slices.ContainsFunc(l.Folders, func(f Folder) bool { return f.Name == name && f.Messages == 1 }) {
			b.Errorf("%q is not listed", name)
		}
	}
	if made < 4 {
		b.Errorf("this server made only %d of these folders", made)
	}
}

func contractSpecialUse(b *bench) {
	b.needs("special-use")
	folders, err := b.a.Folders(b.ctx)
	b.must(err)
	if f, ok := byRole(folders, RoleSent); !ok || f.Name != "Envoyes" {
		b.Errorf("sent folder %+v", f)
	}
}

func contractValidity(b *bench) {
	refait := b.folder("Refait")
	b.raw(func(c *conn) error { return c.client.Create(refait, nil).Wait() })
	uid := b.append(refait, letter("Avant", "x"))
	old := b.rows(Query{Folder: refait}).Folder.UIDValidity
	b.rows(Query{Folder: "INBOX"}) // let go of it
	b.raw(func(c *conn) error { return c.client.Delete(refait).Wait() })
	time.Sleep(1100 * time.Millisecond) // Dovecot's UIDVALIDITY is a clock in seconds
	b.raw(func(c *conn) error { return c.client.Create(refait, nil).Wait() })
	again := b.append(refait, letter("Apres", "y"))
	if again != uid {
		b.Logf("the new folder numbers from %d", again)
	}
	if _, err := b.a.OpenLetter(b.ctx, refait, old, again); !problem.Is(err, problem.Gone) {
		b.Errorf("an old address opened: %v", err)
	}
	if _, err := b.a.Body(b.ctx, refait, old, again, "1", 0); !problem.Is(err, problem.Gone) {
		b.Errorf("an old address downloaded: %v", err)
	}
	if _, err := b.a.Move(b.ctx, refait, old, []uint32{again}, "INBOX"); !problem.Is(err, problem.Gone) {
		b.Errorf("an old address moved: %v", err)
	}
	if _, err := b.a.Rows(b.ctx, Query{Folder: refait, Validity: old}); !problem.Is(err, problem.Gone) {
		b.Errorf("an old page: %v", err)
	}
	l := b.rows(Query{Folder: refait})
	if l.Folder.UIDValidity == old || l.Rows[0].Envelope.Subject != "Apres" {
		b.Errorf("listing %+v", l.Folder)
	}
	if o, err := b.a.OpenLetter(b.ctx, refait, l.Folder.UIDValidity, again); err != nil || o.Envelope.Subject != "Apres" {
		b.Errorf("the new letter: %v", err)
	}
}
