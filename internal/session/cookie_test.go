package session

import (
	"bytes"
	"database/sql"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/identity"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/seal"
)

// cookie gives what the browser holds under a name.
func (w *world) cookie(c *http.Client, name string) *http.Cookie {
	u, _ := url.Parse("https://pli.test/")
	for _, k := range c.Jar.Cookies(u) {
		if k.Name == name {
			return k
		}
	}
	return nil
}

func (w *world) plant(c *http.Client, name, value string) {
	u, _ := url.Parse("https://pli.test/")
	c.Jar.SetCookies(u, []*http.Cookie{{Name: name, Value: value, Path: "/", Secure: true}})
}

// request is a bare request with cookies.
func (w *world) request(target string, cookies ...*http.Cookie) *http.Request {
	r := httptest.NewRequestWithContext(w.t.Context(), http.MethodGet, target, nil)
	for _, c := range cookies {
		r.AddCookie(c)
	}
	return r
}

func (w *world) signInDirect(cookies ...*http.Cookie) (*Session, *http.Cookie) {
	w.t.Helper()
	rw := httptest.NewRecorder()
	in := identity.SignIn{Practitioner: mssante.Practitioner{NationalID: "810007001372", FamilyName: "LEROY",
		Situations: []mssante.Situation{{Key: "only", Profession: "médecin"}}}, ACR: "eidas1",
		Tokens: identity.Tokens{Access: "access-canary", Refresh: "refresh-canary", ID: "id-canary",
			AccessExpires: w.Now().Add(2 * time.Minute), RefreshExpires: w.Now().Add(30 * time.Minute)}}
	s, err := w.m.SignIn(rw, w.request("/callback", cookies...), in, account)
	if err != nil {
		w.t.Fatal(err)
	}
	return s, rw.Result().Cookies()[0]
}

func TestCookie(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rw := httptest.NewRecorder()
	if err := w.m.Start(rw, w.request("/signin"), identity.Pending{State: "s"}); err != nil {
		t.Fatal(err)
	}
	got := rw.Header().Get("Set-Cookie")
	for _, want := range []string{"__Host-pli-signin=", "Path=/", "Max-Age=600", "HttpOnly", "Secure", "SameSite=Lax"} {
		if !strings.Contains(got, want) {
			t.Errorf("sign-in cookie %q lacks %s", got, want)
		}
	}
	s, c := w.signInDirect()
	if c.Name != "__Host-pli" || !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.MaxAge != 0 ||
		c.Domain != "" || !strings.HasPrefix(c.Value, s.ID+".") {
		t.Errorf("session cookie %q", c)
	}
	if s.Situation != "only" || s.Actor.Work != "Médecin" || s.Actor.Name != "Leroy" {
		t.Errorf("a single situation is not a choice: %+v", s.Actor)
	}
}

// A cookie known to an attacker before sign-in is worth nothing afterwards.
func TestFixation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, planted := w.signInDirect()
	s, fresh := w.signInDirect(planted)
	if fresh.Value == planted.Value {
		t.Fatal("the cookie was kept through sign-in")
	}
	if s, ended, err := w.m.Current(w.request("/", planted)); s != nil || ended != nil || err != nil {
		t.Errorf("the former cookie still opens something: %v %v %v", s, ended, err)
	}
	if got, _, _ := w.m.Current(w.request("/", fresh)); got == nil || got.ID != s.ID {
		t.Error("the new cookie opens nothing")
	}
	if len(w.ended) != 1 {
		t.Error("the former session's connections were not dropped")
	}
}

func TestForgedCookies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, c := w.signInDirect()
	_, secret, _ := strings.Cut(c.Value, ".")
	other, otherCookie := w.signInDirect()
	_, otherSecret, _ := strings.Cut(otherCookie.Value, ".")
	flip := "A"
	if secret[0] == 'A' {
		flip = "B"
	}
	for name, value := range map[string]string{"none": "", "id only": s.ID, "empty secret": s.ID + ".", "wrong secret": s.ID + "." + flip + secret[1:],
		"another session's secret": s.ID + "." + otherSecret, "another id": other.ID + "." + secret, "lower case": strings.ToLower(c.Value),
		"long": c.Value + "A", "sql": "' OR 1=1 --." + secret, "two dots": c.Value + "." + secret} {
		got, ended, err := w.m.Current(w.request("/", &http.Cookie{Name: "__Host-pli", Value: value}))
		if got != nil || ended != nil || err != nil {
			t.Errorf("%s: %v %v %v", name, got, ended, err)
		}
	}
	// An ended session tells its reason to the holder of the secret only.
	w.m.End(t.Context(), s.ID, Revoked)
	if _, ended, _ := w.m.Current(w.request("/", c)); ended == nil || ended.Reason != Revoked {
		t.Errorf("ended: %v", ended)
	}
	if _, ended, _ := w.m.Current(w.request("/", &http.Cookie{Name: "__Host-pli", Value: s.ID + "." + flip + secret[1:]})); ended != nil {
		t.Error("the reason was told to a stranger")
	}
}

// Whoever reads the database finds neither secret nor token nor name.
func TestAtRest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, c := w.signInDirect()
	_, secret, _ := strings.Cut(c.Value, ".")
	if err := w.m.Start(httptest.NewRecorder(), w.request("/signin"), identity.Pending{State: "state-canary", Verifier: "verifier-canary"}); err != nil {
		t.Fatal(err)
	}
	var dump bytes.Buffer
	for _, table := range []string{"sessions", "session_sign_ins"} {
		rows, err := w.db.Read().QueryContext(t.Context(), "SELECT * FROM "+table)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		names, _ := rows.Columns()
		for rows.Next() {
			values := make([]sql.RawBytes, len(names))
			into := make([]any, len(names))
			for i := range values {
				into[i] = &values[i]
			}
			if err := rows.Scan(into...); err != nil {
				t.Fatal(err)
			}
			for _, v := range values {
				dump.Write(v)
			}
		}
	}
	if !bytes.Contains(dump.Bytes(), []byte(s.ID)) {
		t.Fatal("the dump misses the session")
	}
	for _, clear := range []string{secret, "access-canary", "refresh-canary", "id-canary", "LEROY", "810007001372", "state-canary", "verifier-canary"} {
		if bytes.Contains(dump.Bytes(), []byte(clear)) {
			t.Errorf("%s is in the database in clear", clear)
		}
	}
	// Ending wipes what is left.
	w.m.End(t.Context(), s.ID, SignOut)
	rec, _ := byID(t.Context(), w.db.Read(), s.ID)
	if len(rec.tokens) != 0 || len(rec.person) != 0 {
		t.Error("an ended session keeps its tokens or person")
	}
}

// A blob copied onto another session's row does not open.
func TestBlobSwap(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, _ := w.signInDirect()
	b, cb := w.signInDirect()
	err := w.db.Write(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE sessions SET person = (SELECT person FROM sessions WHERE id = ?) WHERE id = ?`, a.ID, b.ID)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if s, ended, err := w.m.Current(w.request("/", cb)); s != nil || ended == nil || ended.Reason != Lost || err != nil {
		t.Errorf("%v %v %v", s, ended, err)
	}
}

func TestKeysLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, c := w.signInDirect()
	w.m.o.Keys = seal.NewRandomKeyring()
	if s, ended, err := w.m.Current(w.request("/", c)); s != nil || ended == nil || ended.Reason != Lost || err != nil {
		t.Errorf("%v %v %v", s, ended, err)
	}
}
