package audit

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

// DefaultRetention is what the référentiel recommends (ECO.4.1.2: six months).
const DefaultRetention = 183 * 24 * time.Hour

// Purge removes the rows of whole UTC days that ended more than keep ago (0 =
// DefaultRetention), in every chain, and writes that it did. The day's signed
// head stays and carries the chain on, so what remains can still be verified.
// A chain that does not hold is left alone and named: it is evidence.
func (t *Trail) Purge(ctx context.Context, keep time.Duration) (int64, error) {
	if keep <= 0 {
		keep = DefaultRetention
	}
	before := t.now().UTC().Add(-keep).Format(dayFormat)
	report, err := t.Verify(ctx)
	if err != nil {
		return 0, err
	}
	if !report.OK() {
		return 0, problem.Wrap(fmt.Errorf("%w: %s", ErrBroken, report.Broken), problem.Conflict,
			"Le journal n’a pas été purgé, car une de ses chaînes est altérée. Rien n’a été supprimé. Vérifiez le journal avant toute purge.")
	}
	var removed int64
	err = t.db.Write(ctx, func(tx *sql.Tx) error {
		removed, err = t.purge(ctx, tx, before)
		if err != nil || removed == 0 {
			return err
		}
		return t.append(ctx, tx, []entry{t.newEntry(Event{
			Actor: mssante.Actor{AccountID: "system", Name: "Pli"}, Action: TrailPurge,
			Request: "purge before " + before, Count: int(removed),
		})})
	})
	return removed, problem.Wrapf(err, problem.Internal, "Le journal n’a pas pu être purgé. Rien n’a été supprimé. Réessayez.", "purge the trail")
}

func (t *Trail) purge(ctx context.Context, tx *sql.Tx, before string) (int64, error) {
	rows, err := tx.QueryContext(ctx, `SELECT `+headColumns+` FROM audit_heads WHERE day < ? AND purged = 0 ORDER BY day`, before)
	if err != nil {
		return 0, err
	}
	heads, err := scanHeads(rows)
	if err != nil {
		return 0, err
	}
	var removed int64
	for _, h := range heads {
		h.Purged = true // the head first: the database lets no row go before
		if err := t.putHead(ctx, tx, h); err != nil {
			return 0, err
		}
		res, err := tx.ExecContext(ctx, `DELETE FROM audit_rows WHERE node = ? AND day = ?`, h.Node, h.Day)
		if err != nil {
			return 0, err
		}
		n, err := res.RowsAffected()
		if err != nil {
			return 0, err
		}
		removed += n
	}
	return removed, nil
}
