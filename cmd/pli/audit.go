package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"pli.example/pli/internal/app"
	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/config"
	"pli.example/pli/internal/finding"
)

type auditCmd struct {
	Verify verifyCmd `cmd:"" help:"Check every chain of the trail and name the first place that does not hold."`
	Head   headCmd   `cmd:"" help:"Print the signed end of each chain, to be kept elsewhere and given back to verify."`
}

type verifyCmd struct {
	config.Data
	Heads string `type:"path" help:"File of heads exported earlier (PLI_AUDIT_HEADS_FILE, or the output of head): a tail that was removed then shows."`
}

// Run prints what was checked; a broken chain is an error.
func (cmd *verifyCmd) Run(ctx context.Context, s *streams) error {
	known, unread, err := knownHeads(cmd.Heads)
	if err != nil {
		return err
	}
	return withData(ctx, cmd.Data, func(a *app.App) error {
		var covered audit.Coverage
		report, err := a.Audit.Verify(ctx, known...)
		if err != nil {
			return err
		}
		fmt.Fprintf(s.out, "%s, %s, %s.\n", finding.Count(int64(report.Rows), "ligne vérifiée", "lignes vérifiées"), finding.Count(int64(report.Nodes), "nœud", "nœuds"), finding.Count(int64(report.Days), "journée", "journées"))
		if cmd.Heads != "" {
			fmt.Fprintf(s.out, "%s.\n", finding.Count(int64(len(known)), "tête exportée comparée", "têtes exportées comparées"))
			if covered, err = a.Audit.Coverage(ctx, known, time.Now().Add(-audit.ExportedBy)); err != nil {
				return err
			}
			fmt.Fprintf(s.out, "La dernière, pour le nœud le moins suivi, est du %s\u00a0: rien n’est comparé après.\n", covered.Reach.Local().Format("02/01/2006 à 15:04"))
		}
		if cmd.Heads == "" {
			fmt.Fprintln(s.out, "Sans têtes exportées (--heads), des lignes ôtées à la fin du journal ne se verraient pas.")
		}
		if !report.OK() {
			return errors.New("le journal ne tient pas\u00a0: " + report.Broken.String() + " (" + report.Broken.Flaw.Label() + ")")
		}
		if len(unread) > 0 {
			return fmt.Errorf("le journal tient devant les têtes lues, mais des lignes de %s sont illisibles\u00a0: %v", cmd.Heads, unread)
		}
		if !covered.Whole() {
			return fmt.Errorf("les lignes présentes tiennent, mais leurs têtes manquent dans %s (aucune pour %v, trop anciennes pour %v)\u00a0: des lignes ôtées à la fin ne se verraient pas. Comparez avec la copie gardée ailleurs", cmd.Heads, covered.Untold, covered.Behind)
		}
		fmt.Fprintln(s.out, "Le journal tient.")
		return nil
	})
}

// knownHeads reads a file of exported heads, none when no file is named.
func knownHeads(file string) ([]audit.Head, []int, error) {
	if file == "" {
		return nil, nil, nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	heads, unread, err := audit.ReadHeads(f)
	if err == nil && len(heads) == 0 {
		err = fmt.Errorf("%s ne contient aucune tête exportée", file)
	}
	return heads, unread, err
}

type headCmd struct {
	config.Data
	All bool `help:"Every day of every chain, not only the last."`
}

// Run prints one line a head, as the periodic export does.
func (cmd *headCmd) Run(ctx context.Context, s *streams) error {
	return withData(ctx, cmd.Data, func(a *app.App) error {
		heads, err := a.Audit.Heads(ctx)
		if err != nil {
			return err
		}
		if !cmd.All {
			heads = audit.LastHeads(heads)
		}
		return audit.WriteHeads(s.out, heads)
	})
}
