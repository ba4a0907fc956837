package session

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/store"
)

// Current gives the live session of the request, or how it ended, or neither
// when the browser has none. Look at Session.Mail before showing mail.
func (m *Manager) Current(r *http.Request) (*Session, *Ended, error) {
	gs, err := m.Get(r, m.cookieName())
	if err != nil {
		return nil, nil, problem.Wrap(err, problem.Internal, sayOurs)
	}
	rec, ok := gs.Values[recordKey].(*record)
	if !ok {
		return nil, nil, nil
	}
	s, err := m.living(r.Context(), rec)
	if err != nil {
		return nil, nil, problem.Wrap(err, problem.Internal, sayOurs)
	}
	if s == nil {
		ended := rec.ended
		return nil, &ended, nil
	}
	return s, nil, nil
}

// living applies the clocks to rec. nil when it has ended; rec then says how.
func (m *Manager) living(ctx context.Context, rec *record) (*Session, error) {
	if rec.ended.Reason != "" {
		return nil, nil
	}
	now := m.now()
	if reason := m.over(rec, now); reason != "" {
		return nil, m.end(ctx, rec, reason)
	}
	p, err := m.openPerson(rec)
	if err != nil {
		return nil, m.end(ctx, rec, Lost)
	}
	if rec.mailEnded.Reason == "" && !now.Before(rec.mailUntil) {
		if err := m.endMail(ctx, rec, Mail); err != nil {
			return nil, err
		}
		if rec.ended.Reason != "" { // ended elsewhere meanwhile
			return nil, nil
		}
	}
	s := rec.session(p)
	s.rec = rec
	return s, nil
}

// load is living by id; SignInNeeded with the reason's sentence when it has ended.
func (m *Manager) load(ctx context.Context, id string) (*record, *Session, error) {
	rec, err := byID(ctx, m.o.DB.Read(), id)
	if err != nil {
		return nil, nil, problem.Wrap(err, problem.Internal, sayOurs)
	}
	if rec == nil {
		return nil, nil, problem.New(problem.SignInNeeded, sayNobody)
	}
	s, err := m.living(ctx, rec)
	if err != nil {
		return nil, nil, problem.Wrap(err, problem.Internal, sayOurs)
	}
	if s == nil {
		return nil, nil, rec.ended.Reason.ended()
	}
	return rec, s, nil
}

// Touch says that the person did something: a click, a key; never a timer, a
// stream or a prefetch. It moves the idle clock and, when the access token is
// near its end, has it refreshed, without making the caller wait.
func (m *Manager) Touch(ctx context.Context, id string) error {
	rec, s, err := m.load(ctx, id)
	if err != nil {
		return err
	}
	return m.touch(ctx, rec, s)
}

// TouchCurrent is Touch for what Current gave this request: it is not read again.
func (m *Manager) TouchCurrent(ctx context.Context, s *Session) error {
	if s.rec == nil {
		return m.Touch(ctx, s.ID)
	}
	return m.touch(ctx, s.rec, s)
}

func (m *Manager) touch(ctx context.Context, rec *record, s *Session) error {
	now := m.now()
	m.mu.Lock()
	m.acts[rec.id] = now
	m.mu.Unlock()
	if now.Sub(rec.seen) >= actEvery {
		err := m.o.DB.Write(ctx, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `UPDATE sessions SET seen_at = max(seen_at, ?) WHERE id = ? AND ended_at = 0`, store.Micros(now), rec.id)
			return err
		})
		if err != nil {
			return problem.Wrap(err, problem.Internal, sayOurs)
		}
	}
	if s.Mail == nil && rec.nearEnd(now) {
		m.takeOff(ctx, rec.id)
	}
	return nil
}

// nearEnd: the access token was refused, or has less than half a minute (a
// quarter of its life, if that is shorter) to live.
func (r *record) nearEnd(now time.Time) bool {
	early := min(earlyRefresh, r.accessExpires.Sub(r.tokensAt)/4)
	return r.evicted || !now.Before(r.accessExpires.Add(-early))
}

// PickSituation records in which situation the person acts from now on.
func (m *Manager) PickSituation(ctx context.Context, id, key string) error {
	rec, s, err := m.load(ctx, id)
	if err != nil {
		return err
	}
	known := false
	for _, choice := range s.Practitioner.Situations {
		known = known || choice.Key == key && key != ""
	}
	if !known {
		return problem.New(problem.Invalid, "Cette situation d’exercice n’est pas dans votre liste. Rien n’a changé\u00a0: choisissez-en une autre.")
	}
	p := person{Actor: s.Actor, Practitioner: s.Practitioner, Situation: key}
	p.Actor = actor(rec, p, s.Actor.ACR)
	if err := m.sealPerson(rec, p); err != nil {
		return problem.Wrap(err, problem.Internal, sayOurs)
	}
	err = m.o.DB.Write(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `UPDATE sessions SET person = ? WHERE id = ? AND ended_at = 0`, rec.person, id)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 { // ended meanwhile: nothing was picked
			return errors.Join(err, problem.New(problem.SignInNeeded, sayNobody))
		}
		return m.o.Audit.RecordTx(ctx, tx, audit.Event{Actor: p.Actor, Action: audit.SituationPick, Target: key})
	})
	if problem.Is(err, problem.SignInNeeded) {
		return err
	}
	return problem.Wrap(err, problem.Internal, sayOurs)
}
