package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/debug"

	"pli.example/pli/internal/app"
	"pli.example/pli/internal/config"
	"pli.example/pli/internal/outside"
)

type serveCmd struct {
	config.Serve
}

// Run serves until the process is told to stop.
func (cmd *serveCmd) Run(ctx context.Context, s *streams) error {
	c, err := cmd.Serve.Config()
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(s.err, &slog.HandlerOptions{Level: c.LogLevel}))
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	strangers, err := config.Strangers(os.Environ())
	if err != nil {
		return err
	}
	for _, x := range strangers {
		log.Warn("no setting has this name", "name", x.Name, "nearest", x.Nearest)
	}
	lines, err := outside.Real(c)
	if err != nil {
		return err
	}
	a, err := app.New(ctx, c, lines, app.Options{Log: log, PerSession: c.RatePerSession, PerAddress: c.RatePerAddress})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return errors.Join(fmt.Errorf("listen: %w", err), a.Close(ctx))
	}
	stop, err := serveMetrics(a, c.MetricsAddress(), log)
	if err != nil {
		return errors.Join(err, l.Close(), a.Close(ctx))
	}
	log.Info("serving", "address", l.Addr().String(), "url", c.PublicURL)
	err = errors.Join(a.Run(ctx, l, a.Handler()), stop())
	log.Info("stopped")
	return err
}

// gcPercent: what lives is some tens of megabytes, a page leaves half of one behind.
// Collecting at three times what lives instead of twice spares the slowest pages; at four
// times, 25 MB going out already raised the peak by 7.5 of the 8 MB allowed. An operator
// short of memory sets GOGC, or GOMEMLIMIT, which goes before it.
const gcPercent = 200

// serveMetrics listens for whoever reads the figures, apart from the pages, until
// stop: they are there to be read while the house drains.
func serveMetrics(a *app.App, address string, log *slog.Logger) (stop func() error, err error) {
	if address == "" {
		return func() error { return nil }, nil
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for metrics: %w", err)
	}
	srv := app.NewServer(a.Metrics(), log)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	log.Info("metrics", "address", l.Addr().String())
	return func() error {
		err := srv.Close()
		if e := <-served; !errors.Is(e, http.ErrServerClosed) {
			err = errors.Join(err, e)
		}
		return err
	}, nil
}
