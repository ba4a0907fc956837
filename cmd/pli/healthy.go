package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"
)

// healthyCmd asks a Pli on this machine whether it can serve: what a container's
// health check runs, where there is no shell and no curl.
type healthyCmd struct {
	Listen string `env:"PLI_LISTEN" default:"127.0.0.1:8080" help:"Where that Pli listens."`
}

const healthyLimit = 4 * time.Second

// Run is silent when all is well.
func (cmd *healthyCmd) Run(ctx context.Context) error {
	host, port, err := net.SplitHostPort(cmd.Listen)
	if err != nil {
		return fmt.Errorf("PLI_LISTEN: %w", err)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1" // it listens everywhere: here, too
	}
	ctx, cancel := context.WithTimeout(ctx, healthyLimit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/readyz", nil)
	if err != nil {
		return err
	}
	client := http.Client{Transport: &http.Transport{Proxy: nil}}
	res, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("not answering: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("not ready: %s", res.Status)
	}
	return nil
}
