package outgoing

import (
	"context"
	"database/sql"
	"errors"

	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/problem"
)

// Verdict is what a person says of a letter whose fate is unknown.
type Verdict string

// The two acts.
const (
	ItLeft    Verdict = "left"  // 'elle est partie': its copy goes to Sent
	SendAgain Verdict = "again" // 'la renvoyer': the same octets, once more
)

const sayNothing = "L’envoi de cette lettre n’est plus à confirmer\u00a0: il a été tranché entre-temps. Regardez dans Envoyés ou dans Brouillons."

// Settle ends the doubt about a draft's letter. SendAgain submits the very octets of
// the first time, under this person's session; recipients are checked again.
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
	switch v {
	case ItLeft:
		if err := o.settle(ctx, box.Actor(), box.Address(), l, "said to have left"); err != nil {
			return nil, door(err, saySettle)
		}
		o.Attend(ctx, box)
		return answered(Result{Came: CameSent, LetterID: l.id, Say: saySent}), nil
	case SendAgain:
	default:
		return nil, problem.New(problem.Invalid, saySettle)
	}
	remarks, err := o.checkAs(ctx, box, d, d.Origin == Closing) // its octets are frozen: nobody could write in it
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
