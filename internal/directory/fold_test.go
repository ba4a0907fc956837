package directory

import (
	"slices"
	"strings"
	"testing"
)

func TestFold(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "", "  ": "", "DUPONT": "dupont", "Élodie": "elodie", "E\u0301lodie": "elodie", "D’Artagnan": "d artagnan", "JEAN-PAUL": "jean paul",
		"Œuvre Æsop": "oeuvre aesop", "Müller-Strauß": "muller strauss", "Łukasz Ğül": "lukasz gul", "a|b\x00c": "a b c", "\xff\xfeabc": "abc", "Иванов": "",
	} {
		if got := fold(in); got != want {
			t.Errorf("fold(%q) = %q, want %q", in, got, want)
		}
	}
	if n := len(fold(strings.Repeat("é ", 10_000))); n > maxText {
		t.Errorf("%d bytes", n)
	}
	if got := wordsOf(fold("Saint-Étienne, Sainte Anne")); !slices.Equal(got, []string{"st", "etienne", "ste", "anne"}) {
		t.Errorf("%q", got)
	}
	if got := nameWords("LE GOFF"); !slices.Equal(got, []string{"le", "goff", "legoff"}) {
		t.Errorf("%q", got)
	}
}

func TestOneSlip(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"martin", "martin", false}, {"martin", "martn", true}, {"martn", "martin", true}, {"martin", "matrin", true}, {"martin", "mertin", true}, {"martin", "amrtin", true},
		{"martin", "martino", true}, {"martin", "xmartin", true}, {"martin", "martinet", false}, {"martin", "mirtan", false}, {"ab", "ba", true}, {"ab", "bc", false}, {"", "a", true},
	} {
		if got := oneSlip(c.a, c.b); got != c.want {
			t.Errorf("oneSlip(%q, %q) = %v", c.a, c.b, got)
		}
	}
	if !beginsNear("lefevb", "lefebvre") || beginsNear("lefevb", "martinet") || beginsNear("efebv", "lefebvre") {
		t.Error("beginnings")
	}
}

func TestTrades(t *testing.T) {
	t.Parallel()
	none := newTrades(map[[2]string]string{{listSpeciality, "XX99"}: "Cynologie clinique"})
	for word, want := range map[string]string{
		"cardio": "zssm04", "cardiologue": "zssm04", "card": "zssm04", "kine": "zp70", "orl": "zssm34", "generaliste": "zssm54", "mg": "zssm54", "ide": "zp60", "infirmiere": "zp60",
		"pharmacie": "zp21", "labo": "zssm03", "gyneco": "zssm20", "ophtalmo": "zssm38", "sage": "zp50", "dentiste": "zp40", "psy": "zssm42", "cynologie": "zsxx99",
	} {
		if codes, _ := none.of(word); !slices.Contains(codes, want) {
			t.Errorf("%s means %q, not %s", word, codes, want)
		}
	}
	for _, word := range []string{"martin", "ca", "x", "zzz", "lyon"} {
		if codes, _ := none.of(word); len(codes) > 0 {
			t.Errorf("%s means %q", word, codes)
		}
	}
}

func TestNoReply(t *testing.T) {
	t.Parallel()
	for local, want := range map[string]bool{"noreply": true, "no-reply": true, "noreply-biologie-12": true, "NoReply.labo": true, "ne-pas-repondre": true, "labo.noreply": true, "secretariat": false,
		"jean.dupont": false, "automate": true, "eleonore.plyson": false, "norbert.eply": false} {
		if got := noReply("ORG", local); got != want {
			t.Errorf("%s: %v", local, got)
		}
	}
	if !noReply("APP", "resultats") {
		t.Error("an applicative mailbox passes for one that is read")
	}
}

func TestDepartment(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"37000": "37", "97410": "974", "20000": "2A", "20137": "2A", "20200": "2B", "20620": "2B", "": "", "3700": "", "B-100": ""} {
		if got := departmentOf(in); got != want {
			t.Errorf("%s: %q", in, got)
		}
	}
}

func TestDigests(t *testing.T) {
	t.Parallel()
	var s digests
	for i := range int64(20_000) {
		if s.add(i * 7919) {
			t.Fatalf("%d was there", i)
		}
	}
	for i := range int64(20_000) {
		if !s.add(i * 7919) {
			t.Fatalf("%d is lost", i)
		}
	}
}

func FuzzFold(f *testing.F) {
	f.Add("D’ARTAGNAN\x00é\xff")
	f.Fuzz(func(t *testing.T, s string) {
		got := fold(s)
		if fold(got) != got || strings.Contains(got, "  ") || strings.Trim(got, "abcdefghijklmnopqrstuvwxyz0123456789 ") != "" {
			t.Fatalf("%q folds to %q", s, got)
		}
	})
}
