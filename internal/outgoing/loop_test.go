package outgoing

import (
	"database/sql"
	"sync"
	"testing"
	"time"

	"pli.example/pli/internal/audit"
)

// The loop comes by while the one writer is busy and a letter leaves: it takes for cut
// off only what this process is not submitting.
func TestRecoverMeetsASending(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	doubts := 0
	const rounds = 10
	for range rounds {
		box := w.box(anne)
		d := w.letter(box, hugoBox)
		held, release := make(chan struct{}), make(chan struct{})
		var all sync.WaitGroup
		all.Go(func() {
			_ = w.db.Write(w.ctx, func(*sql.Tx) error { close(held); <-release; return nil })
		})
		<-held
		all.Go(func() {
			if err := w.Recover(w.ctx); err != nil {
				t.Error(err)
			}
		})
		time.Sleep(10 * time.Millisecond) // it waits for the writer
		var r Result
		all.Go(func() { r, _ = w.Send(w.ctx, box, d.ID, SendOptions{Version: d.Version}) })
		time.Sleep(30 * time.Millisecond) // so does the letter
		close(release)
		all.Wait()
		w.flying.Wait()
		if r.Came != CameSent || w.state(box, d.ID) != Sent {
			doubts++
		}
	}
	if doubts != 0 || w.acts(audit.LetterSend, "upstream_down") != 0 {
		t.Errorf("%d letters of %d left and stand as unknown; %d false rows in the trail", doubts, rounds, w.acts(audit.LetterSend, "upstream_down"))
	}
	w.sentCopies(rounds)
}

// A second process on the file cannot know what the first submits, and takes it for cut
// off: what the operator then answers is the truth, unless somebody settled it.
func TestOutcomeWinsOverADoubt(t *testing.T) {
	t.Parallel()
	const gone = "inconnu.au.bataillon@medecin.mssante.fr"
	for _, c := range []struct {
		name    string
		to      string
		meant   func(w *world, other *Outbox, d Draft) // after the other process came by
		state   State
		arrived int
		letters string
	}{
		{"accepted", hugoBox, nil, Sent, 1, "accepted"},
		{"refused", gone, nil, Open, 0, "refused"},
		{"accepted, said to have left", hugoBox, func(w *world, other *Outbox, d Draft) {
			_, err := other.Settle(w.ctx, w.box(anne), d.ID, ItLeft)
			w.must(err)
		}, Sent, 1, "accepted"},
		{"refused, said to have left", gone, func(w *world, other *Outbox, d Draft) {
			_, err := other.Settle(w.ctx, w.box(anne), d.ID, ItLeft)
			w.must(err)
		}, Sent, 0, "accepted"},
		{"accepted, sent again", hugoBox, func(w *world, other *Outbox, d Draft) {
			_, err := other.Settle(w.ctx, w.box(anne), d.ID, SendAgain)
			w.must(err)
		}, Sent, 2, "again accepted"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			box := w.box(anne)
			d := w.letter(box, c.to)
			other := New(w.o)
			w.Outbox.crash = func(point string) {
				if point != "ledger" {
					return
				}
				w.must(other.Recover(w.ctx))
				if got := w.state(box, d.ID); got != Unknown {
					t.Errorf("the other process made it %s", got)
				}
				if c.meant != nil {
					c.meant(w, other, d)
					other.flying.Wait()
				}
			}
			w.send(box, d)
			w.flying.Wait()
			other.flying.Wait()
			var letters string
			w.must(w.db.Read().QueryRow(`SELECT group_concat(state, ' ') FROM (SELECT state FROM letters ORDER BY rowid)`).Scan(&letters))
			if got := w.state(box, d.ID); got != c.state || w.arrived(hugoBox) != c.arrived || letters != c.letters {
				t.Errorf("%s, letters %q, %d arrived; want %s, %q, %d", got, letters, w.arrived(hugoBox), c.state, c.letters, c.arrived)
			}
			if c.state == Sent {
				w.sentCopies(1)
			}
			if _, err := w.trail.Verify(w.ctx); err != nil {
				t.Error(err)
			}
		})
	}
}
