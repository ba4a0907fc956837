package session

import (
	"math/rand/v2"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"pli.example/pli/internal/problem"
)

// Sign-out while a refresh is under way: the new tokens are not kept, and nobody
// gets them.
func TestSignOutDuringRefresh(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.signIn(w.browser, "leroy")
	w.move(119 * time.Second)
	before := w.calls.Load()
	w.gate = make(chan struct{})
	done := make(chan error)
	go func() {
		_, err := w.credentials(s)
		done <- err
	}()
	w.asked(before)
	rw := httptest.NewRecorder()
	to, err := w.m.EndSession(rw, w.request("/signout", w.cookie(w.browser, "__Host-pli")))
	if err != nil {
		t.Fatal(err)
	}
	close(w.gate)
	if err := <-done; !problem.Is(err, problem.SignInNeeded) {
		t.Errorf("credentials: %v", err)
	}
	rec, err := byID(t.Context(), w.db.Read(), s.ID)
	if err != nil || len(rec.tokens) != 0 || rec.ended.Reason != SignOut {
		t.Errorf("record: %+v, %v", rec, err)
	}
	u, err := url.Parse(to)
	if err != nil || u.Query().Get("id_token_hint") == "" || u.Query().Get("post_logout_redirect_uri") != leaving || len(u.Query().Get("state")) < 22 {
		t.Errorf("end_session: %q, %v", to, err)
	}
	if c := rw.Result().Cookies(); len(c) != 1 || c[0].MaxAge >= 0 {
		t.Errorf("the cookie stays: %v", c)
	}
}

// Many tabs, many connections, refused tokens, a moving clock: the refresh token
// is never used twice (the provider would kill the session on it), and nobody is
// given a dead token.
func TestStorm(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	w := newWorld(t)
	s := w.signIn(w.browser, "leroy")
	others := []*Manager{w.m, w.manager()}
	// The clock stands still while a refresh is on its way: the lease is sized for
	// real time, and here a minute passes in a microsecond.
	var still sync.RWMutex
	var wg sync.WaitGroup
	for n := range 8 {
		rng := rand.New(rand.NewPCG(seed, uint64(n)))
		wg.Go(func() {
			for range 25 {
				m := others[rng.IntN(len(others))]
				switch rng.IntN(6) {
				case 0:
					m.Evict(t.Context(), s.Actor)
				case 1:
					still.Lock()
					for _, m := range others {
						m.work.Wait()
					}
					w.move(time.Duration(rng.IntN(20)) * time.Second)
					still.Unlock()
				case 2:
					if _, err := m.List(t.Context(), account); err != nil {
						t.Error(err)
					}
				default:
					still.RLock()
					if err := m.Touch(t.Context(), s.ID); err != nil {
						t.Error(err)
					}
					if _, err := w.credentials(s); err != nil {
						t.Error(err)
					}
					still.RUnlock()
				}
			}
		})
	}
	wg.Wait()
	for _, m := range others {
		m.work.Wait()
	}
	w.touch(s)
	w.m.Evict(t.Context(), s.Actor)
	w.mustCredentials(s)
	w.want(w.home(), "in "+s.ID)
}
