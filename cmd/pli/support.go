package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"pli.example/pli/internal/app"
	"pli.example/pli/internal/config"
	"pli.example/pli/internal/finding"
	"pli.example/pli/internal/session"
)

type supportCmd struct {
	Sessions staffSessionsCmd `cmd:"" help:"List the open sessions of support staff."`
	Revoke   staffRevokeCmd   `cmd:"" help:"Close sessions of support staff, from their next request on."`
}

// staffOf is what keeps the sessions of support, without their provider.
func staffOf(a *app.App) *session.Staff {
	return session.NewStaff(session.StaffOptions{DB: a.DB, Keys: a.Keys, Audit: a.Audit, Now: time.Now})
}

type staffSessionsCmd struct {
	config.Data
}

// Run prints one line a session.
func (cmd *staffSessionsCmd) Run(ctx context.Context, s *streams) error {
	return withData(ctx, cmd.Data, func(a *app.App) error {
		open, err := staffOf(a).List(ctx)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(s.out, 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "SESSION\tCOMPTE\tNOM\tNAVIGATEUR\tOUVERTE\tDERNIER ACTE")
		for _, x := range open {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", x.ID, cmp.Or(x.Actor.AccountID, "-"), finding.OneLine(cmp.Or(x.Actor.Name, "-")), x.Agent,
				x.CreatedAt.Local().Format(time.DateTime), x.SeenAt.Local().Format(time.DateTime))
		}
		return w.Flush()
	})
}

type staffRevokeCmd struct {
	config.Data

	ID string `arg:"" help:"A session, or an account for all its sessions, as sessions prints them."`
}

// Run closes one session, or all those of an account.
func (cmd *staffRevokeCmd) Run(ctx context.Context, s *streams) error {
	return withData(ctx, cmd.Data, func(a *app.App) error {
		staff, id, n := staffOf(a), strings.TrimSpace(cmd.ID), 0
		open, err := staff.List(ctx)
		if err != nil {
			return err
		}
		for _, x := range open {
			if x.ID != id && x.Actor.AccountID != id {
				continue
			}
			if err := staff.Revoke(ctx, operator(), x.ID); err != nil {
				return err
			}
			n++
		}
		if n == 0 {
			return errors.New("aucune session ouverte du support ne porte ce nom\u00a0: rien n’a été fermé (pli support sessions les liste)")
		}
		_, err = fmt.Fprintf(s.out, "%s.\n", finding.Count(int64(n), "session fermée", "sessions fermées"))
		return err
	})
}
