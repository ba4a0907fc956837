package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"runtime/debug"
	"time"

	"pli.example/pli/internal/metrics"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/store"
)

const (
	purgeEvery = 24 * time.Hour
	purgeBatch = 500 // letters in one transaction: nobody waits long for the writer

	// keepLost is how long it stays known that a letter never arrived, whatever Options.Keep: its
	// copy lies in Sent for years, its notice perhaps in the bin, and a closing that came back must
	// not turn 'closed' by forgetting. As long as the medical record its letters may belong to
	// (R.1112-7 CSP); no recipient’s address, subject or word is kept with it.
	keepLost = 20 * 365 * 24 * time.Hour
)

// carryLost keeps of the letters opened before an instant, the oldest so many, which came back:
// nothing else of their story is needed. Of several under one Message-ID the last counts, and
// one that was read is not lost.
const carryLost = `INSERT INTO ledger_lost (message_key, recipient_key, mailbox, code, at)
	SELECT l.message_key, e.recipient_key, l.mailbox, max(e.code), max(e.at) FROM ledger_letters l JOIN ledger_events e ON e.letter_id = l.id
	WHERE l.id IN (SELECT id FROM ledger_letters WHERE opened_at < ? ORDER BY opened_at, id LIMIT ?) AND e.kind = 'bounced'
	AND NOT EXISTS (SELECT 1 FROM ledger_events r WHERE r.letter_id = l.id AND r.recipient_key = e.recipient_key AND r.kind = 'read')
	AND NOT EXISTS (SELECT 1 FROM ledger_letters x WHERE x.message_key = l.message_key AND (x.opened_at, x.id) > (l.opened_at, l.id))
	GROUP BY l.message_key, e.recipient_key, l.mailbox ON CONFLICT DO NOTHING`

// Purge forgets the letters opened longer ago than Options.Keep, but which of them were lost,
// and tells how many.
func (l *Ledger) Purge(ctx context.Context) (int, error) {
	before := store.Micros(l.o.Now().Add(-l.o.Keep))
	total := 0
	for {
		var n int64
		err := l.o.DB.Write(ctx, func(tx *sql.Tx) error {
			if _, err := tx.ExecContext(ctx, carryLost, before, purgeBatch); err != nil {
				return err
			}
			res, err := tx.ExecContext(ctx, `DELETE FROM ledger_letters WHERE id IN (SELECT id FROM ledger_letters WHERE opened_at < ? ORDER BY opened_at, id LIMIT ?)`, before, purgeBatch)
			if err != nil {
				return err
			}
			if n, err = res.RowsAffected(); err != nil {
				return err
			}
			lost := store.Micros(l.o.Now().Add(-keepLost))
			if _, err = tx.ExecContext(ctx, `DELETE FROM ledger_lost WHERE at < ?`, lost); err != nil {
				return err
			}
			_, err = tx.ExecContext(ctx, `DELETE FROM ledger_told WHERE at < ?`, lost)
			return err
		})
		if err != nil {
			return total, problem.Wrap(err, problem.Internal, "Les suivis de lettres arrivés en fin de conservation n’ont pas pu être effacés.")
		}
		if total += int(n); n < purgeBatch {
			return total, nil
		}
	}
}

// Run purges at once, then daily, until ctx ends. It returns nil.
func (l *Ledger) Run(ctx context.Context) error {
	tick := time.NewTicker(purgeEvery)
	defer tick.Stop()
	for {
		n, err := l.purgeGuarded(ctx)
		l.purges.Beat(l.o.Now(), err)
		if err != nil && ctx.Err() == nil {
			l.o.Log.Error("ledger purge failed", "err", err)
		} else if n > 0 {
			l.o.Log.Info("ledger purged", "letters", n)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Purges tells of the loop's passes.
func (l *Ledger) Purges() *metrics.Pulse { return &l.purges }

func (l *Ledger) purgeGuarded(ctx context.Context) (n int, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %s\n%s", problem.PanicWords(v), debug.Stack())
		}
	}()
	return l.Purge(ctx)
}
