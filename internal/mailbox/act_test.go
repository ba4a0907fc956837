package mailbox

import (
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

// seenBy asks the server itself, past the house and its trail.
func (w *world) seenBy() map[string]mailserver.Folder {
	w.Helper()
	folders, err := w.mail.For(mssante.Actor{SessionID: "postman"}, address(w, annes)).Folders(w.ctx)
	w.must(err)
	out := make(map[string]mailserver.Folder)
	for _, f := range folders {
		out[f.Name] = f
	}
	return out
}

func (w *world) folderNamed(b *Box, name string) FolderView {
	w.Helper()
	for _, f := range must(b.Folders(w.ctx)) {
		if f.Name == name {
			return f
		}
	}
	w.Fatalf("no folder %s", name)
	return FolderView{}
}

func refuse(code imap.ResponseCode) error {
	return &imap.Error{Type: imap.StatusResponseTypeNo, Code: code, Text: "no"}
}

// TestNothingUnasked: when the trail cannot take the request, nothing is done,
// and the sentence says so.
func TestNothingUnasked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	uid := w.put(annes, "INBOX", letterMixed)
	b := w.open(anne, annes)
	in := w.inbox(b)
	refs := []Ref{{in.ID, in.UIDValidity, uid}}
	out, err := b.SetFlags(w.ctx, refs, []Flag{Flagged}, nil)
	w.must(err)
	w.trail.Close()
	for name, try := range map[string]func() error{
		"flags":   func() error { return undoing(b.SetFlags(w.ctx, refs, []Flag{Seen}, nil)) },
		"archive": func() error { return undoing(b.Archive(w.ctx, refs)) },
		"move":    func() error { return undoing(b.Move(w.ctx, refs, b.folderID("Patients"))) },
		"undo":    func() error { return undoing(b.Undo(w.ctx, out.Undo)) },
		"letter":  func() error { _, err := b.Letter(w.ctx, refs[0], LetterOptions{MarkRead: true}); return err },
	} {
		if err := try(); !problem.Is(err, problem.Internal) || problem.SayOf(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	folders := w.seenBy()
	if f := folders["INBOX"]; f.Messages != 1 || f.Unseen != 1 || len(folders) != 2 {
		t.Errorf("done without a trace: %+v", folders)
	}
	if out, err := b.SetFlags(w.ctx, refs, []Flag{Seen}, nil); err == nil || out != (Outcome{}) || problem.SayOf(err) != sayNotAsked {
		t.Errorf("%+v %v", out, err)
	}
}

// TestDoneNotNoted: an act whose outcome cannot be written down was done: it says
// so and can be undone. What was asked is in the trail.
func TestDoneNotNoted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	uid := w.put(annes, "INBOX", letterMixed)
	b := w.open(anne, annes)
	in := w.inbox(b)
	w.during(func(command, _ string) error {
		if command == "MOVE" {
			w.trail.Close()
		}
		return nil
	})
	out, err := b.Move(w.ctx, []Ref{{in.ID, in.UIDValidity, uid}}, b.folderID("Patients"))
	if err != nil || out.Done != 1 || out.Missed != 0 || out.Undo == "" || out.Say != sayNotNoted {
		t.Errorf("%+v %v", out, err)
	}
	if w.seenBy()["Patients"].Messages != 1 {
		t.Error("not moved")
	}
	if e := w.last(); e.Outcome != audit.OutcomeAsked || e.Action != audit.LetterMove || e.Count != 1 {
		t.Errorf("trail %+v", e)
	}
}

// TestAskedThenDone: two rows for an act, one for a refusal before it.
func TestAskedThenDone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.open(anne, annes)
	in := w.inbox(b)
	uid := w.put(annes, "INBOX", letterMixed)
	before := len(w.acts())
	out, err := b.SetFlags(w.ctx, []Ref{{in.ID, in.UIDValidity, uid}, {in.ID, in.UIDValidity, 999}}, []Flag{Seen}, nil)
	if err != nil || out.Done != 1 || out.Missed != 1 || !strings.Contains(out.Say, "1 lettre n’est plus à sa place") {
		t.Errorf("%+v %v", out, err)
	}
	rows := w.acts()[before:]
	if len(rows) != 2 || rows[0].Outcome != audit.OutcomeAsked || rows[0].Count != 2 || rows[1].Outcome != audit.OutcomeOK || rows[1].Count != 1 ||
		rows[0].Target != rows[1].Target || rows[0].Request != rows[1].Request {
		t.Errorf("rows %+v", rows)
	}
	_, err = b.SetFlags(w.ctx, nil, []Flag{Seen}, nil)
	wantKind(t, err, problem.Invalid)
	if n := len(w.acts()) - before; n != 3 {
		t.Errorf("%d rows", n)
	}
}

