package outgoing

import (
	"context"
	"errors"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

// ToldOptions say which patient was told otherwise, and of which letter, as the page of a
// person showed it.
type ToldOptions struct {
	Exchange  string // its opaque id, for the trail
	Patient   mssante.Address
	MessageID string // of the letter that came back
	Account   string // the account the page was made for, as in Edit
}

const sayNotTold = "Rien n’a été noté\u00a0: l’échange est toujours à traiter. Rechargez la page pour voir où il en est."

// TellOtherwise notes that a patient whom our letter did not reach was told otherwise: in
// the ledger, where it concerns that letter alone, and in the trail. A new letter to them is
// another matter: it undoes this by being the last.
func (o *Outbox) TellOtherwise(ctx context.Context, box *mailbox.Box, t ToldOptions) error {
	err := o.tellOtherwise(ctx, box, t)
	e := audit.Event{Action: audit.ExchangeTold, Target: t.Exchange, Request: "told otherwise", Detail: t.Patient.String(), Count: 1}
	return box.Note(ctx, e, err)
}

func (o *Outbox) tellOtherwise(ctx context.Context, box *mailbox.Box, t ToldOptions) error {
	if err := box.MaySend(ctx); err != nil {
		return err
	}
	if err := box.MayPatients(ctx, audit.ExchangeTold); err != nil {
		return err
	}
	if err := samePerson(box, t.Account); err != nil {
		return err
	}
	if !t.Patient.IsPatient() || o.o.Ledger == nil {
		return problem.Wrap(errors.New("no patient, or no ledger"), problem.Invalid, sayNotTold)
	}
	return o.o.Ledger.Tell(ctx, box.Address(), t.MessageID, t.Patient)
}
