package session

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

func TestLife(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.want(w.home(), "nobody")
	s := w.signIn(w.browser, "leroy")
	if s.Actor.ACR != "eidas3" || s.Agent != "Firefox sur Windows" || s.Situation != "" || len(s.Practitioner.Situations) != 2 {
		t.Errorf("session: %+v", s)
	}
	first := w.mustCredentials(s)
	if again := w.mustCredentials(s); again != first {
		t.Error("a token with life left was refreshed")
	}

	// A click when the access token is near its end refreshes it.
	w.move(100 * time.Second)
	w.touch(s)
	second := w.mustCredentials(s)
	if second == first {
		t.Error("not refreshed by an act")
	}
	w.m.Evict(t.Context(), s.Actor)
	if third := w.mustCredentials(s); third == second {
		t.Error("an evicted token was given again")
	}

	if err := w.m.PickSituation(t.Context(), s.ID, s.Practitioner.Situations[1].Key); err != nil {
		t.Fatal(err)
	}
	_, s, err := w.m.load(t.Context(), s.ID)
	if err != nil || s.Actor.Work != "Médecin · Cardiologie et maladies vasculaires" || s.Situation != s.Practitioner.Situations[1].Key {
		t.Errorf("situation: %+v, %v", s, err)
	}

	// The SSO session lets one in again without asking; after sign-out it asks.
	w.want(w.post(w.browser, "https://pli.test/signout", nil), "nobody")
	if page := w.get(w.browser, "https://pli.test/signin"); !requestID.MatchString(page) {
		t.Errorf("the provider did not ask again after sign-out: %s", page)
	}
	if _, err := w.credentials(s); !problem.Is(err, problem.SignInNeeded) || problem.SayOf(err) != SignOut.Say() {
		t.Errorf("credentials after sign-out: %v", err)
	}
	if _, ok := w.idp.IntrospectToken(second); ok {
		t.Error("the provider's session outlived the sign-out")
	}
	want := []string{"signin openid CARD", "situation.pick ", "signout reason=signout"}
	if got := w.actions(); strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("trail: %q, want %q", got, want)
	}
	if len(w.ended) == 0 || w.ended[len(w.ended)-1] != s.ID {
		t.Error("the end was not told")
	}
}

func TestSingleFlight(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.signIn(w.browser, "leroy")
	w.move(119 * time.Second)
	before := w.calls.Load()
	w.gate = make(chan struct{})
	var wg sync.WaitGroup
	tokens := make([]string, 20)
	for i := range tokens {
		wg.Go(func() {
			if i%3 == 0 {
				w.m.Touch(t.Context(), s.ID)
			}
			tokens[i], _ = w.credentials(s)
		})
	}
	w.asked(before)
	close(w.gate)
	wg.Wait()
	w.m.work.Wait()
	if n := w.calls.Load() - before; n != 1 {
		t.Errorf("%d refreshes, want 1", n)
	}
	for i, token := range tokens {
		if token == "" || token != tokens[0] {
			t.Errorf("caller %d got another token", i)
		}
	}
}

// A caller that leaves must not lose the rotated token.
func TestRefreshOutlivesCaller(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.signIn(w.browser, "leroy")
	w.move(119 * time.Second)
	before := w.calls.Load()
	w.gate = make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := w.m.Credentials(ctx, s.Actor, mssante.Address{})
		done <- err
	}()
	w.asked(before)
	cancel()
	if err := <-done; !problem.Is(err, problem.Timeout) {
		t.Errorf("left: %v", err)
	}
	close(w.gate)
	w.m.work.Wait()
	w.mustCredentials(s)
	if n := w.calls.Load() - before; n != 1 {
		t.Errorf("%d refreshes, want 1", n)
	}
}

// Two processes on one database: the lease keeps the second from using the old
// refresh token, and it finds the new ones.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.signIn(w.browser, "leroy")
	other := w.manager()
	w.move(119 * time.Second)
	before := w.calls.Load()
	w.gate = make(chan struct{})
	got := make(chan string, 2)
	ask := func(m *Manager) {
		token, err := m.Credentials(t.Context(), s.Actor, mssante.Address{})
		if err != nil {
			t.Error(err)
		}
		got <- token
	}
	go ask(w.m)
	w.asked(before)
	go ask(other)
	w.until("the other process wants a token too", func() bool {
		other.mu.Lock()
		defer other.mu.Unlock()
		return len(other.flights) == 1
	})
	close(w.gate)
	if a, b := <-got, <-got; a != b || a == "" {
		t.Error("two processes, two tokens")
	}
	if n := w.calls.Load() - before; n != 1 {
		t.Errorf("%d refreshes, want 1", n)
	}
}

