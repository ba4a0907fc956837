package directory

import (
	"context"
	"fmt"
	"strings"

	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

var twinsQuery = `SELECT DISTINCT m.key FROM mailboxes m WHERE m.key IN (?` + strings.Repeat(", ?", cardsPerQuery-1) + `) AND m.person_ref <> 0
	AND EXISTS (SELECT 1 FROM mailboxes o WHERE o.person_ref <> 0 AND o.person_ref = m.person_ref AND o.key <> m.key)`

// Twins tells which of the addresses belong to a person who has another mailbox too:
// their name alone does not say where a letter goes.
func (d *Directory) Twins(ctx context.Context, addresses []mssante.Address) (map[mssante.Address]bool, error) {
	out := map[mssante.Address]bool{}
	g, release := d.hold()
	defer release()
	if g == nil {
		return out, nil
	}
	for from := 0; from < len(addresses); from += cardsPerQuery {
		part := addresses[from:min(from+cardsPerQuery, len(addresses))]
		if err := twinsOf(ctx, g, part, out); err != nil {
			return out, problem.Wrap(err, problem.KindOf(err), "L’annuaire n’a pas pu être lu. Vos lettres ne sont pas concernées.")
		}
	}
	return out, nil
}

func twinsOf(ctx context.Context, g *generation, addresses []mssante.Address, out map[mssante.Address]bool) error {
	args, byKey := make([]any, cardsPerQuery), map[string][]mssante.Address{}
	for i, a := range addresses {
		if !a.IsPatient() && !a.IsZero() {
			args[i] = a.Key()
			byKey[a.Key()] = append(byKey[a.Key()], a)
		}
	}
	if len(byKey) == 0 {
		return nil
	}
	rows, err := g.db.Read().QueryContext(ctx, twinsQuery, args...)
	if err != nil {
		return fmt.Errorf("look for other mailboxes: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var key string
		if err := rows.Scan(&key); err != nil {
			return fmt.Errorf("look for other mailboxes: %w", err)
		}
		for _, a := range byKey[key] {
			out[a] = true
		}
	}
	return rows.Err()
}
