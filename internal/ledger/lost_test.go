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

// A letter of which no story is kept stays lost, for its mailbox and recipient alone, longer
// than stories are kept and not for ever.
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
	for _, age := range []time.Duration{DefaultKeep, keepLost} {
		now = born.Add(age + time.Hour)
		if _, err := l.Purge(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, lost, _ := lostNow(t, l, "elsewhere@x", patient); lost != (age == DefaultKeep) {
			t.Errorf("after %s: lost %v", age, lost)
		}
	}
}

// A letter whose story is forgotten stays lost when it was (attack on oneself: a closing that
// came back turns 'closed' after a year), and one that was read, or tried again, does not become so.
func TestForgottenStaysLost(t *testing.T) {
	t.Parallel()
	now := born
	l := own(t, &now)
	open := func(id, messageID string, kinds ...Kind) {
		t.Helper()
		if err := l.Open(t.Context(), Letter{ID: id, Mailbox: sender, ActorID: "a", MessageID: messageID, Recipients: []mssante.Address{patient, alice}}); err != nil {
			t.Fatal(err)
		}
		for _, k := range kinds {
			l.must(t, id, patient, Event{Kind: k, Code: "5.2.1"})
		}
		now = now.Add(time.Minute)
	}
	open("fin", "fin@x", Submitted, Bounced)
	open("read", "read@x", Bounced, Read)
	open("contested", "contested@x", Submitted, Contested)
	open("again1", "again@x", Bounced)
	open("again2", "again@x", Submitted)
	now = now.Add(DefaultKeep + time.Hour)
	if n, err := l.Purge(t.Context()); err != nil || n != 5 {
		t.Fatalf("%d forgotten, %v", n, err)
	}
	for id, want := range map[string]bool{"fin@x": true, "read@x": false, "contested@x": false, "again@x": false} {
		if status, lost, _ := lostNow(t, l, id, patient); lost != want || want && status != "5.2.1" {
			t.Errorf("%s: lost %v %q", id, lost, status)
		}
		if _, lost, _ := lostNow(t, l, id, alice); lost {
			t.Errorf("%s: of another recipient too", id)
		}
	}
}

// What is known of a letter's story outweighs what was noted beside it: somebody who read it got
// it, and a loss heard of a letter with a story stands in that story.
func TestStoryOutweighsWhatStandsBeside(t *testing.T) {
	t.Parallel()
	now := born
	l := own(t, &now)
	if err := l.Lose(t.Context(), sender, "<a@x>", patient, Event{Code: "5.1.1"}); err != nil { // before its story is opened
		t.Fatal(err)
	}
	for id, messageID := range map[string]string{"a": "a@x", "b": "b@x"} {
		if err := l.Open(t.Context(), Letter{ID: id, Mailbox: sender, ActorID: "a", MessageID: messageID, Recipients: []mssante.Address{patient}}); err != nil {
			t.Fatal(err)
		}
	}
	l.must(t, "a", patient, Event{Kind: Bounced, Code: "5.2.2"})
	l.must(t, "a", patient, Event{Kind: Read})
	if _, lost, known := lostNow(t, l, "a@x", patient); lost || !known {
		t.Errorf("read, and lost %v known %v", lost, known)
	}
	if err := l.Lose(t.Context(), sender, "<b@x>", patient, Event{Code: "5.2.1"}); err != nil {
		t.Fatal(err)
	}
	rows, err := l.Of(t.Context(), "b")
	if err != nil || len(rows) != 1 || rows[0].State != Bounced || rows[0].Event.Code != "5.2.1" {
		t.Errorf("its story does not tell: %+v, %v", rows, err)
	}
}
