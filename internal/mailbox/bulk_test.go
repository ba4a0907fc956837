package mailbox

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/problem"
)

// many puts n letters in a folder.
func (w *world) many(folder string, n int) (uids []uint32) {
	w.Helper()
	for i := range n {
		uids = append(uids, w.put(annes, folder, fmt.Sprintf("From: a@test.mssante.fr\nSubject: lettre %d\nMessage-ID: <%d@many>\n\nmot\n", i, i)))
	}
	return uids
}

// over waits for the end of the mailbox's act on many letters.
func (w *world) over(b *Box) Bulk {
	w.Helper()
	for until := time.Now().Add(30 * time.Second); time.Now().Before(until); time.Sleep(2 * time.Millisecond) {
		if v, ok := b.Bulk(); !ok || v.Over() {
			if !ok {
				w.Fatal("the act is not known")
			}
			return v
		}
	}
	w.Fatal("no end")
	return Bulk{}
}

func (w *world) chooseAll(b *Box, folder FolderView, upto uint32) Choice {
	w.Helper()
	return must(b.ChooseFolder(w.ctx, FolderChoice{Folder: folder.ID, UIDValidity: folder.UIDValidity, Upto: upto}))
}

// TestBulkArchiveAndBack: more letters than one command takes, filed and brought back
// as one, in their order; what arrives meanwhile is left alone; the trail has both acts.
func TestBulkArchiveAndBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	uids := w.many("INBOX", 2*bulkPiece+20)
	b := w.open(anne, annes)
	in := w.inbox(b)
	c := w.chooseAll(b, in, uids[len(uids)-1])
	late := w.put(annes, "INBOX", letterMixed)
	if c.Count != len(uids) {
		t.Fatalf("%d chosen of %d", c.Count, len(uids))
	}
	before := len(w.acts())
	v := must(b.BulkAct(w.ctx, c.Handle, BulkArchive, ""))
	if v.Total != len(uids) || v.State != BulkRunning || v.To != "Archives" {
		t.Errorf("begun %+v", v)
	}
	v = w.over(b)
	if v.State != BulkDone || v.Done != len(uids) || v.Missed != 0 || v.Say != "" || !v.CanUndo {
		t.Fatalf("over %+v", v)
	}
	if f := w.seenBy(); f["INBOX"].Messages != 1 || f["Archive"].Messages != uint32(len(uids)) {
		t.Errorf("folders %+v", f)
	}
	if l := w.list(b, in.ID); len(l.Items) != 1 || l.Items[0].UID != late {
		t.Errorf("a letter that came later: %+v", l.Items)
	}
	rows := w.acts()[before:]
	if rows[0].Outcome != audit.OutcomeAsked || rows[0].Count != len(uids) || rows[0].Action != audit.LetterArchive || rows[0].Target != in.ID {
		t.Errorf("asked %+v", rows[0])
	}
	if e := w.last(); e.Action != audit.LetterList && (e.Outcome != audit.OutcomeOK || e.Count != len(uids)) {
		t.Errorf("done %+v", e)
	}
	if _, err := b.UndoBulk(w.ctx, v.ID); err != nil {
		t.Fatal(err)
	}
	back := w.over(b)
	if back.State != BulkDone || !back.Back || back.Done != len(uids) || back.To != "Réception" || back.CanUndo {
		t.Errorf("back %+v", back)
	}
	l := must(b.List(w.ctx, ListQuery{Folder: in.ID, Size: 200}))
	if l.Total != uint32(len(uids)+1) || l.Items[0].Subject != fmt.Sprintf("lettre %d", len(uids)-1) || l.Items[199].Subject != fmt.Sprintf("lettre %d", len(uids)-200) {
		t.Errorf("%d letters, %q first", l.Total, l.Items[0].Subject)
	}
	if e := w.acts(); e[len(e)-2].Action != audit.Undo && e[len(e)-1].Action != audit.Undo {
		t.Errorf("trail %+v", e[len(e)-2:])
	}
	_, err := b.UndoBulk(w.ctx, back.ID)
	wantKind(t, err, problem.Gone)
}

