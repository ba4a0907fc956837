package web_test

import (
	"github.com/PuerkitoBio/goquery"
	"strings"
	"testing"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/testkit"
)

// The line and the fields say the same: chips for what is set, words in the line, and
// nothing of them in the address.
func TestSearchForm(t *testing.T) {
	t.Parallel()
	k := shared.For(t)
	c := k.SignIn("martin")
	at := "/mail/" + boxID(t, c, 0) + "/search"
	blank := doc(t, ok(t, c.Get(at)))
	if blank.Find("[data-testid=search-from]").Length() != 1 || blank.Find("[data-testid=search-result]").Length() != 0 {
		t.Error("no form before any search")
	}
	shown := func(fields ...string) *goquery.Document {
		t.Helper()
		a := c.Post(at, values(fields...))
		if a.Status != 303 || strings.ContainsAny(a.Location(), "?=") {
			t.Fatalf("%d to %q", a.Status, a.Location())
		}
		return doc(t, ok(t, c.Get(a.Location())))
	}
	typed, filled := shown("words", `biologie de:laboratoire depuis:2020 non-lue`), shown("words", "biologie", "from", "laboratoire", "since", "2020-01-01", "unread", "1")
	for _, d := range []*goquery.Document{typed, filled} {
		if d.Find("[data-testid=search-input]").AttrOr("value", "") != "biologie" || d.Find("[data-testid=search-from]").AttrOr("value", "") != "laboratoire" ||
			d.Find("[data-testid=search-since]").AttrOr("value", "") != "2020-01-01" || d.Find("[data-testid^=chip-]").Length() != 3 {
			t.Errorf("the form holds %s", d.Find("form.search").Text())
		}
	}
	if a, b := typed.Find("[data-testid=letter-row]").Length(), filled.Find("[data-testid=letter-row]").Length(); a != b {
		t.Errorf("%d letters by the line, %d by the fields", a, b)
	}
	if d := shown("words", "biologie", "from", "laboratoire", "drop", "from"); d.Find("[data-testid=chip-from]").Length() != 0 || d.Find("[data-testid=letter-row]").Length() == 0 {
		t.Error("a condition taken away is still there")
	}
	a := c.Post(at, values("words", "avant:demain biologie"))
	if d := doc(t, a); a.Status != 422 || !strings.Contains(d.Find("main").Text(), "Cette date ne se lit pas") {
		t.Errorf("a date nobody can read: %d", a.Status)
	}
	if strings.Contains(k.Logs.String(), "biologie") || strings.Contains(k.Logs.String(), "laboratoire") {
		t.Error("words are in the log")
	}
}

// Few letters by who and subject: texts are looked into, and the box is ticked. Reading
// on is a post; it adds one row to the trail at most.
func TestSearchReadsOn(t *testing.T) {
	t.Parallel()
	k := shared.For(t)
	c := k.SignIn("martin")
	at := c.Post("/mail/"+boxID(t, c, 0)+"/search", values("words", "introuvablexyz")).Location()
	d := doc(t, ok(t, c.Get(at)))
	if _, ticked := d.Find("input[name=everywhere]").Attr("checked"); !ticked || d.Find("[data-testid=search-widened]").Length() != 1 {
		t.Errorf("texts were looked into under an unticked box: %s", d.Find("#search-progress").Text())
	}
	searches := func() (n int) {
		for _, e := range acts(t, k, "martin") {
			if e.Action == audit.Search {
				n++
			}
		}
		return n
	}
	before := searches()
	for range 3 {
		if a := c.Post(at+"/more", values("auto", "1")); a.Status != 303 || a.Location() != at {
			t.Fatalf("%d to %q", a.Status, a.Location())
		}
	}
	if n := searches() - before; n != 1 {
		t.Errorf("%d rows for reading on", n)
	}
	if a := c.Post(strings.Replace(at, "/search/", "/search/x", 1)+"/more", nil); a.Status != 410 {
		t.Errorf("another handle: %d", a.Status)
	}
	if d := doc(t, ok(t, c.Get(at+"?still=1"))); d.Find("form[hx-trigger]").Length() != 0 {
		t.Error("stopped, it goes on")
	}
}

// A search is kept under a name, opened again under a new handle, removed and brought
// back; its words stand in no address and no log, and nobody else has it.
func TestSavedSearches(t *testing.T) {
	t.Parallel()
	k := shared.For(t)
	c := k.SignIn("martin")
	box := boxID(t, c, 0)
	at := c.Post("/mail/"+box+"/search", values("words", "ordonnance", "unread", "1")).Location()
	ok(t, c.Get(at))
	if a := c.Post(at+"/save", values("name", " ")); a.Status != 422 || !strings.Contains(doc(t, a).Find("main").Text(), "Donnez un nom") {
		t.Errorf("no name: %d", a.Status)
	}
	if f := flashAt(t, c, c.Post(at+"/save", values("name", "À lire d’abord"))).Text(); !strings.Contains(f, "Recherche gardée") {
		t.Errorf("says %q", f)
	}
	home := func(c *testkit.Client, box string) *goquery.Document {
		return doc(t, ok(t, c.Get("/mail/"+box+"/search")))
	}
	open := home(c, box).Find("[data-testid=saved-open]")
	if open.Length() != 1 || open.Text() != "À lire d’abord" {
		t.Fatalf("listed: %q", open.Text())
	}
	if home(c, boxID(t, c, 1)).Find("[data-testid=saved-open]").Length() != 0 {
		t.Error("another mailbox has it too")
	}
	id := open.AttrOr("value", "")
	a := c.Post("/mail/"+box+"/search/saved", values("open", id))
	if a.Location() == at || !strings.Contains(a.Location(), "/search/") {
		t.Fatalf("opened at %q", a.Location())
	}
	d := doc(t, ok(t, c.Get(a.Location())))
	if d.Find("[data-testid=search-input]").AttrOr("value", "") != "ordonnance" || d.Find("[data-testid=chip-unread]").Length() != 1 || d.Find("[data-testid=saved-save]").Length() != 0 {
		t.Error("it opens something else, or is offered to be kept again")
	}
	flash := flashAt(t, c, c.Post("/mail/"+box+"/search/saved", values("remove", id)))
	undo := flash.Find("input[name=undo]").AttrOr("value", "")
	if home(c, box).Find("[data-testid=saved-open]").Length() != 0 || flash.Find("form").AttrOr("action", "") != "/mail/"+box+"/search/saved" {
		t.Error("it is still there, or cannot be brought back")
	}
	flashAt(t, c, c.Post("/mail/"+box+"/search/saved", values("undo", undo)))
	if home(c, box).Find("[data-testid=saved-open]").Length() != 1 {
		t.Error("it did not come back")
	}
	if logs := k.Logs.String(); strings.Contains(logs, "ordonnance") || strings.Contains(logs, "lire d’abord") {
		t.Error("a saved search is in the log")
	}
	ok(t, c.Follow("/"))
	c.Post("/mail/"+box+"/search/saved", values("remove", id))
}
