package session

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"net/http"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/store"
)

// end closes rec for good and wipes what it held but the reason. Ending an ended
// session changes nothing.
func (m *Manager) end(ctx context.Context, rec *record, reason Reason) error {
	who := mssante.Actor{SessionID: rec.id, AccountID: rec.accountID}
	if p, err := m.openPerson(rec); err == nil {
		who = p.Actor
	}
	now, changed := m.now(), int64(0)
	// The end must be written even when the request that found it is given up.
	ctx = context.WithoutCancel(ctx)
	err := m.o.DB.Write(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `UPDATE sessions SET ended_at = ?, end_reason = ?, tokens = NULL, person = x''
			WHERE id = ? AND ended_at = 0`, store.Micros(now), string(reason), rec.id)
		if err != nil {
			return err
		}
		changed, err = res.RowsAffected()
		return err
	})
	if err != nil {
		return err
	}
	rec.ended, rec.tokens, rec.person = Ended{reason, now}, nil, nil
	if changed == 0 {
		return nil
	}
	m.tellEnded(rec.id)
	action := audit.SessionEnd
	switch reason {
	case SignOut:
		action = audit.SignOut
	case Revoked:
		return nil // the trail says who revoked it
	}
	return m.o.Audit.Record(ctx, audit.Event{Actor: who, Action: action, Request: "reason=" + string(reason)})
}

// endMail closes access to mail only: tokens are wiped but the id_token, so that
// a click on sign-out still ends the provider's session.
func (m *Manager) endMail(ctx context.Context, rec *record, reason Reason) error {
	now, changed := m.now(), int64(0)
	tokens, _ := m.openTokens(rec)
	tokens.Access, tokens.Refresh = "", ""
	was := rec.mailUntil
	if err := m.setTokens(rec, tokens, rec.tokensAt); err != nil {
		return err
	}
	rec.mailUntil = was
	p, _ := m.openPerson(rec)
	ctx = context.WithoutCancel(ctx)
	err := m.o.DB.Write(ctx, func(tx *sql.Tx) error {
		// A refresh that succeeded meanwhile wins over a clock read before it.
		res, err := tx.ExecContext(ctx, `UPDATE sessions SET mail_ended_at = ?, mail_reason = ?, tokens = ?, lease_owner = '',
			lease_until = 0, refresh_doubt = 0 WHERE id = ? AND ended_at = 0 AND mail_ended_at = 0 AND mail_until <= ?`,
			store.Micros(now), string(reason), rec.tokens, rec.id, store.Micros(was))
		if err != nil {
			return err
		}
		changed, err = res.RowsAffected()
		return err
	})
	if err != nil {
		return err
	}
	if changed == 0 {
		fresh, err := byID(ctx, m.o.DB.Read(), rec.id)
		if err == nil && fresh != nil {
			*rec = *fresh
		}
		return err
	}
	rec.mailEnded = Ended{reason, now}
	m.tellEnded(rec.id)
	return m.o.Audit.Record(ctx, audit.Event{Actor: p.Actor, Action: audit.SessionEnd, Request: "mail, reason=" + string(reason)})
}

// End ends a session by id. Unknown and ended ones are fine.
func (m *Manager) End(ctx context.Context, id string, reason Reason) error {
	rec, err := byID(ctx, m.o.DB.Read(), id)
	if err == nil && rec != nil && rec.ended.Reason == "" {
		err = m.end(ctx, rec, reason)
	}
	return problem.Wrap(err, problem.Internal, sayOurs)
}

// EndSession signs out by a click: our session ends first, whatever happens
// next, then it gives the address that ends the provider's session ("" when
// there is none to end). An error after that still means signed out of Pli.
func (m *Manager) EndSession(w http.ResponseWriter, r *http.Request) (string, error) {
	gs, err := m.Get(r, m.cookieName())
	if err != nil {
		return "", problem.Wrap(err, problem.Internal, sayOurs)
	}
	m.dropCookie(w, m.cookieName())
	rec, ok := gs.Values[recordKey].(*record)
	if !ok || rec.ended.Reason != "" {
		return "", nil
	}
	tokens, err := m.openTokens(rec)
	if e := m.end(r.Context(), rec, SignOut); e != nil {
		return "", problem.Wrap(e, problem.Internal, sayOurs)
	}
	if err != nil || tokens.ID == "" {
		return "", nil
	}
	to, err := m.o.Identity.EndSessionURL(r.Context(), tokens.ID, rand.Text())
	return to, problem.Wrap(err, problem.KindOf(err), "Vous êtes déconnecté de Pli, mais Pro Santé Connect ne répond pas\u00a0: "+
		"sa propre session peut rester ouverte sur ce poste. Fermez le navigateur.")
}

// List gives the live sessions of an account, last seen first. Actors and
// practitioners are left out.
func (m *Manager) List(ctx context.Context, accountID string) ([]Session, error) {
	found, err := find(ctx, m.o.DB.Read(), `account_id = ? AND ended_at = 0 ORDER BY seen_at DESC, id LIMIT 100`, accountID)
	if err != nil {
		return nil, problem.Wrap(err, problem.Internal, sayOurs)
	}
	var out []Session
	for _, rec := range found {
		if m.over(rec, m.now()) == "" {
			out = append(out, *rec.session(person{}))
		}
	}
	return out, nil
}

// Revoke ends another session of the actor's own account.
func (m *Manager) Revoke(ctx context.Context, by mssante.Actor, id string) error {
	rec, err := byID(ctx, m.o.DB.Read(), id)
	if err != nil {
		return problem.Wrap(err, problem.Internal, sayOurs)
	}
	if rec == nil || by.AccountID == "" || rec.accountID != by.AccountID {
		return problem.New(problem.NotFound, "Cette session n’existe pas ou n’est plus ouverte.")
	}
	if rec.ended.Reason != "" {
		return nil
	}
	if err := m.o.Audit.Record(ctx, audit.Event{Actor: by, Action: audit.SessionRevoke, Target: id}); err != nil {
		return problem.Wrap(err, problem.Internal, sayOurs)
	}
	return problem.Wrap(m.end(ctx, rec, Revoked), problem.Internal, sayOurs)
}

// Sweep ends what the clocks have run out on, even when nobody asks (its
// connections must go), and forgets what ended more than a day ago.
func (m *Manager) Sweep(ctx context.Context) error {
	now := m.now()
	due, err := find(ctx, m.o.DB.Read(), `ended_at = 0 AND (created_at <= ? OR seen_at <= ? OR mail_ended_at = 0 AND mail_until <= ?)`,
		store.Micros(now.Add(-m.o.Clocks.Absolute)), store.Micros(now.Add(-m.o.Clocks.Idle)), store.Micros(now))
	if err != nil {
		return err
	}
	var errs []error
	for _, rec := range due {
		_, err := m.living(ctx, rec)
		errs = append(errs, err)
	}
	errs = append(errs, m.o.DB.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE ended_at > 0 AND ended_at <= ?`, store.Micros(now.Add(-keepEnded)))
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM session_sign_ins WHERE expires_at <= ?`, store.Micros(now))
		return err
	}))
	return errors.Join(errs...)
}
