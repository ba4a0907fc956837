package audit

import (
	"context"
	"crypto/hmac"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"pli.example/pli/internal/seal"
	"pli.example/pli/internal/store"
)

// ErrBroken: the stored chain does not hold, so nothing may be added to it: a new
// row would cover the place. Verify says where. The way on is another node name
// (a new chain); the old one stays as evidence.
var ErrBroken = errors.New("the stored trail is altered or sealed under a missing key")

const (
	rowPurpose  = "audit.row"
	headPurpose = "audit.head"
	dayFormat   = "2006-01-02"
)

// row is a stored row: what the MAC covers, plus seq, which orders across nodes
// and carries no proof.
type row struct {
	seq                                              int64
	node, day                                        string
	n, at                                            int64
	session, account, national, name, work, acr      string
	mailbox, action, target, outcome, request, keyID string
	items                                            int64
	detail                                           []byte
	detailKey                                        string
	prev, mac                                        []byte
}

// sum is the MAC of a row. Every column but seq and mac itself is covered, and
// the row before through prev.
func (r *row) sum(keys *seal.Keyring) ([]byte, error) {
	num := func(v int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(v)) }
	return keys.MACWith(r.keyID, rowPurpose, r.prev,
		[]byte(r.node), []byte(r.day), num(r.n), num(r.at),
		[]byte(r.session), []byte(r.account), []byte(r.national), []byte(r.name), []byte(r.work), []byte(r.acr),
		[]byte(r.mailbox), []byte(r.action), []byte(r.target), []byte(r.outcome), []byte(r.request),
		num(r.items), r.detail, []byte(r.detailKey), []byte(r.keyID))
}

// append chains entries within tx. The end of the chain is read from the
// database each time: a command running beside the server writes to it too.
func (t *Trail) append(ctx context.Context, tx *sql.Tx, entries []entry) error {
	head, err := t.lastHead(ctx, tx)
	if err != nil {
		return err
	}
	for i, e := range entries {
		// A clock set back must not write into a day that has its successor.
		if day := e.at.UTC().Format(dayFormat); day > head.Day {
			if i > 0 { // midnight within the batch
				if err := t.putHead(ctx, tx, head); err != nil {
					return err
				}
			}
			head.Day, head.N = day, 0 // RowMAC stays: the link to the day before
		}
		head.N++
		if head.RowMAC, err = t.insert(ctx, tx, head, e); err != nil {
			return err
		}
	}
	return t.putHead(ctx, tx, head)
}

