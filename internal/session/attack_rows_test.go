package session

import (
	"bytes"
	"encoding/base64"
	"encoding/gob"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

// sqlPolyglots close a string in every way a query might have opened one.
var sqlPolyglots = []string{"' OR '1'='1", "' OR 1=1 --", `" OR ""="`, "x' UNION SELECT * FROM sessions --", "'; UPDATE sessions SET ended_at=1; --", "1 OR 1=1", "%", "_", "\\' OR 1=1 --", "\x00' OR 1=1 --"}

// Attack 49: an id is data. Ended by a crafted one, no session ends; asked for with
// one, none is found.
func TestRowSQL(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, c := w.signInDirect()
	for _, id := range sqlPolyglots {
		if err := w.m.End(t.Context(), id, Revoked); err != nil {
			t.Errorf("%q: %v", id, err)
		}
		if err := w.m.Revoke(t.Context(), s.Actor, id); !problem.Is(err, problem.NotFound) {
			t.Errorf("%q revoked something: %v", id, err)
		}
		if err := w.m.Touch(t.Context(), id); !problem.Is(err, problem.SignInNeeded) {
			t.Errorf("%q touched something: %v", id, err)
		}
		actor := mssante.Actor{SessionID: id, AccountID: s.Actor.AccountID, NationalID: s.Actor.NationalID}
		if token, err := w.m.Credentials(t.Context(), actor, mssante.Address{}); token != "" || err == nil {
			t.Errorf("%q got a token", id)
		}
		actor = mssante.Actor{SessionID: s.ID, AccountID: id}
		if token, err := w.m.Credentials(t.Context(), actor, mssante.Address{}); token != "" || err == nil {
			t.Errorf("account %q got a token", id)
		}
		w.m.Evict(t.Context(), mssante.Actor{SessionID: id, AccountID: id})
		if found, err := w.m.List(t.Context(), id); len(found) != 0 || err != nil {
			t.Errorf("%q lists %d sessions: %v", id, len(found), err)
		}
	}
	if got, ended, err := w.m.Current(w.request("/", c)); got == nil || ended != nil || err != nil {
		t.Errorf("a crafted id ended the session: %v %v", ended, err)
	}
	if token, err := w.m.Credentials(t.Context(), s.Actor, mssante.Address{}); token != "access-canary" || err != nil {
		t.Errorf("a crafted id spoilt the token: %q %v", token, err)
	}
}

// Attack 31: the cookie holds no data to decode: an object, however it is encoded
// or signed, is no session, and neither is one in the sign-in cookie.
func TestRowCookieIsNoObject(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, c := w.signInDirect()
	_, secret, _ := strings.Cut(c.Value, ".")
	var object bytes.Buffer
	if err := gob.NewEncoder(&object).Encode(map[string]string{"id": s.ID, "account": s.Actor.AccountID}); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"gob": base64.RawURLEncoding.EncodeToString(object.Bytes()), "json": base64.RawURLEncoding.EncodeToString([]byte(`{"ID":"` + s.ID + `"}`)),
		"php": "O:8:stdClass:0:{}", "jwt": "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.", "jwt of the id": "eyJhbGciOiJub25lIn0." + s.ID,
		"padded secret": s.ID + "." + secret + "=", "encoded": s.ID + "%2e" + secret, "huge": strings.Repeat("A", 1<<16) + "." + secret, "lower id": strings.ToLower(s.ID) + "." + secret,
		"secret as id": secret + "." + s.ID, "control": s.ID + "." + secret[:25] + "\x7f",
	} {
		r := w.request("/")
		r.Header.Set("Cookie", w.m.cookieName()+"="+value+"; "+w.m.signInName()+"="+value)
		if got, ended, err := w.m.Current(r); got != nil || ended != nil || err != nil {
			t.Errorf("%s opened something: %v %v %v", name, got, ended, err)
		}
		if pending, err := w.m.Pending(httptest.NewRecorder(), r); err == nil {
			t.Errorf("%s is a sign-in under way: %+v", name, pending)
		}
	}
	if got, _, _ := w.m.Current(w.request("/", &http.Cookie{Name: "pli", Value: c.Value})); got != nil {
		t.Error("a cookie without the __Host- prefix, which any neighbour can plant, opens the session")
	}
}
