package main

import (
	"context"
	"errors"
	"fmt"

	"pli.example/pli/internal/app"
	"pli.example/pli/internal/config"
)

type auditCmd struct {
	Verify verifyCmd `cmd:"" help:"Check every chain of the trail and name the first place that does not hold."`
}

type verifyCmd struct {
	config.Data
}

// Run prints what was checked; a broken chain is an error.
func (cmd *verifyCmd) Run(ctx context.Context, s *streams) error {
	return withData(ctx, cmd.Data, func(a *app.App) error {
		report, err := a.Audit.Verify(ctx)
		if err != nil {
			return err
		}
		fmt.Fprintf(s.out, "%d lignes vérifiées, %d nœuds, %d journées.\n", report.Rows, report.Nodes, report.Days)
		if !report.OK() {
			return errors.New("le journal ne tient pas\u00a0: " + report.Broken.String() + " (" + report.Broken.Flaw.Label() + ")")
		}
		fmt.Fprintln(s.out, "Le journal tient.")
		return nil
	})
}
