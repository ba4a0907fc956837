package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"

	"pli.example/pli/internal/app"
	"pli.example/pli/internal/config"
	"pli.example/pli/internal/outside"
)

type serveCmd struct {
	config.Serve

	RatePerSession int `env:"PLI_RATE_PER_SESSION" default:"1200" group:"web" help:"Requests a minute that one session may make."`
	RatePerAddress int `env:"PLI_RATE_PER_ADDRESS" default:"60" group:"web" help:"Sign-in requests a minute that one address may make; raise it where many users share one."`
}

// Run serves until the process is told to stop.
func (cmd *serveCmd) Run(ctx context.Context, s *streams) error {
	c, err := cmd.Serve.Config()
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(s.err, &slog.HandlerOptions{Level: c.LogLevel}))
	lines, err := outside.Real(c)
	if err != nil {
		return err
	}
	a, err := app.New(ctx, c, lines, app.Options{Log: log, PerSession: cmd.RatePerSession, PerAddress: cmd.RatePerAddress})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	log.Info("serving", "address", l.Addr().String(), "url", c.PublicURL)
	err = a.Run(ctx, l, a.Handler())
	log.Info("stopped")
	return err
}
