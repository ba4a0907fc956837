package outgoing

import (
	"context"
	"sync"
	"testing"
	"time"
)

// A process killed at any point of the sending: nothing is lost, nothing leaves
// twice, and what is shown afterwards is what is known.
func TestKilledWhileSending(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		point   string
		arrived int
		state   State // after the restart, before anybody says anything
	}{
		{"authorised", 0, Open},
		{"recorded", 0, Unknown},
		{"ledger", 0, Unknown},
		{"data", 0, Unknown},
		{"before the dot", 0, Unknown},
		{"answered", 1, Unknown},
		{"concluded", 1, Sent},
		{"copied", 1, Sent},
		{"followed", 1, Sent},
	} {
		t.Run(c.point, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			box := w.box(anne)
			d := w.letter(box, hugoBox)
			f := w.attach(box, d, "a.bin", noise(ChunkSize+7))
			w.must(w.Leave(w.ctx, box, d.ID))
			w.killed(c.point, func() { _, _ = w.Send(w.ctx, box, d.ID, SendOptions{Version: d.Version}) })
			box = w.box(anne)
			if got := w.state(box, d.ID); got != c.state || w.arrived(hugoBox) != c.arrived {
				t.Fatalf("%s, %d arrived; want %s, %d", got, w.arrived(hugoBox), c.state, c.arrived)
			}
			// What follows by itself: evidence and copies, never a letter.
			for range 3 {
				w.advance(2 * time.Hour)
				w.Attend(w.ctx, box)
				w.flying.Wait()
			}
			if w.arrived(hugoBox) != c.arrived {
				t.Fatalf("a letter left by itself: %d arrived", w.arrived(hugoBox))
			}
			switch c.state {
			case Open, Unknown:
				if w.content(box, d.ID, f.ID) != string(noise(ChunkSize+7)) {
					t.Error("the file is lost")
				}
				got, err := w.Get(w.ctx, box, d.ID)
				w.must(err)
				if got.Fields.HTML != d.Fields.HTML {
					t.Error("the text is lost")
				}
				if n := w.host.Count(address(t, anneBox), "Drafts"); n != 1 {
					t.Errorf("%d copies in Drafts", n)
				}
			case Sent:
				w.sentCopies(1)
				if n := w.host.Count(address(t, anneBox), "Drafts"); n != 0 {
					t.Errorf("%d copies in Drafts", n)
				}
			}
			if _, err := w.trail.Verify(w.ctx); err != nil {
				t.Error(err)
			}
		})
	}
}

// killed runs f in a process that ends at the first time it comes to point: its
// database is gone from there on, and its lines are cut.
func (w *world) killed(point string, f func()) {
	w.Helper()
	var once sync.Once
	hit := false
	w.Outbox.crash = func(p string) {
		if p != point {
			return
		}
		once.Do(func() {
			hit = true
			_ = w.db.Close()
			if p != "answered" && p != "concluded" {
				w.fault.Load().cut.Store(true)
			}
			w.signed.Store(anne.SessionID, true) // and nothing more is done on other lines
		})
	}
	f()
	w.flying.Wait()
	if !hit {
		w.Fatalf("%q was never reached", point)
	}
	w.signed.Delete(anne.SessionID)
	w.fault.Store(&faults{})
	w.restart()
}

// The same for the copy of a draft: after the restart there is one, whole.
func TestKilledWhileCopyingADraft(t *testing.T) {
	t.Parallel()
	for _, point := range []string{"draft copy", "draft copied"} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			box := w.box(anne)
			d := w.letter(box, hugoBox)
			w.must(w.Leave(w.ctx, box, d.ID))
			_, err := w.Save(w.ctx, box, d.ID, edit(d.Version, "w", 2, "la suite"))
			w.must(err)
			w.killed(point, func() { _ = w.Pause(w.ctx, box, d.ID) })
			box = w.box(anne)
			w.must(w.Pause(w.ctx, box, d.ID))
			if n := w.host.Count(address(t, anneBox), "Drafts"); n != 1 {
				t.Errorf("%d copies in Drafts", n)
			}
			if got := w.parse(w.host.Newest(address(t, anneBox), "Drafts")); got.Envelope.Subject != "s" {
				t.Errorf("the copy is %q", got.Envelope.Subject)
			}
		})
	}
}

// A panic while a letter is judged, which the page recovers from, ends its flight: the
// next click is a new one.
func TestPanicLandsTheFlight(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	d := w.letter(box, hugoBox)
	panics := func(what string, click func() (Result, error)) {
		t.Helper()
		w.Outbox.crash = func(point string) {
			if point == "authorised" {
				panic("judging")
			}
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", what)
				}
			}()
			_, _ = click()
		}()
		w.Outbox.crash = func(string) {}
		if len(w.sending) != 0 {
			t.Errorf("%s: the flight is still in the air", what)
		}
	}
	soon, cancel := context.WithTimeout(w.ctx, 5*time.Second)
	defer cancel()
	send := func() (Result, error) { return w.Send(soon, box, d.ID, SendOptions{Version: d.Version}) }
	panics("send", send)
	w.fault.Load().deaf.Store(false)
	w.Outbox.crash = func(point string) {
		w.fault.Load().deaf.Store(point == "before the dot" || point == "answered" && w.fault.Load().deaf.Load())
	}
	if r, err := send(); err != nil || r.Came != CameUnknown {
		t.Fatalf("the next click: %+v %v", r, err)
	}
	w.fault.Store(&faults{})
	again := func() (Result, error) { return w.Settle(soon, box, d.ID, SendAgain) }
	panics("settle", again)
	if r, err := again(); err != nil || r.Came != CameSent {
		t.Errorf("the next click: %+v %v", r, err)
	}
}
