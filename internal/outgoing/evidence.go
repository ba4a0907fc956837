package outgoing

import (
	"context"
	"database/sql"

	"pli.example/pli/internal/account"
	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/ledger"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/message"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/store"
)

// seekEvidence looks whether a letter of unknown fate left: its copy in Sent (some
// operators file one), a notice about it, an answer to it. Finding nothing proves
// nothing.
func (o *Outbox) seekEvidence(ctx context.Context, box *mailbox.Box, d *due) error {
	there, err := box.InSent(ctx, d.frozen.ID)
	if err != nil {
		return err
	}
	how := "found in Sent"
	if !there {
		traces, err := box.Traces(ctx, d.frozen.ID)
		if err != nil || len(traces) == 0 {
			return err
		}
		how = "found a notice or an answer"
		for _, t := range traces {
			if t.Report != nil {
				o.noteReport(ctx, box, d.id, *t.Report)
			}
		}
	}
	if err := o.settle(ctx, box.Actor(), box.Address(), *d, how); err != nil {
		return err
	}
	d.state, d.copied = "accepted", there
	return nil
}

// noteReport writes a notice's words about each recipient in the ledger, when they can be
// believed; a failure that cannot is noted as contested, without its words. That the letter
// left is proved by any: nobody else knew its id.
func (o *Outbox) noteReport(ctx context.Context, box *mailbox.Box, letterID string, r message.Report) {
	for _, x := range r.Recipients {
		if x.Address.IsZero() {
			continue
		}
		e := ledger.Event{Code: x.Status, Text: x.Diagnostic}
		switch believed := r.Believed(x.Address, box.Address(), letterID); {
		case !believed && r.Kind == message.ReportDelivery && x.Action == "failed":
			e.Kind, e.Text = ledger.Contested, ""
		case !believed:
			continue
		case r.Kind == message.ReportDisposition && r.Disposition == "displayed" && !r.Error:
			e.Kind = ledger.Read
		case x.Action == "failed":
			e.Kind = ledger.Bounced
		case x.Action == "delayed":
			e.Kind = ledger.Delayed
		case x.Action == "delivered", x.Action == "expanded":
			e.Kind = ledger.Delivered
		default: // "relayed": beyond it nobody tells
			continue
		}
		o.noteLedger(ctx, letterID, x.Address, e)
	}
}

// Believes reports whether what a notice says of a letter of this mailbox may count.
func (o *Outbox) Believes(ctx context.Context, m account.Mailbox, r message.Report) bool {
	envelope := ""
	if o.submittedAs(ctx, m.ID, r.OriginalMessageID, r.EnvelopeID) {
		envelope = r.EnvelopeID
	}
	return r.BelievedOfAll(m.Address, envelope)
}

// submittedAs reports whether a letter of the mailbox left under that envelope id, which
// only servers on its way were told.
func (o *Outbox) submittedAs(ctx context.Context, mailboxID, messageID, envelopeID string) bool {
	if messageID == "" || envelopeID == "" {
		return false
	}
	var one int
	err := o.db.Read().QueryRowContext(ctx, `SELECT 1 FROM letters WHERE id = ? AND message_key = ?`, envelopeID, o.messageKey(mailboxID, messageID)).Scan(&one)
	return err == nil
}

// Heard tells the outbox of a notice somebody just opened: it settles a letter of
// unknown fate, and goes to the ledger. Notices about letters not ours are nothing.
func (o *Outbox) Heard(ctx context.Context, box *mailbox.Box, r message.Report) error {
	if r.OriginalMessageID == "" || !maySend(box) {
		return nil
	}
	var d due
	err := o.db.Read().QueryRowContext(ctx, `SELECT id, draft_id, state FROM letters WHERE message_key = ? ORDER BY started_at DESC LIMIT 1`,
		o.messageKey(box.Grant().Mailbox.ID, r.OriginalMessageID)).Scan(&d.id, &d.draftID, &d.state)
	if err == sql.ErrNoRows {
		return nil
	}
	if err != nil {
		return door(err, sayRead)
	}
	o.noteReport(ctx, box, d.id, r)
	if d.state != "unknown" {
		return nil
	}
	if err := o.settle(ctx, box.Actor(), box.Address(), d, "found a notice"); err != nil {
		return door(err, saySettle)
	}
	o.Attend(ctx, box)
	return nil
}

const saySettle = "Ce que vous avez dit de cette lettre n’a pas pu être enregistré. Rien n’a été envoyé\u00a0: réessayez dans un instant."

// settle notes that a letter of unknown fate did leave.
func (o *Outbox) settle(ctx context.Context, who mssante.Actor, box mssante.Address, d due, how string) error {
	if err := o.writeSettled(ctx, who, box, d, how); err != nil {
		return err
	}
	if o.o.Ledger != nil {
		rows, _ := o.o.Ledger.Of(ctx, d.id)
		for _, r := range rows {
			o.noteLedger(ctx, d.id, r.Recipient, ledger.Event{Kind: ledger.Submitted})
		}
	}
	return nil
}

func (o *Outbox) writeSettled(ctx context.Context, who mssante.Actor, box mssante.Address, d due, how string) error {
	return o.db.Write(ctx, func(tx *sql.Tx) error {
		at := store.Micros(o.instant())
		res, err := tx.ExecContext(ctx, `UPDATE letters SET state = 'accepted', settled_at = ?, next_try = 0, tries = 0 WHERE id = ? AND state = 'unknown'`, at, d.id)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE drafts SET state = 'sent', closed_at = ? WHERE id = ?`, at, d.draftID); err != nil {
			return err
		}
		return o.trail.RecordTx(ctx, tx, audit.Event{Actor: who, Mailbox: box.String(), Action: audit.LetterSettle, Target: d.id, Request: how})
	})
}
