package audit

import (
	"context"
	"crypto/hmac"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/seal"
)

// Flaw is what Verify found first in a chain; the codes are stable.
type Flaw string

// The flaws.
const (
	FlawChanged    Flaw = "row_changed"     // the row does not match its own MAC
	FlawMissing    Flaw = "row_missing"     // rows were removed before this one, or moved
	FlawTail       Flaw = "tail_cut"        // the chain ends before its signed head
	FlawHead       Flaw = "head_altered"    // a head's signature does not hold
	FlawNoHead     Flaw = "head_missing"    // rows of a day without their signed head
	FlawDayMissing Flaw = "day_missing"     // the day does not follow the one before
	FlawLeftover   Flaw = "purged_not_gone" // rows in a day signed as purged
	FlawUnknownKey Flaw = "unknown_key"     // the key is no longer in the ring: cannot tell
	FlawRolledBack Flaw = "rolled_back"     // an exported head is ahead of the stored chain
)

// Label says the flaw in French, for the operator.
func (f Flaw) Label() string {
	switch f {
	case FlawChanged:
		return "ligne modifiée"
	case FlawMissing:
		return "ligne retirée ou déplacée"
	case FlawTail:
		return "fin de chaîne coupée"
	case FlawHead:
		return "signature de fin de chaîne altérée"
	case FlawNoHead:
		return "signature de fin de chaîne absente"
	case FlawDayMissing:
		return "journée retirée"
	case FlawLeftover:
		return "ligne dans une journée purgée"
	case FlawUnknownKey:
		return "clé absente du trousseau"
	case FlawRolledBack:
		return "base remise à un état antérieur"
	}
	return string(f)
}

// Break is the first place where a chain does not hold. N is the row at fault,
// or the first one missing.
type Break struct {
	Node, Day string
	N         int64
	Seq       int64 // 0 when the row is not there
	Flaw      Flaw
}

func (b *Break) String() string {
	return fmt.Sprintf("%s %s row %d: %s", b.Node, b.Day, b.N, b.Flaw)
}

// Report is the outcome of Verify.
type Report struct {
	Nodes, Days int
	Rows        int64  // rows that were checked and hold
	Broken      *Break // nil: everything holds
}

// OK reports whether every chain holds.
func (r Report) OK() bool { return r.Broken == nil }

// Verify walks every chain and names the first place that does not hold. known
// are heads exported earlier and kept out of the database's reach: with them a
// roll-back shows too. The error is for a trail that cannot be read; a broken
// one is in the report.
func (t *Trail) Verify(ctx context.Context, known ...Head) (Report, error) {
	// One read transaction: heads and rows of the same instant.
	tx, err := t.db.Read().BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return Report{}, problem.Wrapf(err, problem.Internal, sayNotRead, "begin")
	}
	defer tx.Rollback()
	report, err := t.verify(ctx, tx, known)
	return report, problem.Wrapf(err, problem.Internal, sayNotRead, "verify the trail")
}

func (t *Trail) verify(ctx context.Context, tx *sql.Tx, known []Head) (Report, error) {
	var report Report
	heads, err := readHeads(ctx, tx)
	if err != nil {
		return report, err
	}
	nodes, err := readNodes(ctx, tx)
	if err != nil {
		return report, err
	}
	for _, node := range nodes {
		report.Nodes++
		v := verifier{keys: t.keys, report: &report, heads: heads[node]}
		if err := v.node(ctx, tx, node); err != nil || report.Broken != nil {
			return report, err
		}
	}
	for _, h := range known {
		broken, err := t.against(ctx, tx, heads[h.Node], h)
		if err != nil || broken != nil {
			report.Broken = broken
			return report, err
		}
	}
	return report, nil
}

// Heads lists the signed end of every chain, oldest day first: to be kept where
// whoever holds the database cannot reach.
func (t *Trail) Heads(ctx context.Context) ([]Head, error) {
	rows, err := t.db.Read().QueryContext(ctx, `SELECT `+headColumns+` FROM audit_heads ORDER BY day, node`)
	if err != nil {
		return nil, problem.Wrapf(err, problem.Internal, sayNotRead, "read heads")
	}
	heads, err := scanHeads(rows)
	return heads, problem.Wrapf(err, problem.Internal, sayNotRead, "read heads")
}

// against compares an exported head with what is stored now.
func (t *Trail) against(ctx context.Context, tx *sql.Tx, stored []Head, known Head) (*Break, error) {
	broken := &Break{Node: known.Node, Day: known.Day, N: known.N, Flaw: FlawRolledBack}
	if known.check(t.keys) != nil {
		broken.Flaw = FlawHead
		return broken, nil
	}
	i := slices.IndexFunc(stored, func(h Head) bool { return h.Day == known.Day })
	switch {
	case i < 0, stored[i].N < known.N:
		return broken, nil
	case stored[i].Purged: // its rows went with the retention; the signature vouches for the count
		return nil, nil
	}
	var mac []byte
	err := tx.QueryRowContext(ctx, `SELECT mac FROM audit_rows WHERE node = ? AND day = ? AND n = ?`, known.Node, known.Day, known.N).Scan(&mac)
	if errors.Is(err, sql.ErrNoRows) || err == nil && !hmac.Equal(mac, known.RowMAC) {
		return broken, nil
	}
	return nil, err
}

func readHeads(ctx context.Context, tx *sql.Tx) (map[string][]Head, error) {
	rows, err := tx.QueryContext(ctx, `SELECT `+headColumns+` FROM audit_heads ORDER BY node, day`)
	if err != nil {
		return nil, err
	}
	heads, err := scanHeads(rows)
	if err != nil {
		return nil, err
	}
	byNode := map[string][]Head{}
	for _, h := range heads {
		byNode[h.Node] = append(byNode[h.Node], h)
	}
	return byNode, nil
}

func readNodes(ctx context.Context, tx *sql.Tx) ([]string, error) {
	rows, err := tx.QueryContext(ctx, `SELECT node FROM audit_rows UNION SELECT node FROM audit_heads ORDER BY node`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var nodes []string
	for rows.Next() {
		var n string
		if err := rows.Scan(&n); err != nil {
			return nil, err
		}
		nodes = append(nodes, n)
	}
	return nodes, rows.Err()
}

// flawOf tells a missing key from a wrong code.
func flawOf(err error, otherwise Flaw) Flaw {
	if errors.Is(err, seal.ErrUnknownKey) {
		return FlawUnknownKey
	}
	return otherwise
}
