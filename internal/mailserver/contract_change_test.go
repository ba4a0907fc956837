package mailserver

import (
	"bytes"
	"io"
	"slices"
	"sync"
	"time"

	"pli.example/pli/internal/problem"
)

func contractFlags(b *bench) {
	uids := b.fill(3)
	v := b.rows(Query{Folder: "INBOX"}).Folder.UIDValidity
	before, err := b.a.SetFlags(b.ctx, "INBOX", v, []uint32{uids[0], uids[1], 99999}, []string{`\Seen`, "$MDNSent"}, []string{`\Flagged`})
	b.must(err)
	if len(before) != 2 || slices.Contains(before[uids[0]], `\Seen`) {
		b.Errorf("before %v", before)
	}
	l := b.rows(Query{Folder: "INBOX"})
	if !l.Rows[2].Has(`\Seen`) || !l.Rows[2].Has("$MDNSent") || l.Rows[0].Has(`\Seen`) {
		b.Errorf("after %v %v", l.Rows[2].Flags, l.Rows[0].Flags)
	}
	if _, err := b.a.SetFlags(b.ctx, "INBOX", v, []uint32{99999}, []string{`\Seen`}, nil); !problem.Is(err, problem.Gone) {
		b.Errorf("no such letter: %v", err)
	}
	if _, err := b.a.SetFlags(b.ctx, "INBOX", v+1, uids, []string{`\Seen`}, nil); !problem.Is(err, problem.Gone) {
		b.Errorf("stale folder: %v", err)
	}
	for _, bad := range []string{"a b", "x\r\nT9 DELETE INBOX", `a\b`, "", "(", "*"} {
		if _, err := b.a.SetFlags(b.ctx, "INBOX", v, uids, []string{bad}, nil); !problem.Is(err, problem.Invalid) {
			b.Errorf("flag %q: %v", bad, err)
		}
	}
	if _, err := b.a.SetFlags(b.ctx, "INBOX", v, []uint32{0}, []string{`\Seen`}, nil); !problem.Is(err, problem.Invalid) {
		b.Errorf("uid 0 is every letter: %v", err)
	}
}

func contractMove(b *bench) {
	uids := b.fill(4)
	dossier := b.folder("Dossier")
	b.raw(func(c *conn) error { return c.client.Create(dossier, nil).Wait() })
	v := b.rows(Query{Folder: "INBOX"}).Folder.UIDValidity
	moved, err := b.a.Move(b.ctx, "INBOX", v, []uint32{uids[1], uids[3], 77777}, dossier)
	b.must(err)
	there := b.rows(Query{Folder: dossier})
	if len(moved.UIDs) != 2 || moved.Validity != there.Folder.UIDValidity || moved.MarkedOnly {
		b.Fatalf("COPYUID %+v", moved)
	}
	if got := uidsOf(there.Rows); !slices.Contains(got, moved.UIDs[uids[1]]) || !slices.Contains(got, moved.UIDs[uids[3]]) || len(got) != 2 {
		b.Errorf("moved to %v, listed %v", moved.UIDs, got)
	}
	if there.Rows[0].Envelope.Subject != "Lettre 4" {
		b.Errorf("the wrong letter moved: %q", there.Rows[0].Envelope.Subject)
	}
	if got := uidsOf(b.rows(Query{Folder: "INBOX"}).Rows); !slices.Equal(got, []uint32{uids[2], uids[0]}) {
		b.Errorf("left %v", got)
	}
	if _, err := b.a.Move(b.ctx, "INBOX", v, []uint32{uids[1]}, dossier); !problem.Is(err, problem.Gone) {
		b.Errorf("moved already: %v", err)
	}
	if _, err := b.a.Move(b.ctx, "INBOX", v, uids[:1], b.folder("Absent")); !problem.Is(err, problem.Gone) {
		b.Errorf("absent destination: %v", err)
	}
	if got := uidsOf(b.rows(Query{Folder: "INBOX"}).Rows); len(got) != 2 {
		b.Errorf("a refused move lost letters: %v", got)
	}
	// And back: undo.
	_, err = b.a.Move(b.ctx, dossier, moved.Validity, []uint32{moved.UIDs[uids[1]]}, "INBOX")
	b.must(err)
	if got := b.rows(Query{Folder: "INBOX"}); got.Total != 3 || got.Rows[0].Envelope.Subject != "Lettre 2" {
		b.Errorf("back: %v", uidsOf(got.Rows))
	}
	// The way of servers without MOVE gives the same.
	b.must(b.a.change(b.ctx, func(c *conn) error {
		return c.do(b.ctx, verbStore, 10*time.Second, budgetList, func() error {
			set, err := c.prepare("INBOX", v, uids[:1])
			if err != nil {
				return err
			}
			m := moving{to: dossier}
			if err := m.byHand(c, set); err != nil {
				return err
			}
			if out := m.out; len(out.UIDs) != 1 || out.MarkedOnly {
				b.Errorf("by hand %+v", out)
			}
			return nil
		})
	}))
	if got := uidsOf(b.rows(Query{Folder: "INBOX"}).Rows); slices.Contains(got, uids[0]) {
		b.Error("the copy's original is still there")
	}
}

