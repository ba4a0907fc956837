package identity

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"pli.example/pli/internal/problem"
)

func TestDiscoveryRefused(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(object){
		"another issuer":    func(d object) { d["issuer"] = "https://auth.psc.test/auth/realms/other" },
		"trailing slash":    func(d object) { d["issuer"] = issuer + "/" },
		"token in clear":    func(d object) { d["token_endpoint"] = "http://auth.psc.test/token" },
		"no keys":           func(d object) { delete(d, "jwks_uri") },
		"javascript":        func(d object) { d["authorization_endpoint"] = "javascript:alert(1)" },
		"password in URL":   func(d object) { d["userinfo_endpoint"] = "https://a:b@auth.psc.test/" },
		"end_session clear": func(d object) { d["end_session_endpoint"] = "http://auth.psc.test/logout" },
		"over the cap":      func(d object) { d["x"] = strings.Repeat("x", maxBody) },
		"not an object":     func(d object) { clear(d); d["issuer"] = 3 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			change(f.doc)
			if _, _, err := f.provider(nil).Begin(t.Context(), "/"); !problem.Is(err, problem.UpstreamRefused) {
				t.Errorf("got %v", err)
			}
		})
	}
	for _, iss := range []string{"http://auth.psc.test", "ftp://auth.psc.test", "auth.psc.test", "http://127.0.0.1.evil.test"} {
		if _, err := clearAllowed(iss); err == nil {
			t.Errorf("%s accepted", iss)
		}
	}
	for _, iss := range []string{"http://127.0.0.1:8080/x", "http://[::1]:80", "http://localhost:1"} {
		if clear, err := clearAllowed(iss); !clear || err != nil {
			t.Errorf("%s refused: %v", iss, err)
		}
	}
}

// A provider down at start, then up: Begin says so, then works; what is drawn on
// every page (AuthOrigins) does not ask again and again.
func TestDownThenUp(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	at := now
	p := f.provider(func(o *Options) { o.Now = func() time.Time { return at } })
	for suffix, kind := range map[string]problem.Kind{"-configuration": problem.UpstreamDown} {
		f.down[suffix] = -1
		if _, _, err := p.Begin(t.Context(), "/"); !problem.Is(err, kind) || !strings.Contains(problem.SayOf(err), "Pro Santé Connect ne répond pas") {
			t.Fatalf("down: %v", err)
		}
	}
	before, _, _ := f.calls("-configuration")
	if before != 1 {
		t.Errorf("an unreachable provider was asked %d times", before)
	}
	for range 10 {
		if got := p.AuthOrigins(t.Context()); len(got) != 0 {
			t.Errorf("origins %q", got)
		}
	}
	if n, _, _ := f.calls("-configuration"); n != before {
		t.Errorf("%d tries without back-off", n-before)
	}
	f.mu.Lock()
	clear(f.down)
	f.mu.Unlock()
	if _, err := f.signIn(p); err != nil {
		t.Fatalf("up again: %v", err)
	}
	// Once known, an old document goes on being used while the provider is away.
	at = at.Add(2 * metadataAge)
	f.mu.Lock()
	f.down["-configuration"] = 503
	f.mu.Unlock()
	if got := p.AuthOrigins(t.Context()); len(got) != 2 {
		t.Errorf("origins forgotten: %q", got)
	}
	if to, err := p.EndSessionURL(t.Context(), "hint", "st"); err != nil || !strings.Contains(to, "id_token_hint=hint") ||
		!strings.Contains(to, "state=st") || !strings.Contains(to, url.QueryEscape("https://pli.test/left")) {
		t.Errorf("end_session %q, %v", to, err)
	}
}

// blocked is a provider that takes a request and never answers.
type blocked struct{ in, leave chan struct{} }

func (b blocked) RoundTrip(r *http.Request) (*http.Response, error) {
	b.in <- struct{}{}
	select {
	case <-r.Context().Done():
		return nil, r.Context().Err()
	case <-b.leave:
		return nil, http.ErrServerClosed
	}
}

// A provider that never answers is a timeout for whoever gives up waiting, and
// one request for all who wait.
func TestSilentProvider(t *testing.T) {
	t.Parallel()
	b := blocked{make(chan struct{}, 100), make(chan struct{})}
	defer close(b.leave)
	p := New(Options{Issuer: issuer, ClientID: "pli", HTTP: &http.Client{Transport: b, Timeout: time.Minute}})
	over, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0)) // whoever has no patience left
	defer cancel()
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, _, err := p.Begin(over, "/"); !problem.Is(err, problem.Timeout) || !strings.Contains(problem.SayOf(err), "Pro Santé Connect") {
				t.Errorf("got %v", err)
			}
		})
	}
	wg.Wait()
	<-b.in
	if n := len(b.in); n != 0 {
		t.Errorf("%d requests more", n)
	}
	p = New(Options{Issuer: issuer, ClientID: "pli", HTTP: &http.Client{Transport: b, Timeout: time.Millisecond}})
	if _, _, err := p.Begin(t.Context(), "/"); !problem.Is(err, problem.Timeout) {
		t.Errorf("client timeout: %v", err)
	}
}

