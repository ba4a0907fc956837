package outgoing

import (
	"testing"
	"time"

	"pli.example/pli/internal/problem"
)

// A submission server that takes the call and says nothing makes no page, no save, no
// file late; only a file beyond the usual limit waits for it, once.
func TestHangingSubmissionHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.fault.Load().hang.Store(true)
	box := w.box(anne)
	quick := func(what string, f func()) {
		t.Helper()
		began := time.Now()
		if f(); time.Since(began) > 2*time.Second {
			t.Errorf("%s: after %s", what, time.Since(began))
		}
	}
	d := w.letter(box, hugoBox)
	for range 3 {
		quick("the limit of the sheet", func() { // and of a save
			if l := w.Limit(d.Fields); l.Known || l.Letter != PatientLimit {
				t.Errorf("%+v", l)
			}
		})
		quick("the check", func() { _, err := w.Check(w.ctx, box, d.ID); w.must(err) })
		quick("a file", func() { w.attach(box, d, "a.txt", []byte("a")) })
	}
	start := func() {
		if _, err := w.StartUpload(w.ctx, box, d.ID, "gros.bin", PatientLimit); !problem.Is(err, problem.TooLarge) {
			t.Errorf("%v", err)
		}
	}
	start()
	quick("a second large file", start)
}

// What an operator allows beyond the usual is known when it matters, also to the first
// who asks.
func TestLimitIsAskedWhenItMatters(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	d := w.letter(box, hugoBox)
	if l := w.limitAt(w.ctx, PatientLimit+1); !l.Known {
		t.Errorf("%+v", l)
	}
	if l := w.Limit(d.Fields); !l.Known {
		t.Errorf("%+v", l)
	}
}
