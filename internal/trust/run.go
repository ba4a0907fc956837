package trust

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"time"

	"pli.example/pli/internal/problem"
)

// Waits of Run. A list already in force is not asked for again at once: many
// processes start together after an outage.
const (
	firstWithin = time.Minute
	retryFirst  = time.Minute
	retryMost   = time.Hour
)

// Run loads the saved copy, then refreshes until ctx ends: at once when there is no
// list, then as Options.Every says, and after a failure sooner, less and less.
// Every wait is spread so that no two nodes knock together. It returns nil.
func (l *List) Run(ctx context.Context) error {
	l.guard(func() error { return l.Load(ctx) }) // State and the log have its error
	var wait time.Duration
	if l.current.Load() != nil {
		wait = time.Duration(l.jitter() * float64(firstWithin))
	}
	if l.o.URL == "" {
		<-ctx.Done()
		return nil
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-l.after(wait):
			l.guard(func() error { return l.Refresh(ctx) })
			wait = l.next()
		}
	}
}

// guard runs a step and turns a panic into a failure: one odd list must not end the
// loop, nor hide that it is odd.
func (l *List) guard(step func() error) {
	defer func() {
		if v := recover(); v != nil {
			l.o.Log.Error("white list loop panicked", slog.String("panic", problem.PanicWords(v)), slog.String("stack", string(debug.Stack())))
			l.settle(&refusal{reason: panicked, kind: problem.Internal, err: errors.New("panic: " + problem.PanicWords(v)), clause: "La liste blanche n’a pas pu être actualisée."}, true)
		}
	}()
	_ = step() // noted by settle
}

// next is the wait before the next refresh.
func (l *List) next() time.Duration {
	l.mu.Lock()
	failures := l.health.inARow
	l.mu.Unlock()
	if failures == 0 {
		return time.Duration(float64(l.o.Every) * (0.9 + 0.2*l.jitter()))
	}
	wait := retryMost
	if failures < 7 { // 1, 2, 4 … 32 min
		wait = retryFirst << (failures - 1)
	}
	return time.Duration(float64(wait) * (0.5 + 0.5*l.jitter()))
}
