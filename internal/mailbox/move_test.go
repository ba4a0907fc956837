package mailbox

import (
	"slices"
	"strings"
	"testing"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/problem"
)

func TestFlagsAndUndo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	read := w.put(annes, "INBOX", letterMixed, `\Seen`)
	unread := w.put(annes, "INBOX", letterMixed)
	b := w.open(anne, annes)
	in := w.inbox(b)
	refs := []Ref{{in.ID, in.UIDValidity, read}, {in.ID, in.UIDValidity, unread}}
	out, err := b.SetFlags(w.ctx, refs, []Flag{Seen}, nil)
	w.must(err)
	undo := out.Undo
	if out.Done != 2 || out.Missed != 0 || out.Say != "" {
		t.Errorf("outcome %+v", out)
	}
	if e := w.last(); e.Action != audit.FlagSet || e.Count != 2 || e.Request != `STORE \Seen` {
		t.Errorf("trail %+v", e)
	}
	if w.inbox(b).Unseen != 0 {
		t.Fatal("not marked")
	}
	// Somebody else's undo, another mailbox's, a broken and a late one do nothing.
	w.give(annes, zoe, delegation.Delegate, delegation.All, "")
	wantKind(t, undoing(w.open(zoe, annes).Undo(w.ctx, undo)), problem.Invalid)
	w.give(team, anne, delegation.Delegate, delegation.All, "")
	wantKind(t, undoing(w.open(anne, team).Undo(w.ctx, undo)), problem.Invalid)
	for _, bad := range []Undo{"", "xx", undo[:len(undo)-4], "\x00", Undo(strings.Repeat("A", 100_000))} {
		wantKind(t, undoing(b.Undo(w.ctx, bad)), problem.Invalid)
	}
	if w.inbox(b).Unseen != 0 {
		t.Fatal("a wrong undo did something")
	}
	w.must(undoing(b.Undo(w.ctx, undo)))
	l := w.list(b, in.ID)
	if !l.Items[0].Unread || l.Items[1].Unread {
		t.Error("the undo changed what the act had not")
	}
	out, err = b.SetFlags(w.ctx, refs, nil, []Flag{Seen})
	w.must(err)
	undo = out.Undo
	w.clock.Add(11 * 60)
	wantKind(t, undoing(b.Undo(w.ctx, undo)), problem.Gone)
	if w.inbox(b).Unseen != 2 {
		t.Error("a late undo did something")
	}
	_, err = b.SetFlags(w.ctx, refs, []Flag{`\Deleted`}, nil)
	wantKind(t, err, problem.Invalid)
	_, err = b.SetFlags(w.ctx, nil, []Flag{Seen}, nil)
	wantKind(t, err, problem.Invalid)
}

func TestMoves(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var refs []Ref
	b := w.open(anne, annes)
	in := w.inbox(b)
	for range 4 {
		refs = append(refs, Ref{in.ID, in.UIDValidity, w.put(annes, "INBOX", letterMixed)})
	}
	out, err := b.Archive(w.ctx, refs[:2])
	w.must(err)
	undo := out.Undo
	if e := w.last(); e.Action != audit.LetterArchive || e.Count != 2 || e.Outcome != audit.OutcomeOK {
		t.Errorf("trail %+v", e)
	}
	if l := w.list(b, w.role(b, mailserver.RoleArchive).ID); l.Total != 2 || l.Folder.Label != "Archives" {
		t.Errorf("archive %+v", l)
	}
	if w.list(b, in.ID).Total != 2 {
		t.Error("still in the inbox")
	}
	w.must(undoing(b.Undo(w.ctx, undo)))
	if n := w.list(b, in.ID).Total; n != 4 {
		t.Errorf("after undo: %d", n)
	}
	out, err = b.Bin(w.ctx, refs[2:3])
	w.must(err)
	undo = out.Undo
	if w.role(b, mailserver.RoleTrash).Messages != 1 || undo == "" {
		t.Error("not in the bin")
	}
	// From two folders at once, as from search results.
	bin := w.role(b, mailserver.RoleTrash)
	patients := slices.IndexFunc(must(b.Folders(w.ctx)), func(f FolderView) bool { return f.Name == "Patients" })
	to := must(b.Folders(w.ctx))[patients]
	binned := w.list(b, bin.ID).Items[0].Ref
	out, err = b.Move(w.ctx, []Ref{refs[3], binned}, to.ID)
	w.must(err)
	undo = out.Undo
	if n := w.list(b, to.ID).Total; n != 2 {
		t.Errorf("%d moved", n)
	}
	w.must(undoing(b.Undo(w.ctx, undo)))
	if w.role(b, mailserver.RoleTrash).Messages != 1 || w.list(b, to.ID).Total != 0 {
		t.Error("not back where each came from")
	}
	_, err = b.Move(w.ctx, []Ref{refs[3]}, in.ID)
	if err == nil {
		t.Error("a letter that moved away moved again")
	}
	_, err = b.Move(w.ctx, refs[:1], "abcdefghijklmnopqrst")
	wantKind(t, err, problem.Gone)
}

func undoing(_ Outcome, err error) error { return err }
