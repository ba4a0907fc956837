package directory

import (
	"context"
	"strings"
	"sync"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mssante"
)

// typing gathers the keys of one search into one row of the trail: the longest
// text, how many answers it had. A row is written when the person types something
// else, pauses, or Pli stops; a crash loses what was typed in the last seconds.
type typing struct {
	mu sync.Mutex
	of map[string]*typed
}

type typed struct {
	actor   mssante.Actor
	text    string
	count   int
	outcome string
	at      time.Time
}

const (
	typingPause = 10 * time.Second
	maxTyping   = 5_000
)

func (d *Directory) typed(ctx context.Context, actor mssante.Actor, text string, count int, err error) {
	now := d.o.Now()
	text = strings.ToValidUTF8(text[:min(len(text), maxQuery)], "")
	d.typing.mu.Lock()
	if d.typing.of == nil {
		d.typing.of = map[string]*typed{}
	}
	key := actor.AccountID + "\x00" + actor.SessionID
	before := d.typing.of[key]
	full := len(d.typing.of) >= maxTyping
	var done *typed
	if before != nil && (now.Sub(before.at) > typingPause || !oneWord(before.text, text)) {
		done, before = before, nil
	}
	next := &typed{actor: actor, text: text, count: count, outcome: outcome(err), at: now}
	if before != nil && len(before.text) > len(text) {
		next.text, next.count = before.text, before.count
	}
	d.typing.of[key] = next
	d.typing.mu.Unlock()
	if done != nil {
		d.writeTyped(ctx, *done)
	}
	if full {
		d.flushTyping(ctx, 0)
	}
}

// oneWord: one text begins the other, so it is the same word growing or corrected.
func oneWord(a, b string) bool {
	a, b = fold(a), fold(b)
	return strings.HasPrefix(a, b) || strings.HasPrefix(b, a)
}

// flushTyping writes what nobody has added to for that long.
func (d *Directory) flushTyping(ctx context.Context, idle time.Duration) {
	now := d.o.Now()
	var done []typed
	d.typing.mu.Lock()
	for key, t := range d.typing.of {
		if now.Sub(t.at) >= idle {
			done = append(done, *t)
			delete(d.typing.of, key)
		}
	}
	d.typing.mu.Unlock()
	for _, t := range done {
		d.writeTyped(ctx, t)
	}
}

func (d *Directory) writeTyped(ctx context.Context, t typed) {
	err := d.trace(context.WithoutCancel(ctx), audit.Event{Actor: t.actor, Action: audit.DirectorySearch, Outcome: t.outcome, Request: "suggest", Detail: t.text, Count: t.count})
	if err != nil {
		d.o.Log.ErrorContext(ctx, "directory: trace a search", "err", err)
	}
}
