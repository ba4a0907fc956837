package app

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"pli.example/pli/internal/metrics"
)

// A pulse tells when a loop last did well and that it fails now; a loop that panics is
// not running, and is a failure, until it is started again.
func TestLoopsTellHowTheyDo(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	var p metrics.Pulse
	p.Beat(now, nil)
	p.Beat(now.Add(time.Hour), errors.New("no"))
	if !p.Failing() || p.Failures() != 1 || !p.Last().Equal(now) {
		t.Errorf("after a failure: %v %d %v", p.Failing(), p.Failures(), p.Last())
	}
	p.Beat(now.Add(2*time.Hour), nil)
	if p.Failing() || p.Failures() != 1 || !p.Last().Equal(now.Add(2*time.Hour)) {
		t.Errorf("after it went well: %v %d %v", p.Failing(), p.Failures(), p.Last())
	}

	ctx, cancel := context.WithCancel(t.Context())
	a := &App{log: slog.New(slog.DiscardHandler), now: time.Now, figures: newFigures(now)}
	over := make(chan error, 1)
	go func() { over <- a.keepRunning(ctx, loopHeads, func(context.Context) error { panic("odd") }) }()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		a.running.mu.Lock()
		_, runs := a.running.since[loopHeads]
		ended := a.running.ended[loopHeads]
		a.running.mu.Unlock()
		if !runs && ended == 1 {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the end of a loop was not noticed")
		}
	}
	cancel()
	if err := <-over; err != nil {
		t.Error(err)
	}
	for _, name := range loopNames() {
		if loopWords(name) == name {
			t.Errorf("%s has no words", name)
		}
	}
}
