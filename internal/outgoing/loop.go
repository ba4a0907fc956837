package outgoing

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/store"
)

// Clocks of the loop.
const (
	every         = 20 * time.Second
	staleAfter    = 2 * time.Minute     // a draft at rest this long gets its copy in the folder
	copyAgain     = 5 * time.Minute     // between tries of that
	discardedKept = 24 * time.Hour      // Restore works that long
	sentKept      = 24 * time.Hour      // text of a sent draft, for a tab still open
	lettersKept   = 30 * 24 * time.Hour // that a letter left, to match notices
	uploadKept    = 24 * time.Hour      // a file that never arrived in full
)

// Run settles what a crash left, then does what is due in the mailboxes people work
// in and forgets what is over, until ctx is done.
func (o *Outbox) Run(ctx context.Context) error {
	o.limit() // asked behind, known when somebody writes
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		settled := o.Recover(ctx)
		if settled != nil && ctx.Err() == nil {
			o.log.ErrorContext(ctx, "letters left without an outcome were not settled", "err", settled)
		}
		swept := o.Sweep(ctx)
		if swept != nil && ctx.Err() == nil {
			o.log.WarnContext(ctx, "what is over was not forgotten", "err", swept)
		}
		o.tend(ctx)
		o.rounds.Beat(o.now(), errors.Join(settled, swept))
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

// Recover makes 'unknown' of letters that were being submitted when the process
// ended, or whose outcome could not be written down: between the last octet and the
// answer nobody can know (RFC 1047). Letters this process is submitting now are left
// alone. Those of another process cannot be told apart: should one still be submitting
// there, its outcome wins over the doubt (writeOutcome).
func (o *Outbox) Recover(ctx context.Context) error {
	var lost []ticket
	err := o.db.Write(ctx, func(tx *sql.Tx) error {
		lost = nil
		all, err := o.submitting(ctx, tx)
		if err != nil {
			return err
		}
		// Under the writer: a letter seen here boarded before it was written down, and lands
		// only once its outcome is.
		flying := o.aloft()
		for _, t := range all {
			if flying[t.draftID] {
				continue
			}
			lost = append(lost, t)
			for _, q := range []string{`UPDATE letters SET state = 'unknown', next_try = 0 WHERE draft_id = ? AND state = 'submitting'`,
				`UPDATE drafts SET state = 'unknown' WHERE id = ? AND state = 'sending'`} {
				if _, err := tx.ExecContext(ctx, q, t.draftID); err != nil {
					return err
				}
			}
			err := o.trail.RecordTx(ctx, tx, audit.Event{Actor: t.frozen.Actor, Mailbox: t.box.String(), Action: audit.LetterSend, Target: t.id,
				Outcome: problem.UpstreamDown.String(), Request: "SUBMIT, cut off by a restart", Count: len(t.to)})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("settle letters left by a crash: %w", err)
	}
	for i := range lost {
		o.openLedger(ctx, &lost[i])
		o.noteFates(ctx, &lost[i], mailserver.Delivery{Stage: mailserver.StageUnknown})
	}
	return nil
}

// aloft are the drafts whose letters this process is submitting.
func (o *Outbox) aloft() map[string]bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	out := make(map[string]bool, len(o.sending))
	for k := range o.sending {
		out[k.draft] = true
	}
	return out
}

// submitting lists the letters that were handed over without an answer yet.
func (o *Outbox) submitting(ctx context.Context, q querier) ([]ticket, error) {
	rows, err := q.QueryContext(ctx, `SELECT id, draft_id, frozen, size FROM letters WHERE state = 'submitting'`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []ticket
	for rows.Next() {
		var t ticket
		var blob []byte
		if err := rows.Scan(&t.id, &t.draftID, &blob, &t.size); err != nil {
			return nil, err
		}
		if t.frozen, err = o.openFrozen(t.id, blob); err != nil {
			o.log.ErrorContext(ctx, "a letter cannot be opened", "letter", t.id, "err", err) // unknown all the same
		}
		t.box, t.to = t.frozen.From.Address, o.thaw(ctx, t.frozen).Recipients()
		out = append(out, t)
	}
	return out, rows.Err()
}

// atOnce is how many mailboxes the loop works in at one time: a server that hangs
// holds up its own.
const atOnce = 4

// tend does what is due where somebody is at work: mail is reached in a living
// person's name only.
func (o *Outbox) tend(ctx context.Context) {
	o.mu.Lock()
	known := maps.Clone(o.known)
	o.mu.Unlock()
	var all sync.WaitGroup
	turn := make(chan struct{}, atOnce)
	for id, who := range known {
		turn <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		all.Go(func() {
			defer func() { <-turn }()
			m, err := o.o.Accounts.MailboxByID(ctx, id)
			if err == nil && o.tendOne(ctx, who, m.Address) || ctx.Err() != nil {
				return
			}
			o.mu.Lock()
			defer o.mu.Unlock()
			if o.known[id] == who {
				delete(o.known, id)
			}
		})
	}
	all.Wait()
}

// tendOne reports whether the person may still be asked for next time.
func (o *Outbox) tendOne(ctx context.Context, who mssante.Actor, addr mssante.Address) bool {
	box, err := o.o.House.Open(ctx, who, addr)
	if err != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, followTime)
	defer cancel()
	if o.needs(ctx, box.Grant().Mailbox.ID) {
		o.followNow(ctx, who, addr)
	}
	o.followStale(ctx, box)
	return true
}

// Sweep forgets what is over: discarded and sent drafts after a day, what had come
// of files that never arrived in full, letters after a month.
func (o *Outbox) Sweep(ctx context.Context) error {
	now := o.now()
	return o.db.Write(ctx, func(tx *sql.Tx) error {
		for _, s := range []struct {
			query string
			args  []any
		}{
			{`DELETE FROM letters WHERE started_at < ? AND state NOT IN ('submitting','unknown') AND NOT (state = 'accepted' AND (copied = 0 OR followed = 0))`, []any{before(now, lettersKept)}},
			// Its octets go, its row stays: without it the letter would leave as if whole.
			{`DELETE FROM draft_chunks WHERE file_id IN (SELECT id FROM draft_files WHERE received < size AND touched_at < ?)`, []any{before(now, uploadKept)}},
			{`UPDATE draft_files SET received = 0, dropped = 1 WHERE received < size AND touched_at < ? AND dropped = 0`, []any{before(now, uploadKept)}},
			{`DELETE FROM draft_attached WHERE draft_id IN (SELECT id FROM drafts WHERE state = 'discarded' AND closed_at < ?)`, []any{before(now, discardedKept)}},
			// One whose copy still stands in the folder waits for somebody to open the mailbox.
			{`DELETE FROM drafts WHERE state = 'discarded' AND (closed_at < ? AND imap_uid = 0 OR closed_at < ?)`, []any{before(now, discardedKept), before(now, lettersKept)}},
			{`DELETE FROM drafts WHERE state = 'sent' AND closed_at < ? AND NOT EXISTS (SELECT 1 FROM letters l WHERE l.draft_id = drafts.id
				AND (l.state IN ('submitting','unknown') OR l.state = 'accepted' AND (l.copied = 0 OR l.followed = 0)))`, []any{before(now, sentKept)}},
		} {
			if _, err := tx.ExecContext(ctx, s.query, s.args...); err != nil {
				return err
			}
		}
		return dropOrphans(ctx, tx)
	})
}

func before(now time.Time, d time.Duration) int64 { return store.Micros(now.Add(-d)) }
