package session

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/gorilla/sessions"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/identity"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/store"
)

// maxSignIns bounds the sign-ins one browser has under way (one per tab).
const maxSignIns = 5

const (
	sayOurs = "Un incident de notre côté a empêché d’ouvrir votre session. Rien n’est perdu\u00a0: réessayez dans un instant."
	sayGone = "Cette demande de connexion n’est plus valable\u00a0: elle a expiré, a déjà servi, ou vient d’un autre navigateur. " +
		"Rien n’est perdu\u00a0: recommencez la connexion."
)

// Start remembers a sign-in under way, bound to this browser by a cookie of its
// own. A live session is left alone.
func (m *Manager) Start(w http.ResponseWriter, r *http.Request, p identity.Pending) error {
	browser := m.knownBrowser(r)
	if browser == "" {
		browser = rand.Text()
	}
	plain, err := json.Marshal(p)
	if err != nil {
		return problem.Wrap(err, problem.Internal, sayOurs)
	}
	at, bh, sh := m.now(), hash(browser), hash(p.State)
	blob, err := m.o.Keys.Seal(m.signInPurpose(), plain, append(bh[:len(bh):len(bh)], sh...))
	if err != nil {
		return problem.Wrap(err, problem.Internal, sayOurs)
	}
	err = m.o.DB.Write(r.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(r.Context(), `INSERT INTO session_sign_ins (browser_hash, state_hash, payload, started_at, expires_at)
			VALUES (?, ?, ?, ?, ?)`, bh, sh, blob, store.Micros(at), store.Micros(at.Add(m.o.Clocks.SignIn)))
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(r.Context(), `DELETE FROM session_sign_ins WHERE browser_hash = ? AND state_hash NOT IN
			(SELECT state_hash FROM session_sign_ins WHERE browser_hash = ? ORDER BY started_at DESC, state_hash LIMIT ?)`, bh, bh, maxSignIns)
		return err
	})
	if err != nil {
		return problem.Wrap(err, problem.Internal, sayOurs)
	}
	o := m.options()
	o.MaxAge = int(m.o.Clocks.SignIn.Seconds())
	http.SetCookie(w, sessions.NewCookie(m.signInName(), browser, o))
	return nil
}

// signInPurpose keeps a sign-in begun at one provider from being finished at another.
func (m *Manager) signInPurpose() string { return purposeSignIn + "." + m.base }

// knownBrowser gives the value of the sign-in cookie when we made it: somebody
// else's value is never taken over.
func (m *Manager) knownBrowser(r *http.Request) string {
	c, err := r.Cookie(m.signInName())
	if err != nil || !isText(c.Value) {
		return ""
	}
	var one int
	err = m.o.DB.Read().QueryRowContext(r.Context(), `SELECT 1 FROM session_sign_ins WHERE browser_hash = ? AND expires_at > ? LIMIT 1`,
		hash(c.Value), store.Micros(m.now())).Scan(&one)
	if err != nil {
		return ""
	}
	return c.Value
}

// Pending gives back what Start remembered for the state parameter of r, once:
// a second reading finds nothing.
func (m *Manager) Pending(w http.ResponseWriter, r *http.Request) (identity.Pending, error) {
	var out identity.Pending
	gone := func(why string) (identity.Pending, error) {
		return identity.Pending{}, problem.Wrap(errors.New("pending sign-in: "+why), problem.SignInNeeded, sayGone)
	}
	c, err := r.Cookie(m.signInName())
	if err != nil || !isText(c.Value) {
		return gone("no cookie")
	}
	bh, sh := hash(c.Value), hash(r.URL.Query().Get("state"))
	blob, left, err := m.takeSignIn(r.Context(), bh, sh)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return gone("unknown, used or expired")
	case err != nil:
		return out, problem.Wrap(err, problem.Internal, sayOurs)
	}
	if left == 0 {
		m.dropCookie(w, m.signInName())
	}
	plain, err := m.o.Keys.Open(m.signInPurpose(), blob, append(bh[:len(bh):len(bh)], sh...))
	if err != nil || json.Unmarshal(plain, &out) != nil {
		return gone("cannot be opened")
	}
	return out, nil
}

