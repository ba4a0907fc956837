package mailbox

import (
	"fmt"
	"strings"
	"testing"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/problem"
)

func (w *world) managed(b *Box) map[string]Managed {
	w.Helper()
	all, _, err := b.ManagedFolders(w.ctx)
	w.must(err)
	out := map[string]Managed{}
	for _, m := range all {
		out[m.Name] = m
	}
	return out
}

// TestFolderChanges: each in the trail, asked then done, its name sealed.
func TestFolderChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.open(anne, annes)
	w.must(b.CreateFolder(w.ctx, "  Réunions ", ""))
	if e := w.last(); e.Action != audit.FolderCreate || e.Outcome != audit.OutcomeOK || strings.Contains(e.Target+e.Request, "union") {
		t.Errorf("trail %+v", e)
	}
	top := w.managed(b)["Réunions"]
	w.must(b.CreateFolder(w.ctx, "2026", top.ID))
	all := w.managed(b)
	if !all["Réunions"].Holds || !all["Réunions"].Own || all["2026"].Depth != 1 || all["INBOX"].Own {
		t.Errorf("%+v", all)
	}
	if err := b.DeleteFolder(w.ctx, top.ID); !problem.Is(err, problem.Conflict) {
		t.Errorf("removed with a folder in it: %v", err)
	}
	w.must(b.RenameFolder(w.ctx, all["2026"].ID, "2027"))
	all = w.managed(b)
	if all["2027"].Depth != 1 || all["2026"].ID != "" {
		t.Errorf("%+v", all)
	}
	if err := b.RenameFolder(w.ctx, "aaaaaaaaaaaaaaaaaaaa", "x"); !problem.Is(err, problem.Gone) {
		t.Errorf("a folder that is not there: %v", err)
	}
	w.put(annes, "Réunions/2027", letterMixed)
	if err := b.DeleteFolder(w.ctx, all["2027"].ID); !problem.Is(err, problem.Conflict) {
		t.Errorf("removed with a letter in it: %v", err)
	}
	c := must(b.ChooseAll(w.ctx, all["2027"].ID))
	_ = must(b.BulkAct(w.ctx, c.Handle, BulkBin, ""))
	if v := w.over(b); v.Done != 1 || w.seenBy()["Trash"].Messages != 1 {
		t.Errorf("emptied: %+v", v)
	}
	w.must(b.DeleteFolder(w.ctx, all["2027"].ID))
	if e := w.last(); e.Action != audit.FolderDelete || e.Target != all["2027"].ID {
		t.Errorf("trail %+v", e)
	}
}

// TestRowFolderNames: what a name may not hold, and what may not be renamed.
func TestRowFolderNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.open(anne, annes)
	_ = must(b.mail.EnsureFolder(w.ctx, "trash"))
	all := w.managed(b)
	before := len(w.seenBy())
	for _, bad := range []string{"", " ", "a/b", "a\r\nA1 DELETE INBOX", "a\tb", "%", "*", "..", "~root", "#news", strings.Repeat("é", 61), "corbeille", "Trash", "inbox", "Sent"} {
		if err := b.CreateFolder(w.ctx, bad, ""); !problem.Is(err, problem.Invalid) && !problem.Is(err, problem.Conflict) {
			t.Errorf("%q: %v", bad, err)
		}
		if err := b.RenameFolder(w.ctx, all["Patients"].ID, bad); !problem.Is(err, problem.Invalid) && !problem.Is(err, problem.Conflict) {
			t.Errorf("renamed %q: %v", bad, err)
		}
	}
	w.must(b.CreateFolder(w.ctx, RemindersFolder, "")) // renamed, its letters would not come back
	before++
	all = w.managed(b)
	for _, name := range []string{"INBOX", "Trash", RemindersFolder} {
		if err := b.DeleteFolder(w.ctx, all[name].ID); !problem.Is(err, problem.Denied) {
			t.Errorf("%s removed: %v", name, err)
		}
		if err := b.RenameFolder(w.ctx, all[name].ID, "Autre"); !problem.Is(err, problem.Denied) {
			t.Errorf("%s renamed: %v", name, err)
		}
	}
	if n := len(w.seenBy()); n != before {
		t.Errorf("%d folders, were %d", n, before)
	}
	in, depth := "", 0
	for ; depth < 9; depth++ {
		if err := b.CreateFolder(w.ctx, fmt.Sprint("n", depth), in); err != nil {
			break
		}
		in = w.managed(b)[fmt.Sprint("n", depth)].ID
	}
	if depth != maxFolderDepth {
		t.Errorf("%d deep", depth)
	}
	w.give(annes, zoe, delegation.Delegate, delegation.Read, "")
	reader := w.open(zoe, annes)
	for name, err := range map[string]error{"create": reader.CreateFolder(w.ctx, "x", ""), "rename": reader.RenameFolder(w.ctx, all["Patients"].ID, "x"),
		"delete": reader.DeleteFolder(w.ctx, all["Patients"].ID), "subscribe": reader.SubscribeFolder(w.ctx, all["Patients"].ID, false)} {
		if !problem.Is(err, problem.Denied) {
			t.Errorf("a reader may %s: %v", name, err)
		}
	}
}
