package support

import (
	"context"
	"time"

	"pli.example/pli/internal/account"
	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/directory"
	"pli.example/pli/internal/ledger"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/trust"
)

// Health is the state of the service on this node.
type Health struct {
	Trust     trust.State
	Directory directory.State
	Loops     []Loop
	Days      []ledger.Day // deliveries of the last two weeks
}

// chartDays is how far back the picture of deliveries goes, today included.
const chartDays = 14

// Health gives the state of the service; days are told in loc.
func (d *Desk) Health(ctx context.Context, by mssante.Actor, loc *time.Location) (Health, error) {
	days, err := d.Days(ctx, loc)
	if err != nil {
		return Health{}, err
	}
	h := Health{Trust: d.o.Trust.State(), Directory: d.o.Directory.State(), Loops: d.o.Loops(), Days: days}
	return h, d.note(ctx, by, audit.Event{Action: audit.SupportLook, Request: "health"})
}

// Days counts the deliveries of the last two weeks, by the days of loc: figures, which
// name nobody and are no act.
func (d *Desk) Days(ctx context.Context, loc *time.Location) ([]ledger.Day, error) {
	return d.o.Ledger.Days(ctx, d.o.Now().In(loc).AddDate(0, 0, 1-chartDays))
}

// DeliveryQuery is what an agent looks for in the ledger.
type DeliveryQuery struct {
	Mailbox  string // address of the sender, "" for all
	State    ledger.Kind
	From, To time.Time
	Before   int64
}

// Deliveries is a page of the ledger.
type Deliveries struct {
	Rows    []Delivery
	Next    int64 // where the page after begins, 0 at the end
	Patient int   // rows whose recipient is a patient
}

// Delivery is a line of the ledger with the name of who sent.
type Delivery struct {
	ledger.Delivery
	Sender string
}

const deliveryLines = 50

// Deliveries gives a page of what left and what became of it.
func (d *Desk) Deliveries(ctx context.Context, by mssante.Actor, q DeliveryQuery) (Deliveries, error) {
	f := ledger.DeliveryFilter{State: q.State, From: q.From, To: q.To, Before: q.Before, Limit: deliveryLines + 1}
	if q.Mailbox != "" {
		a, err := mssante.ParseAddress(q.Mailbox)
		if err != nil || a.IsPatient() {
			return Deliveries{}, problem.New(problem.Invalid, sayNotABox)
		}
		f.Mailbox = a.Key()
	}
	rows, err := d.o.Ledger.Deliveries(ctx, f)
	if err != nil {
		return Deliveries{}, err
	}
	var out Deliveries
	if len(rows) > deliveryLines {
		rows = rows[:deliveryLines]
		out.Next = rows[deliveryLines-1].Seq
	}
	names := map[string]string{}
	for _, r := range rows {
		name, known := names[r.ActorID]
		if !known {
			var acc account.Account
			if acc, err = d.o.Accounts.ByID(ctx, r.ActorID); err != nil && !problem.Is(err, problem.NotFound) {
				return Deliveries{}, err
			}
			if err == nil {
				name = acc.DisplayName()
			}
			names[r.ActorID] = name
		}
		if r.Patient {
			out.Patient++
		}
		out.Rows = append(out.Rows, Delivery{Delivery: r, Sender: name})
	}
	return out, d.note(ctx, by, audit.Event{Action: audit.SupportLook, Mailbox: q.Mailbox, Request: "deliveries", Count: len(out.Rows)})
}
