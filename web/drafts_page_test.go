package web_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"pli.example/pli/internal/demo"
)

// Brouillons is one page with one heading and one count, at both of its addresses;
// what is ticked goes, of both kinds, and comes back by one click.
func TestDraftsAreOnePage(t *testing.T) {
	t.Parallel()
	k := writingKit(t)
	c := k.SignIn("martin")
	at := begin(t, c, values())
	ask(t, c, at+"/save", fields{"version": 1, "writer": "w", "seq": 1, "subject": "À jeter", "text": "x"})
	ask(t, c, at+"/pause", values())
	page := at[:strings.LastIndexByte(at, '/')]
	folder := doc(t, ok(t, c.Follow("/"))).Find("[data-testid=folder-drafts]").AttrOr("href", "")
	rows := func(d *goquery.Document) int {
		return d.Find("[data-testid=draft-row], [data-testid=letter-row]").Length()
	}
	n := 0
	for _, path := range []string{page, folder} {
		d := doc(t, ok(t, c.Get(path)))
		n = rows(d)
		if said := d.Find("[data-testid=drafts-count]").Text(); d.Find("h1").Length() != 1 || d.Find("h1 .list-folder").Text() != "Brouillons" || said != strconv.Itoa(n)+"\u00a0brouillons" || !strings.Contains(d.Find("[data-testid=folder-drafts]").Text(), said) {
			t.Errorf("%s: %q, %d rows, count %q, rail %q", path, d.Find("h1").Text(), n, said, d.Find("[data-testid=folder-drafts]").Text())
		}
		if d.Find(".filters, [data-testid=bulk-move]").Length() != 0 || d.Find("[data-testid=row-select]").Length() != n || d.Find("[data-testid=letter-row]").Length() == 0 {
			t.Errorf("%s: filters, or rows that cannot be ticked", path)
		}
	}
	d := doc(t, ok(t, c.Get(folder)))
	bar := d.Find("form#selection")
	form := values("do", "bin")
	form.Add("ref", d.Find("[data-testid=draft-row] input").First().AttrOr("value", ""))
	form.Add("ref", d.Find("[data-testid=letter-row] input").First().AttrOr("value", ""))
	a := c.Post(bar.AttrOr("action", ""), form)
	if !strings.HasPrefix(a.Location(), folder+"?") {
		t.Errorf("deleting leads to %s", a.Location())
	}
	d = doc(t, ok(t, c.Get(a.Location())))
	undo := d.Find("[data-testid=flash] form")
	if rows(d) != n-2 || !strings.Contains(d.Find("[data-testid=flash]").Text(), "2\u00a0brouillons supprimés") || undo.Length() != 1 {
		t.Fatalf("%d rows of %d: %s", rows(d), n, d.Find("[data-testid=flash]").Text())
	}
	form = values()
	undo.Find("input").Each(func(_ int, s *selection) { form.Add(s.AttrOr("name", ""), s.AttrOr("value", "")) })
	d = doc(t, ok(t, c.Get(c.Post(undo.AttrOr("action", ""), form).Location())))
	if rows(d) != n || !strings.Contains(d.Find("main").Text(), "À jeter") {
		t.Errorf("%d rows of %d came back: %s", rows(d), n, d.Find("[data-testid=flash]").Text())
	}
	// Ours are kept here: without the mailbox's server they are shown all the same.
	if k.World.Stop(demo.ServiceIMAP); !strings.Contains(ok(t, c.Get(page)).Text(), "À jeter") {
		t.Error("no drafts without the server")
	}
}
