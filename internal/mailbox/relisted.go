package mailbox

import (
	"context"
	"slices"
	"time"

	"pli.example/pli/internal/audit"
)

// A list on a screen is read again by its page whenever something changed. The trail says
// what a person was shown, and when: a reading that shows them nothing the row before it
// did not stand for adds no row of its own for a while. A letter not yet shown, a reading
// that failed and every click are rows, always.

const (
	relistedFor = 10 * time.Minute // then a page left open says again that it is
	maxRelisted = 20_000
)

// relistedKey: pages beside one another may show one folder differently; the last that
// was recorded counts.
type relistedKey struct{ session, box, folder string }

// relisted is what a row of the trail stood for.
type relisted struct {
	at    time.Time
	shown []Ref
}

type rereadKey struct{}

func reread(ctx context.Context) bool { return ctx.Value(rereadKey{}) != nil }

func (b *Box) relistedKey(folder string) relistedKey {
	return relistedKey{b.actor.SessionID, b.grant.Mailbox.ID, folder}
}

// relisted reports that the trail has it already that this person was shown these letters.
func (b *Box) relisted(ctx context.Context, folder string, shown []Ref) bool {
	if !reread(ctx) {
		return false
	}
	b.h.mu.Lock()
	before, ok := b.h.relisted[b.relistedKey(folder)]
	b.h.mu.Unlock()
	return ok && b.h.now().Sub(before.at) < relistedFor &&
		!slices.ContainsFunc(shown, func(r Ref) bool { return !slices.Contains(before.shown, r) })
}

// noteListed is called once the row is in the trail.
func (b *Box) noteListed(folder string, shown []Ref) {
	h := b.h
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, gone := h.dropped[b.actor.SessionID]; gone {
		return
	}
	if len(h.relisted) >= maxRelisted {
		clear(h.relisted)
	}
	h.relisted[b.relistedKey(folder)] = relisted{h.now(), shown}
}

// recordListing is recordWhile for a list of these letters.
func (b *Box) recordListing(ctx context.Context, e audit.Event, shown []Ref, err error, prepare func()) error {
	if err == nil && b.relisted(ctx, e.Target, shown) {
		if prepare != nil {
			prepare()
		}
		return nil
	}
	if err = b.recordWhile(ctx, e, err, prepare); err == nil {
		b.noteListed(e.Target, shown)
	}
	return err
}

func refsOf(items []Item) []Ref {
	out := make([]Ref, len(items))
	for i, it := range items {
		out[i] = it.Ref
	}
	return out
}
