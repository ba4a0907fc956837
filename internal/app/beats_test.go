package app

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"
)

// The loops tell when they last did well, that they fail, and that they are over.
func TestBeats(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	b := newBeats(func() time.Time { return now })
	tell := b.of(loopLedger)
	b.started(loopLedger)
	tell(nil)
	now = now.Add(time.Hour)
	tell(errors.New("no"))
	if l := b.all[loopLedger]; !l.Failing || l.Failures != 1 || !l.LastSuccess.Equal(now.Add(-time.Hour)) || l.Since.IsZero() {
		t.Errorf("%+v", l)
	}
	tell(nil)
	if l := b.all[loopLedger]; l.Failing || !l.LastSuccess.Equal(now) {
		t.Errorf("%+v", l)
	}
	// One that panics is not running, and is a failure, until it is started again.
	ctx, cancel := context.WithCancel(t.Context())
	a := &App{beats: b, log: slog.New(slog.DiscardHandler)}
	ended := make(chan error, 1)
	go func() { ended <- a.keepRunning(ctx, loopHeads, func(context.Context) error { panic("odd") }) }()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		b.mu.Lock()
		l := b.all[loopHeads]
		over := l != nil && l.Since.IsZero() && l.Failing && l.Failures == 1
		b.mu.Unlock()
		if over {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the end of a loop was not noticed")
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	for _, name := range []string{loopSessions, loopDesks, loopTrust, loopDirectory, loopLedger, loopOutbox, loopStaff, loopHeads} {
		if loopWords(name) == name {
			t.Errorf("%s has no words", name)
		}
	}
}