func TestRefresh(t *testing.T) {
	t.Parallel()
	old := Tokens{Access: "a", Refresh: "r", ID: unsigned(object{"sub": sub}, "x")}
	rows := []struct {
		name string
		lie  func(*fake)
		kind problem.Kind // -1: succeeds
	}{
		{"rotated", func(*fake) {}, -1},
		{"grant over", func(f *fake) { f.tokenStatus, f.tokens = 400, object{"error": "invalid_grant"} }, problem.SignInNeeded},
		{"client refused", func(f *fake) { f.tokenStatus, f.tokens = 401, object{"error": "invalid_client"} }, problem.Internal},
		{"down", func(f *fake) { f.down["/token"] = 503 }, problem.UpstreamDown},
		{"hangs up", func(f *fake) { f.down["/token"] = -1 }, problem.UpstreamDown},
		{"another person", func(f *fake) { f.id["sub"] = "f:x:2" }, problem.UpstreamRefused},
		{"forged", func(f *fake) {
			f.idToken = func(c object) string { return sign(f.t, jose.RS256, otherKey(), "rsa", c) }
		}, problem.UpstreamRefused},
		{"another person, keys away", func(f *fake) { f.id["sub"] = "f:x:2"; f.down["/certs"] = 503 }, problem.UpstreamDown},
		{"unreadable, keys away", func(f *fake) { f.tokens["id_token"] = "x"; f.down["/certs"] = 503 }, problem.UpstreamRefused},
		{"another audience", func(f *fake) { f.id["aud"], f.id["azp"] = "x", "x" }, problem.UpstreamRefused},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			row.lie(f)
			got, err := f.provider(nil).Refresh(t.Context(), old)
			if row.kind >= 0 {
				if !problem.Is(err, row.kind) || problem.SayOf(err) == "" {
					t.Errorf("got %v, want %s", err, row.kind)
				}
				return
			}
			_, _, form := f.calls("/token")
			if err != nil || got.Access != "access" || got.Refresh != "refresh" || form.Get("refresh_token") != "r" || got.ID == old.ID ||
				!got.RefreshExpires.Equal(now.Add(30*time.Minute)) {
				t.Errorf("%+v, %v, %v", got, err, form)
			}
		})
	}
	if _, err := newFake(t).provider(nil).Refresh(t.Context(), Tokens{}); !problem.Is(err, problem.SignInNeeded) {
		t.Errorf("nothing to refresh: %v", err)
	}
}

// The old refresh token is used up: an outage of the keys must not lose the new one.
func TestRefreshKeepsRotatedTokensWithoutKeys(t *testing.T) {
	t.Parallel()
	old := Tokens{Access: "a", Refresh: "r", ID: unsigned(object{"sub": sub}, "x")}
	for name, status := range map[string]int{"503": 503, "hangs up": -1} {
		f := newFake(t)
		f.down["/certs"] = status
		got, err := f.provider(nil).Refresh(t.Context(), old)
		if err != nil || got.Access != "access" || got.Refresh != "refresh" || got.ID != old.ID {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	f := newFake(t) // nobody to compare with: not accepted unverified
	f.down["/certs"] = 503
	if got, err := f.provider(nil).Refresh(t.Context(), Tokens{Refresh: "r"}); err == nil {
		t.Errorf("accepted without a former id_token: %+v", got)
	}
}

// Lives are what the provider says, never a constant of ours.
func TestLives(t *testing.T) {
	t.Parallel()
	rows := []struct {
		access, refresh any
		wantA, wantR    time.Duration // wantR < 0: unknown
	}{
		{60, 900, time.Minute, 15 * time.Minute},
		{"240", "1200", 4 * time.Minute, 20 * time.Minute},
		{nil, nil, unstatedLife, -1},
		{0, 0, unstatedLife, -1},
		{300, -5, 5 * time.Minute, -1},
		{300, 1e300, 5 * time.Minute, -1},
	}
	for _, row := range rows {
		f := newFake(t)
		f.tokens["expires_in"], f.tokens["refresh_expires_in"] = row.access, row.refresh
		in, err := f.signIn(f.provider(nil))
		if err != nil {
			t.Errorf("%v: %v", row, err)
			continue
		}
		if got := in.Tokens.AccessExpires.Sub(now); got != row.wantA {
			t.Errorf("access %v: %s, want %s", row.access, got, row.wantA)
		}
		if got := in.Tokens.RefreshExpires; row.wantR < 0 && !got.IsZero() || row.wantR >= 0 && got.Sub(now) != row.wantR {
			t.Errorf("refresh %v: %s", row.refresh, got)
		}
	}
}

// The leeway is capped whatever the configuration says: tokens live two minutes.
func TestLeewayCap(t *testing.T) {
	t.Parallel()
	if got := New(Options{Leeway: time.Hour}).o.Leeway; got != maxLeeway {
		t.Errorf("leeway %s", got)
	}
}
