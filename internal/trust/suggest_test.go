package trust

import (
	"fmt"
	"strings"
	"testing"

	"pli.example/pli/internal/mssante"
)

// inForce is a List with these names, without a signature: for what reads only.
func inForce(names ...string) *List {
	d := &document{names: map[mssante.Domain]struct{}{}}
	for _, n := range names {
		d.names[mssante.Domain(n)] = struct{}{}
	}
	l := New(Options{})
	l.current.Store(&snapshot{names: d.names, byLength: d.lengths(), generated: born})
	return l
}

func TestSuggest(t *testing.T) {
	t.Parallel()
	l := inForce("medecin.mssante.fr", "pharmacien.mssante.fr", "chu-tours.mssante.fr", "chu-tour1.mssante.fr", "ch-a.mssante.fr", "ch-b.mssante.fr", "uro.mssante.fr", "patient.mssante.fr", "mssante.apicrypt.org", "pole.nord.mssante.fr")
	for in, want := range map[string]string{
		"x@medecin.fr":               "x@medecin.mssante.fr",
		"x@medecin.com":              "x@medecin.mssante.fr",
		"x@medecin.mssante":          "x@medecin.mssante.fr",
		"x@pole.nord":                "x@pole.nord.mssante.fr",
		"x@pole.nord.fr":             "x@pole.nord.mssante.fr",
		"x@medcin.mssante.fr":        "x@medecin.mssante.fr",
		"x@medecni.mssante.fr":       "x@medecin.mssante.fr",
		"x@medecin-mssante.fr":       "x@medecin.mssante.fr",
		"x@medecin.msante.fr":        "x@medecin.mssante.fr",
		"x@medeicn.mssnte.fr":        "x@medecin.mssante.fr",
		"X.Y@pharmacein.mssante.fr":  "X.Y@pharmacien.mssante.fr",
		"x@mssante.apicript.org":     "x@mssante.apicrypt.org",
		"x@medecin.mssante.fr":       "", // stands in the list
		"x@chu-tourz.mssante.fr":     "", // two fit
		"x@ch-c.mssante.fr":          "", // two fit
		"x@urx.mssante.fr":           "x@uro.mssante.fr",
		"x@abo.mssante.fr":           "", // two letters of a short name
		"x@mssante.fr":               "",
		"x@gmail.com":                "",
		"dupont@patien.mssante.fr":   "", // no INS: no patient's mailbox
		"279035121518989@patient.fr": "279035121518989@patient.mssante.fr",
		"x@abcdefgh.mssante.fr":      "",
		"x@" + strings.Repeat("a", 60) + ".mssante." + strings.Repeat("b", 60): "",
	} {
		a, err := mssante.ParseAddress(in)
		if err != nil {
			t.Fatalf("%s: %v", in, err)
		}
		got, ok := l.Suggest(a)
		if got.String() != want || ok != (want != "") {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
	if _, ok := l.Suggest(mssante.Address{}); ok {
		t.Error("something for nobody")
	}
	if _, ok := New(Options{}).Suggest(mssante.Address{Local: "x", Domain: "medecin.fr"}); ok {
		t.Error("something without a list")
	}
}

func TestDistance(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"abc", "abc", 0}, {"abc", "acb", 1}, {"abcd", "badc", 2}, {"abc", "xbz", 2}, {"abcdef", "uvwxyz", 3}, {"medecin", "mdecine", 2}, {"aab", "aaab", 1}} {
		if got := distance(tc.a, tc.b, 2); got != tc.want {
			t.Errorf("%s, %s: %d, want %d", tc.a, tc.b, got, tc.want)
		}
		if got := distance(tc.b, tc.a, 2); got != tc.want {
			t.Errorf("%s, %s: %d, want %d", tc.b, tc.a, got, tc.want)
		}
	}
}

func many() *List {
	names := make([]string, 5000)
	for i := range names {
		names[i] = fmt.Sprintf("etablissement-%04d.mssante.fr", i)
	}
	return inForce(names...)
}

// Allows is asked for every row of a list of letters.
func TestAllowsAllocatesNothing(t *testing.T) {
	l := inForce("medecin.mssante.fr")
	in, out := mssante.Address{Local: "x", Domain: "medecin.mssante.fr"}, mssante.Address{Local: "x", Domain: "autre.mssante.fr"}
	if n := testing.AllocsPerRun(100, func() { l.Allows(in); l.Allows(out) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkAllows(b *testing.B) {
	l := many()
	a := mssante.Address{Local: "x", Domain: "etablissement-2500.mssante.fr"}
	for b.Loop() {
		l.Allows(a)
	}
}

func BenchmarkSuggest(b *testing.B) {
	l := many()
	a := mssante.Address{Local: "x", Domain: "etablisement-25x0.mssante.fr"}
	for b.Loop() {
		l.Suggest(a)
	}
}
