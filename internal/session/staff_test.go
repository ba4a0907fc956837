package session

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/identity"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

var delmas = identity.StaffSignIn{Staff: identity.Staff{Subject: "staff:1", Name: "Sam Delmas", Login: "sdelmas"}, IDToken: "x.y.z"}

func (w *world) staff() *Staff {
	return NewStaff(StaffOptions{DB: w.db, Keys: w.keys, Identity: w.client, Audit: w.trail, Now: w.Now, Secure: true})
}

// staffIn signs in and gives the cookie.
func (w *world) staffIn(s *Staff, cookies ...*http.Cookie) *http.Cookie {
	w.t.Helper()
	rw := httptest.NewRecorder()
	if err := s.SignIn(rw, w.request("/support", cookies...), delmas); err != nil {
		w.t.Fatal(err)
	}
	return rw.Result().Cookies()[0]
}

func TestStaffSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.staff()
	c := w.staffIn(s)
	if c.Name != "__Host-pli-support" || !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.MaxAge != 0 {
		t.Errorf("cookie %+v", c)
	}
	cur, _, err := s.Current(w.request("/support", c), true)
	if err != nil || cur == nil || cur.Actor.Name != "Sam Delmas" || cur.Actor.Work != "Support, sdelmas" || cur.Actor.NationalID != "" || !strings.HasPrefix(cur.Actor.AccountID, StaffPrefix) {
		t.Fatalf("%+v, %v", cur, err)
	}
	// The same person is the same in the trail, next time too.
	if again := s.Who(delmas.Staff, ""); again.AccountID != cur.Actor.AccountID {
		t.Error("another account at each sign-in")
	}
	var stored []byte
	if err := w.db.Read().QueryRow(`SELECT person FROM support_sessions`).Scan(&stored); err != nil || bytes.Contains(stored, []byte("Delmas")) || bytes.Contains(stored, []byte("x.y.z")) {
		t.Errorf("in clear: %q, %v", stored, err)
	}
	// Neither kind of session is the other's.
	if p, _, err := w.m.Current(w.request("/", &http.Cookie{Name: "__Host-pli", Value: c.Value})); p != nil || err != nil {
		t.Errorf("an agent is a practitioner: %+v, %v", p, err)
	}
	w.signIn(w.browser, "leroy")
	theirs := w.cookie(w.browser, "__Host-pli")
	if p, _, err := s.Current(w.request("/support", &http.Cookie{Name: "__Host-pli-support", Value: theirs.Value}), true); p != nil || err != nil {
		t.Errorf("a practitioner is an agent: %+v, %v", p, err)
	}
	for _, forged := range []string{"", "x", c.Value[:textLen] + "." + strings.Repeat("A", textLen), c.Value + "A"} {
		if p, _, _ := s.Current(w.request("/support", &http.Cookie{Name: c.Name, Value: forged}), true); p != nil {
			t.Errorf("%q is a session", forged)
		}
	}
}

func TestStaffClocks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.staff()
	ended := func(c *http.Cookie) Reason {
		_, e, err := s.Current(w.request("/support", c), true)
		if err != nil {
			t.Fatal(err)
		}
		if e == nil {
			return ""
		}
		return e.Reason
	}
	c := w.staffIn(s)
	for range 19 {
		w.move(25 * time.Minute) // 7 h 55 in all
		if why := ended(c); why != "" {
			t.Fatalf("ended: %s", why)
		}
	}
	w.move(6 * time.Minute)
	if why := ended(c); why != Absolute {
		t.Errorf("after eight hours: %q", why)
	}
	c = w.staffIn(s)
	w.move(29 * time.Minute)
	if _, _, err := s.Current(w.request("/support", c), false); err != nil { // no act: the clock goes on
		t.Fatal(err)
	}
	w.move(time.Minute)
	if why := ended(c); why != Idle {
		t.Errorf("after half an hour: %q", why)
	}
	c = w.staffIn(s)
	w.move(31 * time.Minute)
	if err := s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if why := ended(c); why != Idle {
		t.Errorf("swept: %q", why)
	}
	w.move(25 * time.Hour)
	if err := s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	var left int
	if err := w.db.Read().QueryRow(`SELECT count(*) FROM support_sessions`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d rows left, %v", left, err)
	}
}

