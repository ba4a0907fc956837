package outgoing

import (
	"context"
	"log/slog"
	"time"

	"pli.example/pli/internal/account"
	"pli.example/pli/internal/ledger"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/message"
	"pli.example/pli/internal/mssante"
)

// Left tells what is known here of the letters that left a mailbox: what an exchange with
// a patient counts beside its folders.
func (o *Outbox) Left(ctx context.Context, m account.Mailbox) (mailbox.Left, error) {
	unfiled, err := o.Unfiled(ctx, m.ID)
	if err != nil {
		return mailbox.Left{}, err
	}
	lost, err := o.lost(ctx, m.Address)
	if err != nil {
		return mailbox.Left{}, door(err, sayRead)
	}
	told := func(string, mssante.Address) (time.Time, bool) { return time.Time{}, false }
	if o.o.Ledger != nil {
		if told, err = o.o.Ledger.Told(ctx, m.Address); err != nil {
			return mailbox.Left{}, err
		}
	}
	return mailbox.Left{Unfiled: unfiled, Lost: lost, Told: told,
		Submitted: func(ctx context.Context, id, envelope string) bool { return o.submittedAs(ctx, m.ID, id, envelope) },
		Heard:     func(ctx context.Context, id string, p message.ReportRecipient) { o.heardLost(ctx, m.Address, id, p) }}, nil
}

// lost tells which letters of a mailbox came back, as the ledger knows.
func (o *Outbox) lost(ctx context.Context, box mssante.Address) (func(string, mssante.Address) (string, bool, bool), error) {
	if o.o.Ledger == nil {
		return func(string, mssante.Address) (string, bool, bool) { return "", false, false }, nil
	}
	return o.o.Ledger.Lost(ctx, box)
}

// heardLost keeps that a letter was lost: its notice may be thrown away, it stays so.
func (o *Outbox) heardLost(ctx context.Context, box mssante.Address, messageID string, p message.ReportRecipient) {
	if o.o.Ledger == nil {
		return
	}
	if err := o.o.Ledger.Lose(ctx, box, messageID, p.Address, ledger.Event{Code: p.Status, Text: p.Diagnostic}); err != nil {
		o.log.WarnContext(ctx, "a notice was not kept", slog.Any("err", err))
	}
}

// maxUnfiled is how many letters to patients Unfiled tells, the newest.
const maxUnfiled = 1000

// Unfiled gives the letters to patients that left this mailbox and whose copy is not in
// Sent yet, those of which nobody knows yet whether they left, and the closings of the last
// 30 days wherever their copy is by now: the state of an exchange counts them.
func (o *Outbox) Unfiled(ctx context.Context, mailboxID string) ([]mailbox.Unfiled, error) {
	rows, err := o.db.Read().QueryContext(ctx, `SELECT id, frozen, copied, state <> 'accepted' FROM letters WHERE mailbox_id = ? AND patients = 1
		AND (state IN ('submitting', 'unknown') OR state = 'accepted' AND (copied = 0 OR followed = 1 AND length(frozen) > 0))
		ORDER BY started_at DESC LIMIT ?`, mailboxID, maxUnfiled)
	if err != nil {
		return nil, door(err, sayRead)
	}
	defer rows.Close()
	var out []mailbox.Unfiled
	for rows.Next() {
		var id string
		var blob []byte
		var filed, underWay bool
		if err := rows.Scan(&id, &blob, &filed, &underWay); err != nil {
			return nil, door(err, sayRead)
		}
		z, err := o.openFrozen(id, blob)
		if err != nil {
			continue // said where it is followed
		}
		u := mailbox.Unfiled{MessageID: z.ID, InReplyTo: z.InReplyTo, Subject: z.Subject, MES: z.MES, Text: z.Text, At: z.Date, Filed: filed, UnderWay: underWay}
		for _, m := range z.everybody() {
			if m.Address.IsPatient() {
				u.To = append(u.To, m)
			}
		}
		if len(u.To) > 0 { // one from before may go to colleagues alone
			out = append(out, u)
		}
	}
	return out, door(rows.Err(), sayRead)
}