// TestBulkMarksAndBack: the undo restores what each letter had.
func TestBulkMarksAndBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	uids := w.many("INBOX", 30)
	b := w.open(anne, annes)
	in := w.inbox(b)
	_ = must(b.SetFlags(w.ctx, []Ref{{in.ID, in.UIDValidity, uids[3]}, {in.ID, in.UIDValidity, uids[7]}}, []Flag{Seen}, nil))
	c := w.chooseAll(b, in, 0)
	_ = must(b.BulkAct(w.ctx, c.Handle, BulkRead, ""))
	v := w.over(b)
	if f := w.seenBy()["INBOX"]; v.Done != 30 || f.Unseen != 0 {
		t.Fatalf("%+v, %d unseen", v, f.Unseen)
	}
	_ = must(b.UndoBulk(w.ctx, v.ID))
	if back := w.over(b); back.Done != 28 || w.seenBy()["INBOX"].Unseen != 28 {
		t.Errorf("%+v, %d unseen", back, w.seenBy()["INBOX"].Unseen)
	}
}

// TestBulkStops: what was done stays done, the rest is untouched, and one undo takes
// back what was done.
func TestBulkStops(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.many("INBOX", 3*bulkPiece)
	b := w.open(anne, annes)
	in := w.inbox(b)
	c := w.chooseAll(b, in, 0)
	at, goOn := make(chan struct{}), make(chan struct{})
	var moves atomic.Int32
	w.during(func(command, _ string) error {
		if command == "MOVE" && moves.Add(1) == 1 {
			close(at)
			<-goOn
		}
		return nil
	})
	v := must(b.BulkAct(w.ctx, c.Handle, BulkMove, b.folderID("Patients")))
	<-at
	_, err := b.BulkAct(w.ctx, c.Handle, BulkRead, "")
	wantKind(t, err, problem.Conflict)
	w.must(b.StopBulk(v.ID))
	if v, _ := b.Bulk(); v.State != BulkStopping {
		t.Errorf("%+v", v)
	}
	close(goOn)
	v = w.over(b)
	if v.State != BulkStopped || v.Done != bulkPiece || v.Missed != 0 || !v.CanUndo || v.Say != sayStopped {
		t.Errorf("%+v", v)
	}
	if f := w.seenBy(); f["INBOX"].Messages != 2*bulkPiece || f["Patients"].Messages != bulkPiece {
		t.Errorf("%+v", f)
	}
	_ = must(b.UndoBulk(w.ctx, v.ID))
	if w.over(b); w.seenBy()["INBOX"].Messages != 3*bulkPiece {
		t.Errorf("%+v", w.seenBy())
	}
}

// TestBulkOnAServerThatFails: each number is told; the way back can be taken up again.
func TestBulkOnAServerThatFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.many("INBOX", 3*bulkPiece)
	b := w.open(anne, annes)
	in := w.inbox(b)
	c := w.chooseAll(b, in, 0)
	var moves, limit atomic.Int32
	limit.Store(2)
	w.during(func(command, _ string) error {
		if command == "MOVE" && moves.Add(1) >= limit.Load() {
			return refuse(imap.ResponseCodeOverQuota)
		}
		return nil
	})
	_ = must(b.BulkAct(w.ctx, c.Handle, BulkMove, b.folderID("Patients")))
	v := w.over(b)
	if v.State != BulkFailed || v.Done != bulkPiece || v.Missed != bulkPiece || !v.CanUndo {
		t.Errorf("%+v", v)
	}
	if want := "La messagerie MSSanté a refusé l’action pour 250 lettres. Le lot s’est arrêté là\u00a0: 250 lettres n’ont pas changé."; v.Say != want {
		t.Errorf("says %q", v.Say)
	}
	moves.Store(0)
	limit.Store(1)
	_ = must(b.UndoBulk(w.ctx, v.ID))
	back := w.over(b)
	if back.State != BulkFailed || back.Done != 0 || !back.CanUndo {
		t.Errorf("back %+v", back)
	}
	limit.Store(99)
	_ = must(b.UndoBulk(w.ctx, back.ID))
	if back = w.over(b); back.Done != bulkPiece || back.State != BulkDone || w.seenBy()["INBOX"].Messages != 3*bulkPiece {
		t.Errorf("back again %+v", back)
	}
}