// A new sign-in ends what the browser had; leaving ends it too; all of it is told.
func TestStaffEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.staff()
	one := w.staffIn(s)
	two := w.staffIn(s, one)
	if _, e, _ := s.Current(w.request("/support", one), true); e == nil || e.Reason != Replaced {
		t.Errorf("the first session lives: %+v", e)
	}
	rw := httptest.NewRecorder()
	if id, to, err := s.EndSession(rw, w.request("/support", two)); err != nil || id == "" || !strings.Contains(to, "id_token_hint=x.y.z") {
		t.Errorf("%q %q %v", id, to, err)
	}
	if got := rw.Result().Cookies()[0]; got.MaxAge >= 0 {
		t.Errorf("the cookie stays: %+v", got)
	}
	if id, to, err := s.EndSession(httptest.NewRecorder(), w.request("/support", two)); id+to != "" || err != nil {
		t.Errorf("twice: %q %q %v", id, to, err)
	}
	want := []string{"support.signin openid", "session.end support, reason=replaced", "support.signin openid", "signout support, reason=signout"}
	if got := w.actions(); strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("trail %q", got)
	}
}

// A sign-in begun at one provider is not finished at the other, even by a browser that
// renames its cookie.
func TestStaffPendingApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.staff()
	rw := httptest.NewRecorder()
	if err := w.m.Start(rw, w.request("/sign-in"), identity.Pending{State: "one"}); err != nil {
		t.Fatal(err)
	}
	c := rw.Result().Cookies()[0]
	c.Name = "__Host-pli-support-signin"
	if p, err := s.Pending(httptest.NewRecorder(), w.request("/callback?state=one", c)); !problem.Is(err, problem.SignInNeeded) || p.State != "" {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestRevokeFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.staff()
	agent := s.Who(delmas.Staff, "staff-session")
	theirs := w.signIn(w.browser, "leroy")
	for _, c := range []struct {
		account, id string
		why         Reason
		kind        problem.Kind
	}{
		{account, theirs.ID, "", problem.Invalid}, {account, theirs.ID, Idle, problem.Invalid}, {"account-2", theirs.ID, SupportLost, problem.NotFound},
		{"", theirs.ID, SupportLost, problem.NotFound}, {account, "nope", SupportLost, problem.NotFound},
	} {
		if err := w.m.RevokeFor(t.Context(), agent, c.account, c.id, c.why); !problem.Is(err, c.kind) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	w.want(w.home(), "in "+theirs.ID)
	for range 2 {
		if err := w.m.RevokeFor(t.Context(), agent, account, theirs.ID, SupportLost); err != nil {
			t.Fatal(err)
		}
	}
	w.want(w.home(), "ended "+string(SupportLost))
	rows, err := w.trail.Recent(t.Context(), audit.Filter{Action: audit.SessionRevoke})
	if err != nil || len(rows) != 1 || rows[0].Event.Actor.Name != "Sam Delmas" || rows[0].Event.Target != theirs.ID || !strings.Contains(rows[0].Event.Request, fmt.Sprint("account=", account)) {
		t.Errorf("%+v, %v", rows, err)
	}
	seen := map[string]bool{}
	for _, why := range SupportReasons() {
		if say := why.Say(); seen[say] || why.Label() == string(why) || !strings.Contains(say, "support") {
			t.Errorf("%s: %q", why, say)
		}
		seen[why.Say()] = true
	}
}

// The operator sees who of support is signed in, and closes a session: from its next
// request on it is worth nothing, and the trail says who did it, and whose it was.
func TestStaffRevoked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.staff()
	c, kept := w.staffIn(s), w.staffIn(s)
	open, err := s.List(t.Context())
	if err != nil || len(open) != 2 || open[1].Actor.Name != "Sam Delmas" || open[1].ID+"." != c.Value[:len(open[1].ID)+1] && open[0].ID+"." != c.Value[:len(open[0].ID)+1] {
		t.Fatalf("%+v, %v", open, err)
	}
	id, _, _ := strings.Cut(c.Value, ".")
	by := mssante.Actor{AccountID: "operator", Name: "Opérateur"}
	if err := s.Revoke(t.Context(), by, id); err != nil {
		t.Fatal(err)
	}
	if cur, ended, err := s.Current(w.request("/support", c), true); cur != nil || ended == nil || ended.Reason != Dismissed || err != nil {
		t.Errorf("revoked: %+v, %+v, %v", cur, ended, err)
	}
	if cur, _, err := s.Current(w.request("/support", kept), true); cur == nil || err != nil {
		t.Errorf("the other one: %v", err)
	}
	if err := s.Revoke(t.Context(), by, id); !problem.Is(err, problem.NotFound) {
		t.Errorf("again: %v", err)
	}
	rows, err := w.trail.Recent(t.Context(), audit.Filter{Action: audit.SessionRevoke})
	if err != nil || len(rows) != 1 || rows[0].Event.Actor.AccountID != "operator" || rows[0].Event.Target != id || !strings.Contains(rows[0].Event.Request, open[0].Actor.AccountID) {
		t.Errorf("%+v, %v", rows, err)
	}
}
