package session

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"pli.example/pli/internal/identity"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/store"
)

// What the provider names in a logout, by the words its keys are made with.
const (
	keySID = "session.provider.sid"
	keySub = "session.provider.sub"
)

// clockGap is how far the provider's clock may be behind ours when its logout names
// a person only: a session younger than the order by more was opened after it.
const clockGap = 30 * time.Second

// errObeyed: the logout token came before.
var errObeyed = errors.New("logout token already obeyed")

// providerKey is what is kept of a name the provider gave, "" of none.
func (m *Manager) providerKey(purpose, name string) string {
	if name == "" {
		return ""
	}
	return m.o.Keys.Opaque(purpose, name)
}

// EndAtProvider obeys a logout the provider said behind the browser's back (OpenID
// Connect Back-Channel Logout 1.0 §2.7) and gives how many sessions ended. The token
// serves once; Invalid when it came before. An error after some ended leaves it good
// for another try.
func (m *Manager) EndAtProvider(ctx context.Context, out identity.Logout) (int, error) {
	if err := m.obeyOnce(ctx, out); err != nil {
		return 0, err
	}
	n, err := m.endNamed(ctx, out)
	if err != nil {
		ctx = context.WithoutCancel(ctx)
		again := m.o.DB.Write(ctx, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `DELETE FROM session_logouts WHERE token_hash = ?`, hash(out.TokenID))
			return err
		})
		return n, problem.Wrap(errors.Join(err, again), problem.Internal, sayOurs)
	}
	return n, nil
}

func (m *Manager) obeyOnce(ctx context.Context, out identity.Logout) error {
	var kept int64
	err := m.o.DB.Write(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `INSERT INTO session_logouts (token_hash, expires_at) VALUES (?, ?) ON CONFLICT DO NOTHING`,
			hash(out.TokenID), store.Micros(out.Until))
		if err == nil {
			kept, err = res.RowsAffected()
		}
		return err
	})
	if err != nil {
		return problem.Wrap(err, problem.Internal, sayOurs)
	}
	if kept == 0 {
		return problem.Wrap(errObeyed, problem.Invalid, "")
	}
	return nil
}

// endNamed ends the sessions a logout names: by the provider's session when it names
// one, and those of the person that are known to come from none; by the person alone
// otherwise.
func (m *Manager) endNamed(ctx context.Context, out identity.Logout) (n int, err error) {
	sid, sub := m.providerKey(keySID, out.Session), m.providerKey(keySub, out.Subject)
	before := store.Micros(out.At.Add(clockGap))
	where, args := `provider_sub = ? AND created_at <= ?`, []any{sub, before}
	switch {
	case sid != "" && sub != "":
		where, args = `provider_sub = ? AND (provider_sid = ? OR provider_sid = '' AND created_at <= ?)`, []any{sub, sid, before}
	case sid != "":
		where, args = `provider_sid = ?`, []any{sid}
	}
	found, err := find(ctx, m.o.DB.Read(), `ended_at = 0 AND `+where, args...)
	if err != nil {
		return 0, err
	}
	var errs []error
	for _, rec := range found {
		if err := m.end(ctx, rec, Provider); err != nil {
			errs = append(errs, err)
			continue
		}
		n++
	}
	return n, errors.Join(errs...)
}