// A process killed between the provider's answer and our write leaves a refresh
// token that was used up: the next refresh ends access to mail, saying why.
func TestCrashMidRefresh(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.signIn(w.browser, "leroy")
	w.move(100 * time.Second)
	rec, mine, err := w.m.claim(t.Context(), s.ID)
	if err != nil || !mine {
		t.Fatal(mine, err)
	}
	tokens, err := w.m.openTokens(rec)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.client.Refresh(t.Context(), tokens); err != nil {
		t.Fatal(err)
	}
	// … killed here. A new process starts.
	w.m = w.manager()
	w.move(leaseTime + time.Second)
	if _, err := w.credentials(s); !problem.Is(err, problem.SignInNeeded) || problem.SayOf(err) != Rotated.Say() {
		t.Fatalf("credentials: %v", err)
	}
	w.want(w.home(), "mail ended rotated")
}

func TestClocks(t *testing.T) {
	t.Parallel()
	t.Run("mail", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		s := w.signIn(w.browser, "leroy")
		w.move(30*time.Minute - time.Second)
		w.want(w.home(), "in "+s.ID)
		w.move(time.Second)
		w.want(w.home(), "mail ended mail")
		if _, err := w.credentials(s); problem.SayOf(err) != Mail.Say() {
			t.Errorf("credentials: %v", err)
		}
		if len(w.ended) != 1 {
			t.Errorf("told %d times", len(w.ended))
		}
		// A click on sign-out still ends the provider's session (by then idle).
		w.want(w.post(w.browser, "https://pli.test/signout", nil), "nobody")
	})
	t.Run("idle", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		s := w.signIn(w.browser, "leroy")
		w.move(25 * time.Minute)
		w.touch(s)
		w.move(119 * time.Minute)
		w.want(w.home(), "mail ended mail")
		w.move(time.Minute)
		w.want(w.home(), "ended idle")
		w.move(keepEnded - time.Minute)
		w.want(w.home(), "ended idle")
		w.move(time.Minute)
		if err := w.m.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.want(w.home(), "nobody")
	})
	t.Run("absolute", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		s := w.signIn(w.browser, "leroy")
		for range 23 {
			w.move(10 * time.Minute)
			w.touch(s)
		}
		w.mustCredentials(s)
		w.move(10*time.Minute - time.Second)
		w.touch(s)
		w.want(w.home(), "in "+s.ID)
		w.move(time.Second)
		w.want(w.home(), "ended absolute")
		if err := w.m.Touch(t.Context(), s.ID); problem.SayOf(err) != Absolute.Say() {
			t.Errorf("touch: %v", err)
		}
	})
	t.Run("background work does not keep the session alive", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		s := w.signIn(w.browser, "leroy")
		w.move(119 * time.Second)
		w.mustCredentials(s)
		w.move(2 * time.Minute)
		if _, err := w.credentials(s); !problem.Is(err, problem.UpstreamRefused) {
			t.Errorf("away: %v", err)
		}
		w.touch(s)
		w.mustCredentials(s)
	})
	t.Run("swept while nobody asks", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		s := w.signIn(w.browser, "leroy")
		w.move(31 * time.Minute)
		w.m.Sweep(t.Context())
		if len(w.ended) != 1 || w.ended[0] != s.ID {
			t.Errorf("told: %v", w.ended)
		}
		w.move(90 * time.Minute)
		w.m.Sweep(t.Context())
		w.want(w.home(), "ended idle")
		if len(w.ended) != 2 {
			t.Errorf("told: %v", w.ended)
		}
	})
}

func TestProviderDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.signIn(w.browser, "leroy")
	w.idp.Stop()
	if got := w.get(w.newBrowser(), "https://pli.test/signin"); !strings.HasPrefix(got, "upstream_down: Pro Santé Connect") {
		t.Errorf("sign-in: %q", got)
	}
	w.move(110 * time.Second)
	w.touch(s)
	w.move(20 * time.Second)
	if _, err := w.credentials(s); !problem.Is(err, problem.UpstreamDown) || !strings.Contains(problem.SayOf(err), "Pro Santé Connect") {
		t.Errorf("credentials: %v", err)
	}
	w.want(w.home(), "in "+s.ID)
	w.idp.Start()
	w.mustCredentials(s)
}

// The provider ends the session (signed out elsewhere): access to mail ends with
// that reason, the session lives on.
func TestProviderEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.signIn(w.browser, "leroy")
	rec, _, _ := w.m.load(t.Context(), s.ID)
	tokens, _ := w.m.openTokens(rec)
	w.get(w.newBrowser(), issuer+"/protocol/openid-connect/logout?id_token_hint="+tokens.ID)
	w.move(110 * time.Second)
	if err := w.m.Touch(t.Context(), s.ID); err != nil {
		t.Fatal(err)
	}
	w.m.work.Wait()
	w.want(w.home(), "mail ended provider")
	if got := w.actions(); got[len(got)-1] != "session.end mail, reason=provider" {
		t.Errorf("trail: %q", got)
	}
}
