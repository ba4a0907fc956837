package mailbox

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/problem"
)

func TestSearch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one := w.put(annes, "INBOX", letterMixed)
	two := w.put(annes, "Patients", letterMixed)
	b := w.open(anne, annes)
	res, err := b.Search(w.ctx, SearchQuery{Words: `Hélène "Compte rendu"`})
	w.must(err)
	if len(res.Items) != 2 || !res.Complete || res.Say != "" || res.More {
		t.Fatalf("result %+v", res)
	}
	for _, it := range res.Items {
		if it.UID != one && it.UID != two || it.Subject == "" {
			t.Errorf("item %+v", it)
		}
	}
	rows, err := w.trail.Recent(w.ctx, audit.Filter{Action: audit.Search})
	w.must(err)
	if e := rows[0].Event; e.Count != 2 || strings.Contains(e.Request+e.Target, "Hélène") || !rows[0].HasDetail {
		t.Errorf("trail %+v", rows[0])
	}
	if res, err = b.Search(w.ctx, SearchQuery{Words: "résultat", Everywhere: true, Folder: w.inbox(b).ID, Limit: 5}); err != nil || len(res.Items) != 1 {
		t.Errorf("one folder: %+v %v", res, err)
	}
	// "résultat" stands in bodies only: few found is looked for there too, enough is not.
	for widen, want := range map[int]int{0: 0, 1: 2} {
		if res, err = b.Search(w.ctx, SearchQuery{Words: "résultat", Widen: widen}); err != nil || len(res.Items) != want || res.Widened != (widen > 0) || !res.Complete {
			t.Errorf("widened below %d: %+v %v", widen, res, err)
		}
	}
	if res, err = b.Search(w.ctx, SearchQuery{Words: "Hélène", Widen: 2}); err != nil || len(res.Items) != 2 || res.Widened {
		t.Errorf("two are enough: %+v %v", res, err)
	}
	if res, err = b.Search(w.ctx, SearchQuery{Words: "Hélène", Widen: 3}); err != nil || len(res.Items) != 2 || !res.Widened {
		t.Errorf("each once: %+v %v", res, err)
	}
	for _, bad := range []string{"", "  ", `""`, "a\r\nb LOGOUT", "x\x00", "a b c d e f g h i"} {
		if _, err := b.Search(w.ctx, SearchQuery{Words: bad}); !problem.Is(err, problem.Invalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	_, err = b.Search(w.ctx, SearchQuery{Words: "x", Folder: "abcdefghijklmnopqrst"})
	wantKind(t, err, problem.Gone)
}

// What who and subject gave is whole, whatever becomes of the texts nobody asked for:
// they get what is left of the time, and neither their delay nor their failure is said.
func TestSearchWidened(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(annes, "INBOX", letterMixed)
	b := w.open(anne, annes)
	look := func(words string, widen, limit int, first time.Duration, later error) SearchResult {
		t.Helper()
		searches := 0
		w.during(func(command, _ string) error {
			if command != "SEARCH" {
				return nil
			}
			if searches++; searches == 1 {
				w.clock.Add(int64(first / time.Second))
				return nil
			}
			return later
		})
		res, err := b.Search(w.ctx, SearchQuery{Words: words, Widen: widen, Limit: limit})
		if err != nil {
			t.Fatal(err)
		}
		return res
	}
	if res := look("Hélène", 10, 0, 0, refuse(imap.ResponseCodeNoPerm)); len(res.Items) != 1 || !res.Complete || res.Say != "" || !res.Widened || res.WidenedWhole {
		t.Errorf("texts refused: %+v", res)
	}
	if res := look("Hélène", 10, 0, 0, nil); len(res.Items) != 1 || !res.Complete || res.Say != "" || !res.WidenedWhole {
		t.Errorf("texts looked into: %+v", res)
	}
	if res := look("Hélène", 10, 0, searchTime, nil); len(res.Items) != 1 || !res.Complete || res.Say != "" || res.WidenedWhole {
		t.Errorf("no time is left for texts: %+v", res)
	}
	w.put(annes, "INBOX", letterMixed)
	if res := look("Hélène", 10, 1, 0, nil); len(res.Items) != 1 || !res.More || res.Widened {
		t.Errorf("there are more by name: %+v", res)
	}
}

func TestFields(t *testing.T) {
	t.Parallel()
	for in, want := range map[string][]string{
		`a  b`: {"a", "b"}, `"a b" c`: {"a b", "c"}, `«a b» c`: {"a b", "c"}, `"a b`: {"a b"}, `x"y z"`: {"x", "y z"}, "«\u00a0a\u00a0»": {"a"}, ``: nil, `"`: nil, `"" a`: {"a"},
	} {
		if got := fields(in); !slices.Equal(got, want) {
			t.Errorf("%q: %q", in, got)
		}
	}
}

func FuzzFields(f *testing.F) {
	f.Add(`a "b c" « d`)
	f.Fuzz(func(t *testing.T, s string) {
		for _, w := range fields(s) {
			if w == "" {
				t.Errorf("an empty word in %q", s)
			}
		}
	})
}
