package outgoing

import (
	"context"
	"database/sql"
	"fmt"
	"reflect"
	"strings"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/message"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/store"
)

// CloseOptions says which exchange a person closes, as their page showed it.
type CloseOptions struct {
	Exchange string      // its opaque id, for the trail
	Patient  Recipient   // the one to write to
	Last     mailbox.Ref // the newest letter of the patient, zero for none
	LastID   string      // the newest letter's Message-ID, "" for none
	Refs     []string    // those it answers, oldest first
	Account  string      // the account the page was made for, as in Edit
}

const (
	sayNotClosed = "L’échange n’a pas été clos\u00a0: le patient peut toujours répondre. "
	sayDoubtful  = "La messagerie MSSanté n’a pas confirmé avoir reçu la clôture de cet échange\u00a0: dites d’abord si elle est partie, dans Brouillons."
)

// CloseExchange sends the one letter that closes an exchange with a patient: subject
// exactly [FIN] and X-MSS-MES: FIN (ENS §7), through the outbox as any letter: durable,
// in the ledger and the trail, a copy in Sent. Twice the same click is one letter.
// Nothing else may send that subject, nor send such a letter again.
func (o *Outbox) CloseExchange(ctx context.Context, box *mailbox.Box, c CloseOptions) (Result, error) {
	r, err := o.closeExchange(ctx, box, c)
	e := audit.Event{Action: audit.ExchangeClose, Target: c.Exchange, Request: "SUBMIT [FIN]", Detail: c.Patient.Address, Count: 1}
	if err == nil && r.Came != CameSent {
		e.Outcome = string(r.Came)
	}
	return r, box.Note(ctx, e, err)
}

func (o *Outbox) closeExchange(ctx context.Context, box *mailbox.Box, c CloseOptions) (Result, error) {
	if err := box.MaySend(ctx); err != nil {
		return Result{}, err
	}
	if err := box.MayPatients(ctx, audit.ExchangeClose); err != nil {
		return Result{}, err
	}
	if err := samePerson(box, c.Account); err != nil {
		return Result{}, err
	}
	patient, ok := c.Patient.Parse()
	if !ok || !patient.IsPatient() {
		return Result{}, problem.New(problem.Invalid, sayNotClosed)
	}
	d, err := o.newestClosing(ctx, box, c, patient)
	if err != nil {
		return Result{}, door(err, sayKept)
	}
	if d.State == Unknown {
		return Result{}, problem.New(problem.Conflict, sayDoubtful)
	}
	r, err := o.Send(ctx, box, d.ID, SendOptions{Version: d.Version, Files: []string{}, closing: true})
	if r.Came == CameKept || r.Came == CameAsked {
		r.Say = closingSay(r)
	}
	return r, err
}

func closingSay(r Result) string {
	for _, x := range r.Remarks {
		if x.Level == Block {
			return sayNotClosed + x.Say
		}
	}
	return strings.TrimSpace(sayNotClosed + "La messagerie MSSanté n’a pas pris la lettre de clôture. Réessayez dans un instant.")
}

// maxClosings is how many times one exchange is closed upon the same last letter.
const maxClosings = 50

// newestClosing is the letter of this closing that was not tried yet, or whose fate counts:
// one that did not leave is never sent late, with its old date: another takes its place.
func (o *Outbox) newestClosing(ctx context.Context, box *mailbox.Box, c CloseOptions, patient mssante.Address) (Draft, error) {
	for try := range maxClosings {
		d, err := o.closingDraft(ctx, box, c, patient, try)
		if err != nil {
			return Draft{}, err
		}
		over, err := o.closingOver(ctx, box, d, patient)
		if err != nil || !over {
			return d, err
		}
	}
	return Draft{}, problem.New(problem.TooMany, sayNotClosed+"Elle a été essayée trop souvent\u00a0: prévenez le support.")
}

