package mailbox

import (
	"slices"
	"testing"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

func wantKind(t *testing.T, err error, kind problem.Kind) {
	t.Helper()
	if !problem.Is(err, kind) {
		t.Errorf("got %v, want %s", err, kind)
	}
}

func (w *world) inbox(b *Box) FolderView {
	w.Helper()
	return w.role(b, mailserver.RoleInbox)
}

func (w *world) role(b *Box, r mailserver.Role) FolderView {
	w.Helper()
	folders, err := b.Folders(w.ctx)
	w.must(err)
	i := slices.IndexFunc(folders, func(f FolderView) bool { return f.Role == r })
	if i < 0 {
		w.Fatalf("no %s", r)
	}
	return folders[i]
}

func (w *world) list(b *Box, folder string) List {
	w.Helper()
	l, err := b.List(w.ctx, ListQuery{Folder: folder})
	w.must(err)
	return l
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// TestOpen: permission first; what is not yours looks like what does not exist,
// and both are written down.
func TestOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.open(anne, annes)
	for name, try := range map[string]struct {
		actor mssante.Actor
		box   string
	}{"somebody else's": {zoe, annes}, "nobody's": {anne, "personne@medecin.test.mssante.fr"}} {
		b, err := w.house.Open(w.ctx, try.actor, address(t, try.box))
		if err == nil || b != nil {
			t.Errorf("%s opened", name)
		}
		if e := w.last(); e.Action != audit.MailboxRefused || e.Actor.NationalID != try.actor.NationalID || e.Outcome == audit.OutcomeOK {
			t.Errorf("%s: trail %+v", name, e)
		}
	}
	_, err := w.house.Open(w.ctx, zoe, address(t, annes))
	_, none := w.house.Open(w.ctx, zoe, address(t, "personne@medecin.test.mssante.fr"))
	if problem.SayOf(err) != problem.SayOf(none) || problem.KindOf(err) != problem.KindOf(none) {
		t.Error("a mailbox that exists can be told from one that does not")
	}
	g := w.give(annes, zoe, delegation.Delegate, delegation.Read, "")
	w.open(zoe, annes)
	w.must(w.grant.Revoke(w.ctx, mssante.Actor{AccountID: "operator"}, g.ID))
	if _, err := w.house.Open(w.ctx, zoe, address(t, annes)); err == nil {
		t.Error("a revoked grant opened")
	}
	_, err = w.house.Open(w.ctx, mssante.Actor{}, address(t, annes))
	wantKind(t, err, problem.SignInNeeded)
}

// TestReadOnly: a grant to read changes nothing, and the tries are written down.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	uid := w.put(annes, "INBOX", letterMixed)
	w.give(annes, zoe, delegation.Delegate, delegation.Read, "")
	b := w.open(zoe, annes)
	in := w.inbox(b)
	ref := []Ref{{in.ID, in.UIDValidity, uid}}
	for name, try := range map[string]func() error{
		"flags":   func() error { _, err := b.SetFlags(w.ctx, ref, []Flag{Seen}, nil); return err },
		"archive": func() error { _, err := b.Archive(w.ctx, ref); return err },
		"bin":     func() error { _, err := b.Bin(w.ctx, ref); return err },
		"move":    func() error { _, err := b.Move(w.ctx, ref, in.ID); return err },
		"undo":    func() error { return undoing(b.Undo(w.ctx, "x")) },
	} {
		err := try()
		if !problem.Is(err, problem.Denied) {
			t.Errorf("%s: %v", name, err)
		}
		if e := w.last(); e.Outcome != "denied" || e.Actor.NationalID != zoe.NationalID {
			t.Errorf("%s: trail %+v", name, e)
		}
	}
	if l := w.list(b, in.ID); len(l.Items) != 1 || !l.Items[0].Unread {
		t.Error("something changed")
	}
}
