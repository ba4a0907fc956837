package delegation

import (
	"context"

	"pli.example/pli/internal/mssante"
)

// Of gives every grant ever made to a person, ended ones included, those in force
// first, then the newest.
func (g *Grants) Of(ctx context.Context, who mssante.NationalID) ([]Grant, error) {
	return g.list(ctx, `SELECT `+columns+from+`WHERE g.grantee = ? ORDER BY g.revoked_at > 0, g.valid_from DESC, g.id LIMIT 1000`, string(who))
}