// closingOver reports a try that answers this click no more: it did not leave, it came back, or
// it left and its copy was taken out of Sent since. Whoever clicks again was shown an open exchange: to
// say 'closed' of that old letter would send nothing, for ever.
//
// State and tries are read in one statement: another click may set off in between.
func (o *Outbox) closingOver(ctx context.Context, box *mailbox.Box, d Draft, patient mssante.Address) (bool, error) {
	var state State
	var tried, awaited int
	err := o.db.Read().QueryRowContext(ctx, `SELECT d.state, count(l.id), count(l.id) FILTER (WHERE l.state = 'accepted' AND l.copied = 0)
		FROM drafts d LEFT JOIN letters l ON l.draft_id = d.id WHERE d.id = ? GROUP BY d.id`, d.ID).Scan(&state, &tried, &awaited)
	switch {
	case err != nil:
		return false, err
	case state == Discarded:
		return tried > 0, nil
	case state != Sent:
		return false, nil
	}
	lost, err := o.lost(ctx, box.Address())
	if err != nil {
		return false, err
	}
	if _, gone, _ := lost(d.MessageID, patient); gone {
		return true, nil
	}
	if awaited > 0 {
		return false, nil
	}
	there, err := box.InSent(ctx, d.MessageID)
	return !there, err
}

// closingDraft is the letter of this very closing: of the same exchange, the same last
// letter and the same try there is one, whoever clicks. It is put away from
// the first moment, and again when it did not leave: at no time is it a draft that
// somebody finds, writes in or joins files to (attack: a closing that carries them away).
func (o *Outbox) closingDraft(ctx context.Context, box *mailbox.Box, c CloseOptions, patient mssante.Address, try int) (Draft, error) {
	o.remember(box)
	fresh := o.blank(box)
	fresh.ID = o.keys.Opaque("outgoing.closing", fresh.MailboxID, patient.Key(), c.LastID, fmt.Sprint(c.Last), fmt.Sprint(try))
	fresh.Origin, fresh.identified, fresh.InReplyTo, fresh.References = Closing, []string{patient.Key()}, c.LastID, c.Refs
	if c.Last.UID != 0 {
		fresh.Original = &c.Last
	}
	var err error
	if fresh.Fields, err = o.closingFields(ctx, box, c).clean(); err != nil {
		return Draft{}, err
	}
	id := fresh.ID
	err = o.db.Write(ctx, func(tx *sql.Tx) error {
		d, err := o.draft(ctx, tx, box, id)
		switch {
		case problem.Is(err, problem.NotFound):
			if err := o.create(ctx, tx, box, &fresh, maxDrafts+maxCopies); err != nil {
				return err
			}
		case err != nil || d.State != Discarded:
			return err
		case !reflect.DeepEqual(d.Fields, fresh.Fields): // another label of the same patient
			if _, err = o.overwrite(ctx, tx, box, d, Edit{Fields: fresh.Fields}); err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, `UPDATE drafts SET state = 'discarded', closed_at = ? WHERE id = ?`, store.Micros(fresh.CreatedAt), id)
		return err
	})
	if err != nil {
		return Draft{}, err
	}
	return o.draft(ctx, o.db.Read(), box, id)
}

// closingFields: what the patient reads beside 'a mis fin à vos échanges'.
func (o *Outbox) closingFields(ctx context.Context, box *mailbox.Box, c CloseOptions) Fields {
	name := strings.ReplaceAll(o.From(ctx, box).Mailbox.Name, "_", " ")
	return Fields{To: []Recipient{c.Patient}, Subject: mssante.SubjectClose, NoReply: true,
		Text: "Bonjour,\n\nCet échange est terminé\u00a0: vous ne pouvez plus répondre aux messages précédents depuis Mon espace santé. Un nouveau message de notre part l’ouvrira de nouveau si nécessaire.\n\n" + name + "\n"}
}

// References are those of a letter that answers l: what it answered, then itself.
func References(l message.Envelope) []string {
	out := append([]string{}, l.References...)
	if l.MessageID != "" {
		out = append(out, l.MessageID)
	}
	return out
}
