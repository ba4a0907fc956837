package mssante

import (
	"testing"
	"time"
)

func TestBirth(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 19, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		ins         INS
		year, other int
		month       time.Month
		ok          bool
	}{
		{"255033799001138", 1955, 1855, time.March, true},
		{"279035121518989", 1979, 1879, time.March, true},
		{"110013799001138", 2010, 1910, time.January, true},
		{"126113799001138", 2026, 1926, time.November, true},
		{"126123799001138", 1926, 1826, time.December, true}, // December 2026 is to come
		{"155203799001138", 1955, 1855, 0, true},             // month unknown
		{"284052A32102552", 1984, 1884, time.May, true},
		{"755033799001138", 0, 0, 0, false},
		{"", 0, 0, 0, false},
	} {
		b, ok := c.ins.Birth(now)
		if ok != c.ok || b.Year != c.year || b.Other != c.other || b.Month != c.month {
			t.Errorf("%s: %+v %v", c.ins, b, ok)
		}
	}
}

func TestTypedINS(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]INS{
		"2 55 03 37 990 011 38": "255033799001138", " 2.55.03.37.990.011-38 ": "255033799001138", "2\u00a055\u00a003\u00a037\u00a0990\u00a0011\u00a038": "255033799001138",
		"2 84 05 2a 321 025 52": "284052A32102552",
	} {
		if got, err := TypedINS(typed); err != nil || got != want {
			t.Errorf("%q: %s %v", typed, got, err)
		}
	}
	for _, typed := range []string{"", "255", "255033799001138@patient.mssante.fr", "2550337990011380"} {
		if got, err := TypedINS(typed); err == nil {
			t.Errorf("%q passes as %s", typed, got)
		}
	}
	if got := INS("255033799001138").Grouped(); got != "2\u00a055\u00a003\u00a037\u00a0990\u00a0011\u00a038" {
		t.Errorf("%q", got)
	}
	if a := PatientAddress("255033799001138"); a.String() != "255033799001138@patient.mssante.fr" || !a.IsPatient() {
		t.Error(a)
	}
}
