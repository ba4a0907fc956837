package mailbox

import (
	"context"
	"testing"
	"time"

	"pli.example/pli/internal/audit"
)

// A page left open reads its list again and again: that is one row of the trail, until it
// shows a letter the row does not stand for. What somebody asked for is a row each time,
// and so is what failed.
func TestListReadAgainByItsPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(annes, "INBOX", letterMixed)
	b := w.open(anne, annes)
	q := ListQuery{Folder: w.inbox(b).ID}
	rows := func() (n int) {
		for _, e := range w.acts() {
			if e.Action == audit.LetterList {
				n++
			}
		}
		return n
	}
	list := func(what string, ctx context.Context, more int) {
		t.Helper()
		before := rows()
		if _, _, err := b.Desk(ctx, q, nil); err != nil {
			t.Fatal(err)
		}
		if n := rows() - before; n != more {
			t.Errorf("%s: %d rows, want %d", what, n, more)
		}
	}
	alone := Unattended(w.ctx)
	list("the page's own, nothing before it", alone, 1)
	list("the page's own, again", alone, 0)
	list("a click", w.ctx, 1)
	list("another click", w.ctx, 1)
	list("the page's own, after clicks", alone, 0)
	w.put(annes, "INBOX", letterMixed)
	list("a letter more", alone, 1)
	list("the same", alone, 0)
	w.clock.Add(int64(relistedFor/time.Second) + 1)
	list("a page left open", alone, 1)
	before := rows()
	if _, _, err := b.Desk(alone, ListQuery{Folder: "aaaaaaaaaaaaaaaaaaaa"}, nil); err == nil || rows() != before+1 {
		t.Errorf("a failure: %v, %d rows", err, rows()-before)
	}
}
