package mailbox

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"pli.example/pli/internal/problem"
)

// find searches for a line, and reads texts to their end.
func (w *world) find(b *Box, line string, widen int) SearchResult {
	w.Helper()
	q, err := ParseQuery(line, time.UTC)
	w.must(err)
	return w.findQuery(b, q, widen)
}

func (w *world) findQuery(b *Box, q Query, widen int) SearchResult {
	w.Helper()
	f, res, err := b.Search(w.ctx, q, widen)
	w.must(err)
	for res.Texts.Going {
		now, err := b.SearchOn(w.ctx, f, time.Second, false)
		w.must(err)
		now.Items = append(res.Items, now.Items...)
		res = now
	}
	return res
}

// TestSearchFoldersLeft: beyond what one search looks through, it says how many.
func TestSearchFoldersLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(annes, "INBOX", letterMixed)
	user := w.users.get(annes)
	for i := range maxSearched + 4 {
		name := fmt.Sprintf("Dossier %03d", i)
		w.must(user.Create(name, nil))
		w.put(annes, name, letterMixed)
	}
	res := w.find(w.open(anne, annes), "compte", 0)
	if res.Complete || !strings.Contains(res.Say, "5 dossiers n’ont pas été parcourus") || strings.Contains(res.Say, "temps imparti") {
		t.Errorf("complete %v, says %q", res.Complete, res.Say)
	}
	if len(res.Items) != maxSearched {
		t.Errorf("%d found", len(res.Items))
	}
}

// TestSearchReasons: a folder refused, one gone and one that time did not allow
// are told apart.
func TestSearchReasons(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	user := w.users.get(annes)
	for _, name := range []string{"Avant", "Zoo"} {
		w.must(user.Create(name, nil))
	}
	for _, name := range []string{"INBOX", "Avant", "Patients", "Zoo"} {
		w.put(annes, name, letterMixed)
	}
	b := w.open(anne, annes)
	w.during(func(command, folder string) error {
		switch {
		case command == "SELECT" && folder == "Avant":
			return refuse(imap.ResponseCodeNoPerm)
		case command == "SELECT" && folder == "Patients":
			w.clock.Add(60)
			return refuse(imap.ResponseCodeNonExistent)
		}
		return nil
	})
	res := w.find(b, "compte", 0)
	if res.Complete || len(res.Items) != 1 {
		t.Errorf("%+v", res)
	}
	for _, want := range []string{"refusé la recherche dans Avant.", "autre poste\u00a0: Patients.", "pas finie pour Zoo."} {
		if !strings.Contains(res.Say, want) {
			t.Errorf("%q is not in %q", want, res.Say)
		}
	}
	w.during(func(command, folder string) error {
		if command == "SELECT" {
			return refuse(imap.ResponseCodeNoPerm)
		}
		return nil
	})
	_, _, err := w.open(anne, annes).Search(w.ctx, Query{Words: []string{"compte"}, Folder: b.folderID("Avant")}, 0)
	wantKind(t, err, problem.UpstreamRefused)
}

// TestSearchSays: every reason has its own sentence, long lists are cut and counted.
func TestSearchSays(t *testing.T) {
	t.Parallel()
	l := looking{}
	if l.say() != "" || !l.complete() {
		t.Errorf("says %q", l.say())
	}
	for i := range 8 {
		l.enough = append(l.enough, fmt.Sprint("E", i))
	}
	l.down = []string{"D"}
	l.left = 1
	for _, want := range []string{"E5 et 2 autres dossiers.", "ne répond plus", "1 dossier n’a pas"} {
		if !strings.Contains(l.say(), want) {
			t.Errorf("%q is not in %q", want, l.say())
		}
	}
	if l.complete() || strings.Contains(l.say(), "temps imparti") {
		t.Errorf("complete %v, says %q", l.complete(), l.say())
	}
}
