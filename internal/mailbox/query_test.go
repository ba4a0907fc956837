package mailbox

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/problem"
)

func TestParseQuery(t *testing.T) {
	t.Parallel()
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	on := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, paris) }
	for line, want := range map[string]Query{
		`de:petit objet:"compte rendu" avant:2026-10-01 non-lue pièce-jointe`: {From: []string{"petit"}, Subject: []string{"compte rendu"}, Before: on(2026, 10, 1), Unread: true, Files: true},
		`À:lilas OBJET : x`:                  {To: []string{"lilas"}, Words: []string{"OBJET", ":", "x"}},
		`de: petit patient:"le nom"`:         {From: []string{"petit"}, Patient: []string{"le nom"}},
		`rdv:14h "de:petit" "non-lue"`:       {Words: []string{"rdv:14h", "de:petit", "non-lue"}},
		`depuis:01/10/2026 jusqu’au:10/2026`: {Since: on(2026, 10, 1), Before: on(2026, 11, 1)},
		`après:2025 le:`:                     {Since: on(2026, 1, 1)},
		`dans:"Mes dossiers" sans-réponse est:suivie est:non-lue avec:pièce avec:document`: {In: "Mes dossiers", NotAnswered: true, Flagged: true, Unread: true, Files: true, Documents: true},
		"texte:genou\x00 «\u00a0deux mots\u00a0»":                                          {Body: []string{"genou"}, Words: []string{"deux mots"}},
		"pièce suivie": {Words: []string{"pièce", "suivie"}},
	} {
		q, err := ParseQuery(line, paris)
		if err != nil || !reflect.DeepEqual(q, want) {
			t.Errorf("%s: %+v %v", line, q, err)
		}
	}
	for _, bad := range []string{"avant:demain", "depuis:31/02/2026", "le:0001-01-01", strings.Repeat("a", MaxQuery+1)} {
		if _, err := ParseQuery(bad, paris); !problem.Is(err, problem.Invalid) && !problem.Is(err, problem.TooLarge) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	for in, want := range map[string][]string{
		`a  b`: {"a", "b"}, `"a b" c`: {"a b", "c"}, `«a b» c`: {"a b", "c"}, `"a b`: {"a b"}, `x"y z"`: {"x", "y z"}, "«\u00a0a\u00a0»": {"a"}, ``: nil, `"`: nil, `"" a`: {"a"},
	} {
		if got := Words(in); !slices.Equal(got, want) {
			t.Errorf("%q: %q", in, got)
		}
	}
}

// FuzzParseQuery: whatever is typed, no text is empty or could end a line of IMAP, and
// the line written back is read as the same query.
func FuzzParseQuery(f *testing.F) {
	for _, s := range []string{`de:petit objet:"compte rendu" avant:2026-10-01 non-lue`, "a \"b c\" « d", `à:x dans:"y" le:2026 "de:" est:suivie`, "x\r\ny\x00\u0085 texte:é:\"", "de: de: \"", "le:1970 patient:-"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		q, err := ParseQuery(s, time.UTC)
		if err != nil {
			return
		}
		for _, list := range q.texts() {
			for _, w := range *list {
				if strings.TrimSpace(w) == "" || strings.ContainsAny(w, "\"\r\n\x00") {
					t.Fatalf("%q gives %q", s, w)
				}
			}
		}
		line := q.Line(time.UTC)
		if len(line) > MaxQuery {
			return
		}
		if again, err := ParseQuery(line, time.UTC); err != nil || !reflect.DeepEqual(again, q) {
			t.Fatalf("%q written %q is read %+v, not %+v (%v)", s, line, again, q, err)
		}
	})
}

// TestQueryTraced: the trail keeps the days that were typed, not those of another zone.
func TestQueryTraced(t *testing.T) {
	t.Parallel()
	paris := time.FixedZone("Paris", 2*3600)
	for _, line := range []string{"depuis:2026-10-01", "avant:2026-10-01", "depuis:2026-10-01 avant:2026-10-02"} {
		q, err := ParseQuery(line, paris)
		if err != nil || q.traced() != line {
			t.Errorf("%s: %s %v", line, q.traced(), err)
		}
	}
}
