package ledger

import (
	"testing"
	"time"

	"pli.example/pli/internal/mssante"
)

// lostNow asks about one letter.
func lostNow(t *testing.T, l *Ledger, id string, to mssante.Address) (string, bool, bool) {
	t.Helper()
	lost, err := l.Lost(t.Context(), sender)
	if err != nil {
		t.Fatal(err)
	}
	return lost(id, to)
}

// Of several letters under one Message-ID the last counts: tried again and taken, the
// recipient was not given up.
func TestLostOfTheLast(t *testing.T) {
	t.Parallel()
	now := born
	l := own(t, &now)
	for i, kind := range []Kind{Bounced, Submitted} {
		now = born.Add(time.Duration(i) * time.Hour)
		letter := Letter{ID: []string{"first", "second"}[i], Mailbox: sender, ActorID: "a", MessageID: "same@x", Recipients: []mssante.Address{patient}}
		if err := l.Open(t.Context(), letter); err != nil {
			t.Fatal(err)
		}
		l.must(t, letter.ID, patient, Event{Kind: kind, Code: "550"})
		if _, lost, _ := lostNow(t, l, "<same@x>", patient); lost != (i == 0) {
			t.Errorf("after %s: lost %v", kind, lost)
		}
	}
}

// A letter of which no story is kept stays lost, for its mailbox and recipient alone, as
// long as stories are kept.
func TestLose(t *testing.T) {
	t.Parallel()
	now := born
	l := own(t, &now)
	for range 2 {
		if err := l.Lose(t.Context(), sender, "<elsewhere@x>", patient, Event{Code: "5.1.1"}); err != nil {
			t.Fatal(err)
		}
	}
	if status, lost, known := lostNow(t, l, "elsewhere@x", patient); status != "5.1.1" || !lost || !known {
		t.Errorf("%q %v %v", status, lost, known)
	}
	if _, lost, known := lostNow(t, l, "elsewhere@x", alice); lost || known {
		t.Error("another recipient's too")
	}
	if other, err := l.Lost(t.Context(), bob); err != nil {
		t.Error(err)
	} else if _, lost, _ := other("elsewhere@x", patient); lost {
		t.Error("in another mailbox too")
	}
	now = now.Add(DefaultKeep + time.Hour)
	if _, err := l.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, lost, _ := lostNow(t, l, "elsewhere@x", patient); lost {
		t.Error("kept for ever")
	}
}
