package mailbox

import (
	"slices"
	"strings"
	"testing"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/problem"
)

// TestSpace: what is heavy, old, of whom, and what the bin holds.
func TestSpace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	heavy := "From: Labo <labo@test.mssante.fr>\nSubject: images\n\n" + strings.Repeat(strings.Repeat("mot ", 18)+"\n", 16_000)
	w.put(annes, "INBOX", heavy)
	w.put(annes, "Patients", heavy+"encore\n")
	w.many("INBOX", 3)
	b := w.open(anne, annes)
	in := w.inbox(b)
	w.clock.Add(6 * 366 * 24 * 3600)
	b = w.open(anne, annes)
	s := must(b.Space(w.ctx))
	if len(s.Large) != 2 || s.Large[0].Folder == in.ID || s.Large[0].Size < LargeOver || len(s.Late) != 0 || s.Room.Percent != 0 || s.Bin != nil {
		t.Errorf("%+v", s)
	}
	if len(s.Senders) != 1 || len(s.Senders[0].Refs) != 2 || s.Senders[0].Size != s.Large[0].Size+s.Large[1].Size {
		t.Errorf("senders %+v", s.Senders)
	}
	if len(s.Old) != 4 || s.Old[0].Count+s.Old[2].Count != 5 {
		t.Errorf("old %+v", s.Old)
	}
	c := must(b.ChooseOld(w.ctx, in.ID, 5))
	_ = must(b.BulkAct(w.ctx, c.Handle, BulkBin, ""))
	if v := w.over(b); v.Done != 4 || !v.CanUndo || w.seenBy()["Trash"].Messages != 4 {
		t.Errorf("old to the bin %+v", v)
	}
	if _, err := b.ChooseOld(w.ctx, in.ID, 0); !problem.Is(err, problem.Invalid) {
		t.Errorf("no age: %v", err)
	}
}

// TestRowErase: for good, only what the bin held when it was asked, and nothing that is
// not in the bin.
func TestRowErase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	uids := w.many("INBOX", bulkPiece+5)
	b := w.open(anne, annes)
	in := w.inbox(b)
	c := w.chooseAll(b, in, 0)
	if _, err := b.BulkAct(w.ctx, c.Handle, BulkErase, ""); !problem.Is(err, problem.Denied) {
		t.Errorf("the inbox erased: %v", err)
	}
	_ = must(b.BulkAct(w.ctx, c.Handle, BulkBin, ""))
	w.over(b)
	bin := must(b.ChooseBin(w.ctx))
	w.put(annes, "Trash", letterMixed)
	_ = must(b.BulkAct(w.ctx, bin.Handle, BulkErase, ""))
	v := w.over(b)
	if v.State != BulkDone || v.Done != len(uids) || v.CanUndo || v.Say != "" {
		t.Errorf("%+v", v)
	}
	if f := w.seenBy(); f["Trash"].Messages != 1 || f["INBOX"].Messages != 0 {
		t.Errorf("%+v", f)
	}
	if e := w.last(); e.Action != audit.FolderList && e.Action != audit.LetterDelete {
		t.Errorf("trail %+v", e)
	}
	w.give(annes, zoe, delegation.Delegate, delegation.Read, "")
	reader := w.open(zoe, annes)
	if _, err := reader.Space(w.ctx); !problem.Is(err, problem.Denied) {
		t.Errorf("a reader: %v", err)
	}
	if _, err := reader.ChooseBin(w.ctx); !problem.Is(err, problem.Denied) {
		t.Errorf("a reader: %v", err)
	}
}

// TestHeaviest: of too many heavy letters those that are heavier, and then the newest,
// not the oldest.
func TestHeaviest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	heavy := func(n int) uint32 {
		return w.put(annes, "INBOX", "From: a@test.mssante.fr\nSubject: x\n\n"+strings.Repeat("mot ", n))
	}
	var as []uint32
	for range 4 {
		as = append(as, heavy(300))
	}
	most, last := heavy(2000), heavy(300)
	heavy(2)
	got := must(w.open(anne, annes).heaviest(w.ctx, "INBOX", w.validity("INBOX"), 1000, 3))
	if !slices.Equal(got, []uint32{most, last, as[3]}) {
		t.Errorf("%v: want %d, %d, %d", got, most, last, as[3])
	}
	got = must(w.open(anne, annes).heaviest(w.ctx, "INBOX", w.validity("INBOX"), 10, 100))
	if len(got) != 7 {
		t.Errorf("few enough: %v", got)
	}
}

// TestBinEmptied: nothing is left in the bin, not even what another program marked there
// and which no list shows.
func TestBinEmptied(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.open(anne, annes)
	_ = must(b.Bin(w.ctx, w.refsOf(b, w.many("INBOX", 1)...)))
	w.put(annes, "Trash", letterMixed, `\Deleted`)
	bin := must(b.ChooseBin(w.ctx))
	_ = must(b.BulkAct(w.ctx, bin.Handle, BulkErase, ""))
	if v := w.over(b); v.Done != 2 || w.seenBy()["Trash"].Messages != 0 {
		t.Errorf("%+v, %d left", v, w.seenBy()["Trash"].Messages)
	}
}
