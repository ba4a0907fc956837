package audit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/store"
)

const (
	defaultLimit = 100
	maxLimit     = 1000
)

const sayNotRead = "Le journal n’a pas pu être lu. Rien n’a été perdu. Réessayez dans un instant."

// Row is one line of the trail. Event.Detail is empty: ask Detail for it.
// Event.Mailbox is the address, or an opaque key when it is a patient's.
type Row struct {
	Seq       int64 // orders the rows of all nodes; the anchor of Filter.Before
	Node, Day string
	N         int64 // place in the chain of that node and day
	At        time.Time
	Event     Event
	HasDetail bool
}

// Filter narrows Recent. Empty fields do not filter.
type Filter struct {
	AccountID string
	Mailbox   string // an address
	Action    Action
	Person    string    // a national identifier, or part of a name
	Of        []string  // with Person: rows that are about these accounts and identifiers count as well
	From, To  time.Time // at or after, before
	Before    int64     // rows older than this Seq; 0 = from the newest
	Limit     int       // 100 when 0, at most 1,000
}

// Recent lists rows, newest first.
func (t *Trail) Recent(ctx context.Context, f Filter) ([]Row, error) {
	if f.Limit <= 0 {
		f.Limit = defaultLimit
	}
	if f.Before <= 0 {
		f.Before = math.MaxInt64
	}
	query := `SELECT ` + rowColumns + ` FROM audit_rows WHERE seq < ?`
	args := []any{f.Before}
	for _, c := range []struct{ column, value string }{
		{"account_id", f.AccountID}, {"mailbox", mailboxKey(t.keys, f.Mailbox)}, {"action", string(f.Action)},
	} {
		if c.value != "" {
			query += ` AND ` + c.column + ` = ?`
			args = append(args, c.value)
		}
	}
	if f.Person != "" {
		query += ` AND (national_id = ? OR account_id = ? OR name LIKE ? ESCAPE '\'`
		args = append(args, f.Person, f.Person, "%"+likeWords.Replace(f.Person)+"%")
		for _, id := range f.Of { // a support's look, a session or a right of theirs
			query += ` OR target = ? OR action IN ('` + string(SessionRevoke) + `', '` + string(GrantAdd) + `', '` + string(GrantRevoke) + `') AND instr(request || ' ', ? || ' ') > 0`
			args = append(args, id, id)
		}
		query += `)`
	}
	if !f.From.IsZero() {
		query += ` AND at >= ?`
		args = append(args, store.Micros(f.From))
	}
	if !f.To.IsZero() {
		query += ` AND at < ?`
		args = append(args, store.Micros(f.To))
	}
	rows, err := t.db.Read().QueryContext(ctx, query+` ORDER BY seq DESC LIMIT ?`, append(args, min(f.Limit, maxLimit))...)
	if err != nil {
		return nil, problem.Wrapf(err, problem.Internal, sayNotRead, "read the trail")
	}
	defer rows.Close()
	var out []Row
	for rows.Next() {
		r, err := scanRow(rows)
		if err != nil {
			return nil, problem.Wrapf(err, problem.Internal, sayNotRead, "read a row of the trail")
		}
		out = append(out, r.public())
	}
	return out, problem.Wrapf(rows.Err(), problem.Internal, sayNotRead, "read the trail")
}

// likeWords takes the meaning of LIKE's own marks away.
var likeWords = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

func (r *row) public() Row {
	return Row{
		Seq: r.seq, Node: r.node, Day: r.day, N: r.n, At: store.Time(r.at), HasDetail: r.detail != nil,
		Event: Event{
			Actor: mssante.Actor{SessionID: r.session, AccountID: r.account, NationalID: mssante.NationalID(r.national),
				Name: r.name, Work: r.work, ACR: r.acr},
			Mailbox: r.mailbox, Action: Action(r.action), Target: r.target, Outcome: r.outcome,
			Request: r.request, Count: int(r.items),
		},
	}
}

// Detail opens the sealed detail of one row; "" when it has none. Reading it is
// an act of its own: the caller records it.
func (t *Trail) Detail(ctx context.Context, seq int64) (string, error) {
	var r row
	err := t.db.Read().QueryRowContext(ctx, `SELECT node, day, n, detail FROM audit_rows WHERE seq = ?`, seq).
		Scan(&r.node, &r.day, &r.n, &r.detail)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return "", problem.New(problem.NotFound, "Cette ligne n’est pas dans le journal. Elle a pu être purgée en fin de conservation.")
	case err != nil:
		return "", problem.Wrapf(err, problem.Internal, sayNotRead, "read a detail")
	case r.detail == nil:
		return "", nil
	}
	plain, err := t.keys.Open("audit.detail", r.detail, r.place())
	if err != nil {
		return "", problem.Wrap(fmt.Errorf("open the detail of row %d: %w", seq, err), problem.Internal, sayNotRead)
	}
	return string(plain), nil
}