// TestSeenLast: a letter is marked once its opening is durable, and read even
// when it cannot be marked; an already seen one asks for nothing.
func TestSeenLast(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	uid := w.put(annes, "INBOX", letterMixed)
	b := w.open(anne, annes)
	in := w.inbox(b)
	ref := Ref{in.ID, in.UIDValidity, uid}
	stores := 0
	w.during(func(command, _ string) error {
		if command != "STORE" {
			return nil
		}
		stores++
		if e := w.last(); e.Action != audit.LetterOpen || !strings.Contains(e.Request, "Seen") {
			t.Errorf("marked before the opening was recorded: %+v", e)
		}
		if stores == 1 {
			return refuse(imap.ResponseCodeNoPerm)
		}
		return nil
	})
	l, err := b.Letter(w.ctx, ref, LetterOptions{MarkRead: true})
	if err != nil || l.MarkedRead || !l.Unread {
		t.Errorf("refused: %+v %v", l, err)
	}
	if e := w.last(); e.Action != audit.FlagSet || e.Outcome != "upstream_refused" || e.Target != ref.target() {
		t.Errorf("trail %+v", e)
	}
	if l, err = b.Letter(w.ctx, ref, LetterOptions{MarkRead: true}); err != nil || !l.MarkedRead || l.Unread {
		t.Errorf("%+v %v", l, err)
	}
	if l, err = b.Letter(w.ctx, ref, LetterOptions{MarkRead: true}); err != nil || l.MarkedRead || stores != 2 {
		t.Errorf("again: %+v %v, %d stores", l, err, stores)
	}
}

// TestPartial: what was done before a refusal is told, counted and undone.
func TestPartial(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one := w.put(annes, "INBOX", letterMixed)
	two := w.put(annes, "Patients", letterMixed)
	b := w.open(anne, annes)
	in, patients := w.inbox(b), w.folderNamed(b, "Patients")
	refs := []Ref{{in.ID, in.UIDValidity, one}, {in.ID, in.UIDValidity, 998}, {in.ID, in.UIDValidity, 999}, {patients.ID, patients.UIDValidity, two}}
	w.during(func(command, folder string) error {
		if folder == "Patients" && (command == "MOVE" || command == "STORE") {
			return refuse(imap.ResponseCodeNoPerm)
		}
		return nil
	})
	for name, try := range map[string]func() (Outcome, error){
		"flags": func() (Outcome, error) { return b.SetFlags(w.ctx, refs, []Flag{Seen}, nil) },
		"move":  func() (Outcome, error) { return b.Archive(w.ctx, refs) },
	} {
		out, err := try()
		if err != nil || out.Done != 1 || out.Missed != 3 || out.Undo == "" {
			t.Fatalf("%s: %+v %v", name, out, err)
		}
		if !strings.Contains(out.Say, "2 lettres ne sont plus") || !strings.Contains(out.Say, "refusé l’action pour 1 lettre") || strings.Contains(out.Say, "ien n’a") {
			t.Errorf("%s says %q", name, out.Say)
		}
		if e := w.last(); e.Count != 1 || e.Outcome != audit.OutcomeOK {
			t.Errorf("%s: trail %+v", name, e)
		}
		back, err := b.Undo(w.ctx, out.Undo)
		if err != nil || back.Done != 1 || back.Missed != 0 {
			t.Errorf("%s back: %+v %v", name, back, err)
		}
		now := w.list(b, in.ID)
		if now.Total != 1 || !now.Items[0].Unread {
			t.Fatalf("%s: after undo %+v", name, now.Items)
		}
		refs[0] = now.Items[0].Ref
	}
	out, err := b.Archive(w.ctx, refs[3:])
	if !problem.Is(err, problem.UpstreamRefused) || out.Done != 0 || out.Missed != 1 || out.Undo != "" {
		t.Errorf("nothing done: %+v %v", out, err)
	}
	if e := w.last(); e.Outcome != "upstream_refused" || e.Count != 0 {
		t.Errorf("trail %+v", e)
	}
	out, err = b.Move(w.ctx, []Ref{refs[0], refs[3]}, patients.ID)
	if err != nil || out.Done != 1 || out.Missed != 1 || !strings.Contains(out.Say, "déjà dans ce dossier") {
		t.Errorf("already there: %+v %v", out, err)
	}
}

// TestUndoCounts: an undo tells what came back and what others moved since.
func TestUndoCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.give(annes, zoe, delegation.Delegate, delegation.All, "")
	b := w.open(anne, annes)
	in := w.inbox(b)
	var refs []Ref
	for range 3 {
		refs = append(refs, Ref{in.ID, in.UIDValidity, w.put(annes, "INBOX", letterMixed)})
	}
	out, err := b.Bin(w.ctx, refs)
	w.must(err)
	theirs := w.open(zoe, annes)
	bin := w.list(theirs, w.role(theirs, mailserver.RoleTrash).ID)
	w.must(undoing(theirs.Archive(w.ctx, []Ref{bin.Items[0].Ref, bin.Items[1].Ref})))
	back, err := b.Undo(w.ctx, out.Undo)
	if err != nil || back.Done != 1 || back.Missed != 2 || !strings.Contains(back.Say, "2 lettres ne sont plus à leur place") {
		t.Errorf("%+v %v", back, err)
	}
	if back.Returned != 1 || back.ReturnedTo != "Réception" {
		t.Errorf("returned %d to %q", back.Returned, back.ReturnedTo)
	}
	if e := w.last(); e.Action != audit.Undo || e.Count != 1 {
		t.Errorf("trail %+v", e)
	}
	if list := w.list(b, in.ID); len(list.Items) != 1 || list.Items[0].Ref != back.Back {
		t.Errorf("it stands at %+v, told %+v", list.Items, back.Back)
	}
	back, err = b.Undo(w.ctx, out.Undo)
	if !problem.Is(err, problem.Gone) || back.Done != 0 || back.Missed != 3 {
		t.Errorf("again: %+v %v", back, err)
	}
}
