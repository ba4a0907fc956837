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
	action := audit.SessionEnd
	if reason == SignOut {
		action = audit.SignOut
	}
	return m.endAs(ctx, rec, reason, audit.Event{Actor: m.holder(rec), Action: action, Request: "reason=" + string(reason)})
}

// holder is who the session stands for; without a name when it no longer opens.
func (m *Manager) holder(rec *record) mssante.Actor {
	if p, err := m.openPerson(rec); err == nil {
		return p.Actor
	}
	return mssante.Actor{SessionID: rec.id, AccountID: rec.accountID}
}

// endAs is end with the trail's row given.
func (m *Manager) endAs(ctx context.Context, rec *record, reason Reason, e audit.Event) error {
	now := m.now()
	// The end must be written even when the request that found it is given up.
	ctx = context.WithoutCancel(ctx)
	changed, untraced, err := m.writeEnd(ctx, e, `UPDATE sessions SET ended_at = ?, end_reason = ?, tokens = NULL, person = x''
		WHERE id = ? AND ended_at = 0`, store.Micros(now), string(reason), rec.id)
	if err != nil {
		return err
	}
	rec.ended, rec.tokens, rec.person = Ended{reason, now}, nil, nil
	if changed {
		m.tellEnded(rec.id, true)
	}
	return untraced
}

// writeEnd runs an update that ends something and, when it changed a row, writes e
// in the same transaction: the trail never tells an end that did not happen. A
// trail that cannot be written must not keep a session open: the update is then
// made alone, and untraced says why.
func (m *Manager) writeEnd(ctx context.Context, e audit.Event, update string, args ...any) (changed bool, untraced, err error) {
	write := func(traced bool) error {
		return m.o.DB.Write(ctx, func(tx *sql.Tx) error {
			res, err := tx.ExecContext(ctx, update, args...)
			if err != nil {
				return err
			}
			n, err := res.RowsAffected()
			if changed = n > 0; err != nil || !changed || !traced {
				return err
			}
			untraced = m.o.Audit.RecordTx(ctx, tx, e)
			return untraced
		})
	}
	if err = write(true); err != nil && untraced != nil {
		m.o.Log.ErrorContext(ctx, "end not in the trail", "session", e.Actor.SessionID, "err", untraced)
		err = write(false)
	}
	return changed, untraced, err
}

// endMail closes access to mail only: tokens are wiped but the id_token, so that
// a click on sign-out still ends the provider's session.
func (m *Manager) endMail(ctx context.Context, rec *record, reason Reason) error {
	now := m.now()
	tokens, _ := m.openTokens(rec)
	tokens.Access, tokens.Refresh = "", ""
	was := rec.mailUntil
	if err := m.setTokens(rec, tokens, rec.tokensAt); err != nil {
		return err
	}
	rec.mailUntil = was
	ctx = context.WithoutCancel(ctx)
	e := audit.Event{Actor: m.holder(rec), Action: audit.SessionEnd, Request: "mail, reason=" + string(reason)}
	// A refresh that succeeded meanwhile wins over a clock read before it.
	changed, untraced, err := m.writeEnd(ctx, e, `UPDATE sessions SET mail_ended_at = ?, mail_reason = ?, tokens = ?, lease_owner = '',
		lease_until = 0, refresh_doubt = 0 WHERE id = ? AND ended_at = 0 AND mail_ended_at = 0 AND mail_until <= ?`,
		store.Micros(now), string(reason), rec.tokens, rec.id, store.Micros(was))
	if err != nil {
		return err
	}
	if !changed {
		fresh, err := byID(ctx, m.o.DB.Read(), rec.id)
		if err == nil && fresh != nil {
			*rec = *fresh
		}
		return err
	}
	rec.mailEnded = Ended{reason, now}
	m.tellEnded(rec.id, false)
	return untraced
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
	err = m.endAs(ctx, rec, Revoked, audit.Event{Actor: by, Action: audit.SessionRevoke, Target: id})
	return problem.Wrap(err, problem.Internal, sayOurs)
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
		if _, err = tx.ExecContext(ctx, `DELETE FROM session_logouts WHERE expires_at <= ?`, store.Micros(now)); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM session_sign_ins WHERE expires_at <= ?`, store.Micros(now))
		return err
	}))
	return errors.Join(errs...)
}
