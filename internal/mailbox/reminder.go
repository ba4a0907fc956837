package mailbox

import (
	"context"
	"slices"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/problem"
)

// RemindersFolder is where letters wait for their date: a plain folder, which every
// program shows for what it is.
const RemindersFolder = "Rappels"

// MaxReminder is how far ahead a letter may be put.
const MaxReminder = 370 * 24 * time.Hour

const (
	sayRemindPast = "Ce moment est déjà passé, ou à plus d’un an\u00a0: rien n’a changé. Choisissez une date à venir."
	sayRemindMany = "Cette boîte a déjà 500 rappels\u00a0: rien n’a changé. Annulez-en quelques-uns."
	sayRemindNone = "Les rappels ne sont pas disponibles ici\u00a0: rien n’a changé."
	sayNoDate     = "La messagerie MSSanté n’a pas dit où elle a rangé la lettre\u00a0: elle est dans «\u00a0Rappels\u00a0», sans date."
	sayNoReminder = "Ce rappel n’existe plus\u00a0: la lettre est déjà revenue, ou quelqu’un l’a reprise. Voici la liste à jour."
)

// Reminder is a letter that waits.
type Reminder struct {
	Item
	ID   string    // "" when no date is known: somebody put the letter there by hand
	Due  time.Time // zero likewise
	Home string    // French name of the folder it comes back to, "" for one without a role
}

// Remind puts letters aside until a moment. They wait in the folder of reminders, made
// if missing, and come back unread, as the last to arrive.
func (b *Box) Remind(ctx context.Context, refs []Ref, due time.Time) (Outcome, error) {
	if err := b.may(ctx, delegation.Triage, audit.ReminderSet); err != nil {
		return Outcome{}, err
	}
	e := audit.Event{Action: audit.ReminderSet, Target: targets(refs), Request: "MOVE to reminders"}
	groups, err := b.groups(ctx, refs)
	if err == nil {
		err = b.mayRemind(ctx, due, len(refs))
	}
	if err != nil {
		return Outcome{}, b.record(ctx, e, err)
	}
	return b.act(ctx, e, count(groups), func() (Outcome, error) {
		to, err := b.remindersFolder(ctx)
		if err != nil {
			return Outcome{}, err
		}
		return b.remind(ctx, groups, to, due)
	})
}

func (b *Box) mayRemind(ctx context.Context, due time.Time, more int) error {
	if b.h.db == nil {
		return problem.New(problem.Invalid, sayRemindNone)
	}
	if left := due.Sub(b.h.now()); left <= 0 || left > MaxReminder {
		return problem.New(problem.Invalid, sayRemindPast)
	}
	all, err := b.reminders(ctx)
	if err == nil && len(all)+more > maxReminders {
		all, err = b.stillWaiting(ctx, all)
	}
	if err == nil && len(all)+more > maxReminders {
		err = problem.New(problem.TooMany, sayRemindMany)
	}
	return err
}

func (b *Box) remind(ctx context.Context, groups []group, to string, due time.Time) (Outcome, error) {
	var t tally
	var back []step
	var kept []keptReminder
	for _, g := range groups {
		if g.name == to {
			t.already(len(g.uids))
			continue
		}
		named := b.messageIDs(ctx, g)
		moved, err := b.mail.Move(ctx, g.name, g.validity, g.uids, to)
		b.moved(g.name, g.validity, moved, to)
		s := step{From: to, Validity: moved.Validity, To: g.name}
		for _, old := range moved.Done {
			now, ok := moved.UIDs[old]
			if !ok || moved.MarkedOnly {
				t.tell(sayNoDate)
				continue
			}
			s.UIDs = append(s.UIDs, now)
			kept = append(kept, keptReminder{Due: due.Unix(), Validity: moved.Validity, UID: now, From: g.name, MessageID: named[old]})
		}
		if len(s.UIDs) > 0 {
			back = append(back, s)
		}
		if !t.group(len(g.uids), len(moved.Done), err) {
			break
		}
	}
	if len(kept) > 0 {
		if err := b.keepReminders(context.WithoutCancel(ctx), kept); err != nil {
			t.tell("La date n’a pas pu être gardée\u00a0: " + agree(t.Done, "la lettre est", "les lettres sont") + " dans «\u00a0Rappels\u00a0», sans date.")
		}
	}
	t.Undo = b.sealUndo(back)
	return t.result(count(groups))
}

// remindersFolder finds the folder of reminders, or makes it.
func (b *Box) remindersFolder(ctx context.Context) (string, error) {
	folders, err := b.mail.Folders(ctx)
	if err != nil {
		return "", err
	}
	if f, ok := b.waitingRoom(folders); ok {
		return f.Name, nil
	}
	name, err := b.mail.MakeFolder(ctx, mailserver.PlaceOf(folders, "", RemindersFolder))
	if err != nil && !problem.Is(err, problem.Conflict) {
		return "", err
	}
	b.forgetFolders()
	return name, nil
}

// Reminders lists the letters that wait, the next to come back first; those without a
// date last.
func (b *Box) Reminders(ctx context.Context) ([]Reminder, error) {
	out, err := b.listReminders(ctx)
	err = b.record(ctx, audit.Event{Action: audit.LetterList, Request: "FETCH reminders", Count: len(out)}, err)
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (b *Box) listReminders(ctx context.Context) ([]Reminder, error) {
	if b.h.db == nil {
		return nil, nil
	}
	folders, err := b.mail.Folders(ctx)
	if err != nil {
		return nil, err
	}
	b.learn(folders)
	room, ok := b.waitingRoom(folders)
	if !ok {
		return nil, nil
	}
	kept, err := b.reminders(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := b.waitingRows(ctx, room, kept, undatedShown)
	if err != nil {
		return nil, err
	}
	var out []Reminder
	for i := range rows {
		row := &rows[i]
		if row.Has(`\Deleted`) {
			continue
		}
		r := Reminder{Item: item(b.folderID(room.Name), room.UIDValidity, row)}
		if k := reminderOf(kept, room.UIDValidity, row); k != nil {
			r.ID, r.Due, r.Home = k.ID, time.Unix(k.Due, 0), b.roleLabel(k.From)
		}
		out = append(out, r)
	}
	slices.SortStableFunc(out, func(x, y Reminder) int {
		switch {
		case x.Due.IsZero() && y.Due.IsZero():
			return 0
		case x.Due.IsZero():
			return 1
		case y.Due.IsZero():
			return -1
		}
		return x.Due.Compare(y.Due)
	})
	return out, nil
}

// CancelReminder brings a letter back now, with the marks it has.
func (b *Box) CancelReminder(ctx context.Context, id string) (Outcome, error) {
	if err := b.may(ctx, delegation.Triage, audit.ReminderCancel); err != nil {
		return Outcome{}, err
	}
	e := audit.Event{Action: audit.ReminderCancel, Request: "MOVE back"}
	var found *keptReminder
	var err error
	if b.h.db != nil {
		var all []keptReminder
		all, err = b.reminders(ctx)
		for i := range all {
			if all[i].ID == id {
				found = &all[i]
			}
		}
	}
	if err == nil && found == nil {
		err = problem.New(problem.Gone, sayNoReminder)
	}
	if err != nil {
		return Outcome{}, b.record(ctx, e, err)
	}
	return b.act(ctx, e, 1, func() (Outcome, error) { return b.comesBack(ctx, *found, false) })
}
