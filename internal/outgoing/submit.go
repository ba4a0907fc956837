package outgoing

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/message"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/store"
)

// record makes the letter durable: from here on only its outcome or a person moves
// it. again is the letter it repeats, after a person said so.
func (o *Outbox) record(ctx context.Context, box *mailbox.Box, t *ticket, version, filesRev int64, again string) error {
	o.crash("authorised")
	blob, err := o.sealFrozen(t.id, t.frozen)
	if err != nil {
		return err
	}
	from := ready(t.frozen.Origin == Closing)
	if again != "" {
		from = Unknown
	}
	who, at := box.Actor(), store.Micros(o.instant())
	err = o.db.Write(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `UPDATE drafts SET state = 'sending' WHERE id = ? AND state = ? AND version = ? AND files_rev = ?`, t.draftID, from, version, filesRev)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, problem.New(problem.Conflict, sayStale))
		}
		if again != "" {
			if _, err := tx.ExecContext(ctx, `UPDATE letters SET state = 'again', settled_at = ?, frozen = x'' WHERE id = ? AND state = 'unknown'`, at, again); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO letters (id, draft_id, mailbox_id, account_id, session_id, version, state, frozen, sha256, size, message_key, outcome, started_at, patients)
			VALUES (?,?,?,?,?,?,'submitting',?,?,?,?,x'',?,?)`, t.id, t.draftID, box.Grant().Mailbox.ID, who.AccountID, who.SessionID, version, blob, t.sha, t.size,
			o.messageKey(box.Grant().Mailbox.ID, t.frozen.ID), at, slices.ContainsFunc(t.to, mssante.Address.IsPatient)); err != nil {
			return err
		}
		return o.trail.RecordTx(ctx, tx, audit.Event{Actor: who, Mailbox: box.Address().String(), Action: audit.LetterSend, Target: t.id, Outcome: audit.OutcomeAsked,
			Request: "SUBMIT sha256:" + hex.EncodeToString(t.sha), Detail: addresses(t.to), Count: len(t.to)})
	})
	if err == nil {
		o.crash("recorded")
	}
	return err
}

func addresses(to []mssante.Address) string {
	all := make([]string, len(to))
	for i, a := range to {
		all[i] = a.String()
	}
	return strings.Join(all, " ")
}

// fly submits on its own: a person who leaves the page does not cut the letter off.
func (o *Outbox) fly(ctx context.Context, t *ticket, k flightKey, f *flight) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sendTime)
	if o.launch(func() {
		defer cancel()
		r := Result{Came: CameUnknown, LetterID: t.id, Say: sayUnknown} // should submit panic: the loop then writes it down
		func() {
			defer func() { o.land(k, f, r, nil) }()
			r = o.submit(ctx, t)
		}()
		if r.Came == CameSent {
			o.followNow(ctx, t.frozen.Actor, t.box)
		}
	}) {
		return
	}
	defer cancel() // the house is closing: nothing left
	o.land(k, f, o.conclude(ctx, t, mailserver.Delivery{Stage: mailserver.StageBefore}, problem.New(problem.UpstreamDown, sayKept)), nil)
}

var errChanged = errors.New("the octets are not those that were authorised")

// submit hands the letter to the operator and writes down what came of it.
func (o *Outbox) submit(ctx context.Context, t *ticket) (r Result) {
	o.openLedger(ctx, t)
	o.crash("ledger")
	req := mailserver.SubmissionRequest{From: t.frozen.From.Address, To: t.to, DSN: t.frozen.DSN, EnvelopeID: t.id, Size: t.size}
	d, err := o.o.Submission.Submit(ctx, t.frozen.Actor, req, func(w io.Writer) error {
		o.crash("data")
		h := sha256.New()
		if _, err := t.letter.Write(io.MultiWriter(w, h), message.WriteOptions{}); err != nil {
			return err
		}
		o.crash("before the dot")
		if !bytes.Equal(h.Sum(nil), t.sha) {
			return errChanged
		}
		return nil
	})
	o.crash("answered")
	return o.conclude(ctx, t, d, err)
}

// conclude writes the outcome down: the letter's state, the draft's and the trail's
// in one transaction. What cannot be written down stays 'submitting' and becomes
// 'unknown': never sent again by itself.
func (o *Outbox) conclude(ctx context.Context, t *ticket, d mailserver.Delivery, cause error) Result {
	all := fates(t.to, d)
	r := Result{LetterID: t.id, Recipients: all}
	e := audit.Event{Actor: t.frozen.Actor, Mailbox: t.box.String(), Action: audit.LetterSend, Target: t.id, Request: "SUBMIT", Count: len(t.to)}
	state, draft := "", State("")
	switch d.Stage {
	case mailserver.StageAccepted:
		state, draft, r.Came, r.Say = "accepted", Sent, CameSent, saySent
	case mailserver.StageUnknown:
		state, draft, r.Came, r.Say = "unknown", Unknown, CameUnknown, sayUnknown
		e.Request = "SUBMIT, answer lost"
	case mailserver.StageRefused:
		state, draft, r.Came, r.Say = "refused", Open, CameKept, sayRefused(all, cause)
		e.Action, e.Outcome = audit.LetterRefused, problem.UpstreamRefused.String()
	default:
		state, draft, r.Came, r.Say = "kept", Open, CameKept, sayKept
		if s := problem.SayOf(cause); s != "" {
			r.Say = s
		}
	}
	if cause != nil {
		e.Outcome = problem.KindOf(cause).String()
	} else if e.Outcome == "" && draft != Sent {
		e.Outcome = problem.UpstreamDown.String()
	}
	if err := o.writeOutcome(ctx, t, state, draft, r, e); err != nil {
		o.log.ErrorContext(ctx, "the outcome of a letter could not be written down", "letter", t.id, "state", state, "err", err)
		if draft == Open {
			return r // true all the same; the start makes it 'unknown'
		}
	}
	o.crash("concluded")
	o.noteFates(ctx, t, d)
	return r
}

// writeTries: a database busy or full for a moment must not turn what is known
// into a doubt.
var writeTries = []time.Duration{0, 200 * time.Millisecond, time.Second, 5 * time.Second}

// writeOutcome also ends a doubt that the loop of this or another process wrote down
// meanwhile: what the operator said is the truth. What was settled since, by a person or
// by evidence, stays so.
func (o *Outbox) writeOutcome(ctx context.Context, t *ticket, state string, draft State, r Result, e audit.Event) (err error) {
	blob, err := o.sealOutcome(t.id, r)
	if err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	for _, pause := range writeTries {
		time.Sleep(pause)
		err = o.db.Write(ctx, func(tx *sql.Tx) error {
			at := store.Micros(o.instant())
			res, err := tx.ExecContext(ctx, `UPDATE letters SET state = ?1, outcome = ?2, settled_at = ?3, next_try = 0, tries = 0
				WHERE id = ?4 AND (state = 'submitting' OR state = 'unknown' AND ?1 <> 'unknown')`, state, blob, at, t.id)
			if err != nil {
				return err
			}
			if n, err := res.RowsAffected(); err != nil || n == 0 {
				return err // settled meanwhile
			}
			closed := at
			if draft == Open {
				draft = ready(t.frozen.Origin == Closing)
			}
			if draft != Sent && draft != Discarded {
				closed = 0
			}
			if _, err := tx.ExecContext(ctx, `UPDATE drafts SET state = ?, closed_at = ? WHERE id = ? AND state IN ('sending', 'unknown')`, draft, closed, t.draftID); err != nil {
				return err
			}
			return o.trail.RecordTx(ctx, tx, e)
		})
		if err == nil || errors.Is(err, sql.ErrConnDone) || strings.Contains(err.Error(), "database is closed") {
			return err
		}
	}
	return err
}
