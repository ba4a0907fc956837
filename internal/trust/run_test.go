package trust

import (
	"context"
	"net/http"
	"testing"
	"time"
)

func canceled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// next spaces failures out, up to an hour, and successes by Every.
func TestWaits(t *testing.T) {
	t.Parallel()
	l := New(Options{})
	for _, tc := range []struct {
		failures int
		jitter   float64
		want     time.Duration
	}{
		{0, 0, 324 * time.Minute}, {0, 0.5, 6 * time.Hour}, {0, 1, 396 * time.Minute},
		{1, 1, time.Minute}, {1, 0, 30 * time.Second}, {2, 1, 2 * time.Minute}, {6, 1, 32 * time.Minute}, {7, 1, time.Hour}, {1000, 1, time.Hour}, {1000, 0, 30 * time.Minute},
	} {
		l.jitter, l.health.inARow = func() float64 { return tc.jitter }, tc.failures
		if got := l.next().Round(time.Second); got != tc.want {
			t.Errorf("%d failures, jitter %v: %v, want %v", tc.failures, tc.jitter, got, tc.want)
		}
	}
}

// The loop through a failure, a panic, a list and a restart: the test gives it its
// time.
func TestRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	clock := newLoop(t, w.list)
	if wait := clock.next(); wait != 0 {
		t.Errorf("without a list, the first wait is %v", wait)
	}
	clock.tick() // nobody there
	if wait := clock.next(); wait != 45*time.Second || w.list.State().Failures != 1 {
		t.Errorf("after a failure: %v", wait)
	}
	w.serve(func(*http.Request) *http.Response { panic("odd") })
	clock.tick()
	if wait, st := clock.next(), w.list.State(); wait != 90*time.Second || st.Failures != 2 || st.Errors != 2 {
		t.Errorf("after a panic: %v, %+v", wait, st)
	}
	w.publish(sign(t, list(born, "medecin.mssante.fr"), nil), "")
	clock.tick()
	if wait, st := clock.next(), w.list.State(); wait != 6*time.Hour || st.Failures != 0 || st.Errors != 2 || w.verdict("medecin.mssante.fr") != Inside {
		t.Errorf("after a success: %v, %+v", wait, st)
	}
	clock.stop()

	w.list = w.open(nil)
	clock = newLoop(t, w.list)
	if wait := clock.next(); wait != 30*time.Second || w.verdict("medecin.mssante.fr") != Inside {
		t.Errorf("with a saved list, the first wait is %v", wait)
	}
	clock.stop()

	w.list = w.open(func(o *Options) { o.URL = "" })
	clock = newLoop(t, w.list)
	for end := time.Now().Add(30 * time.Second); !w.list.State().Loaded && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	clock.stop()
	if len(w.asked) != 3 || w.verdict("medecin.mssante.fr") != Inside {
		t.Errorf("without an address: %d requests", len(w.asked))
	}
}

// loop is a running List whose time the test holds.
type loop struct {
	t      *testing.T
	waits  chan time.Duration
	ticks  chan time.Time
	cancel context.CancelFunc
	ended  chan error
}

func newLoop(t *testing.T, l *List) *loop {
	ctx, cancel := context.WithCancel(t.Context())
	c := &loop{t: t, waits: make(chan time.Duration, 1), ticks: make(chan time.Time), cancel: cancel, ended: make(chan error, 1)}
	l.jitter = func() float64 { return 0.5 }
	l.after = func(d time.Duration) <-chan time.Time { c.waits <- d; return c.ticks }
	go func() { c.ended <- l.Run(ctx) }()
	return c
}

func (c *loop) next() time.Duration {
	c.t.Helper()
	select {
	case d := <-c.waits:
		return d
	case <-time.After(30 * time.Second):
		c.t.Fatal("the loop does not wait")
		return 0
	}
}

func (c *loop) tick() { c.ticks <- time.Time{} }

func (c *loop) stop() {
	c.t.Helper()
	c.cancel()
	if err := <-c.ended; err != nil {
		c.t.Error(err)
	}
}
