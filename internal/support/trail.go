package support

import (
	"context"
	"strings"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

// TrailQuery is what an agent looks for in the trail.
type TrailQuery struct {
	Person   string // a name or part of one, or a national identifier
	Mailbox  string // an address
	Action   audit.Action
	From, To time.Time
	Before   int64
}

// check refuses a patient's address, since nobody looks for a patient here, and an act
// that does not exist: left out, it would show or export everything.
func (q TrailQuery) check() error {
	if q.Action != "" && !q.Action.Known() {
		return problem.New(problem.Invalid, sayNoAct)
	}
	if q.Mailbox == "" {
		return nil
	}
	if a, err := mssante.ParseAddress(q.Mailbox); err != nil || a.IsPatient() {
		return problem.New(problem.Invalid, sayNotABox)
	}
	return nil
}

// TrailRow is a row with whom it is about.
type TrailRow struct {
	audit.Row
	About string // a name, "" when nobody, or nobody who is known
}

// TrailPage is a page of the trail.
type TrailPage struct {
	Rows []TrailRow
	Next int64 // where the page after begins, 0 at the end
}

const (
	trailLines  = 50
	exportBatch = 1000
	maxExport   = 500_000
	maxOf       = 5 // accounts that words may mean
)

// Trail gives a page of the trail, newest first. Sealed details stay sealed.
func (d *Desk) Trail(ctx context.Context, by mssante.Actor, q TrailQuery) (TrailPage, error) {
	if err := q.check(); err != nil {
		return TrailPage{}, err
	}
	f, err := d.filter(ctx, q, trailLines+1)
	if err != nil {
		return TrailPage{}, err
	}
	rows, err := d.o.Audit.Recent(ctx, f)
	if err != nil {
		return TrailPage{}, err
	}
	var out TrailPage
	if len(rows) > trailLines {
		rows = rows[:trailLines]
		out.Next = rows[trailLines-1].Seq
	}
	names := map[string]string{}
	for _, row := range rows {
		about, err := d.about(ctx, row, names)
		if err != nil {
			return TrailPage{}, err
		}
		out.Rows = append(out.Rows, TrailRow{row, about})
	}
	return out, d.note(ctx, by, audit.Event{Action: audit.SupportSearch, Mailbox: q.Mailbox, Request: "trail", Detail: q.Person, Count: len(rows)})
}

// filter of the trail: who is looked for is also looked for as the one it happened to.
func (d *Desk) filter(ctx context.Context, q TrailQuery, limit int) (audit.Filter, error) {
	f := audit.Filter{Person: q.Person, Mailbox: q.Mailbox, Action: q.Action, From: q.From, To: q.To, Before: q.Before, Limit: limit}
	if q.Person == "" {
		return f, nil
	}
	found, more, err := d.o.Accounts.Find(ctx, q.Person, maxOf)
	if err != nil || more {
		return f, err
	}
	for _, a := range found {
		f.Of = append(f.Of, a.ID, string(a.NationalID))
	}
	return f, nil
}

// about names the person a row is about; names remembers those asked for.
func (d *Desk) about(ctx context.Context, r audit.Row, names map[string]string) (string, error) {
	id := ""
	switch r.Event.Action {
	case audit.SupportLook:
		if r.Event.Request == "account" {
			id = r.Event.Target
		}
	case audit.SessionRevoke:
		if _, rest, ok := strings.Cut(r.Event.Request, "account="); ok {
			id, _, _ = strings.Cut(rest, " ")
		}
	}
	if id == "" {
		return "", nil
	}
	name, known := names[id]
	if !known {
		switch a, err := d.o.Accounts.ByID(ctx, id); {
		case err == nil:
			name = a.DisplayName()
		case !problem.Is(err, problem.NotFound):
			return "", err
		}
		names[id] = name
	}
	return name, nil
}
