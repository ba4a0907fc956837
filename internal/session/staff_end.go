package session

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"net/http"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/metrics"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/store"
)

// end closes rec, its row in the trail in the same transaction.
func (s *Staff) end(ctx context.Context, rec *staffRecord, reason Reason) error {
	ctx = context.WithoutCancel(ctx)
	return s.m.o.DB.Write(ctx, func(tx *sql.Tx) error { return s.endTx(ctx, tx, rec, reason) })
}

func (s *Staff) endTx(ctx context.Context, tx *sql.Tx, rec *staffRecord, reason Reason) error {
	p, err := s.person(rec)
	if err != nil {
		p.Actor = mssante.Actor{SessionID: rec.id, AccountID: StaffPrefix + "unknown"}
	}
	action := audit.SessionEnd
	if reason == SignOut {
		action = audit.SignOut
	}
	return s.closeTx(ctx, tx, rec, reason, audit.Event{Actor: p.Actor, Action: action, Request: "support, reason=" + string(reason)})
}

// closeTx ends rec unless it ended meanwhile, and writes e of it.
func (s *Staff) closeTx(ctx context.Context, tx *sql.Tx, rec *staffRecord, reason Reason, e audit.Event) error {
	now := s.m.now()
	rec.ended = Ended{reason, now}
	res, err := tx.ExecContext(ctx, `UPDATE support_sessions SET ended_at = ?, end_reason = ?, person = x'' WHERE id = ? AND ended_at = 0`,
		store.Micros(now), string(reason), rec.id)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 { // ended elsewhere meanwhile
		return err
	}
	return s.m.o.Audit.RecordTx(ctx, tx, e)
}

// EndSession signs out by a click: ours ends first; it gives the session's id and the
// address that ends the provider's, "" when there is none.
func (s *Staff) EndSession(w http.ResponseWriter, r *http.Request) (id, to string, err error) {
	rec, err := s.record(r)
	if err != nil {
		return "", "", problem.Wrap(err, problem.Internal, sayOurs)
	}
	s.m.dropCookie(w, s.m.cookieName())
	if rec == nil || rec.ended.Reason != "" {
		return "", "", nil
	}
	p, openErr := s.person(rec)
	if err := s.end(r.Context(), rec, SignOut); err != nil {
		return "", "", problem.Wrap(err, problem.Internal, sayOurs)
	}
	if openErr != nil || p.IDToken == "" {
		return rec.id, "", nil
	}
	to, err = s.m.o.Identity.EndSessionURL(r.Context(), p.IDToken, rand.Text())
	return rec.id, to, err
}

// Sweep forgets what ended more than a day ago, and ends what the clocks have.
func (s *Staff) Sweep(ctx context.Context) error {
	now := s.m.now()
	rows, err := s.m.o.DB.Read().QueryContext(ctx, `SELECT id, person FROM support_sessions WHERE ended_at = 0 AND (created_at <= ? OR seen_at <= ?) LIMIT 500`,
		store.Micros(now.Add(-s.m.o.Clocks.Absolute)), store.Micros(now.Add(-s.m.o.Clocks.Idle)))
	if err != nil {
		return err
	}
	var due []*staffRecord
	for rows.Next() {
		rec := &staffRecord{}
		if err := rows.Scan(&rec.id, &rec.sealed); err != nil {
			return errors.Join(err, rows.Close())
		}
		due = append(due, rec)
	}
	errs := []error{rows.Err(), rows.Close()}
	for _, rec := range due {
		errs = append(errs, s.end(ctx, rec, Idle))
	}
	errs = append(errs, s.m.o.DB.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM support_sessions WHERE ended_at > 0 AND ended_at <= ?`, store.Micros(now.Add(-keepEnded)))
		return err
	}))
	return errors.Join(errs...)
}

// Run sweeps until ctx is done.
func (s *Staff) Run(ctx context.Context) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			err := s.Sweep(ctx)
			s.m.figures.sweeps.Beat(s.m.now(), err)
			if err != nil && ctx.Err() == nil {
				s.m.o.Log.Error("support session sweep failed", "err", err)
			}
		}
	}
}

// Sweeps tells how Run's passes went.
func (s *Staff) Sweeps() *metrics.Pulse { return &s.m.figures.sweeps }
