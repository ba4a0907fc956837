package session

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/identity"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

func TestPending(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	start := func(state string, cookies ...*http.Cookie) *http.Cookie {
		t.Helper()
		rw := httptest.NewRecorder()
		if err := w.m.Start(rw, w.request("/signin", cookies...), identity.Pending{State: state, Next: "/" + state}); err != nil {
			t.Fatal(err)
		}
		w.move(time.Second)
		return rw.Result().Cookies()[0]
	}
	back := func(state string, cookies ...*http.Cookie) (string, error) {
		p, err := w.m.Pending(httptest.NewRecorder(), w.request("/callback?state="+state, cookies...))
		return p.Next, err
	}
	refused := func(what string, err error) {
		t.Helper()
		if !problem.Is(err, problem.SignInNeeded) || problem.SayOf(err) == "" {
			t.Errorf("%s: %v", what, err)
		}
	}
	c := start("one")
	if two := start("two", c); two.Value != c.Value {
		t.Error("a second tab got another cookie: the first one's sign-in is lost")
	}
	stranger := start("three")
	_, err := back("one")
	refused("no cookie", err)
	_, err = back("one", stranger)
	refused("another browser", err)
	_, err = back("four", c)
	refused("unknown state", err)
	_, err = back("", c)
	refused("no state", err)
	if next, err := back("one", c); next != "/one" || err != nil {
		t.Errorf("first tab: %q, %v", next, err)
	}
	_, err = back("one", c)
	refused("read twice", err)
	if next, err := back("two", c); next != "/two" || err != nil {
		t.Errorf("second tab: %q, %v", next, err)
	}
	w.move(10 * time.Minute)
	_, err = back("three", stranger)
	refused("expired", err)

	// A value we never made is not taken over.
	planted := &http.Cookie{Name: "__Host-pli-signin", Value: strings.Repeat("A", textLen)}
	if got := start("five", planted); got.Value == planted.Value {
		t.Error("a planted sign-in cookie was taken over")
	}
	first := start("tab0")
	for i := range maxSignIns {
		start(fmt.Sprintf("tab%d", i+1), first)
	}
	_, err = back("tab0", first)
	refused("oldest of too many", err)
	if _, err := back("tab1", first); err != nil {
		t.Error(err)
	}
}

// Starting a sign-in leaves a live session alone.
func TestStartKeepsSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.signIn(w.browser, "solo")
	if s.Situation == "" || s.Actor.Work != "Infirmier" {
		t.Errorf("actor %+v", s.Actor)
	}
	w.plant(w.browser, "unrelated", "1")
	if c := w.cookie(w.browser, "__Host-pli-signin"); c != nil {
		t.Error("the sign-in cookie stays after sign-in")
	}
	// The provider signs in at once (SSO); the session is replaced, not lost.
	if got := w.get(w.browser, "https://pli.test/signin?next=//evil.example/"); !strings.HasPrefix(got, "in ") || got == "in "+s.ID {
		t.Errorf("again: %q", got)
	}
}

func TestSessionsOfAnAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	here := w.signIn(w.browser, "leroy")
	w.agent = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15"
	w.move(time.Minute)
	other := w.newBrowser()
	there := w.signIn(other, "leroy")
	list, err := w.m.List(t.Context(), account)
	if err != nil || len(list) != 2 || list[0].ID != there.ID || list[0].Agent != "Safari sur macOS" || list[1].ID != here.ID {
		t.Fatalf("list: %+v, %v", list, err)
	}
	stranger := mssante.Actor{AccountID: "account-2"}
	for _, by := range []mssante.Actor{stranger, {}} {
		if err := w.m.Revoke(t.Context(), by, there.ID); !problem.Is(err, problem.NotFound) {
			t.Errorf("revoked by %q: %v", by.AccountID, err)
		}
	}
	if err := w.m.Revoke(t.Context(), here.Actor, there.ID); err != nil {
		t.Fatal(err)
	}
	w.want(w.get(other, "https://pli.test/"), "ended revoked")
	w.want(w.home(), "in "+here.ID)
	if list, _ := w.m.List(t.Context(), account); len(list) != 1 {
		t.Errorf("list: %+v", list)
	}
	// Another account's actor with this session's id gets no token.
	if _, err := w.m.Credentials(t.Context(), mssante.Actor{SessionID: here.ID, AccountID: "account-2"}, mssante.Address{}); !problem.Is(err, problem.SignInNeeded) {
		t.Errorf("foreign actor: %v", err)
	}
}

func TestPickUnknownSituation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.signIn(w.browser, "leroy")
	for _, key := range []string{"", "nope"} {
		if err := w.m.PickSituation(t.Context(), s.ID, key); !problem.Is(err, problem.Invalid) {
			t.Errorf("%q: %v", key, err)
		}
	}
}

func TestReasonsSay(t *testing.T) {
	t.Parallel()
	seen := map[string]Reason{}
	for _, r := range []Reason{Idle, Absolute, SignOut, Revoked, Provider, Mail, Rotated, Lost, "?"} {
		say := r.Say()
		if say == "" || seen[say] != "" || strings.Contains(say, " :") || strings.Contains(say, " ;") {
			t.Errorf("%s: %q", r, say)
		}
		seen[say] = r
	}
}
