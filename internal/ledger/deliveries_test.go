package ledger

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/seal"
	"pli.example/pli/internal/store"
)

// own is a ledger alone on its database, with a clock that tests move.
func own(t *testing.T, now *time.Time) *Ledger {
	t.Helper()
	db, err := store.Open(t.Context(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return New(Options{DB: db, Keys: seal.NewRandomKeyring(), Now: func() time.Time { return *now }})
}

func TestDeliveriesTellNobody(t *testing.T) {
	t.Parallel()
	now := born
	l := own(t, &now)
	x := opened(t, l, patient, alice)
	l.must(t, x.ID, patient, Event{Kind: Bounced, Code: "550 5.1.1", Text: "no " + patient.String(), At: at(2)})
	l.must(t, x.ID, patient, Event{Kind: Submitted, Code: "250", At: at(1)})
	rows, err := l.Deliveries(t.Context(), DeliveryFilter{})
	if err != nil || len(rows) != 2 {
		t.Fatal(rows, err)
	}
	if p := rows[0]; !p.Patient || p.Domain != "" || p.State != Bounced || p.SMTP != "550" || p.Enhanced != "5.1.1" || !p.StateAt.Equal(at(2)) || p.Mailbox != sender {
		t.Errorf("patient: %+v", p)
	}
	if a := rows[1]; a.Patient || a.Domain != "chu.mssante.fr" || a.State != None || a.SMTP+a.Enhanced != "" {
		t.Errorf("colleague: %+v", a)
	}
	for _, said := range []string{patient.Local, "Alice", "no "} {
		if strings.Contains(fmt.Sprintf("%+v", rows), said) {
			t.Errorf("%q is told", said)
		}
	}
	// What cannot be told: no field of a delivery holds an address but the sender's.
	for i := range reflect.TypeFor[Delivery]().NumField() {
		f := reflect.TypeFor[Delivery]().Field(i)
		if f.Type == reflect.TypeFor[mssante.Address]() && f.Name != "Mailbox" {
			t.Errorf("%s is an address", f.Name)
		}
	}
}

// Pages follow one another without a gap, whatever is filtered.
func TestDeliveriesInPages(t *testing.T) {
	t.Parallel()
	now := born
	l := own(t, &now)
	for i := range 30 {
		now = born.Add(time.Duration(i) * time.Hour)
		x := opened(t, l, alice, bob, patient)
		if i%3 == 0 {
			l.must(t, x.ID, bob, Event{Kind: Bounced, Code: "5.2.2"})
		}
	}
	walk := func(f DeliveryFilter) (n int) {
		seen := map[string]bool{}
		for {
			rows, err := l.Deliveries(t.Context(), f)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range rows {
				key := fmt.Sprint(r.Letter, r.Patient, r.Domain)
				if seen[key] || f.Before > 0 && r.Seq >= f.Before {
					t.Fatalf("%s again, or out of order", key)
				}
				seen[key], f.Before = true, r.Seq
				n++
			}
			if len(rows) < f.Limit {
				return n
			}
		}
	}
	for want, f := range map[int]DeliveryFilter{90: {Limit: 7}, 10: {Limit: 3, State: Bounced}, 30: {Limit: 4, From: at(0).Add(20 * time.Hour)}, 60: {Limit: 11, To: at(0).Add(20 * time.Hour)}, 0: {Limit: 5, Mailbox: "nobody@medecin.mssante.fr"}} {
		if n := walk(f); n != want {
			t.Errorf("%+v: %d rows, want %d", f, n, want)
		}
	}
}

func TestDays(t *testing.T) {
	t.Parallel()
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 10, 24, 23, 30, 0, 0, paris) // the 25th has 25 hours
	l := own(t, &now)
	x := opened(t, l, alice, bob)
	l.must(t, x.ID, bob, Event{Kind: Refused, Code: "550"})
	now = time.Date(2026, 10, 25, 23, 30, 0, 0, paris)
	opened(t, l, alice)
	now = time.Date(2026, 10, 26, 8, 0, 0, 0, paris)
	days, err := l.Days(t.Context(), time.Date(2026, 10, 24, 12, 0, 0, 0, paris))
	if err != nil || len(days) != 3 {
		t.Fatal(days, err)
	}
	for i, want := range []map[Kind]int{{None: 1, Refused: 1}, {None: 1}, {}} {
		if !reflect.DeepEqual(days[i].States, want) || days[i].Date.Day() != 24+i || days[i].Date.Hour() != 0 {
			t.Errorf("%s: %v, want %v", days[i].Date, days[i].States, want)
		}
	}
}

func FuzzCodesOf(f *testing.F) {
	for _, s := range []string{"250 2.0.0", "550 5.1.1", "5.7.1", "199027512345678", "5.1.1.1", "550-5.1.1", "", "5.9999.1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		smtp, enhanced := codesOf(s)
		if len(smtp) != 0 && len(smtp) != 3 || len(enhanced) > 9 || strings.Trim(smtp+enhanced, "0123456789.") != "" {
			t.Errorf("%q: %q %q", s, smtp, enhanced)
		}
	})
}
