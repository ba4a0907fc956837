package directory

import (
	"context"
	"time"
)

// pace lets others work: after each spell of work it rests in proportion. SQLite
// runs inside this process, so an import at full speed would take a core from the
// pages.
type pace struct {
	share float64 // of one core; 1 = no rest
	since time.Time
}

// spell is short against what a reader notices.
const spell = 3 * time.Millisecond

func newPace(share float64) *pace { return &pace{share: share, since: time.Now()} }

// breathe is called between small pieces of work. It gives ctx's error.
func (p *pace) breathe(ctx context.Context) error {
	worked := time.Since(p.since)
	if worked < spell {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if p.share < 1 {
		rest := time.NewTimer(time.Duration(float64(worked) * (1/p.share - 1)))
		defer rest.Stop()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-rest.C:
		}
	}
	p.since = time.Now()
	return nil
}
