package country

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"
)

func write(t *testing.T, o Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestShape(t *testing.T) {
	t.Parallel()
	file := write(t, Options{Lines: 20_000})
	lines := strings.Split(strings.TrimSuffix(file, "\n"), "\n")
	if len(lines) != 20_001 || lines[0] != Header {
		t.Fatalf("%d lines", len(lines))
	}
	persons, placed := 0, 0
	for i, l := range lines {
		c := strings.Split(l, "|")
		if len(c) != 31 || !utf8.ValidString(l) {
			t.Fatalf("line %d: %q", i+1, l)
		}
		if c[0] == "PER" {
			persons++
			if c[28] != "" {
				placed++
			}
		}
	}
	if persons < 16_700 || persons > 17_300 || placed < persons/2 || placed > persons*7/10 {
		t.Errorf("%d persons, %d with a place", persons, placed)
	}
}

func TestSameSeedSameBytes(t *testing.T) {
	t.Parallel()
	one := write(t, Options{Lines: 2_000, Seed: 7, Faults: 3})
	if one != write(t, Options{Lines: 2_000, Seed: 7, Faults: 3}) {
		t.Error("not deterministic")
	}
	if one == write(t, Options{Lines: 2_000, Seed: 8, Faults: 3}) {
		t.Error("the seed changes nothing")
	}
	short := 0
	for l := range strings.Lines(one) {
		if strings.Count(l, "|") != 30 {
			short++
		}
	}
	if short == 0 {
		t.Error("no fault")
	}
}