// takeSignIn removes and gives one row, and how many live ones the browser has left.
func (m *Manager) takeSignIn(ctx context.Context, browser, state []byte) (blob []byte, left int, err error) {
	now := store.Micros(m.now())
	expired := false
	err = m.o.DB.Write(ctx, func(tx *sql.Tx) error {
		var until int64
		err := tx.QueryRowContext(ctx, `DELETE FROM session_sign_ins WHERE browser_hash = ? AND state_hash = ? RETURNING payload, expires_at`,
			browser, state).Scan(&blob, &until)
		if err != nil {
			return err
		}
		expired = until <= now
		return tx.QueryRowContext(ctx, `SELECT count(*) FROM session_sign_ins WHERE browser_hash = ? AND expires_at > ?`,
			browser, now).Scan(&left)
	})
	if err == nil && expired {
		err = sql.ErrNoRows
	}
	return blob, left, err
}

// SignIn opens a session for a verified person: new id, new secret, and the
// browser's former session dropped, so that a cookie planted before is worth
// nothing. A person with one situation acts in it; one with several must pick.
func (m *Manager) SignIn(w http.ResponseWriter, r *http.Request, in identity.SignIn, accountID string) (*Session, error) {
	gs, err := m.Get(r, m.cookieName())
	if err != nil {
		return nil, problem.Wrap(err, problem.Internal, sayOurs)
	}
	former, _ := gs.Values[recordKey].(*record)

	now := m.now()
	id, secret, secretHash := mint()
	rec := &record{id: id, secretHash: secretHash, accountID: accountID, agent: Agent(r.UserAgent()), created: now, seen: now,
		providerSID: m.providerKey(keySID, in.Session), providerSub: m.providerKey(keySub, in.Practitioner.Subject)}
	p := person{Practitioner: in.Practitioner}
	if len(in.Practitioner.Situations) == 1 {
		p.Situation = in.Practitioner.Situations[0].Key
	}
	p.Actor = actor(rec, p, in.ACR)
	if err := errors.Join(m.sealPerson(rec, p), m.setTokens(rec, in.Tokens, now)); err != nil {
		return nil, problem.Wrap(err, problem.Internal, sayOurs)
	}
	gs.Values[recordKey], gs.Values[secretKey] = rec, secret
	gs.Values[alsoKey] = func(tx *sql.Tx) error {
		if err := m.drop(r.Context(), tx, former); err != nil {
			return err
		}
		return m.o.Audit.RecordTx(r.Context(), tx, audit.Event{Actor: p.Actor, Action: audit.SignIn, Request: "openid " + in.Practitioner.AuthMode})
	}
	if err := m.Save(r, w, gs); err != nil {
		return nil, problem.Wrap(err, problem.Internal, sayOurs)
	}
	if former != nil {
		m.tellEnded(former.id, true)
	}
	return rec.session(p), nil
}

// drop removes the record this browser had, with the end's row in the trail when it
// was alive. Nothing of it stays in the browser: its cookie is replaced.
func (m *Manager) drop(ctx context.Context, tx *sql.Tx, former *record) error {
	if former == nil {
		return nil
	}
	var endedAt int64
	err := tx.QueryRowContext(ctx, `DELETE FROM sessions WHERE id = ? RETURNING ended_at`, former.id).Scan(&endedAt)
	if errors.Is(err, sql.ErrNoRows) || err == nil && endedAt != 0 {
		return nil
	}
	if err != nil {
		return err
	}
	return m.o.Audit.RecordTx(ctx, tx, audit.Event{Actor: m.holder(former), Action: audit.SessionEnd, Request: "reason=" + string(Replaced)})
}

// actor says who acts: the person, in the situation picked.
func actor(r *record, p person, acr string) mssante.Actor {
	var s mssante.Situation
	for _, known := range p.Practitioner.Situations {
		if known.Key == p.Situation && p.Situation != "" {
			s = known
		}
	}
	return mssante.Actor{SessionID: r.id, AccountID: r.accountID, NationalID: p.Practitioner.NationalID,
		Name: p.Practitioner.DisplayName(s), Work: s.Work(), ACR: acr}
}
