package session

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"pli.example/pli/internal/identity"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/store"
)

// ErrAway is under the error of Credentials when the token needs a refresh and
// the person has not done anything lately: background work must not keep a Pro
// Santé Connect session alive. Whoever watches a mailbox waits for an act.
var ErrAway = errors.New("no recent act of the person")

const sayAway = "La connexion à votre boîte est en veille faute d’activité. Rien n’est perdu\u00a0: elle reprend dès que vous revenez sur la page."

// errStopped: a refresh begun now could be cut off by the end of the process.
var errStopped = errors.New("stopping: no new refresh")

const sayStopped = "Pli redémarre. Rien n’est perdu\u00a0: réessayez dans un instant."

// refreshing is one refresh under way, shared by everybody who needs it.
type refreshing struct {
	done   chan struct{}
	tokens identity.Tokens
	err    error
}

// Credentials gives a fresh access token of the person, for a connection to be
// opened now; every mailbox of a person takes the same one. SignInNeeded when
// access to mail has ended.
func (m *Manager) Credentials(ctx context.Context, actor mssante.Actor, _ mssante.Address) (string, error) {
	rec, s, err := m.load(ctx, actor.SessionID)
	if err != nil {
		return "", err
	}
	if rec.accountID != actor.AccountID {
		return "", problem.Wrap(errors.New("session of another account"), problem.SignInNeeded, sayNobody)
	}
	if s.Mail != nil {
		return "", problem.New(problem.SignInNeeded, s.Mail.Reason.Say())
	}
	now := m.now()
	if rec.usable(now) {
		if tokens, err := m.openTokens(rec); err == nil {
			return tokens.Access, nil
		}
		return "", m.lost(ctx, rec)
	}
	if now.Sub(m.lastAct(rec)) > actWindow {
		return "", problem.Wrap(ErrAway, problem.UpstreamRefused, sayAway)
	}
	f := m.takeOff(ctx, rec.id)
	select {
	case <-f.done:
		return f.tokens.Access, f.err
	case <-ctx.Done():
		return "", problem.Wrap(ctx.Err(), problem.Timeout, "Pro Santé Connect tarde à répondre. Rien n’est perdu\u00a0: réessayez dans un instant.")
	}
}

