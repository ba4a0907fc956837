package support

import (
	"context"
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

func (q TrailQuery) filter(limit int) audit.Filter {
	return audit.Filter{Person: q.Person, Mailbox: q.Mailbox, Action: q.Action, From: q.From, To: q.To, Before: q.Before, Limit: limit}
}

// check refuses a patient's address: nobody looks for a patient here.
func (q TrailQuery) check() error {
	if q.Mailbox == "" {
		return nil
	}
	if a, err := mssante.ParseAddress(q.Mailbox); err != nil || a.IsPatient() {
		return problem.New(problem.Invalid, sayNotABox)
	}
	return nil
}

// TrailPage is a page of the trail.
type TrailPage struct {
	Rows []audit.Row
	Next int64 // where the page after begins, 0 at the end
}

const (
	trailLines  = 50
	exportBatch = 1000
	maxExport   = 500_000 // rows of one export
)

// Trail gives a page of the trail, newest first. Sealed details stay sealed.
func (d *Desk) Trail(ctx context.Context, by mssante.Actor, q TrailQuery) (TrailPage, error) {
	if err := q.check(); err != nil {
		return TrailPage{}, err
	}
	rows, err := d.o.Audit.Recent(ctx, q.filter(trailLines+1))
	if err != nil {
		return TrailPage{}, err
	}
	var out TrailPage
	if len(rows) > trailLines {
		rows = rows[:trailLines]
		out.Next = rows[trailLines-1].Seq
	}
	out.Rows = rows
	return out, d.note(ctx, by, audit.Event{Action: audit.SupportSearch, Mailbox: q.Mailbox, Request: "trail", Detail: q.Person, Count: len(rows)})
}
