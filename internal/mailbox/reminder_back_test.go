package mailbox

import (
	"slices"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/mssante"
)

func (w *world) refsOf(b *Box, uids ...uint32) (out []Ref) {
	in := w.inbox(b)
	for _, uid := range uids {
		out = append(out, Ref{in.ID, in.UIDValidity, uid})
	}
	return out
}

// TestReminderFound: a letter comes back on its day although another program renamed its
// folder, the server rebuilt it, or would not open it for a moment.
func TestReminderFound(t *testing.T) {
	t.Parallel()
	anew := func(w *world) {
		u := w.users.get(annes)
		w.must(u.Rename(RemindersFolder, "x", nil))
		w.must(u.Create(RemindersFolder, nil))
		_ = must(w.mail.For(mssante.Actor{SessionID: "postman"}, address(t, annes)).Move(w.ctx, "x", w.seenBy()["x"].UIDValidity, []uint32{1, 2}, RemindersFolder))
		w.must(u.Delete("x"))
	}
	for how, f := range map[string]func(*world){
		"renamed": func(w *world) { w.must(w.users.get(annes).Rename(RemindersFolder, "Plus tard", nil)) },
		"rebuilt": anew,
		"not opened at first": func(w *world) {
			left := 3
			w.during(func(command, folder string) error {
				if command == "SELECT" && folder == RemindersFolder && left > 0 {
					left--
					return &imap.Error{Type: imap.StatusResponseTypeNo, Text: "System I/O error"}
				}
				return nil
			})
		},
	} {
		t.Run(how, func(t *testing.T) {
			w := newWorld(t)
			b := w.open(anne, annes)
			_ = must(b.Remind(w.ctx, w.refsOf(b, w.many("INBOX", 2)...), w.later(time.Hour)))
			w.mail.Drop(anne.SessionID)
			later := anne
			later.SessionID = "s-anne-2"
			b = w.open(later, annes)
			if f(w); how == "rebuilt" {
				if all := must(b.Reminders(w.ctx)); len(all) != 2 || all[0].Due.IsZero() {
					t.Errorf("without a date: %+v", all)
				}
			}
			w.clock.Add(3700)
			for range 5 {
				w.house.bringBack(w.ctx, b)
				w.clock.Add(400)
			}
			if w.seenBy()["INBOX"].Messages != 2 || len(must(b.reminders(w.ctx))) != 0 {
				t.Errorf("%+v", w.seenBy())
			}
		})
	}
}

// waitsFrom makes a folder and puts a letter of it aside for an hour.
func (w *world) waitsFrom(b *Box, folder string) FolderView {
	w.must(b.CreateFolder(w.ctx, folder, ""))
	f := w.folderNamed(b, folder)
	_ = must(b.Remind(w.ctx, []Ref{{f.ID, f.UIDValidity, w.put(annes, folder, letterMixed)}}, w.later(time.Hour)))
	return f
}

// TestReminderRefused: a letter the server will not give back waits alone; one whose
// folder takes it no more comes to the inbox, once.
func TestReminderRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.open(anne, annes)
	w.waitsFrom(b, "Bientôt")
	uids := w.many("INBOX", 2)
	_ = must(b.Remind(w.ctx, w.refsOf(b, uids...), w.later(time.Hour)))
	asked := 0
	w.during(func(command, folder string) error {
		if command == "MOVE" && folder == RemindersFolder {
			if asked++; asked == 1 || asked == 3 { // the folder it came from; then the second letter
				return refuse(imap.ResponseCodeNoPerm)
			}
		}
		return nil
	})
	w.clock.Add(3700)
	w.house.bringBack(w.ctx, b)
	if f := w.seenBy(); f["INBOX"].Messages != 2 || f[RemindersFolder].Messages != 1 {
		t.Errorf("%+v", f)
	}
	w.during(func(command, folder string) error { // copied, and the original stays
		if folder == RemindersFolder && (command == "MOVE" || command == "STORE") || folder == "INBOX" && command == "STORE" {
			return refuse("")
		}
		return nil
	})
	for range 3 {
		w.clock.Add(700)
		w.house.bringBack(w.ctx, b)
	}
	if f := w.seenBy(); f["INBOX"].Messages != 3 || f[RemindersFolder].Messages != 1 || len(must(b.reminders(w.ctx))) != 0 {
		t.Errorf("copied again at each look: %+v", f)
	}
}

// TestRemindersMany: all that have a date are listed, however many others there are; those
// whose letters were taken out again do not count.
func TestRemindersMany(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.open(anne, annes)
	_ = must(b.Remind(w.ctx, w.refsOf(b, w.many("INBOX", 3)...), w.later(time.Hour)))
	w.many(RemindersFolder, 3)
	kept := must(b.reminders(w.ctx))
	rows := must(b.waitingRows(w.ctx, w.seenBy()[RemindersFolder], kept, 2))
	for _, k := range kept {
		if !slices.ContainsFunc(rows, func(r mailserver.Row) bool { return r.UID == k.UID }) {
			t.Errorf("%d is not listed", k.UID)
		}
	}
	if len(rows) != 5 || undatedShown < 200 {
		t.Errorf("%d rows", len(rows))
	}
	var taken []keptReminder
	for i := range maxReminders - 3 {
		taken = append(taken, keptReminder{Due: w.later(time.Hour).Unix(), Validity: kept[0].Validity, UID: uint32(1000 + i), From: "INBOX"})
	}
	w.must(b.keepReminders(w.ctx, taken))
	if _, err := b.Remind(w.ctx, w.refsOf(b, w.many("INBOX", 1)...), w.later(time.Hour)); err != nil {
		t.Error(err)
	}
	if left := must(b.reminders(w.ctx)); len(left) != 4 {
		t.Errorf("%d kept", len(left))
	}
}

// TestReminderHomeRenamed: the folder it came from has another name when the day comes.
func TestReminderHomeRenamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.open(anne, annes)
	f := w.waitsFrom(b, "Bientôt")
	w.must(b.RenameFolder(w.ctx, f.ID, "Plus tard"))
	w.clock.Add(3700)
	w.house.bringBack(w.ctx, b)
	if f := w.seenBy(); f["Plus tard"].Messages != 1 || f["INBOX"].Messages != 0 {
		t.Errorf("%+v", f)
	}
}
