package audit

import (
	"context"
	"crypto/hmac"
	"database/sql"
	"slices"

	"pli.example/pli/internal/seal"
)

// verifier walks one node's days in order, rows streamed.
type verifier struct {
	keys   *seal.Keyring
	report *Report
	heads  []Head // by day, each consumed when its day is over
	last   []byte // mac the next row must name as prev
	next   int    // index in heads of the day at hand
}

func (v *verifier) node(ctx context.Context, tx *sql.Tx, node string) error {
	for i := range v.heads {
		if err := v.heads[i].check(v.keys); err != nil {
			h := v.heads[i]
			v.report.Broken = &Break{Node: node, Day: h.Day, N: h.N, Flaw: flawOf(err, FlawHead)}
			return nil
		}
	}
	rows, err := tx.QueryContext(ctx, `SELECT `+rowColumns+` FROM audit_rows WHERE node = ? ORDER BY day, n`, node)
	if err != nil {
		return err
	}
	defer rows.Close()
	day, n := "", int64(0)
	for rows.Next() {
		r, err := scanRow(rows)
		if err != nil {
			return err
		}
		if r.day != day {
			if v.report.Broken = v.endDay(node, day, n); v.report.Broken != nil {
				return nil
			}
			day, n = r.day, 0
			if v.report.Broken = v.startDay(&r); v.report.Broken != nil {
				return nil
			}
		}
		n++
		if v.report.Broken = v.row(&r, n); v.report.Broken != nil {
			return nil
		}
		v.report.Rows++
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if v.report.Broken = v.endDay(node, day, n); v.report.Broken == nil {
		v.report.Broken = v.skipTo("") // heads of days without any row
	}
	return nil
}

// startDay passes the days before r that have a head and no rows, and finds the
// head of r's own day.
func (v *verifier) startDay(r *row) *Break {
	v.report.Days++
	if b := v.skipTo(r.day); b != nil {
		return b
	}
	if v.next >= len(v.heads) || v.heads[v.next].Day != r.day {
		return &Break{Node: r.node, Day: r.day, N: r.n, Seq: r.seq, Flaw: FlawNoHead}
	}
	if v.heads[v.next].Purged {
		return &Break{Node: r.node, Day: r.day, N: r.n, Seq: r.seq, Flaw: FlawLeftover}
	}
	return nil
}

// skipTo passes heads before day ("" = all that remain): only a purged day may
// have a head without rows, and then the head is the link.
func (v *verifier) skipTo(day string) *Break {
	for ; v.next < len(v.heads) && (day == "" || v.heads[v.next].Day < day); v.next++ {
		h := v.heads[v.next]
		if !h.Purged {
			return &Break{Node: h.Node, Day: h.Day, N: 1, Flaw: FlawTail}
		}
		v.last = h.RowMAC
	}
	return nil
}

// row checks one row: its own MAC first (a changed row is named, not its
// successor), then its place, then the link to the row before.
func (v *verifier) row(r *row, n int64) *Break {
	at := &Break{Node: r.node, Day: r.day, N: r.n, Seq: r.seq}
	mac, err := r.sum(v.keys)
	switch {
	case err != nil:
		at.Flaw = flawOf(err, FlawChanged)
	case !hmac.Equal(mac, r.mac):
		at.Flaw = FlawChanged
	case r.n != n:
		at.Flaw, at.N, at.Seq = FlawMissing, n, 0
	case !slices.Equal(r.prev, v.last) && n == 1:
		at.Flaw = FlawDayMissing
	case !slices.Equal(r.prev, v.last):
		at.Flaw = FlawMissing
	default:
		v.last = r.mac
		return nil
	}
	return at
}

// endDay holds the rows of a day against its head: as many at least, and the
// row the head names. More rows than the head says were written since.
func (v *verifier) endDay(node, day string, n int64) *Break {
	if day == "" {
		return nil
	}
	h := v.heads[v.next]
	v.next++
	switch {
	case n < h.N:
		return &Break{Node: node, Day: day, N: n + 1, Flaw: FlawTail}
	case n == h.N && !hmac.Equal(v.last, h.RowMAC):
		return &Break{Node: node, Day: day, N: n, Flaw: FlawHead}
	}
	return nil
}
