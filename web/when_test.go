package web

import (
	"testing"
	"time"
)

func TestDatesAreToldInParis(t *testing.T) {
	t.Parallel()
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	now := at("2026-11-19T09:30:00+01:00") // a Thursday
	c := clock{now: func() time.Time { return now }, loc: Paris()}
	for _, row := range []struct{ in, short, full string }{
		{"2026-11-19T07:42:00Z", "08:42", "aujourd’hui à 08:42"},
		{"2026-11-18T23:30:00Z", "00:30", "aujourd’hui à 00:30"}, // already the 19th in Paris
		{"2026-11-18T22:30:00Z", "hier", "hier à 23:30"},
		{"2026-11-16T08:00:00Z", "lun.", "lundi 16 novembre à 09:00"},
		{"2026-11-13T08:00:00Z", "ven.", "vendredi 13 novembre à 09:00"},
		{"2026-11-12T08:00:00Z", "12/11/2026", "12/11/2026 à 09:00"},
		{"2025-11-19T08:00:00Z", "19/11/2025", "19/11/2025 à 09:00"},
		{"2026-07-01T08:00:00Z", "01/07/2026", "01/07/2026 à 10:00"}, // summer time
		{"2027-01-01T08:00:00Z", "01/01/2027", "01/01/2027 à 09:00"}, // a sender's clock ahead of ours
	} {
		if got := c.short(at(row.in)); got != row.short {
			t.Errorf("short(%s) = %q, want %q", row.in, got, row.short)
		}
		if got := c.full(at(row.in)); got != row.full {
			t.Errorf("full(%s) = %q, want %q", row.in, got, row.full)
		}
	}
	if c.short(time.Time{}) != "" || c.full(time.Time{}) != "date inconnue" {
		t.Error("a missing date must be said, not invented")
	}
}

func TestYesterdayAcrossTheClockChange(t *testing.T) {
	t.Parallel()
	// The night of 25 October 2026 has 25 hours.
	now := time.Date(2026, 10, 25, 23, 50, 0, 0, Paris())
	c := clock{now: func() time.Time { return now }, loc: Paris()}
	if got := c.short(time.Date(2026, 10, 24, 0, 5, 0, 0, Paris())); got != "hier" {
		t.Errorf("got %q, want hier", got)
	}
	if got := c.short(time.Date(2026, 10, 25, 0, 5, 0, 0, Paris())); got != "00:05" {
		t.Errorf("got %q, want 00:05", got)
	}
}

func TestSizesInWords(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{
		0: "0\u00a0o", 999: "999\u00a0o", 1000: "1\u00a0ko", 12_400: "12\u00a0ko",
		1_800_000: "1,8\u00a0Mo", 25_000_000: "25\u00a0Mo", -1: "",
	} {
		if got := sizeWords(n); got != want {
			t.Errorf("sizeWords(%d) = %q, want %q", n, got, want)
		}
	}
	if got := count(100000); got != "100\u00a0000" {
		t.Errorf("count = %q", got)
	}
}

// A wait of a day and a half is two days to whoever waits.
func TestSpan(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 10, 54, 0, 0, time.UTC)
	c := clock{now: func() time.Time { return now }, loc: time.UTC}
	for hours, want := range map[int]string{3: "3\u00a0h", 23: "23\u00a0h", 25: "1\u00a0jour", 41: "2\u00a0jours", 59: "2\u00a0jours"} {
		if got := c.span(now.Add(-time.Duration(hours) * time.Hour)); got != want {
			t.Errorf("%d h: %q", hours, got)
		}
	}
}
