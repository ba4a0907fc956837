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
	"pli.example/pli/internal/problem"
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
		staff := staffOf(a)
		open, err := staff.List(ctx)
		if err != nil {
			return err
		}
		r := revokeStaff(open, strings.TrimSpace(cmd.ID), func(id string) error { return staff.Revoke(ctx, operator(), id) })
		if words := r.words(); words != "" {
			if _, err := fmt.Fprintln(s.out, words); err != nil {
				r.failed = append(r.failed, err)
			}
		}
		return r.err()
	})
}

// revoked is what became of the sessions that one revoke named.
type revoked struct {
	closed, over int // over: ended by themselves between the list and their turn
	failed       []error
}

// revokeStaff goes on over a session that cannot be closed: an agent who leaves must not
// keep the others.
func revokeStaff(open []session.StaffListed, id string, revoke func(string) error) (r revoked) {
	for _, x := range open {
		if x.ID != id && x.Actor.AccountID != id {
			continue
		}
		switch err := revoke(x.ID); {
		case err == nil:
			r.closed++
		case problem.Is(err, problem.NotFound):
			r.over++
		default:
			r.failed = append(r.failed, fmt.Errorf("session %s\u00a0: %w", x.ID, err))
		}
	}
	return r
}

// words tell what is closed now, whatever failed beside it.
func (r revoked) words() string {
	var words []string
	if r.closed > 0 {
		words = append(words, finding.Count(int64(r.closed), "session fermée", "sessions fermées"))
	}
	if r.over > 0 {
		words = append(words, finding.Count(int64(r.over), "session s’était terminée entre-temps", "sessions s’étaient terminées entre-temps"))
	}
	if len(words) == 0 {
		return ""
	}
	return strings.Join(words, ", ") + "."
}

func (r revoked) err() error {
	switch {
	case len(r.failed) > 0:
		still := finding.Count(int64(len(r.failed)), "session est restée ouverte", "sessions sont restées ouvertes")
		return fmt.Errorf("%s (pli support sessions les liste)\u00a0: %w", still, errors.Join(r.failed...))
	case r.closed+r.over == 0:
		return errors.New("aucune session ouverte du support ne porte ce nom\u00a0: rien n’a été fermé (pli support sessions les liste)")
	}
	return nil
}
