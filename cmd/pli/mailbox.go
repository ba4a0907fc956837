package main

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"pli.example/pli/internal/app"
	"pli.example/pli/internal/config"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mssante"
)

type mailboxCmd struct {
	Grant  grantCmd  `cmd:"" help:"Give a person access to a mailbox, declaring it when new; replaces the access they had."`
	List   listCmd   `cmd:"" help:"List accesses, ended ones included."`
	Revoke revokeCmd `cmd:"" help:"Withdraw an access."`
}

// operator is who the trail names for what is done at the command line.
func operator() mssante.Actor {
	return mssante.Actor{AccountID: "operator", Name: "Opérateur (ligne de commande)"}
}

// withData opens the database for f and closes it after.
func withData(ctx context.Context, d config.Data, f func(*app.App) error) error {
	d, err := d.Load()
	if err != nil {
		return err
	}
	a, err := app.Data(ctx, d)
	if err != nil {
		return err
	}
	err = f(a)
	if e := a.Close(context.WithoutCancel(ctx)); err == nil {
		err = e
	}
	return err
}

type grantCmd struct {
	config.Data

	Address     string `arg:"" help:"Address of the mailbox."`
	To          string `required:"" help:"National identifier of the person, as Pro Santé Connect gives it."`
	Kind        string `enum:"owner,delegate" default:"delegate" help:"owner or delegate."`
	Rights      string `help:"read,triage,write,send,patients,manage or all; an owner has all by default, a delegate read."`
	Label       string `help:"Name shown for the mailbox."`
	MailboxKind string `enum:"PER,ORG,CAB,APP," default:"" help:"Kind of a new mailbox: PER, ORG, CAB or APP."`
	Until       string `help:"Last day of the access, as 2027-01-31; none: no end."`
}

// Run makes the grant and prints its id.
func (cmd *grantCmd) Run(ctx context.Context, s *streams) error {
	addr, err := mssante.ParseAddress(cmd.Address)
	if err != nil {
		return fmt.Errorf("address %q: %w", cmd.Address, err)
	}
	r := delegation.Request{Address: addr, MailboxKind: mssante.MailboxKind(cmd.MailboxKind), Label: cmd.Label,
		To: mssante.NationalID(cmd.To), Kind: delegation.Kind(cmd.Kind)}
	switch {
	case cmd.Rights != "":
		if r.Rights, err = delegation.ParseRights(cmd.Rights); err != nil {
			return err
		}
	case r.Kind == delegation.Delegate:
		r.Rights = delegation.Read
	}
	if cmd.Until != "" {
		if r.Until, err = lastDay(cmd.Until); err != nil {
			return err
		}
	}
	return withData(ctx, cmd.Data, func(a *app.App) error {
		g, err := a.Grants.Grant(ctx, operator(), r)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(s.out, "%s\t%s\t%s\t%s\t%s\n", g.ID, g.Mailbox.Address, g.Grantee, g.Kind, g.Rights)
		return err
	})
}

// lastDay is the end of that day in France.
func lastDay(s string) (time.Time, error) {
	loc, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		return time.Time{}, err
	}
	t, err := time.ParseInLocation(time.DateOnly, s, loc)
	if err != nil {
		return time.Time{}, fmt.Errorf("--until %q: a day is written 2027-01-31", s)
	}
	return t.AddDate(0, 0, 1), nil
}

type listCmd struct {
	config.Data

	Address string `arg:"" optional:"" help:"Address of one mailbox; none: all."`
}

// Run prints one line per access.
func (cmd *listCmd) Run(ctx context.Context, s *streams) error {
	var only *mssante.Address
	if cmd.Address != "" {
		addr, err := mssante.ParseAddress(cmd.Address)
		if err != nil {
			return fmt.Errorf("address %q: %w", cmd.Address, err)
		}
		only = &addr
	}
	return withData(ctx, cmd.Data, func(a *app.App) error {
		grants, err := a.Grants.List(ctx, only)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(s.out, 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "ID\tBOÎTE\tPERSONNE\tTITRE\tDROITS\tDEPUIS\tJUSQU’À\tÉTAT")
		for _, g := range grants {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", g.ID, g.Mailbox.Address, g.Grantee, g.Kind, g.Rights,
				day(g.From), day(g.Until), state(g, time.Now()))
		}
		return w.Flush()
	})
}

func day(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Format(time.DateOnly)
}

func state(g delegation.Grant, now time.Time) string {
	switch {
	case !g.RevokedAt.IsZero():
		return "retiré le " + day(g.RevokedAt)
	case !g.Until.IsZero() && !now.Before(g.Until):
		return "échu"
	}
	return "en vigueur"
}

type revokeCmd struct {
	config.Data

	ID string `arg:"" help:"Id of the access, as list prints it."`
}

// Run withdraws the grant: it holds from the person's next click.
func (cmd *revokeCmd) Run(ctx context.Context, s *streams) error {
	return withData(ctx, cmd.Data, func(a *app.App) error {
		if err := a.Grants.Revoke(ctx, operator(), strings.TrimSpace(cmd.ID)); err != nil {
			return err
		}
		_, err := fmt.Fprintln(s.out, "Droit retiré.")
		return err
	})
}
