package mailbox

import (
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/problem"
)

func TestSearch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one := w.put(annes, "INBOX", letterMixed)
	two := w.put(annes, "Patients", letterMixed)
	b := w.open(anne, annes)
	res := w.find(b, `Hélène "Compte rendu"`, 0)
	if len(res.Items) != 2 || !res.Complete || res.Say != "" || res.More || res.Total != 2 || res.Pages != 1 {
		t.Fatalf("result %+v", res)
	}
	for _, it := range res.Items {
		if it.UID != one && it.UID != two || it.Subject == "" {
			t.Errorf("item %+v", it)
		}
	}
	rows, err := w.trail.Recent(w.ctx, audit.Filter{Action: audit.Search})
	w.must(err)
	if e := rows[0].Event; len(rows) != 1 || e.Count != 2 || strings.Contains(e.Request+e.Target, "Hélène") || !rows[0].HasDetail {
		t.Errorf("trail %+v", rows)
	}
	if res = w.findQuery(b, Query{Words: []string{"résultat"}, Everywhere: true, Folder: w.inbox(b).ID}, 0); len(res.Items) != 1 || !res.Texts.Whole || !res.Texts.Asked {
		t.Errorf("one folder: %+v", res)
	}
	// "résultat" stands in bodies only: few found is looked for there too, enough is not.
	for widen, want := range map[int]int{0: 0, 1: 2} {
		if res = w.find(b, "résultat", widen); len(res.Items) != want || res.Texts.Begun != (widen > 0) || res.Texts.Asked || !res.Complete {
			t.Errorf("widened below %d: %+v", widen, res)
		}
	}
	if res = w.find(b, "Hélène", 2); len(res.Items) != 2 || res.Texts.Begun {
		t.Errorf("two are enough: %+v", res)
	}
	if res = w.find(b, "Hélène", 3); len(res.Items) != 2 || !res.Texts.Begun {
		t.Errorf("each once: %+v", res)
	}
	for line, want := range map[string]int{"texte:résultat": 2, "texte:résultat dans:patients": 1, "objet:compte de:hélène non-lue": 2, "est:suivie": 0, "avant:2026-03-01": 0,
		"le:2026-03-01": 2, "depuis:2026-03-02": 0, "pièce-jointe": 2, "patient:hélène": 0, "objet:résultat": 0, "avec:document": 2} {
		if res = w.find(b, line, 0); len(res.Items) != want {
			t.Errorf("%s: %d found", line, len(res.Items))
		}
	}
	for _, bad := range []string{"", "  ", `""`, "a b c d e f g h i j k l m", "dans:nulle-part"} {
		q, err := ParseQuery(bad, time.UTC)
		w.must(err)
		if _, _, err := b.Search(w.ctx, q, 0); !problem.Is(err, problem.Invalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	for _, bad := range []string{"a\r\nb LOGOUT", "x\x00", strings.Repeat("a", 201)} {
		if _, _, err := b.Search(w.ctx, Query{Body: []string{bad}}, 0); !problem.Is(err, problem.Invalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	_, _, err = b.Search(w.ctx, Query{Unread: true, Folder: "abcdefghijklmnopqrst"}, 0)
	wantKind(t, err, problem.Gone)
}

// What who and subject gave is whole, whatever becomes of the texts nobody asked for:
// their failure is not said.
func TestSearchWidened(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(annes, "INBOX", letterMixed)
	b := w.open(anne, annes)
	look := func(later error) SearchResult {
		t.Helper()
		searches := 0
		w.during(func(command, _ string) error {
			if command != "SEARCH" {
				return nil
			}
			if searches++; searches == 1 {
				return nil
			}
			return later
		})
		return w.find(b, "Hélène", 10)
	}
	if res := look(refuse(imap.ResponseCodeNoPerm)); len(res.Items) != 1 || !res.Complete || res.Say+res.Texts.Say != "" || !res.Texts.Begun || res.Texts.Whole {
		t.Errorf("texts refused: %+v", res)
	}
	if res := look(nil); len(res.Items) != 1 || !res.Complete || res.Say != "" || !res.Texts.Whole {
		t.Errorf("texts looked into: %+v", res)
	}
}

// Reading on goes down every folder, is one row of the trail however often, and says
// how far it got.
func TestSearchOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 250 {
		w.put(annes, "INBOX", strings.Replace(letterMixed, "Compte rendu", "Autre chose", 1))
	}
	w.put(annes, "Patients", letterMixed)
	b := w.open(anne, annes)
	f, res, err := b.Search(w.ctx, Query{Body: []string{"résultat"}}, 0)
	w.must(err)
	if !res.Texts.Done && res.Texts.Looked == 0 {
		t.Fatalf("first look: %+v", res.Texts)
	}
	f.texts = newTexts([]mailserver.Folder{f.texts.folders[0].folder, f.texts.folders[1].folder}, true)
	f.texts.size, f.texts.rate, f.hits = fewWindow, 0, nil
	before, steps := len(w.acts()), 0
	for {
		res, err := b.SearchOn(w.ctx, f, 0, false)
		w.must(err)
		f.texts.size, f.texts.rate = fewWindow, 0
		if steps++; res.Texts.Done {
			if len(f.hits) != 251 || !res.Texts.Whole || res.Texts.Looked != 251 {
				t.Errorf("%d found at the end: %+v", len(f.hits), res.Texts)
			}
			break
		}
		if steps > 9 || !res.Texts.Going || res.Texts.Of != 251 || steps > 1 && res.Texts.Since.IsZero() {
			t.Fatalf("step %d: %+v", steps, res.Texts)
		}
	}
	if steps != 4 || len(w.acts())-before != 1 {
		t.Errorf("%d steps, %d rows in the trail", steps, len(w.acts())-before)
	}
	seen := map[Ref]bool{}
	for page := 1; page <= 3; page++ {
		res, err := b.SearchPage(w.ctx, f, page)
		w.must(err)
		for _, it := range res.Items {
			if seen[it.Ref] {
				t.Errorf("%v on two pages", it.Ref)
			}
			seen[it.Ref] = true
		}
		if res.Pages != 3 || res.Page != page {
			t.Errorf("page %d of %d", res.Page, res.Pages)
		}
	}
	if len(seen) != 251 {
		t.Errorf("%d letters on three pages", len(seen))
	}
}

// The next question is about as many letters as are read in the time left, ten times more
// than the last at most; one that took too long makes it smaller.
func TestTextWindows(t *testing.T) {
	t.Parallel()
	x := newTexts(nil, true)
	if n := x.window(time.Second); n != firstWindow {
		t.Errorf("first %d", n)
	}
	x.pace(mailserver.WindowHits{Looked: 250, Took: 25 * time.Millisecond}) // 10,000 a second
	for left, want := range map[time.Duration]uint32{time.Second: 2500, 200 * time.Millisecond: 2000, 0: 1000} {
		if n := x.window(left); n != want {
			t.Errorf("%v left: %d, want %d", left, n, want)
		}
	}
	x.pace(mailserver.WindowHits{Looked: 2500, Took: 100 * time.Millisecond})
	if n := x.window(time.Second); n != 10_000 {
		t.Errorf("then %d", n)
	}
	x.pace(mailserver.WindowHits{Looked: 50_000, Took: time.Millisecond}) // an index of texts
	if n := x.window(time.Second); n != 500_000 {
		t.Errorf("fast %d", n)
	}
	x.pace(mailserver.WindowHits{Looked: 1000, Took: time.Minute})
	if n := x.window(time.Second); n != fewWindow {
		t.Errorf("slow %d", n)
	}
}

// TestSearchTextsWhole: what one window finds beyond what is read at once is read next,
// before anything older.
func TestSearchTextsWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const n = readAtOnce + 30
	for range n {
		w.put(annes, "INBOX", letterMixed)
	}
	b := w.open(anne, annes)
	f, res, err := b.Search(w.ctx, Query{Body: []string{"résultat"}}, 0)
	w.must(err)
	for i := 0; res.Texts.Going && i < 20; i++ {
		res = must(b.SearchOn(w.ctx, f, time.Millisecond, true))
	}
	if len(f.hits) != n || res.More || !res.Texts.Whole {
		t.Errorf("%d of %d found: %+v", len(f.hits), n, res.Texts)
	}
}
