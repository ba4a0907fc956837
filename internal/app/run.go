package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"time"

	"golang.org/x/sync/errgroup"
)

// Limits of the listener. Answers have their own write deadline: a page 90 s, a
// download a deadline for each piece.
const (
	headerTimeout = 10 * time.Second
	readTimeout   = 60 * time.Second
	writeTimeout  = 90 * time.Second
	idleTimeout   = 2 * time.Minute
	maxHeader     = 64 << 10
	drainTimeout  = 20 * time.Second
	logoutTimeout = 5 * time.Second
	restartDelay  = 5 * time.Second
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
	srv := NewServer(h, a.log)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()

	var failed error
	select {
	case <-ctx.Done():
	case err := <-served:
		failed = fmt.Errorf("serve: %w", err)
	case <-loops.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	if err := srv.Shutdown(drain); err != nil {
		failed = errors.Join(failed, srv.Close()) // whoever is still reading after the delay is cut
	}
	stopLoops()
	failed = errors.Join(failed, group.Wait())
	logout, cancel := context.WithTimeout(context.WithoutCancel(ctx), logoutTimeout)
	defer cancel()
	return errors.Join(failed, a.Close(logout))
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
	return map[string]func(context.Context) error{
		"sessions": a.Sessions.Run,
	}
}

// keepRunning starts a loop again when it fails or panics, until ctx ends: one
// bad row must not stop sessions from ending for good.
func (a *App) keepRunning(ctx context.Context, name string, run func(context.Context) error) error {
	for {
		err := guarded(ctx, run)
		if ctx.Err() != nil {
			return nil
		}
		a.log.Error("loop stopped, starting again", slog.String("loop", name), slog.Any("error", err))
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(restartDelay):
		}
	}
}

func guarded(ctx context.Context, run func(context.Context) error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
		}
	}()
	return run(ctx)
}
