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
		last = k.keepSearch(search{boxID: fmt.Sprint(i)}, now)
		if i == 0 {
			first = last
		}
	}
	if _, ok := k.search(first, now); ok || len(k.searches) != maxSearches {
		t.Errorf("%d searches kept", len(k.searches))
	}
	if s, ok := k.search(last, now); !ok || s.boxID != fmt.Sprint(maxSearches+4) {
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
	late := d.open("a") // a request admitted just before the end
	if _, ok := late.search(last, now); ok {
		t.Error("a dropped search comes back")
	}
	late.keepSearch(search{boxID: "late"}, now)
	if d.len() != 0 {
		t.Error("the end of a session is forgotten: its desk came back")
	}
	now = now.Add(endedLife + time.Second)
	d.sweep()
	if len(d.ended) != 0 {
		t.Error("ended sessions are remembered for ever")
	}
}

// A session that lost its letters only has an empty desk, not none.
func TestDeskForgetsLettersOnly(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 19, 8, 0, 0, 0, time.UTC)
	d := newDesks(func() time.Time { return now })
	h := d.open("a").keepSearch(search{boxID: "x"}, now)
	d.forget("a")
	if _, ok := d.open("a").search(h, now); ok {
		t.Error("words of letters outlive the access to them")
	}
	h = d.open("a").keepNote(note{say: "fermée"}, now)
	if _, ok := d.open("a").note(h, now); !ok {
		t.Error("the living session lost its note")
	}
}

// Nobody coming is enough for what is old to go.
func TestDesksAreSwept(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 19, 8, 0, 0, 0, time.UTC)
	d := newDesks(func() time.Time { return now })
	d.open("old")
	now = now.Add(deskIdleLife)
	d.open("new")
	now = now.Add(time.Minute)
	if d.sweep(); d.len() != 1 {
		t.Errorf("%d desks", d.len())
	}
}

func TestEndedSessionsAreBounded(t *testing.T) {
	t.Parallel()
	d := newDesks(time.Now)
	for i := range maxDesks + 10 {
		d.drop(fmt.Sprint(i))
	}
	if len(d.ended) > maxDesks {
		t.Errorf("%d remembered", len(d.ended))
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
