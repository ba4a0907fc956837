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
)

// Purge forgets the letters opened longer ago than Options.Keep, and tells how many.
func (l *Ledger) Purge(ctx context.Context) (int, error) {
	before := store.Micros(l.o.Now().Add(-l.o.Keep))
	total := 0
	for {
		var n int64
		err := l.o.DB.Write(ctx, func(tx *sql.Tx) error {
			res, err := tx.ExecContext(ctx, `DELETE FROM ledger_letters WHERE id IN (SELECT id FROM ledger_letters WHERE opened_at < ? ORDER BY opened_at LIMIT ?)`, before, purgeBatch)
			if err != nil {
				return err
			}
			if n, err = res.RowsAffected(); err != nil {
				return err
			}
			if _, err = tx.ExecContext(ctx, `DELETE FROM ledger_lost WHERE at < ?`, before); err != nil {
				return err
			}
			_, err = tx.ExecContext(ctx, `DELETE FROM ledger_told WHERE at < ?`, before)
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
