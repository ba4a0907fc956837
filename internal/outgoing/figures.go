package outgoing

import (
	"context"
	"time"

	"pli.example/pli/internal/metrics"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/store"
)

// Depth is how much waits, and since when: how many, never whose.
type Depth struct {
	Submitting int       // being handed over now
	Unknown    int       // may have left: a person is to decide
	Unfinished int       // gone; the copy in Sent, or what follows it, is still to be made
	Oldest     time.Time // when the oldest of these was sent; zero when nothing waits
}

// Depth reads the figures.
func (o *Outbox) Depth(ctx context.Context) (Depth, error) {
	var d Depth
	var oldest int64
	err := o.db.Read().QueryRowContext(ctx, `SELECT coalesce(sum(state = 'submitting'), 0), coalesce(sum(state = 'unknown'), 0),
		coalesce(sum(state = 'accepted'), 0), coalesce(min(started_at), 0) FROM letters
		WHERE state IN ('submitting', 'unknown') OR state = 'accepted' AND (copied = 0 OR followed = 0)`).
		Scan(&d.Submitting, &d.Unknown, &d.Unfinished, &oldest)
	d.Oldest = store.Time(oldest)
	return d, problem.Wrap(err, problem.Internal, "Le nombre de lettres en attente n’a pas pu être lu.")
}

// Rounds tells of the loop's passes.
func (o *Outbox) Rounds() *metrics.Pulse { return &o.rounds }
