package ledger

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/seal"
	"pli.example/pli/internal/store"
)

var born = time.Date(2026, time.November, 23, 9, 0, 0, 0, time.UTC)

var (
	sender  = mssante.Address{Local: "dr.martin", Domain: "medecin.mssante.fr"}
	alice   = mssante.Address{Local: "Alice", Domain: "chu.mssante.fr"}
	bob     = mssante.Address{Local: "bob", Domain: "pharmacien.mssante.fr"}
	patient = mssante.Address{Local: "279035121518989", Domain: mssante.PatientDomain}
)

// shared is the database of these tests; each uses letters of its own.
var shared = sync.OnceValue(func() *Ledger {
	db, err := store.Open(context.Background(), store.Options{})
	if err != nil {
		panic(err)
	}
	return New(Options{DB: db, Keys: seal.NewRandomKeyring(), Now: func() time.Time { return born }})
})

var serial atomic.Int64

func letter(to ...mssante.Address) Letter {
	n := serial.Add(1)
	return Letter{ID: fmt.Sprintf("letter-%d", n), Mailbox: sender, ActorID: "account", MessageID: fmt.Sprintf("<m%d@medecin.mssante.fr>", n), Recipients: to, Size: 1234}
}

func opened(t testing.TB, l *Ledger, to ...mssante.Address) Letter {
	t.Helper()
	x := letter(to...)
	if err := l.Open(t.Context(), x); err != nil {
		t.Fatal(err)
	}
	return x
}

func (l *Ledger) must(t testing.TB, id string, to mssante.Address, e Event) {
	t.Helper()
	if err := l.Note(t.Context(), id, to, e); err != nil {
		t.Fatal(err)
	}
}

