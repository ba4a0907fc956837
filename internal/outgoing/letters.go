package outgoing

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/ledger"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/store"
)

func (o *Outbox) sealFrozen(id string, z frozen) ([]byte, error) {
	plain, err := json.Marshal(z)
	if err != nil {
		return nil, err
	}
	return o.keys.Seal(sealLetter, plain, aad(id, "frozen"))
}

func (o *Outbox) openFrozen(id string, blob []byte) (z frozen, err error) {
	plain, err := o.keys.Open(sealLetter, blob, aad(id, "frozen"))
	if err != nil {
		return z, fmt.Errorf("letter %s: %w", id, err)
	}
	return z, json.Unmarshal(plain, &z)
}

func (o *Outbox) sealOutcome(id string, r Result) ([]byte, error) {
	plain, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	return o.keys.Seal(sealLetter, plain, aad(id, "outcome"))
}

func (o *Outbox) openOutcome(id string, blob []byte) (r Result) {
	if plain, err := o.keys.Open(sealLetter, blob, aad(id, "outcome")); err == nil {
		_ = json.Unmarshal(plain, &r)
	}
	return r
}

// Progress tells what came of the latest sending of a draft: for a page that waited,
// or another tab.
func (o *Outbox) Progress(ctx context.Context, box *mailbox.Box, draftID string) (Result, error) {
	if err := box.MayWrite(ctx, audit.DraftOpen); err != nil {
		return Result{}, err
	}
	r, err := o.progress(ctx, box, draftID)
	return r, door(err, sayRead)
}

func (o *Outbox) progress(ctx context.Context, box *mailbox.Box, draftID string) (Result, error) {
	var id, state string
	var blob []byte
	err := o.db.Read().QueryRowContext(ctx, `SELECT id, state, outcome FROM letters WHERE draft_id = ? AND mailbox_id = ? ORDER BY started_at DESC, rowid DESC LIMIT 1`,
		draftID, box.Grant().Mailbox.ID).Scan(&id, &state, &blob)
	if errors.Is(err, sql.ErrNoRows) {
		_, err := o.draft(ctx, o.db.Read(), box, draftID)
		return Result{}, err
	}
	if err != nil {
		return Result{}, err
	}
	r := o.openOutcome(id, blob)
	r.LetterID = id
	switch state {
	case "submitting":
		r.Came, r.Say = CameFlying, sayFlying
	case "accepted":
		r.Came, r.Say = CameSent, saySent
	case "unknown":
		r.Came, r.Say = CameUnknown, sayUnknown
	case "refused", "kept":
		r.Came = CameKept
	}
	return r, nil
}

func (o *Outbox) openLedger(ctx context.Context, t *ticket) {
	if o.o.Ledger == nil {
		return
	}
	err := o.o.Ledger.Open(ctx, ledger.Letter{ID: t.id, Mailbox: t.box, ActorID: t.frozen.Actor.AccountID, MessageID: t.frozen.ID, Recipients: t.to, Size: t.size})
	if err != nil {
		o.log.WarnContext(ctx, "the ledger did not open", "letter", t.id, "err", err)
		return
	}
	for _, a := range t.to {
		o.noteLedger(ctx, t.id, a, ledger.Event{Kind: ledger.Queued})
	}
}

// noteFates tells the ledger; the letter's own row is what counts.
func (o *Outbox) noteFates(ctx context.Context, t *ticket, d mailserver.Delivery) {
	kind := ledger.Refused
	switch d.Stage {
	case mailserver.StageAccepted:
		kind = ledger.Submitted
	case mailserver.StageUnknown:
		kind = ledger.Unknown
	}
	for _, a := range t.to {
		e := ledger.Event{Kind: kind}
		for _, r := range d.Recipients {
			if r.Address.Equal(a) && r.Code != 0 {
				e.Code, e.Text = strings.TrimSpace(fmt.Sprint(r.Code, " ", r.Enhanced)), r.Text
			}
		}
		o.noteLedger(ctx, t.id, a, e)
	}
}

func (o *Outbox) noteLedger(ctx context.Context, letterID string, a mssante.Address, e ledger.Event) {
	if o.o.Ledger == nil {
		return
	}
	if err := o.o.Ledger.Note(ctx, letterID, a, e); err != nil {
		o.log.WarnContext(ctx, "the ledger did not take a note", "letter", letterID, "err", err)
	}
}

// due is a letter with something left to do.
type due struct {
	id, draftID, state string
	frozen             frozen
	copied, followed   bool
	tries              int
}

// dueIn lists what is left to do in a mailbox now.
func (o *Outbox) dueIn(ctx context.Context, mailboxID string) ([]due, error) {
	rows, err := o.db.Read().QueryContext(ctx, `SELECT id, draft_id, state, frozen, copied, followed, tries FROM letters
		WHERE mailbox_id = ? AND (state = 'unknown' OR state = 'accepted' AND (copied = 0 OR followed = 0)) AND next_try <= ? ORDER BY started_at LIMIT 50`,
		mailboxID, store.Micros(o.now()))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []due
	for rows.Next() {
		var d due
		var blob []byte
		if err := rows.Scan(&d.id, &d.draftID, &d.state, &blob, &d.copied, &d.followed, &d.tries); err != nil {
			return nil, err
		}
		if d.frozen, err = o.openFrozen(d.id, blob); err != nil {
			o.log.ErrorContext(ctx, "a letter cannot be opened", "letter", d.id, "err", err)
			continue
		}
		out = append(out, d)
	}
	return out, rows.Err()
}

// later puts a letter off: half a minute, then twice as long each time, an hour at
// most, for as long as it takes.
func (o *Outbox) later(ctx context.Context, d due) {
	wait := min(30*time.Second<<min(d.tries, 10), time.Hour)
	_ = o.db.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE letters SET tries = tries + 1, next_try = ? WHERE id = ?`, store.Micros(o.now().Add(wait)), d.id)
		return err
	})
}
