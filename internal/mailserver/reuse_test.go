package mailserver

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

// TestRestingServiceConnection: the operator's service account opened it, so only
// the session's own life says whether it may serve again. A session that ended
// without this node being told (another node, a clock) gets nothing through it.
func TestRestingServiceConnection(t *testing.T) {
	t.Parallel()
	var says atomic.Pointer[problem.Error]
	var asked atomic.Int32
	s, a, sc := scripted(t, func(w *wire) {
		w.mailbox(func(string, string) bool { asked.Add(1); return false })
	}, func(o *Options) {
		o.Auth, o.ServiceUser, o.ServicePassword = AuthPlain, "pli", "secret"
		o.Credentials = func(context.Context, mssante.Actor, mssante.Address) (string, error) {
			if e := says.Load(); e != nil {
				return "", e
			}
			return testToken, nil
		}
	})
	set := func(k problem.Kind) { says.Store(problem.New(k, "fin")) }
	if _, err := a.Counters(t.Context(), "INBOX"); err != nil || s.Connections() != 1 {
		t.Fatalf("%v, %d connections", err, s.Connections())
	}
	set(problem.UpstreamDown) // a provider that cannot be reached is no news of the session
	if _, err := a.Counters(t.Context(), "INBOX"); err != nil {
		t.Errorf("the provider is down: %v", err)
	}
	was := asked.Load()
	set(problem.UpstreamRefused) // nobody acted lately: not now, but the line is kept
	_, err := a.Counters(t.Context(), "INBOX")
	wantKind(t, err, problem.UpstreamRefused)
	if s.Connections() != 1 {
		t.Errorf("%d connections kept for somebody away", s.Connections())
	}
	set(problem.SignInNeeded)
	_, err = a.Counters(t.Context(), "INBOX")
	wantKind(t, err, problem.SignInNeeded)
	_, err = a.Move(t.Context(), "INBOX", 7, []uint32{1}, "x")
	wantKind(t, err, problem.SignInNeeded)
	if s.Connections() != 0 || asked.Load() != was || sc.conns.Load() != 1 {
		t.Errorf("%d connections left open, %d commands sent for an ended session, %d connections in all", s.Connections(), asked.Load()-was, sc.conns.Load())
	}
}

// TestNewsByTheClock: how fresh a list is, is told by the room's clock and no other.
func TestNewsByTheClock(t *testing.T) {
	t.Parallel()
	var now atomic.Int64
	start := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	c := &conn{folder: "INBOX", now: func() time.Time { return start.Add(time.Duration(now.Load())) }}
	c.syncedAt = c.now()
	now.Store(int64(newsAge - 1))
	if err := c.current("INBOX", newsAge); err != nil { // asks nothing: there is nobody to ask
		t.Error(err)
	}
	now.Store(int64(newsAge))
	defer func() {
		if recover() == nil {
			t.Error("old news were not renewed")
		}
	}()
	_ = c.current("INBOX", newsAge)
}