func contractExpunge(b *bench) {
	uids := b.fill(4)
	v := b.rows(Query{Folder: "INBOX"}).Folder.UIDValidity
	_, err := b.them.SetFlags(b.ctx, "INBOX", v, uids[1:2], []string{`\Deleted`}, nil) // a colleague's, not expunged yet
	b.must(err)
	marked, err := b.a.Expunge(b.ctx, "INBOX", v, uids[2:3])
	b.must(err)
	if marked {
		b.Error("this server has UIDPLUS")
	}
	if got := uidsOf(b.rows(Query{Folder: "INBOX"}).Rows); !slices.Equal(got, []uint32{uids[3], uids[1], uids[0]}) {
		b.Fatalf("left %v: somebody else's letter must stay", got)
	}
	_, err = b.a.Move(b.ctx, "INBOX", v, uids[:1], b.folder("Absent"))
	if err == nil {
		b.Error("moved to a folder that does not exist")
	}
	f, err := b.a.EnsureFolder(b.ctx, RoleTrash)
	b.must(err)
	_, err = b.a.Move(b.ctx, "INBOX", v, uids[:1], f.Name)
	b.must(err)
	if got := uidsOf(b.rows(Query{Folder: "INBOX"}).Rows); !slices.Equal(got, []uint32{uids[3], uids[1]}) {
		b.Fatalf("left %v", got)
	}
}

func contractEnsure(b *bench) {
	for _, role := range []Role{RoleArchive, RoleTrash, RoleSent, RoleDrafts, RoleJunk} {
		f, err := b.a.EnsureFolder(b.ctx, role)
		b.must(err)
		again, err := b.them.EnsureFolder(b.ctx, role)
		b.must(err)
		if f.Name == "" || again.Name != f.Name || again.Role != role {
			b.Errorf("%s: %+v then %+v", role, f, again)
		}
	}
	if _, err := b.a.EnsureFolder(b.ctx, RoleNone); err == nil {
		b.Error("a folder for no role")
	}
}

func contractDrop(b *bench) {
	b.fill(1)
	v := b.rows(Query{Folder: "INBOX"}).Folder.UIDValidity
	_, err := b.them.Folders(b.ctx)
	b.must(err)
	if b.s.Connections() != 2 {
		b.Fatalf("%d connections", b.s.Connections())
	}
	if b.a.cache.size() == 0 {
		b.Fatal("nothing was cached: the test proves nothing")
	}
	b.s.Drop("s1")
	if b.s.Connections() != 1 || b.a.cache.size() != 0 {
		b.Errorf("%d connections, %d bytes cached after the end", b.s.Connections(), b.a.cache.size())
	}
	if _, err := b.a.Rows(b.ctx, Query{Folder: "INBOX"}); !problem.Is(err, problem.SignInNeeded) {
		b.Errorf("an ended session listed: %v", err)
	}
	if _, err := b.s.For(testActor("s1"), b.addr).OpenLetter(b.ctx, "INBOX", v, 1); !problem.Is(err, problem.SignInNeeded) {
		b.Errorf("an ended session came back: %v", err)
	}
	_, err = b.them.Folders(b.ctx)
	b.must(err)
}

func contractParallel(b *bench) {
	uids := b.fill(6)
	v := b.rows(Query{Folder: "INBOX"}).Folder.UIDValidity
	var wg sync.WaitGroup
	for i := range 24 {
		wg.Go(func() {
			var err error
			switch i % 4 {
			case 0:
				_, err = b.a.Rows(b.ctx, Query{Folder: "INBOX", WithFolders: true})
			case 1:
				_, err = b.a.OpenLetter(b.ctx, "INBOX", v, uids[i%6])
			case 2:
				_, err = b.a.Search(b.ctx, Search{Folder: "INBOX", Words: []string{"Lettre"}, Everywhere: true})
			case 3:
				var r io.ReadCloser
				if r, err = b.a.Body(b.ctx, "INBOX", v, uids[i%6], "1", 0); err == nil {
					var got []byte
					got, err = io.ReadAll(r)
					if !bytes.Contains(got, []byte("texte")) {
						b.Errorf("part %q", got)
					}
					r.Close()
				}
			}
			if err != nil {
				b.Errorf("task %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	if n := b.s.Connections(); n > 3 {
		b.Errorf("%d connections for one mailbox", n)
	}
}
