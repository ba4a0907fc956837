package ledger

import (
	"testing"
	"time"

	"pli.example/pli/internal/problem"
)

// That a patient was told otherwise is kept of one letter, one recipient and one mailbox, as
// long as stories are; nothing is kept of no letter.
func TestTell(t *testing.T) {
	t.Parallel()
	now := born
	l := own(t, &now)
	for range 2 {
		if err := l.Tell(t.Context(), sender, "<lost@x>", patient); err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Hour)
	}
	told, err := l.Told(t.Context(), sender)
	if err != nil {
		t.Fatal(err)
	}
	if at, ok := told("lost@x", patient); !ok || !at.Equal(born) {
		t.Errorf("%s %v", at, ok)
	}
	_, another := told("again@x", patient)
	_, other := told("lost@x", alice)
	if another || other {
		t.Errorf("told of another letter %v, of another recipient %v", another, other)
	}
	if elsewhere, err := l.Told(t.Context(), bob); err != nil {
		t.Error(err)
	} else if _, ok := elsewhere("lost@x", patient); ok {
		t.Error("in another mailbox too")
	}
	if err := l.Tell(t.Context(), sender, "<>", patient); !problem.Is(err, problem.Invalid) {
		t.Errorf("no letter: %v", err)
	}
	now = now.Add(keepLost + time.Hour)
	if _, err := l.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	if told, err = l.Told(t.Context(), sender); err != nil {
		t.Error(err)
	} else if _, ok := told("lost@x", patient); ok {
		t.Error("kept for ever")
	}
}