// Evict says that a server refused the token: the next Credentials refreshes.
func (m *Manager) Evict(ctx context.Context, actor mssante.Actor) {
	err := m.o.DB.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE sessions SET evicted = 1 WHERE id = ? AND account_id = ? AND ended_at = 0`,
			actor.SessionID, actor.AccountID)
		return err
	})
	if err != nil {
		m.o.Log.ErrorContext(ctx, "token not evicted", "session", actor.SessionID, "err", err)
	}
}

// usable: not refused, and with enough life left for a connection to be opened.
func (r *record) usable(now time.Time) bool {
	return !r.evicted && now.Before(r.accessExpires.Add(-tokenMargin))
}

func (m *Manager) lastAct(r *record) time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	if act := m.acts[r.id]; act.After(r.seen) {
		return act
	}
	return r.seen
}

// takeOff starts a refresh of the session, or joins the one under way. It does
// not depend on the caller staying: a rotated token must be written.
func (m *Manager) takeOff(ctx context.Context, id string) *refreshing {
	m.mu.Lock()
	defer m.mu.Unlock()
	if f := m.flights[id]; f != nil {
		return f
	}
	f := &refreshing{done: make(chan struct{})}
	if m.stopped {
		f.err = problem.Wrap(errStopped, problem.UpstreamDown, sayStopped)
		close(f.done)
		return f
	}
	m.flights[id] = f
	ctx = context.WithoutCancel(ctx)
	m.work.Go(func() {
		defer func() {
			if v := recover(); v != nil {
				f.err = problem.Wrap(fmt.Errorf("refresh panicked: %s", problem.PanicWords(v)), problem.Internal, sayOurs)
			}
			m.mu.Lock()
			delete(m.flights, id)
			m.mu.Unlock()
			close(f.done)
		}()
		ctx, cancel := context.WithTimeout(ctx, 2*leaseTime)
		defer cancel()
		f.tokens, f.err = m.refresh(ctx, id)
	})
	return f
}

// refresh trades the session's refresh token once. Order matters: the doubt is
// written before the provider is asked and removed with the new tokens, so a
// crash in between is known afterwards for what it is.
func (m *Manager) refresh(ctx context.Context, id string) (identity.Tokens, error) {
	rec, mine, err := m.claim(ctx, id)
	if err != nil {
		return identity.Tokens{}, err
	}
	old, err := m.openTokens(rec)
	if err != nil {
		return identity.Tokens{}, m.lost(ctx, rec)
	}
	if !mine { // somebody refreshed meanwhile
		return old, nil
	}
	fresh, err := m.o.Identity.Refresh(ctx, old)
	m.figures.refreshed(err)
	switch {
	case problem.Is(err, problem.SignInNeeded):
		reason := Provider
		if rec.doubt {
			reason = Rotated
		}
		if e := m.endMail(ctx, rec, reason); e != nil {
			return identity.Tokens{}, problem.Wrap(e, problem.Internal, sayOurs)
		}
		return identity.Tokens{}, problem.Wrap(err, problem.SignInNeeded, reason.Say())
	case err != nil:
		m.release(ctx, id)
		return identity.Tokens{}, err
	}
	if err := m.keep(ctx, rec, fresh); err != nil {
		return identity.Tokens{}, err
	}
	return fresh, nil
}

// claim takes the right to refresh, waiting while another process holds it. mine
// is false when the tokens in rec are already fresh. rec.doubt is what it was
// before: an earlier attempt whose answer was never written.
func (m *Manager) claim(ctx context.Context, id string) (rec *record, mine bool, err error) {
	for {
		rec, mine, err = m.tryClaim(ctx, id)
		if err != nil || mine || rec == nil || rec.usable(m.now()) {
			return rec, mine, err
		}
		select { // another process is at it
		case <-ctx.Done():
			return nil, false, problem.Wrap(ctx.Err(), problem.Timeout, "Le renouvellement de votre session tarde. Rien n’est perdu\u00a0: réessayez dans un instant.")
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (m *Manager) tryClaim(ctx context.Context, id string) (rec *record, mine bool, err error) {
	now := m.now()
	err = m.o.DB.Write(ctx, func(tx *sql.Tx) error {
		if rec, err = byID(ctx, tx, id); err != nil {
			return err
		}
		switch {
		case rec == nil:
			return problem.New(problem.SignInNeeded, sayNobody)
		case rec.ended.Reason != "":
			return problem.New(problem.SignInNeeded, rec.ended.Reason.Say())
		case rec.mailEnded.Reason != "":
			return problem.New(problem.SignInNeeded, rec.mailEnded.Reason.Say())
		case !rec.evicted && !rec.nearEnd(now), rec.leaseOwner != m.node && now.Before(rec.leaseUntil):
			return nil
		}
		mine = true
		_, err := tx.ExecContext(ctx, `UPDATE sessions SET lease_owner = ?, lease_until = ?, refresh_doubt = 1 WHERE id = ?`,
			m.node, store.Micros(now.Add(leaseTime)), id)
		return err
	})
	var known *problem.Error
	if err != nil && !errors.As(err, &known) {
		err = problem.Wrap(err, problem.Internal, sayOurs)
	}
	return rec, mine, err
}

// keep writes the new tokens and removes the doubt. A session that ended while
// the provider was asked gets nothing back.
func (m *Manager) keep(ctx context.Context, rec *record, fresh identity.Tokens) error {
	now := m.now()
	if err := m.setTokens(rec, fresh, now); err != nil {
		return problem.Wrap(err, problem.Internal, sayOurs)
	}
	var kept int64
	err := m.o.DB.Write(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `UPDATE sessions SET tokens = ?, tokens_at = ?, access_expires = ?, mail_until = ?, evicted = 0,
			lease_owner = '', lease_until = 0, refresh_doubt = 0 WHERE id = ? AND ended_at = 0 AND mail_ended_at = 0`,
			rec.tokens, store.Micros(now), store.Micros(rec.accessExpires), store.Micros(rec.mailUntil), rec.id)
		if err != nil {
			return err
		}
		kept, err = res.RowsAffected()
		return err
	})
	if err != nil {
		return problem.Wrap(err, problem.Internal, sayOurs)
	}
	if kept == 0 {
		return problem.New(problem.SignInNeeded, sayNobody)
	}
	return nil
}

// release gives the lease back after an answer that settles nothing; the doubt stays.
func (m *Manager) release(ctx context.Context, id string) {
	err := m.o.DB.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE sessions SET lease_owner = '', lease_until = 0 WHERE id = ? AND lease_owner = ?`, id, m.node)
		return err
	})
	if err != nil { // it runs out by itself
		m.o.Log.ErrorContext(ctx, "refresh lease not released", "session", id, "err", err)
	}
}

// lost ends a session whose tokens no longer open.
func (m *Manager) lost(ctx context.Context, rec *record) error {
	if err := m.end(ctx, rec, Lost); err != nil {
		return problem.Wrap(err, problem.Internal, sayOurs)
	}
	return problem.New(problem.SignInNeeded, Lost.Say())
}