// TestRowBulkIsBound: a choice and an act are their session's and their mailbox's
// alone; an old UIDVALIDITY chooses nothing; a right taken away stops the next piece.
func TestRowBulkIsBound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.many("INBOX", 2*bulkPiece)
	w.give(annes, zoe, delegation.Delegate, delegation.Read|delegation.Triage, "")
	w.give(team, anne, delegation.Delegate, delegation.Read|delegation.Triage, "Cabinet")
	mine, theirs, other := w.open(anne, annes), w.open(zoe, annes), w.open(anne, team)
	in := w.inbox(mine)
	c := w.chooseAll(mine, in, 0)
	for name, b := range map[string]*Box{"a colleague": theirs, "another mailbox": other} {
		_, err := b.BulkAct(w.ctx, c.Handle, BulkBin, "")
		if !problem.Is(err, problem.Gone) {
			t.Errorf("%s acts on somebody else's choice: %v", name, err)
		}
	}
	_, err := mine.ChooseFolder(w.ctx, FolderChoice{Folder: in.ID, UIDValidity: in.UIDValidity + 1})
	wantKind(t, err, problem.Gone)
	again := anne
	again.SessionID = "s-anne-2"
	if _, err := w.open(again, annes).Choice(c.Handle); !problem.Is(err, problem.Gone) {
		t.Errorf("another session of hers: %v", err)
	}
	theirChoice := w.chooseAll(theirs, in, 0)
	at, goOn := make(chan struct{}), make(chan struct{})
	var moves atomic.Int32
	w.during(func(command, _ string) error {
		if command == "MOVE" && moves.Add(1) == 1 {
			close(at)
			<-goOn
		}
		return nil
	})
	v := must(theirs.BulkAct(w.ctx, theirChoice.Handle, BulkMove, theirs.folderID("Patients")))
	<-at
	for name, err := range map[string]error{"stop": mine.StopBulk(v.ID), "put away": mine.SeenBulk(v.ID), "undo": second(mine.UndoBulk(w.ctx, v.ID))} {
		if !problem.Is(err, problem.Gone) {
			t.Errorf("%s of somebody else's act: %v", name, err)
		}
	}
	if _, ok := mine.Bulk(); ok {
		t.Error("somebody else's act is shown")
	}
	grants, err := w.grant.ForPerson(w.ctx, zoe.NationalID)
	w.must(err)
	w.must(w.grant.Revoke(w.ctx, anne, grants[0].ID))
	close(goOn)
	if v := w.over(theirs); v.Done != bulkPiece || v.State != BulkFailed {
		t.Errorf("after the right was taken away: %+v", v)
	}
	if n := w.seenBy()["INBOX"].Messages; n != bulkPiece {
		t.Errorf("%d letters left", n)
	}
}

func second(_ Bulk, err error) error { return err }

// TestBulkEndsWithTheSession: the piece under way is the last, and nothing of it is
// remembered.
func TestBulkEndsWithTheSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.many("INBOX", 3*bulkPiece)
	b := w.open(anne, annes)
	in := w.inbox(b)
	c := w.chooseAll(b, in, 0)
	at, goOn := make(chan struct{}), make(chan struct{})
	var moves atomic.Int32
	w.during(func(command, _ string) error {
		if command == "MOVE" && moves.Add(1) == 1 {
			close(at)
			<-goOn
		}
		return nil
	})
	_ = must(b.BulkAct(w.ctx, c.Handle, BulkArchive, ""))
	<-at
	w.house.Drop(anne.SessionID)
	close(goOn)
	w.must(w.house.Close(w.ctx))
	if _, ok := b.Bulk(); ok {
		t.Error("still known")
	}
	if f := w.seenBy(); f["INBOX"].Messages != 2*bulkPiece || f["Archive"].Messages != bulkPiece {
		t.Errorf("%+v", f)
	}
	if e := w.last(); e.Action != audit.LetterArchive || e.Count != bulkPiece {
		t.Errorf("trail %+v", e)
	}
	_, err := b.BulkAct(w.ctx, c.Handle, BulkRead, "")
	if err == nil {
		t.Error("a choice outlived its session")
	}
}

