package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/problem"
)

// Limits of the listener. Answers have their own write deadline: a page 90 s, a
// download a deadline for each piece.
const (
	headerTimeout = 10 * time.Second
	readTimeout   = 60 * time.Second
	writeTimeout  = 90 * time.Second
	idleTimeout   = 2 * time.Minute
	maxHeader     = 64 << 10
	restartDelay  = 5 * time.Second
)

// The stop, from the end of config's StopWait on: what one step leaves of its time the
// next has. The trail and the database come last, with dataFor each whatever came
// before. "docker stop -t" of the README and of the Dockerfile waits for the last.
const (
	drainedBy = 14 * time.Second // answers under way: a page that sends waits ten for its own
	cutBy     = 16 * time.Second // handlers whose reader was cut
	loopsBy   = 20 * time.Second // the last heads of the trail among them
	lettersBy = 26 * time.Second // letters on their way
	tokensBy  = 28 * time.Second // refreshes: a rotated token that is lost signs somebody out
	closedBy  = 30 * time.Second // goodbye to the mail servers
	dataFor   = 3 * time.Second
	stopTakes = closedBy + 2*dataFor // the whole, but for StopWait
)

// Run serves on l until ctx ends, then stops in order and closes the app. h is
// a.Handler(), or a mux around it. A nil error is a clean stop.
func (a *App) Run(ctx context.Context, l net.Listener, h http.Handler) error {
	loops, stopLoops := context.WithCancel(context.WithoutCancel(ctx))
	defer stopLoops()
	group, loops := errgroup.WithContext(loops)
	for name, run := range a.loops() {
		group.Go(func() error { return a.keepRunning(loops, name, run) })
	}
	var handlers sync.WaitGroup
	srv := NewServer(waited(h, &handlers), a.log)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()

	var failed error
	select {
	case <-ctx.Done():
	case err := <-served:
		failed = fmt.Errorf("serve: %w", err)
	case <-loops.Done():
	}
	return errors.Join(failed, a.stop(ctx, srv, served, &handlers, func() error { stopLoops(); return group.Wait() }))
}

// stop ends everything in order, within StopWait and stopTakes. Balancers are told
// first, while everybody is still served; then nobody new, and whoever is being answered
// goes to the end; what those answers rest on is closed after them.
func (a *App) stop(ctx context.Context, srv *http.Server, served <-chan error, handlers *sync.WaitGroup, loops func() error) error {
	a.stopping.Store(true)
	if wait := a.Config.StopWait; wait > 0 && ctx.Err() != nil {
		srv.SetKeepAlivesEnabled(false)
		select {
		case <-time.After(wait):
		case <-served:
		}
	}
	var failed []error
	begun := time.Now()
	step := func(what string, by time.Duration, work func(context.Context) error) {
		failed = append(failed, a.step(ctx, what, begun.Add(by), work))
	}
	if a.Web != nil {
		a.Web.EndStreams() // answers without an end
	}
	if a.step(ctx, "answers under way", begun.Add(drainedBy), srv.Shutdown) != nil {
		failed = append(failed, srv.Close()) // whoever is still reading after the delay is cut
	}
	// Shutdown counts connections; handlers cut by Close are still at work, on the
	// sessions, the mail servers and the trail.
	_ = a.step(ctx, "handlers", begun.Add(cutBy), func(ctx context.Context) error { handlers.Wait(); a.waitForPages(ctx); return nil })
	step("loops", loopsBy, func(context.Context) error { return loops() })
	if a.Outbox != nil { // between the last octet and the answer nobody could know: wait for it
		step("letters on their way", lettersBy, a.Outbox.Close)
	}
	if a.Sessions != nil {
		step("refreshes of sessions", tokensBy, a.Sessions.Close)
	}
	step("mail servers", closedBy, a.letGo)
	return errors.Join(append(failed, a.closeData(ctx, dataFor))...)
}

// waitForPages ends what the pages began.
func (a *App) waitForPages(ctx context.Context) {
	if a.Web != nil {
		a.Web.Wait(ctx)
	}
}

// waited counts the handlers at work.
func waited(h http.Handler, handlers *sync.WaitGroup) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handlers.Add(1)
		defer handlers.Done()
		h.ServeHTTP(w, r)
	})
}

// endOf is what work ends with, or the end of ctx: one that hangs holds up nobody.
func endOf(ctx context.Context, work func() error) error {
	ended := make(chan error, 1)
	go func() { ended <- work() }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return fmt.Errorf("left behind: %w", ctx.Err())
	}
}

// step does one thing of the stop, which outlives ctx, until then at most, and says so
// when that was not enough.
func (a *App) step(ctx context.Context, what string, then time.Time, work func(context.Context) error) error {
	ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), then)
	defer cancel()
	begun := time.Now()
	err := endOf(ctx, func() error { return work(ctx) })
	if ctx.Err() != nil {
		a.log.Warn("stop: a step did not end in its time", slog.String("step", what), slog.Duration("after", time.Since(begun).Round(time.Millisecond)))
	}
	return err
}

// NewServer is an HTTP server with our limits; the demo's second listener has the
// same.
func NewServer(h http.Handler, log *slog.Logger) *http.Server {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &http.Server{
		Handler: h, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}

// loops are the background works, by name.
func (a *App) loops() map[string]func(context.Context) error {
	all := map[string]func(context.Context) error{
		loopSessions:  a.Sessions.Run,
		loopDesks:     a.Web.Run,
		loopReminders: a.House.RunReminders,
		loopTrust:     a.Trust.Run,
		loopDirectory: a.Directory.Run,
		loopLedger:    a.Ledger.Run,
	}
	if a.Outbox != nil {
		all[loopOutbox] = a.Outbox.Run
	}
	if a.Staff != nil {
		all[loopStaff] = a.Staff.Run
	}
	if file := a.Config.AuditHeadsFile; file != "" {
		heads := &audit.HeadExport{Trail: a.Audit, File: file, Log: a.log, Beat: func(err error) { a.heads.Beat(a.now(), err) }}
		all[loopHeads] = heads.Run
	}
	return all
}

// The names of the loops, in logs and figures.
const (
	loopSessions  = "sessions"
	loopDesks     = "desks"
	loopReminders = "reminders"
	loopTrust     = "white list"
	loopDirectory = "directory"
	loopLedger    = "ledger"
	loopOutbox    = "outbox"
	loopStaff     = "support sessions"
	loopHeads     = "audit heads"
)

// loopNames lists them: a test asks that every loop is there.
func loopNames() []string {
	return []string{loopSessions, loopDesks, loopReminders, loopTrust, loopDirectory, loopLedger, loopOutbox, loopStaff, loopHeads}
}

// keepRunning starts a loop again when it fails or panics, until ctx ends: one
// bad row must not stop sessions from ending for good.
func (a *App) keepRunning(ctx context.Context, name string, run func(context.Context) error) error {
	for {
		a.running.started(name, a.now())
		err := a.guarded(ctx, run)
		if ctx.Err() != nil {
			return nil
		}
		a.running.stopped(name)
		a.figures.restarts.Add(1, name)
		a.log.Error("loop stopped, starting again", slog.String("loop", name), slog.Any("error", err))
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(restartDelay):
		}
	}
}

func (a *App) guarded(ctx context.Context, run func(context.Context) error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			a.figures.panics.Add(1)
			err = fmt.Errorf("panic: %s\n%s", problem.PanicWords(v), debug.Stack())
		}
	}()
	return run(ctx)
}