func (t *Trail) insert(ctx context.Context, tx *sql.Tx, at Head, e entry) ([]byte, error) {
	r := row{
		node: t.node, day: at.Day, n: at.N, at: store.Micros(e.at),
		session: e.Actor.SessionID, account: e.Actor.AccountID, national: string(e.Actor.NationalID),
		name: e.Actor.Name, work: e.Actor.Work, acr: e.Actor.ACR,
		mailbox: e.mailbox, action: string(e.Action), target: e.Target, outcome: e.Outcome, request: e.Request,
		items: int64(e.Count), detailKey: e.detailKey, keyID: t.keys.Current(), prev: at.RowMAC,
	}
	if r.prev == nil {
		r.prev = []byte{} // the very first row of a node
	}
	var err error
	if e.Detail != "" {
		if r.detail, err = t.keys.Seal("audit.detail", []byte(e.Detail), r.place()); err != nil {
			return nil, err
		}
	}
	if r.mac, err = r.sum(t.keys); err != nil {
		return nil, err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO audit_rows (node, day, n, at, session_id, account_id, national_id, name, work, acr,
		mailbox, action, target, outcome, request, items, detail, detail_key, key_id, prev, mac)
		VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`,
		r.node, r.day, r.n, r.at, r.session, r.account, r.national, r.name, r.work, r.acr,
		r.mailbox, r.action, r.target, r.outcome, r.request, r.items, r.detail, r.detailKey, r.keyID, r.prev, r.mac)
	if err != nil {
		return nil, fmt.Errorf("insert row %s %s %d: %w", r.node, r.day, r.n, err)
	}
	return r.mac, nil
}

// place is the additional data of a sealed detail: it opens in its own row only.
func (r *row) place() []byte {
	return fmt.Appendf(nil, "%s\n%s\n%d", r.node, r.day, r.n)
}

const rowColumns = `seq, node, day, n, at, session_id, account_id, national_id, name, work, acr,
	mailbox, action, target, outcome, request, items, detail, detail_key, key_id, prev, mac`

func scanRow(rows *sql.Rows) (row, error) {
	var r row
	err := rows.Scan(&r.seq, &r.node, &r.day, &r.n, &r.at, &r.session, &r.account, &r.national, &r.name, &r.work, &r.acr,
		&r.mailbox, &r.action, &r.target, &r.outcome, &r.request, &r.items, &r.detail, &r.detailKey, &r.keyID, &r.prev, &r.mac)
	return r, err
}

// Head is the signed end of one node's chain for one day. Kept elsewhere (a log
// host, paper), it proves later that the chain was not rolled back.
type Head struct {
	Node     string
	Day      string // UTC, 2006-01-02
	N        int64  // rows in the chain
	RowMAC   []byte // of row N
	Purged   bool   // rows removed at the end of their retention
	SignedAt time.Time
	KeyID    string
	MAC      []byte
}

func (h *Head) sum(keys *seal.Keyring) ([]byte, error) {
	return keys.MACWith(h.KeyID, headPurpose, fmt.Appendf(nil, "%s\n%s\n%d\n%t\n%d\n%s",
		h.Node, h.Day, h.N, h.Purged, store.Micros(h.SignedAt), h.KeyID), h.RowMAC)
}

// check reports whether the head's own signature holds.
func (h *Head) check(keys *seal.Keyring) error {
	mac, err := h.sum(keys)
	if err != nil {
		return fmt.Errorf("%w: head of %s %s: %w", ErrBroken, h.Node, h.Day, err)
	}
	if !hmac.Equal(mac, h.MAC) {
		return fmt.Errorf("%w: head of %s %s", ErrBroken, h.Node, h.Day)
	}
	return nil
}

// lastHead reads where this node's chain ends, from its signed head and never
// from the rows: if rows were cut, the next one leaves a visible gap.
func (t *Trail) lastHead(ctx context.Context, tx *sql.Tx) (Head, error) {
	rows, err := tx.QueryContext(ctx, `SELECT `+headColumns+` FROM audit_heads WHERE node = ? ORDER BY day DESC LIMIT 1`, t.node)
	if err != nil {
		return Head{}, err
	}
	heads, err := scanHeads(rows)
	if err != nil {
		return Head{}, err
	}
	if len(heads) == 0 {
		return Head{Node: t.node}, nil
	}
	h := heads[0]
	if err := h.check(t.keys); err != nil {
		return Head{}, err
	}
	if h.Purged { // a day that is over for good, whatever the clock says
		last, err := time.Parse(dayFormat, h.Day)
		if err != nil {
			return Head{}, fmt.Errorf("%w: head of %s: day", ErrBroken, h.Node)
		}
		return Head{Node: h.Node, Day: last.AddDate(0, 0, 1).Format(dayFormat), RowMAC: h.RowMAC}, nil
	}
	return h, nil
}

func (t *Trail) putHead(ctx context.Context, tx *sql.Tx, h Head) error {
	h.SignedAt, h.KeyID = t.now().UTC().Truncate(time.Microsecond), t.keys.Current()
	mac, err := h.sum(t.keys)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO audit_heads (node, day, n, row_mac, purged, signed_at, key_id, mac) VALUES (?,?,?,?,?,?,?,?)
		ON CONFLICT (node, day) DO UPDATE SET n = excluded.n, row_mac = excluded.row_mac, purged = excluded.purged,
			signed_at = excluded.signed_at, key_id = excluded.key_id, mac = excluded.mac`,
		h.Node, h.Day, h.N, h.RowMAC, h.Purged, store.Micros(h.SignedAt), h.KeyID, mac)
	if err != nil {
		return fmt.Errorf("sign head %s %s: %w", h.Node, h.Day, err)
	}
	return nil
}

const headColumns = `node, day, n, row_mac, purged, signed_at, key_id, mac`

func scanHeads(rows *sql.Rows) ([]Head, error) {
	defer rows.Close()
	var heads []Head
	for rows.Next() {
		var h Head
		var at int64
		if err := rows.Scan(&h.Node, &h.Day, &h.N, &h.RowMAC, &h.Purged, &at, &h.KeyID, &h.MAC); err != nil {
			return nil, err
		}
		h.SignedAt = store.Time(at)
		heads = append(heads, h)
	}
	return heads, rows.Err()
}
