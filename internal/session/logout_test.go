package session

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pli.example/pli/internal/identity"
	"pli.example/pli/internal/problem"
)

// sid gives the provider's name of the session s came from.
func (w *world) sid(s *Session) string {
	w.t.Helper()
	rec, _, err := w.m.load(w.t.Context(), s.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	tokens, err := w.m.openTokens(rec)
	if err != nil {
		w.t.Fatal(err)
	}
	var c struct{ SID string }
	if err := claimsOf(tokens.ID, &c); err != nil || c.SID == "" {
		w.t.Fatalf("no sid in the id_token: %v", err)
	}
	return c.SID
}

func claimsOf(token string, into any) error {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return errors.New("no token")
	}
	b, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return err
	}
	return json.Unmarshal(b, into)
}

func (w *world) exec(query string) {
	w.t.Helper()
	if err := w.db.Write(w.t.Context(), func(tx *sql.Tx) error { _, err := tx.Exec(query); return err }); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) obey(token string) (int, error) {
	w.t.Helper()
	out, err := w.client.VerifyLogout(w.t.Context(), token)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.m.EndAtProvider(w.t.Context(), out)
}

// Attack 44: a logout the provider tells ends the sessions it names and no other, at
// once, with their reason.
func TestProviderLogout(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	elsewhere, another := w.newBrowser(), w.newBrowser()
	s, same, other := w.signIn(w.browser, "leroy"), w.signIn(elsewhere, "leroy"), w.signIn(another, "solo")

	token := w.idp.LogoutToken("leroy", w.sid(s))
	if n, err := w.obey(token); n != 1 || err != nil {
		t.Fatalf("by sid: %d sessions, %v", n, err)
	}
	w.want(w.home(), "ended provider")
	w.want(w.get(elsewhere, "https://pli.test/"), "in "+same.ID)
	w.want(w.get(another, "https://pli.test/"), "in "+other.ID)
	if len(w.ended) != 1 || w.ended[0] != s.ID {
		t.Errorf("told of the end: %q", w.ended)
	}
	if got := w.actions(); got[len(got)-1] != "session.end reason=provider" {
		t.Errorf("trail: %q", got)
	}
	if _, err := w.credentials(s); !problem.Is(err, problem.SignInNeeded) {
		t.Errorf("mail after it: %v", err)
	}

	if n, err := w.obey(w.idp.LogoutToken("solo", w.sid(same))); n != 0 || err != nil { // their sid, somebody else's sub
		t.Errorf("a mixed order: %d sessions, %v", n, err)
	}
	if n, err := w.obey(w.idp.LogoutToken("leroy", "")); n != 1 || err != nil {
		t.Errorf("by sub: %d sessions, %v", n, err)
	}
	w.want(w.get(elsewhere, "https://pli.test/"), "ended provider")
	w.want(w.get(another, "https://pli.test/"), "in "+other.ID)
	if n, err := w.obey(w.idp.LogoutToken("leroy", "")); n != 0 || err != nil {
		t.Errorf("nobody left: %d sessions, %v", n, err)
	}
}

// A token serves once, however many bring it; an old order does not end the session
// somebody opened since.
func TestProviderLogoutReplay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.signIn(w.browser, "leroy")
	token := w.idp.LogoutToken("leroy", "")
	out, err := w.client.VerifyLogout(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	var obeyed, refused atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			switch _, err := w.m.EndAtProvider(context.Background(), out); {
			case err == nil:
				obeyed.Add(1)
			case problem.Is(err, problem.Invalid) && errors.Is(err, errObeyed):
				refused.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if obeyed.Load() != 1 || refused.Load() != 7 {
		t.Errorf("obeyed %d times, refused %d times", obeyed.Load(), refused.Load())
	}
	w.want(w.home(), "ended provider")

	late := w.idp.LogoutToken("leroy", "") // said now, delivered late
	w.move(clockGap + time.Second)
	w.browser = w.newBrowser()
	s := w.signIn(w.browser, "leroy")
	if n, err := w.obey(late); n != 0 || err != nil {
		t.Errorf("an order older than the session: %d sessions, %v", n, err)
	}
	w.want(w.home(), "in "+s.ID)

	w.move(10 * time.Minute) // the memory of tokens does not grow for ever
	w.touch(s)
	if err := w.m.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	var kept int
	if err := w.db.Read().QueryRow(`SELECT count(*) FROM session_logouts`).Scan(&kept); err != nil || kept != 0 {
		t.Errorf("%d tokens remembered after their life, %v", kept, err)
	}
	if _, err := w.client.VerifyLogout(t.Context(), late); err == nil {
		t.Error("a forgotten token is still good")
	}
}

// An order that could not be carried out may come again.
func TestProviderLogoutTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.signIn(w.browser, "leroy")
	out, err := w.client.VerifyLogout(t.Context(), w.idp.LogoutToken("leroy", w.sid(s)))
	if err != nil {
		t.Fatal(err)
	}
	w.refuseWrites("UPDATE")
	if _, err := w.m.EndAtProvider(t.Context(), out); !problem.Is(err, problem.Internal) {
		t.Fatalf("without a write: %v", err)
	}
	w.exec(`DROP TRIGGER refused`)
	if n, err := w.m.EndAtProvider(t.Context(), out); n != 1 || err != nil {
		t.Errorf("again: %d sessions, %v", n, err)
	}
}

// A session whose id_token named no session of the provider goes by its person; what
// is kept says nothing of either.
func TestProviderLogoutWithoutSID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.signIn(w.browser, "leroy")
	var sid, sub string
	if err := w.db.Read().QueryRow(`SELECT provider_sid, provider_sub FROM sessions WHERE id = ?`, s.ID).Scan(&sid, &sub); err != nil {
		t.Fatal(err)
	}
	if len(sid) != 20 || len(sub) != 20 || sid == sub || strings.Contains(sub, "810007001372") {
		t.Errorf("kept %q and %q", sid, sub)
	}
	w.exec(`UPDATE sessions SET provider_sid = ''`)
	if n, err := w.obey(w.idp.LogoutToken("leroy", "another")); n != 1 || err != nil {
		t.Errorf("%d sessions, %v", n, err)
	}
	w.signIn(w.newBrowser(), "leroy")
	w.exec(`UPDATE sessions SET provider_sid = '', provider_sub = ''`) // opened before Pli kept them
	if n, err := w.m.EndAtProvider(t.Context(), identity.Logout{Subject: "x", TokenID: "t", At: w.Now(), Until: w.Now()}); n != 0 || err != nil {
		t.Errorf("an unknown person ends %d sessions, %v", n, err)
	}
}

// The demo's provider tells by itself when somebody leaves there.
func TestDemoProviderTells(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.signIn(w.browser, "leroy")
	rec, _, _ := w.m.load(t.Context(), s.ID)
	tokens, _ := w.m.openTokens(rec)
	w.idp.OnLogout(func(token string) {
		if n, err := w.obey(token); n != 1 || err != nil {
			t.Errorf("told: %d sessions, %v", n, err)
		}
	})
	w.get(&http.Client{Transport: w.web}, issuer+"/protocol/openid-connect/logout?id_token_hint="+tokens.ID)
	w.want(w.home(), "ended provider")
}
