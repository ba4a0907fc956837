package session

import (
	"context"
	"fmt"
	"slices"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

// RevokeFor ends a session of somebody's account on behalf of support, for one of
// SupportReasons, which the person reads at their next request. The trail names who
// did it.
func (m *Manager) RevokeFor(ctx context.Context, by mssante.Actor, accountID, id string, why Reason) error {
	if !slices.Contains(SupportReasons(), why) {
		return problem.New(problem.Invalid, "Choisissez pourquoi cette session est fermée\u00a0: la personne le lira. Rien n’a été fermé.")
	}
	rec, err := byID(ctx, m.o.DB.Read(), id)
	if err != nil {
		return problem.Wrap(err, problem.Internal, sayOurs)
	}
	if rec == nil || accountID == "" || rec.accountID != accountID {
		return problem.New(problem.NotFound, "Cette session n’existe pas ou n’est plus ouverte. Rien n’a été fermé.")
	}
	if rec.ended.Reason != "" {
		return nil
	}
	err = m.endAs(ctx, rec, why, audit.Event{Actor: by, Action: audit.SessionRevoke, Target: id,
		Request: fmt.Sprintf("support, account=%s reason=%s", accountID, why)})
	return problem.Wrap(err, problem.Internal, sayOurs)
}
