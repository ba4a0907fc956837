package web

import (
	"fmt"
	"testing"
	"time"
)

func TestDeskIsBoundedAndForgets(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 19, 8, 0, 0, 0, time.UTC)
	d := newDesks(func() time.Time { return now })
	k := d.open("a")
	var first, last string
	for i := range maxSearches + 5 {
		last = k.keepSearch(search{words: fmt.Sprint(i)}, now)
		if i == 0 {
			first = last
		}
	}
	if _, ok := k.search(first, now); ok || len(k.searches) != maxSearches {
		t.Errorf("%d searches kept", len(k.searches))
	}
	if s, ok := k.search(last, now); !ok || s.words != fmt.Sprint(maxSearches+4) {
		t.Errorf("the last search is %v, %t", s, ok)
	}
	if _, ok := k.search(last, now.Add(searchLife+time.Second)); ok {
		t.Error("a search outlives the longest session")
	}
	h := k.keepNote(note{say: "x"}, now)
	if _, ok := k.note(h, now.Add(noteLife)); ok {
		t.Error("a note outlives its undo")
	}
	d.drop("a")
	if d.len() != 0 {
		t.Error("the desk outlives its session")
	}
	if _, ok := d.open("a").search(last, now); ok {
		t.Error("a dropped search comes back")
	}
}

func TestDesksEvictTheIdle(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 19, 8, 0, 0, 0, time.UTC)
	d := newDesks(func() time.Time { return now })
	for i := range maxDesks {
		d.open(fmt.Sprint(i))
	}
	now = now.Add(deskIdleLife + time.Minute)
	d.open("new")
	if d.len() != 1 {
		t.Errorf("%d desks", d.len())
	}
}

func TestCounterIsAskedOnceAMinute(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 19, 8, 0, 0, 0, time.UTC)
	k := newDesks(func() time.Time { return now }).open("a")
	if ask, first := k.claim("b", now); !ask || !first {
		t.Error("the first look must ask")
	}
	if ask, _ := k.claim("b", now); ask {
		t.Error("asked twice at once")
	}
	k.count("b", 3, now)
	if ask, _ := k.claim("b", now.Add(counterLife-time.Second)); ask {
		t.Error("asked again within the minute")
	}
	if ask, first := k.claim("b", now.Add(counterLife)); !ask || first {
		t.Error("not asked again after a minute")
	}
	k.countFailed("b", now)
	if _, known := k.counter("b"); known {
		t.Error("a failing mailbox shows an old counter as if it were fresh")
	}
}
