package support

import (
	"context"
	"strings"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

const maxNamed = 4 // mailboxes an answer names when words mean several

// Box gives the address that words mean: one written whole, declared or not, or that of
// the only mailbox whose address or label holds them. Invalid says why there is none.
func (d *Desk) Box(ctx context.Context, by mssante.Actor, words string) (string, error) {
	if a, err := mssante.ParseAddress(words); err == nil {
		if a.IsPatient() {
			return "", problem.New(problem.Invalid, sayNotABox)
		}
		return a.String(), nil
	}
	found, more, err := d.o.Accounts.FindMailboxes(ctx, words, maxNamed)
	if err != nil {
		return "", err
	}
	if err := d.note(ctx, by, audit.Event{Action: audit.SupportSearch, Request: "box", Detail: words, Count: len(found)}); err != nil {
		return "", err
	}
	switch {
	case len(found) == 0:
		return "", problem.New(problem.Invalid, "Aucune boîte déclarée ne contient ces mots. Rien n’a été cherché\u00a0: essayez une partie du nom ou de l’adresse.")
	case len(found) == 1:
		return found[0].Address.String(), nil
	}
	var all []string
	for _, m := range found {
		all = append(all, m.Address.String())
	}
	if more {
		all = append(all, "d’autres encore")
	}
	return "", problem.New(problem.Invalid, "Plusieurs boîtes correspondent\u00a0: "+strings.Join(all, ", ")+". Rien n’a été cherché\u00a0: précisez.")
}
