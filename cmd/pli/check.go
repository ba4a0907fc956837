package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"pli.example/pli/internal/app"
	"pli.example/pli/internal/config"
	"pli.example/pli/internal/finding"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/outside"
)

type checkCmd struct {
	config.Serve

	JSON    bool   `name:"json" help:"One JSON document instead of lines, for monitoring."`
	Mailbox string `help:"Mailbox the service account tries to open; none: the first that is declared."`
}

// errFaults makes the exit status 1; the lines said everything.
var errFaults = errors.New("des fautes ont été trouvées")

// Run connects to every upstream and says what is right and what is wrong.
func (cmd *checkCmd) Run(ctx context.Context, s *streams) error {
	c, err := cmd.Serve.Config()
	if err != nil {
		return err
	}
	var mailbox mssante.Address
	if cmd.Mailbox != "" {
		if mailbox, err = mssante.ParseAddress(cmd.Mailbox); err != nil {
			return config.Problems{fmt.Sprintf("--mailbox is %q: it must be a mail address.", cmd.Mailbox)}
		}
	}
	lines, err := outside.Real(c)
	if err != nil { // a certificate file that cannot be used
		return config.Problems{err.Error() + "."}
	}
	found := append(config.CheckNames(os.Environ()), app.Check(ctx, c, lines, mailbox)...)
	print := printFindings
	if cmd.JSON {
		print = printJSON
	}
	if err := print(s.out, found); err != nil {
		return err
	}
	if found.Faults() > 0 {
		return errFaults
	}
	return nil
}

// topics are the headings, by the first part of the codes.
var topics = map[string]string{
	"settings": "Réglages", "audit": "Journal",
	"keys": "Clés et secrets", "secret": "Clés et secrets", "database": "Base de données", "oidc": "Fournisseur d’identité", "staff": "Fournisseur d’identité du support",
	"imap": "Lecture (IMAP)", "smtp": "Envoi (SMTP)", "sieve": "Règles (ManageSieve)", "trust": "Liste blanche", "directory": "Annuaire Santé",
}

func printFindings(w io.Writer, found finding.List) error {
	heading := ""
	for _, f := range found {
		h := topics[f.Topic()]
		if h == "" {
			h = f.Topic()
		}
		if h != heading {
			fmt.Fprintf(w, "\n%s\n", h)
			heading = h
		}
		fmt.Fprintf(w, "  %-6s %-20s %s\n", f.State.Label(), f.Check, f.Say)
		if f.Do != "" {
			fmt.Fprintf(w, "  %-6s %-20s → %s\n", "", "", f.Do)
		}
	}
	if n := found.Faults(); n > 0 {
		_, err := fmt.Fprintf(w, "\n%s. Corrigez-les dans l’ordre\u00a0: l’une peut en cacher d’autres.\n", finding.Count(int64(n), "faute", "fautes"))
		return err
	}
	_, err := fmt.Fprintln(w, "\nAucune faute.")
	return err
}

func printJSON(w io.Writer, found finding.List) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(struct {
		OK       bool         `json:"ok"`
		Faults   int          `json:"faults"`
		Findings finding.List `json:"findings"`
	}{found.Faults() == 0, found.Faults(), found})
}
