package mailbox

import (
	"bytes"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/problem"
)

// later is the house's hour, and some.
func (w *world) later(d time.Duration) time.Time { return w.house.now().Add(d) }

// TestReminders: aside in a folder every program sees, back unread when due and not
// before, each in the trail; what rests on the disk says nothing.
func TestReminders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	uids := w.many("INBOX", 3)
	b := w.open(anne, annes)
	in := w.inbox(b)
	_ = must(b.SetFlags(w.ctx, []Ref{{in.ID, in.UIDValidity, uids[0]}}, []Flag{Seen}, nil))
	out := must(b.Remind(w.ctx, []Ref{{in.ID, in.UIDValidity, uids[0]}, {in.ID, in.UIDValidity, uids[1]}}, w.later(time.Hour)))
	if f := w.seenBy(); out.Done != 2 || out.Undo == "" || f["INBOX"].Messages != 1 || f[RemindersFolder].Messages != 2 {
		t.Fatalf("%+v %+v", out, f)
	}
	if e := w.last(); e.Action != audit.ReminderSet || e.Outcome != audit.OutcomeOK || e.Count != 2 {
		t.Errorf("trail %+v", e)
	}
	all := must(b.Reminders(w.ctx))
	if len(all) != 2 || all[0].ID == "" || all[0].Home != "Réception" || all[0].Due.Sub(w.house.now()).Round(time.Minute) != time.Hour {
		t.Fatalf("%+v", all)
	}
	var sealed []byte
	w.must(w.db.Read().QueryRowContext(w.ctx, `SELECT sealed FROM mailbox_reminders LIMIT 1`).Scan(&sealed))
	if bytes.Contains(sealed, []byte("INBOX")) || bytes.Contains(sealed, []byte(`"d":`)) {
		t.Errorf("readable on the disk: %q", sealed)
	}
	b.AttendReminders(w.ctx)
	w.house.RemindDue(w.ctx)
	if w.seenBy()[RemindersFolder].Messages != 2 {
		t.Error("back before its hour")
	}
	w.clock.Add(3601)
	w.house.RemindDue(w.ctx)
	if f := w.seenBy(); f["INBOX"].Messages != 3 || f[RemindersFolder].Messages != 0 || f["INBOX"].Unseen != 3 {
		t.Errorf("due: %+v", f)
	}
	if e := w.last(); e.Action != audit.ReminderDue || e.Outcome != audit.OutcomeOK {
		t.Errorf("trail %+v", e)
	}
	if l := w.list(b, in.ID); l.Items[0].Subject == "lettre 2" {
		t.Error("not at the top")
	}
	if left := must(b.Reminders(w.ctx)); len(left) != 0 {
		t.Errorf("left %+v", left)
	}
}

// TestRemindersAtSignIn: nobody there, nothing moves; the next list brings it back.
func TestRemindersAtSignIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	uid := w.many("INBOX", 1)[0]
	b := w.open(anne, annes)
	in := w.inbox(b)
	_ = must(b.Remind(w.ctx, []Ref{{in.ID, in.UIDValidity, uid}}, w.later(time.Minute)))
	b.AttendReminders(w.ctx)
	w.house.Drop(anne.SessionID)
	w.clock.Add(3600)
	before := len(w.acts())
	w.house.RemindDue(w.ctx)
	if w.seenBy()["INBOX"].Messages != 0 || len(w.acts()) != before {
		t.Error("done for a session that ended")
	}
	again := anne
	again.SessionID = "s-anne-2"
	w.open(again, annes).AttendReminders(w.ctx)
	if w.seenBy()["INBOX"].Messages != 1 {
		t.Error("not back at the next sign-in")
	}
}

// TestRemindersGivenUp: cancelled, undone, taken away by another program, their folder
// gone, refused by the server.
func TestRemindersGivenUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	uids := w.many("INBOX", 3)
	b := w.open(anne, annes)
	in := w.inbox(b)
	ref := func(i int) []Ref { return []Ref{{in.ID, in.UIDValidity, uids[i]}} }
	out := must(b.Remind(w.ctx, ref(0), w.later(time.Hour)))
	_ = must(b.Undo(w.ctx, out.Undo))
	if w.seenBy()["INBOX"].Messages != 3 || len(must(b.Reminders(w.ctx))) != 0 {
		t.Error("not undone")
	}
	_ = must(b.Remind(w.ctx, ref(1), w.later(time.Hour)))
	id := must(b.Reminders(w.ctx))[0].ID
	w.give(team, anne, delegation.Delegate, delegation.Read|delegation.Triage, "Cabinet")
	_, err := w.open(anne, team).CancelReminder(w.ctx, id)
	wantKind(t, err, problem.Gone)
	if back := must(b.CancelReminder(w.ctx, id)); back.Done != 1 || back.ReturnedTo != "Réception" || w.seenBy()["INBOX"].Messages != 3 {
		t.Errorf("%+v", back)
	}
	_, err = b.CancelReminder(w.ctx, id)
	wantKind(t, err, problem.Gone)
	// From a folder that is gone when the day comes: to the inbox.
	w.must(b.CreateFolder(w.ctx, "Bientôt", ""))
	uid := w.put(annes, "Bientôt", letterMixed)
	f := w.folderNamed(b, "Bientôt")
	_ = must(b.Remind(w.ctx, []Ref{{f.ID, f.UIDValidity, uid}}, w.later(time.Hour)))
	w.must(b.DeleteFolder(w.ctx, f.ID))
	w.clock.Add(3700)
	fail := true
	w.during(func(command, _ string) error {
		if command == "MOVE" && fail {
			return refuse(imap.ResponseCodeOverQuota)
		}
		return nil
	})
	w.house.bringBack(w.ctx, b)
	if w.seenBy()[RemindersFolder].Messages != 1 || len(must(b.Reminders(w.ctx))) != 1 {
		t.Error("refused, and forgotten")
	}
	fail = false
	w.clock.Add(400)
	w.house.bringBack(w.ctx, b)
	if f := w.seenBy(); f["INBOX"].Messages != 4 || f[RemindersFolder].Messages != 0 {
		t.Errorf("%+v", f)
	}
	for name, due := range map[string]time.Time{"past": w.later(-time.Minute), "never": {}, "in ten years": w.later(10 * 365 * 24 * time.Hour)} {
		if _, err := b.Remind(w.ctx, ref(2), due); !problem.Is(err, problem.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.give(annes, zoe, delegation.Delegate, delegation.Read, "")
	_, err = w.open(zoe, annes).Remind(w.ctx, ref(2), w.later(time.Hour))
	wantKind(t, err, problem.Denied)
}
