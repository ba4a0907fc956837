package app

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"time"

	"pli.example/pli/internal/config"
	"pli.example/pli/internal/finding"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/outside"
	"pli.example/pli/internal/rules"
	"pli.example/pli/internal/session"
)

// sorting makes the room of rules, where the operator has a server of them.
func (a *App) sorting(c config.Config, lines outside.Lines) error {
	if !c.HasRules() {
		return nil
	}
	zone, err := time.LoadLocation("Europe/Paris") // the pages' zone; its data is embedded
	if err != nil {
		return fmt.Errorf("the zone of absences: %w", err)
	}
	a.Rules = rules.New(rules.Options{Sieve: mailserver.NewSieve(sieveOptions(c, lines, a.Sessions, a.log)), Keys: a.Keys, Zone: zone, Now: lines.Now})
	return nil
}

func sieveOptions(c config.Config, lines outside.Lines, sessions *session.Manager, log *slog.Logger) mailserver.SieveOptions {
	conf := lines.SieveTLS
	if conf == nil {
		conf = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	s := c.Sieve
	o := mailserver.SieveOptions{Address: s.Address, ServerName: s.ServerName, Mode: s.Mode, TLS: conf, Dial: lines.DialSieve, Auth: s.Auth,
		ServiceUser: s.ServiceUser, ServicePassword: string(s.ServicePassword), Total: s.Total, CommandTimeout: s.CommandTimeout, Log: log, Now: lines.Now}
	if sessions != nil { // nil: nobody signs in, a check
		o.Credentials, o.Evict = sessions.Credentials, sessions.Evict
	}
	return o
}

// checkSieve: the server of rules, when there is one.
func checkSieve(ctx context.Context, c config.Config, lines outside.Lines, mailbox mssante.Address) finding.List {
	if !c.HasRules() {
		return nil
	}
	return mailserver.NewSieve(sieveOptions(c, lines, nil, nil)).Check(ctx, mailbox, rules.Extensions())
}
