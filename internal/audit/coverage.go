package audit

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/store"
)

// Coverage says how far exported heads reach along the stored chains. Heads that hold
// prove nothing of what came after them: whoever cuts the end of a chain may take the
// end of the file beside it away too.
type Coverage struct {
	Untold []string // nodes of which no head was exported
	Behind []string // nodes with a row older than Due that no exported head covers
	// Reach is when the newest exported head of the node least covered was signed; zero for
	// no head.
	Reach time.Time
}

// Whole reports that nothing stored before the due instant is without its head.
func (c Coverage) Whole() bool { return len(c.Untold)+len(c.Behind) == 0 }

// ExportedBy is how long after its row a head is in the file: several rounds of its
// export.
const ExportedBy = time.Hour

// Coverage compares exported heads with the chains. due: a row written before must be
// covered.
func (t *Trail) Coverage(ctx context.Context, exported []Head, due time.Time) (c Coverage, err error) {
	stored, err := t.Heads(ctx)
	if err != nil {
		return Coverage{}, err
	}
	last := map[string]Head{}
	for _, x := range LastHeads(exported) {
		last[x.Node] = x
		if c.Reach.IsZero() || x.SignedAt.Before(c.Reach) {
			c.Reach = x.SignedAt
		}
	}
	for _, h := range LastHeads(stored) {
		x, told := last[h.Node]
		if !told {
			c.Untold = append(c.Untold, h.Node)
			continue
		}
		var at sql.NullInt64 // of the first row no head covers: the head itself is signed anew at each row
		err := t.db.Read().QueryRowContext(ctx, `SELECT min(at) FROM audit_rows WHERE node = ? AND (day > ? OR day = ? AND n > ?)`, h.Node, x.Day, x.Day, x.N).Scan(&at)
		if err != nil {
			return Coverage{}, problem.Wrapf(err, problem.Internal, sayNotRead, "rows after the exported heads")
		}
		if at.Valid && store.Time(at.Int64).Before(due) {
			c.Behind = append(c.Behind, h.Node)
		}
	}
	slices.Sort(c.Untold)
	slices.Sort(c.Behind)
	return c, nil
}