// TestBulkNothingUnasked: without its line in the trail nothing begins.
func TestBulkNothingUnasked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.many("INBOX", 3)
	b := w.open(anne, annes)
	c := w.chooseAll(b, w.inbox(b), 0)
	w.trail.Close()
	if _, err := b.BulkAct(w.ctx, c.Handle, BulkArchive, ""); !problem.Is(err, problem.Internal) {
		t.Errorf("%v", err)
	}
	if _, ok := b.Bulk(); ok || w.seenBy()["INBOX"].Messages != 3 {
		t.Error("begun without a trace")
	}
}

// TestBulkFound: all that a search found, beyond what it shows.
func TestBulkFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.many("INBOX", 12)
	w.many("Patients", 5)
	w.put(annes, "INBOX", letterMixed)
	b := w.open(anne, annes)
	_, res, err := b.Search(w.ctx, Query{Words: []string{"lettre"}}, 0)
	w.must(err)
	if len(res.Items) != 17 || res.Found.Count() != 17 {
		t.Fatalf("%d shown, %d found", len(res.Items), res.Found.Count())
	}
	c := must(b.ChooseFound(res.Found))
	_ = must(b.BulkAct(w.ctx, c.Handle, BulkArchive, ""))
	v := w.over(b)
	if f := w.seenBy(); v.Done != 17 || f["INBOX"].Messages != 1 || f["Patients"].Messages != 0 || f["Archive"].Messages != 17 {
		t.Errorf("%+v %+v", v, f)
	}
	_ = must(b.UndoBulk(w.ctx, v.ID))
	if w.over(b); w.seenBy()["INBOX"].Messages != 13 || w.seenBy()["Patients"].Messages != 5 {
		t.Errorf("back %+v", w.seenBy())
	}
}

// TestReadersChooseNothing: whoever may only read chooses, stops and undoes nothing.
func TestReadersChooseNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.many("INBOX", 3)
	w.give(annes, zoe, delegation.Delegate, delegation.Read, "")
	b := w.open(zoe, annes)
	in := w.inbox(b)
	_, choose := b.ChooseFolder(w.ctx, FolderChoice{Folder: in.ID, UIDValidity: in.UIDValidity})
	_, act := b.BulkAct(w.ctx, "ABCDEFGHIJKLMNOPQRST", BulkArchive, "")
	_, undo := b.UndoBulk(w.ctx, "ABCDEFGHIJKLMNOPQRST")
	for name, err := range map[string]error{"choose": choose, "act": act, "undo": undo} {
		if !problem.Is(err, problem.Denied) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if !errors.Is(b.MaySort(w.ctx, audit.LetterMove), b.MaySort(w.ctx, audit.LetterMove)) && b.MaySort(w.ctx, audit.LetterMove) == nil {
		t.Error("may sort")
	}
}

// TestProcessed: dealt with is another thing than read, for everybody who shares the
// mailbox, and is taken back.
func TestProcessed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	uids := w.many("INBOX", 3)
	b := w.open(anne, annes)
	in := w.inbox(b)
	out := must(b.SetFlags(w.ctx, []Ref{{in.ID, in.UIDValidity, uids[1]}}, []Flag{Processed}, nil))
	if e := w.last(); e.Action != audit.FlagSet || e.Request != "STORE $Traite" {
		t.Errorf("trail %+v", e)
	}
	w.give(annes, zoe, delegation.Delegate, delegation.Read, "")
	theirs := must(w.open(zoe, annes).List(w.ctx, ListQuery{Folder: in.ID}))
	if !theirs.Keeps || !theirs.Items[1].Processed || !theirs.Items[1].Unread || theirs.Items[0].Processed {
		t.Errorf("a colleague sees %+v", theirs.Items)
	}
	if l := must(b.List(w.ctx, ListQuery{Folder: in.ID, ToDo: true})); l.Total != 2 || l.Items[0].UID != uids[2] || l.Items[1].UID != uids[0] {
		t.Errorf("to do: %+v", l.Items)
	}
	c := must(b.ChooseFolder(w.ctx, FolderChoice{Folder: in.ID, UIDValidity: in.UIDValidity, ToDo: true}))
	_ = must(b.BulkAct(w.ctx, c.Handle, BulkProcessed, ""))
	if v := w.over(b); v.Done != 2 || must(b.List(w.ctx, ListQuery{Folder: in.ID, ToDo: true})).Total != 0 {
		t.Errorf("%+v", v)
	}
	if _, err := b.Undo(w.ctx, out.Undo); err != nil || must(b.List(w.ctx, ListQuery{Folder: in.ID, ToDo: true})).Total != 1 {
		t.Errorf("undo %v", err)
	}
}

