package outgoing

import (
	"context"
	"database/sql"
	"reflect"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/store"
)

// Discard puts a draft away. Restore brings it back for a day; its copy in the
// mailbox's Drafts folder goes too.
func (o *Outbox) Discard(ctx context.Context, box *mailbox.Box, id string) error {
	if err := box.MayWrite(ctx, audit.DraftDelete); err != nil {
		return err
	}
	var d Draft
	err := o.db.Write(ctx, func(tx *sql.Tx) (err error) {
		d, err = o.discard(ctx, tx, box, id)
		return err
	})
	if err != nil {
		return door(err, saySave)
	}
	o.discarded(ctx, box, d)
	return nil
}

// DiscardWith is Discard by a page that carries the text: what it says last is kept
// first, so that Restore of Saved.ID gives it back. When somebody else had changed the
// draft, theirs stays open and this text alone is put away.
func (o *Outbox) DiscardWith(ctx context.Context, box *mailbox.Box, id string, e Edit) (Saved, error) {
	if err := box.MayWrite(ctx, audit.DraftDelete); err != nil {
		return Saved{}, err
	}
	e, err := e.clean(box)
	if err != nil {
		return Saved{}, err
	}
	var s Saved
	var d Draft
	err = o.db.Write(ctx, func(tx *sql.Tx) (err error) {
		if d, err = o.draft(ctx, tx, box, id); err != nil {
			return err
		}
		s = Saved{ID: d.ID, Version: d.Version, At: d.SavedAt}
		switch d.State {
		case Open:
			s, err = o.save(ctx, tx, box, d, e)
		case Discarded: // the same click again, or one in another window
			if !reflect.DeepEqual(d.Fields, e.Fields) {
				s, err = o.keepBeside(ctx, tx, box, d, e)
			}
		default:
			err = problem.New(problem.Conflict, sayBusy(d.State))
		}
		if err != nil {
			return err
		}
		if s.Copy && d.State == Open {
			s.Say = sayMineOnly
		} else {
			s.Say = ""
		}
		d, err = o.discard(ctx, tx, box, s.ID)
		return err
	})
	if err != nil {
		return Saved{}, door(err, saySave)
	}
	o.discarded(ctx, box, d)
	return s, nil
}

// discard gives the draft as it was before.
func (o *Outbox) discard(ctx context.Context, tx *sql.Tx, box *mailbox.Box, id string) (Draft, error) {
	d, err := o.draft(ctx, tx, box, id)
	if err != nil {
		return d, err
	}
	switch d.State {
	case Discarded:
		return d, nil
	case Open:
	default:
		return d, problem.New(problem.Conflict, sayBusy(d.State))
	}
	if _, err = tx.ExecContext(ctx, `UPDATE drafts SET state = 'discarded', closed_at = ? WHERE id = ?`, store.Micros(o.instant()), id); err != nil {
		return d, err
	}
	return d, o.trail.RecordTx(ctx, tx, audit.Event{Actor: box.Actor(), Mailbox: box.Address().String(), Action: audit.DraftDelete, Target: id, Request: "draft"})
}

func (o *Outbox) discarded(ctx context.Context, box *mailbox.Box, d Draft) {
	o.remember(box)
	if d.imap.place.UID != 0 {
		o.dropCopy(ctx, box, d) // the loop tries again when it cannot be reached now
	}
}

// Restore takes a Discard back, within a day of it: later its files are gone, though
// the text may still be there because its copy in the folder could not be removed.
func (o *Outbox) Restore(ctx context.Context, box *mailbox.Box, id string) error {
	if err := box.MayWrite(ctx, audit.Undo); err != nil {
		return err
	}
	err := o.db.Write(ctx, func(tx *sql.Tx) error {
		d, err := o.draft(ctx, tx, box, id)
		if err != nil {
			return err
		}
		if d.State == Open {
			return nil
		}
		if d.State != Discarded || d.Origin == Closing {
			return problem.New(problem.Gone, sayNoDraft)
		}
		if store.Micros(d.ClosedAt) < before(o.now(), discardedKept) {
			return problem.New(problem.Gone, sayTooLate)
		}
		if _, err = tx.ExecContext(ctx, `UPDATE drafts SET state = 'open', closed_at = 0 WHERE id = ?`, id); err != nil {
			return err
		}
		return o.trail.RecordTx(ctx, tx, audit.Event{Actor: box.Actor(), Mailbox: box.Address().String(), Action: audit.Undo, Target: id, Request: "draft"})
	})
	return door(err, saySave)
}

// sayBusy tells why a draft cannot be changed now.
func sayBusy(s State) string {
	switch s {
	case Sending:
		return "Cette lettre est en train de partir\u00a0: elle ne peut plus être modifiée. Attendez le résultat de l’envoi."
	case Unknown:
		return "L’envoi de cette lettre est à confirmer\u00a0: dites d’abord si elle est partie ou s’il faut la renvoyer."
	case Sent:
		return "Cette lettre est déjà partie. Elle est dans Envoyés."
	}
	return sayNoDraft
}