func (l *Ledger) rows(t testing.TB, id string) []Row {
	t.Helper()
	rows, err := l.Of(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func at(minutes int) time.Time { return born.Add(time.Duration(minutes) * time.Minute) }

func TestStory(t *testing.T) {
	t.Parallel()
	l := shared()
	x := opened(t, l, alice, bob, mssante.Address{Local: "ALICE", Domain: alice.Domain})
	for range 2 { // opening and noting twice is once
		if err := l.Open(t.Context(), x); err != nil {
			t.Fatal(err)
		}
		l.must(t, x.ID, alice, Event{Kind: Submitted, Code: "250 2.0.0", Text: "Ok\r\nqueued", At: at(1)})
		l.must(t, x.ID, mssante.Address{Local: "BOB", Domain: bob.Domain}, Event{Kind: Refused, Code: "550 5.1.1", At: at(1)})
		l.must(t, x.ID, mssante.Address{}, Event{Kind: Copied})
	}
	rows := l.rows(t, x.ID)
	if len(rows) != 2 || rows[0].Recipient != alice || rows[1].Recipient != bob {
		t.Fatalf("%+v", rows)
	}
	if a := rows[0]; a.State != Submitted || a.Event.Text != "Ok  queued" || a.Event.Code != "250 2.0.0" || len(a.Events) != 2 || !a.Copied.Equal(born) || !a.Event.At.Equal(at(1)) {
		t.Errorf("%+v", a)
	}
	if b := rows[1]; b.State != Refused || !b.State.Final() || len(b.Events) != 2 {
		t.Errorf("%+v", b)
	}
	h, err := l.ByMessageID(t.Context(), sender, " "+strings.Trim(x.MessageID, "<>"))
	if err != nil || h.ID != x.ID || h.Mailbox != sender || h.Size != 1234 || !h.OpenedAt.Equal(born) {
		t.Errorf("%+v, %v", h, err)
	}
	if h2, err := l.Letter(t.Context(), x.ID); err != nil || h2 != h {
		t.Errorf("%+v, %v", h2, err)
	}
}

// A state only moves forward, however late the news.
func TestStates(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		events   []Kind // in the order they happened
		want     Kind
		disputed bool
	}{
		{nil, None, false},
		{[]Kind{Copied}, None, false},
		{[]Kind{Queued}, Queued, false},
		{[]Kind{Queued, Submitted, Copied}, Submitted, false},
		{[]Kind{Queued, Unknown}, Unknown, false},
		{[]Kind{Unknown, Delivered}, Delivered, false},
		{[]Kind{Unknown, Read}, Read, false},
		{[]Kind{Unknown, Refused}, Unknown, false}, // a second attempt refused
		{[]Kind{Refused, Submitted}, Submitted, false},
		{[]Kind{Submitted, Delayed}, Delayed, false},
		{[]Kind{Submitted, Bounced, Delayed}, Bounced, false},
		{[]Kind{Submitted, Delivered, Delayed}, Delivered, false},
		{[]Kind{Submitted, Delayed, Delivered, Read, Queued}, Read, false},
		{[]Kind{Submitted, Delivered, Bounced}, Bounced, true},
		{[]Kind{Submitted, Bounced, Delivered}, Bounced, true},
		{[]Kind{Submitted, Bounced, Read}, Read, true},
	} {
		var events []Event
		for i, k := range tc.events {
			events = append(events, Event{Kind: k, At: at(i)})
		}
		if r := derive(events); r.State != tc.want || r.Disputed != tc.disputed {
			t.Errorf("%v: %q, disputed %v", tc.events, r.State, r.Disputed)
		}
	}
	for _, k := range kinds() {
		if k.Label() == "" || k.Label() == string(k) || k.rank() < 0 {
			t.Errorf("%q has no label", k)
		}
	}
}

// Any order of the same events gives the same rows, from memory and from the
// database.
func TestOrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	random := func() Event {
		return Event{Kind: kinds()[1+r.IntN(len(kinds())-1)], Code: []string{"", "250", "4.4.1"}[r.IntN(3)], Text: []string{"", "a", "b"}[r.IntN(3)], At: at(r.IntN(4))}
	}
	shuffle := func(e []Event) []Event {
		e = append([]Event(nil), e...)
		r.Shuffle(len(e), func(i, j int) { e[i], e[j] = e[j], e[i] })
		return e
	}
	for range 500 {
		var events []Event
		for range r.IntN(10) {
			events = append(events, random())
		}
		if a, b := derive(shuffle(events)), derive(shuffle(events)); !reflect.DeepEqual(a, b) {
			t.Fatalf("seed %d: %+v\n%+v", seed, a, b)
		}
	}
	l := shared()
	for range 5 {
		var events []Event
		for range 6 {
			events = append(events, random())
		}
		x, y := opened(t, l, alice), opened(t, l, alice)
		for _, e := range shuffle(events) {
			l.must(t, x.ID, alice, e)
		}
		for _, e := range shuffle(append(events, events[:3]...)) { // some twice
			l.must(t, y.ID, alice, e)
		}
		if a, b := l.rows(t, x.ID), l.rows(t, y.ID); !reflect.DeepEqual(a, b) {
			t.Fatalf("seed %d: %+v\n%+v", seed, a, b)
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	l := shared()
	x := opened(t, l, alice)
	other := func(change func(*Letter)) error {
		y := x
		change(&y)
		return l.Open(t.Context(), y)
	}
	note := func(id string, to mssante.Address, e Event) error { return l.Note(t.Context(), id, to, e) }
	_, nobody := l.Of(t.Context(), "none")
	_, notMine := l.ByMessageID(t.Context(), bob, x.MessageID) // another mailbox
	_, notThis := l.ByMessageID(t.Context(), sender, "<other@x.example>")
	for name, tc := range map[string]struct {
		err  error
		kind problem.Kind
	}{
		"other size":           {other(func(y *Letter) { y.Size++ }), problem.Conflict},
		"other sender":         {other(func(y *Letter) { y.Mailbox = bob }), problem.Conflict},
		"other Message-ID":     {other(func(y *Letter) { y.MessageID = "<z@z.example>" }), problem.Conflict},
		"other actor":          {other(func(y *Letter) { y.ActorID = "z" }), problem.Conflict},
		"one recipient more":   {other(func(y *Letter) { y.Recipients = []mssante.Address{alice, bob} }), problem.Conflict},
		"other recipient":      {other(func(y *Letter) { y.Recipients = []mssante.Address{bob} }), problem.Conflict},
		"no id":                {other(func(y *Letter) { y.ID = "" }), problem.Invalid},
		"no Message-ID":        {other(func(y *Letter) { y.MessageID = "<>" }), problem.Invalid},
		"no recipient":         {other(func(y *Letter) { y.Recipients = nil }), problem.Invalid},
		"empty recipient":      {other(func(y *Letter) { y.Recipients = []mssante.Address{{}} }), problem.Invalid},
		"patient's mailbox":    {other(func(y *Letter) { y.Mailbox = patient }), problem.Invalid},
		"too many":             {other(func(y *Letter) { y.Recipients = make([]mssante.Address, maxRecipients+1) }), problem.TooMany},
		"no such kind":         {note(x.ID, alice, Event{Kind: "lost"}), problem.Invalid},
		"no kind":              {note(x.ID, alice, Event{}), problem.Invalid},
		"delivered to all":     {note(x.ID, mssante.Address{}, Event{Kind: Delivered}), problem.Invalid},
		"not a recipient":      {note(x.ID, bob, Event{Kind: Delivered}), problem.NotFound},
		"no such letter":       {note("none", alice, Event{Kind: Delivered}), problem.NotFound},
		"no such letter, copy": {note("none", mssante.Address{}, Event{Kind: Copied}), problem.NotFound},
		"read no such letter":  {nobody, problem.NotFound},
		"another mailbox":      {notMine, problem.NotFound},
		"another Message-ID":   {notThis, problem.NotFound},
	} {
		if problem.KindOf(tc.err) != tc.kind || tc.err == nil || problem.SayOf(tc.err) == "" {
			t.Errorf("%s: %v", name, tc.err)
		}
	}
	if rows := l.rows(t, x.ID); len(rows) != 1 || len(rows[0].Events) != 0 {
		t.Errorf("%+v", rows)
	}
}

// A flood of one kind stops, and keeps no other kind out.
func TestFlood(t *testing.T) {
	t.Parallel()
	l := shared()
	x := opened(t, l, alice)
	var last error
	for i := range maxOfKind + 1 {
		last = l.Note(t.Context(), x.ID, alice, Event{Kind: Delayed, At: at(i)})
	}
	if !problem.Is(last, problem.TooMany) {
		t.Errorf("%v", last)
	}
	l.must(t, x.ID, alice, Event{Kind: Delayed, At: at(3)}) // one we have
	l.must(t, x.ID, alice, Event{Kind: Bounced, Code: "5.1.1\r\n<x>", Text: strings.Repeat("é", 1000) + "\x00\u202e", At: at(0)})
	r := l.rows(t, x.ID)[0]
	if r.State != Bounced || len(r.Events) != maxOfKind+1 || r.Event.Code != "5.1.1x" || r.Event.Text != strings.Repeat("é", maxText/2) {
		t.Errorf("%s %d %q %q", r.State, len(r.Events), r.Event.Code, r.Event.Text)
	}
}

func TestConcurrentWriters(t *testing.T) {
	t.Parallel()
	l := shared()
	x := letter(alice, bob)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			if err := l.Open(t.Context(), x); err != nil {
				t.Error(err)
			}
			for _, to := range []mssante.Address{alice, bob} {
				for _, e := range []Event{{Kind: Submitted, At: at(1)}, {Kind: Delayed, At: at(2 + i%2)}, {Kind: Delivered, At: at(9)}} {
					if err := l.Note(t.Context(), x.ID, to, e); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	for _, r := range l.rows(t, x.ID) {
		if r.State != Delivered || len(r.Events) != 4 {
			t.Errorf("%+v", r)
		}
	}
}

// What servers and reports write stays one short, showable line.
func FuzzClean(f *testing.F) {
	f.Add("250 2.0.0", "Ok\r\n\u202eabc")
	f.Add("\xff", strings.Repeat("é", 2000))
	f.Fuzz(func(t *testing.T, code, text string) {
		c, s := cleanCode(code), cleanText(text)
		if len(c) > maxCode || len(s) > maxText || strings.ContainsAny(c+s, "\r\n\x00\u202e\u200f") || cleanCode(c) != c || cleanText(s) != s {
			t.Fatalf("%q %q", c, s)
		}
	})
}
