package outgoing

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"pli.example/pli/internal/mailbox"
)

func (w *world) exec(query string, args ...any) {
	w.Helper()
	w.must(w.db.Write(w.ctx, func(tx *sql.Tx) error { _, err := tx.Exec(query, args...); return err }))
}

// A list shows a line of each draft: it does not open texts of a megabyte for it.
func TestListOpensNoBody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	b, err := w.New(w.ctx, box, Origin{To: []Recipient{{Name: "Hugo", Address: hugoBox}}, Subject: "neuf"})
	w.must(err)
	d := w.letter(box)
	to := make([]Recipient, maxListedTo+3)
	for i := range to {
		to[i].Address = fmt.Sprintf("n%d@medecin.mssante.fr", i)
	}
	_, err = w.Save(w.ctx, box, d.ID, Edit{Version: d.Version, Fields: Fields{To: to, Subject: "long", Text: strings.Repeat("mot ", 100_000)}})
	w.must(err)
	look := func(when string) {
		t.Helper()
		all, err := w.List(w.ctx, box)
		if err != nil || len(all) != 2 {
			t.Fatalf("%s: %v %+v", when, err, all)
		}
		long, blank := all[0], all[1]
		if long.Subject != "long" || len([]rune(long.Snippet)) > 142 || !strings.HasPrefix(long.Snippet, "mot mot") || len(long.To) != maxListedTo || long.MoreTo != 3 || long.Author != anne.Name {
			t.Errorf("%s: %+v", when, long)
		}
		if blank.ID != b.Draft.ID || blank.Subject != "neuf" || len(blank.To) != 1 || blank.To[0].Name != "Hugo" || blank.MoreTo != 0 {
			t.Errorf("%s: %+v", when, blank)
		}
	}
	look("as they are")
	w.exec(`CREATE TABLE kept AS SELECT id, body FROM drafts`)
	w.exec(`UPDATE drafts SET body = x'00'`) // whoever opens a body finds it broken
	look("without bodies")
	w.exec(`UPDATE drafts SET body = (SELECT body FROM kept k WHERE k.id = drafts.id)`)
	w.exec(`UPDATE drafts SET summary = x'' WHERE id = ?`, d.ID)
	look("one from before")
	w.exec(`UPDATE drafts SET summary = (SELECT o.summary FROM drafts o WHERE o.id = ?) WHERE id = ?`, b.Draft.ID, d.ID)
	// One that cannot be opened, or bears another draft's summary, hides no other.
	all, err := w.List(w.ctx, box)
	if err != nil || len(all) != 2 {
		t.Fatalf("one draft that cannot be opened: %v, %d drafts", err, len(all))
	}
	if broken := all[0]; broken.ID != d.ID || !broken.Unreadable || broken.Subject != "" || broken.To != nil || broken.SavedAt.IsZero() || all[1].Unreadable || all[1].Subject != "neuf" {
		t.Errorf("%+v", all)
	}
}

func TestListPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	for range 5 {
		w.letter(box, hugoBox)
	}
	seen := map[string]bool{}
	for _, c := range []struct{ offset, limit, want int }{{0, 2, 2}, {2, 2, 2}, {4, 2, 1}, {6, 2, 0}, {-1, 0, 0}, {0, -1, 0}} {
		page, total, err := w.Page(w.ctx, box, c.offset, c.limit)
		w.must(err)
		if len(page) != c.want || total != 5 {
			t.Errorf("%+v: %d of %d", c, len(page), total)
		}
		for _, d := range page {
			seen[d.ID] = true
		}
	}
	if len(seen) != 5 {
		t.Errorf("%d drafts on the pages", len(seen))
	}
}

// The latest sending of a draft is the one whose failure is told.
func TestListTellsTheLatestFailure(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	bad, good := w.letter(box, "inconnu.un@medecin.mssante.fr"), w.letter(box, hugoBox)
	if r := w.send(box, bad); r.Came != CameKept {
		t.Fatalf("%+v", r)
	}
	s, err := w.Save(w.ctx, box, bad.ID, Edit{Version: bad.Version, Fields: Fields{To: []Recipient{{Address: "inconnu.deux@medecin.mssante.fr"}}, Subject: "s", Text: "t"}})
	w.must(err)
	bad.Version = s.Version
	if r := w.send(box, bad); r.Came != CameKept {
		t.Fatalf("%+v", r)
	}
	all, err := w.List(w.ctx, box)
	w.must(err)
	for _, d := range all {
		if want := d.ID == bad.ID; want != strings.Contains(d.LastError, "inconnu.deux") || d.ID == good.ID && d.LastError != "" || strings.Contains(d.LastError, "inconnu.un@") {
			t.Errorf("%s: %q", d.ID, d.LastError)
		}
	}
}

// A draft stands in the list and, as our copy, in the folder: the list tells where,
// so that a page shows it once.
func TestListTellsThePlaceOfTheCopy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	d := w.letter(box, hugoBox)
	place := func() mailbox.Place {
		t.Helper()
		all, err := w.List(w.ctx, box)
		w.must(err)
		return all[0].Place
	}
	if got := place(); got != (mailbox.Place{}) {
		t.Errorf("before there is one: %+v", got)
	}
	w.must(w.Leave(w.ctx, box, d.ID))
	got := place()
	folders, err := box.Folders(w.ctx)
	w.must(err)
	for _, f := range folders {
		if f.Role != "drafts" {
			continue
		}
		l, err := box.List(w.ctx, mailbox.ListQuery{Folder: f.ID})
		w.must(err)
		if len(l.Items) != 1 || got != (mailbox.Place{UIDValidity: l.UIDValidity, UID: l.Items[0].UID}) {
			t.Errorf("%+v, the folder has %+v", got, l.Items)
		}
		return
	}
	t.Error("no Drafts folder")
}