// TestBulkOnALineThatBreaks: what nobody confirmed is said as such, the rest did not
// change, and what was done is taken back; no letter is lost.
func TestBulkOnALineThatBreaks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.many("INBOX", 3*bulkPiece)
	b := w.open(anne, annes)
	c := w.chooseAll(b, w.inbox(b), 0)
	var moves atomic.Int32
	w.during(func(command, _ string) error {
		if command == "MOVE" && moves.Add(1) == 2 {
			return &imap.Error{Type: imap.StatusResponseTypeBye, Text: "stopping"}
		}
		return nil
	})
	_ = must(b.BulkAct(w.ctx, c.Handle, BulkArchive, ""))
	v := w.over(b)
	if v.State != BulkFailed || v.Done != bulkPiece || v.Missed != bulkPiece || !v.CanUndo {
		t.Errorf("%+v", v)
	}
	if want := "La messagerie MSSanté n’a pas confirmé l’action pour 250 lettres\u00a0: vérifiez la liste avant de recommencer. Le lot s’est arrêté là\u00a0: 250 lettres n’ont pas changé."; v.Say != want {
		t.Errorf("says %q", v.Say)
	}
	if e := w.last(); e.Count != bulkPiece || e.Outcome == audit.OutcomeOK {
		t.Errorf("trail %+v", e)
	}
	if f := w.seenBy(); f["INBOX"].Messages+f["Archive"].Messages != 3*bulkPiece {
		t.Errorf("letters lost: %+v", f)
	}
	_ = must(b.UndoBulk(w.ctx, v.ID))
	if back := w.over(b); back.Done != bulkPiece || w.seenBy()["INBOX"].Messages != 3*bulkPiece {
		t.Errorf("%+v %+v", back, w.seenBy())
	}
}

// TestBulkTellsTheIndex: conversations and counters follow at once what Pli itself did.
func TestBulkTellsTheIndex(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.many("INBOX", 20)
	b := w.open(anne, annes)
	in := w.inbox(b)
	w.indexAll(b)
	known := func(folder string) (total, unread int) {
		f, _ := b.keptOf(false).ix.Folder(folder)
		return f.Letters, f.Unread
	}
	_ = must(b.BulkAct(w.ctx, w.chooseAll(b, in, 0).Handle, BulkRead, ""))
	w.over(b)
	if n, unread := known("INBOX"); n != 20 || unread != 0 {
		t.Errorf("%d letters, %d unread", n, unread)
	}
	_ = must(b.BulkAct(w.ctx, w.chooseAll(b, in, 0).Handle, BulkMove, b.folderID("Patients")))
	v := w.over(b)
	if n, _ := known("INBOX"); n != 0 {
		t.Errorf("%d letters after they moved", n)
	}
	_ = must(b.UndoBulk(w.ctx, v.ID))
	w.over(b)
	if n, _ := known("Patients"); n != 0 {
		t.Errorf("%d letters after they came back", n)
	}
}

// TestBulkNowhere: the folder they go to is removed in the middle. The others are where
// they were, and that is what is said; nothing is asked for them again.
func TestBulkNowhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.open(anne, annes)
	w.must(b.CreateFolder(w.ctx, "Dossier", ""))
	w.many("INBOX", 2*bulkPiece+10)
	to, moves := w.folderNamed(b, "Dossier"), 0
	w.during(func(command, _ string) error {
		if command != "MOVE" {
			return nil
		}
		if moves++; moves > 1 {
			return refuse(imap.ResponseCodeTryCreate)
		}
		return nil
	})
	_ = must(b.BulkAct(w.ctx, w.chooseAll(b, w.inbox(b), 0).Handle, BulkMove, to.ID))
	v := w.over(b)
	if v.Done != bulkPiece || v.State != BulkFailed || moves != 2 || strings.Contains(v.Say, "ne sont plus") || !strings.Contains(v.Say, "n’existe plus") {
		t.Errorf("%d moves asked: %+v", moves, v)
	}
	if f := w.seenBy(); f["INBOX"].Messages != bulkPiece+10 || !v.CanUndo {
		t.Errorf("%+v", f["INBOX"])
	}
}
