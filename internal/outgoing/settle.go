package outgoing

import (
	"context"
	"database/sql"
	"errors"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/store"
)

// Verdict is what a person says of a letter whose fate is unknown.
type Verdict string

// The acts.
const (
	ItLeft    Verdict = "left"  // 'elle est partie': its copy goes to Sent
	SendAgain Verdict = "again" // 'la renvoyer': the same octets, once more; never a closing
	NotLeft   Verdict = "not"   // 'elle n’est pas partie', of a closing alone: it is put away
)

const sayNothing = "L’envoi de cette lettre n’est plus à confirmer\u00a0: il a été tranché entre-temps. Regardez dans Envoyés ou dans Brouillons."

const (
	sayCloseAgain = "Une clôture ne se renvoie pas\u00a0: le patient a pu écrire depuis. Dites si elle est partie ou non\u00a0; pour clore de nouveau, ouvrez l’échange et cliquez sur «\u00a0Clore la conversation\u00a0»."
	sayGivenUp    = "C’est noté\u00a0: la clôture n’est pas partie, le patient peut toujours répondre. Pour clore, cliquez de nouveau sur «\u00a0Clore la conversation\u00a0»."
)

// Settle ends the doubt about a draft's letter. SendAgain submits the very octets of
// the first time, under this person's session; recipients are checked again. A closing
// of an exchange is only said to have left or not: what it closed may have gone on since,
// and its old date would put it before letters it closes.
func (o *Outbox) Settle(ctx context.Context, box *mailbox.Box, draftID string, v Verdict) (Result, error) {
	if err := box.MaySend(ctx); err != nil {
		return Result{}, err
	}
	place := flightOf(box, draftID)
	f, first := o.board(place)
	if first {
		o.depart(ctx, place, f, saySettle, func() (*ticket, error) { return o.settled(ctx, box, draftID, v) })
	}
	return o.wait(ctx, f)
}

func (o *Outbox) settled(ctx context.Context, box *mailbox.Box, draftID string, v Verdict) (*ticket, error) {
	d, err := o.draft(ctx, o.db.Read(), box, draftID)
	if err != nil {
		return nil, door(err, sayRead)
	}
	l, version, err := o.doubtful(ctx, box, draftID)
	if err != nil {
		return nil, door(err, sayRead)
	}
	switch closing := d.Origin == Closing; {
	case v == ItLeft:
		if err := o.settle(ctx, box.Actor(), box.Address(), l, "said to have left"); err != nil {
			return nil, door(err, saySettle)
		}
		o.Attend(ctx, box)
		return answered(Result{Came: CameSent, LetterID: l.id, Say: saySent}), nil
	case v == NotLeft && closing:
		if err := o.giveUp(ctx, box, l); err != nil {
			return nil, door(err, saySettle)
		}
		return answered(Result{Came: CameKept, LetterID: l.id, Say: sayGivenUp}), nil
	case v == SendAgain && closing:
		return nil, problem.New(problem.Conflict, sayCloseAgain)
	case v == SendAgain:
	default:
		return nil, problem.New(problem.Invalid, saySettle)
	}
	remarks, err := o.check(ctx, box, d)
	if err != nil {
		return nil, door(err, sayRead)
	}
	if Blocked(remarks) {
		return answered(Result{Came: CameAsked, Remarks: remarks, Say: sayAsked}), nil
	}
	l.frozen.Actor = box.Actor()
	t, err := o.ticket(ctx, box.Address(), l.frozen)
	if err != nil {
		return nil, door(err, saySettle)
	}
	return t, door(o.record(ctx, box, t, version, d.filesRev, l.id), saySettle)
}

// giveUp notes that a closing of unknown fate did not leave.
func (o *Outbox) giveUp(ctx context.Context, box *mailbox.Box, l due) error {
	return o.db.Write(ctx, func(tx *sql.Tx) error {
		at := store.Micros(o.instant())
		res, err := tx.ExecContext(ctx, `UPDATE letters SET state = 'kept', settled_at = ?, frozen = x'' WHERE id = ? AND state = 'unknown'`, at, l.id)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, problem.New(problem.Gone, sayNothing))
		}
		if _, err := tx.ExecContext(ctx, `UPDATE drafts SET state = 'discarded', closed_at = ? WHERE id = ? AND state = 'unknown'`, at, l.draftID); err != nil {
			return err
		}
		return o.trail.RecordTx(ctx, tx, audit.Event{Actor: box.Actor(), Mailbox: box.Address().String(), Action: audit.LetterSettle, Target: l.id, Request: "said not to have left"})
	})
}

// doubtful finds the draft's letter of unknown fate.
func (o *Outbox) doubtful(ctx context.Context, box *mailbox.Box, draftID string) (d due, version int64, err error) {
	var blob []byte
	err = o.db.Read().QueryRowContext(ctx, `SELECT id, draft_id, state, version, frozen FROM letters WHERE draft_id = ? AND mailbox_id = ? AND state = 'unknown'`,
		draftID, box.Grant().Mailbox.ID).Scan(&d.id, &d.draftID, &d.state, &version, &blob)
	if errors.Is(err, sql.ErrNoRows) {
		return d, 0, problem.New(problem.Gone, sayNothing)
	}
	if err != nil {
		return d, 0, err
	}
	d.frozen, err = o.openFrozen(d.id, blob)
	return d, version, err
}
