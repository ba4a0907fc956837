package web_test

import (
	"strings"
	"testing"
)

// A search is stored and shown at an opaque address; one click on what it found writes.
func TestDirectoryPages(t *testing.T) {
	t.Parallel()
	k := writingKit(t)
	c := k.SignIn("martin")
	if s := ok(t, c.Get("/directory")).Text(); !strings.Contains(s, "boîtes de l’Annuaire Santé, au ") {
		t.Error("the age of the data is not said")
	}
	a := c.Post("/directory", values("words", "cardio tours"))
	if a.Status != 303 || strings.Contains(a.Location(), "cardio") {
		t.Fatalf("%d %s", a.Status, a.Location())
	}
	d := doc(t, ok(t, c.Get(a.Location())))
	entries := d.Find("[data-testid=directory-entry]")
	if entries.Length() == 0 || d.Find("title").Text() != "Annuaire · Pli" {
		t.Fatalf("%d found, title %q", entries.Length(), d.Find("title").Text())
	}
	person := ok(t, c.Get(entries.First().Find(".sheet-title a").AttrOr("href", "")))
	p := doc(t, person)
	name := p.Find("[data-testid=entry-name]").Text()
	if name == "" || p.Find("[data-testid=entry-box]").Length() == 0 || !strings.Contains(p.Find(".sheet-title").Text(), "Lue par") {
		t.Errorf("the page of %q does not say which mailbox is for what", name)
	}
	if p.Find(".back-link").AttrOr("href", "") != a.Location() {
		t.Error("the way back is not the search")
	}
	form := p.Find("[data-testid=write-to]").First().Closest("form")
	b := c.Post(form.AttrOr("action", ""), values("kind", "blank", "address", form.Find("[name=address]").AttrOr("value", "")))
	if to := doc(t, ok(t, c.Get(b.Location()))).Find("#to").AttrOr("value", ""); !strings.Contains(to, form.Find("[name=address]").AttrOr("value", "")) || !strings.HasPrefix(to, `"`) {
		t.Errorf("to %q", to)
	}
	if s := p.Find("a[href^='/directory/structure/']").First().AttrOr("href", ""); s != "" {
		ok(t, c.Get(s))
	}
	for path, want := range map[string]int{"/directory/person/x": 404, "/directory/structure/zzzzzz": 404, "/directory/search/aaaaaaaaaaaaaaaaaaaa": 410} {
		if a := c.Get(path); a.Status != want {
			t.Errorf("%s: %d", path, a.Status)
		}
	}
	const evil = `"><script>alert(1)</script>`
	a = c.Post("/directory", values("words", evil, "profession", evil, "kind", evil))
	if s := ok(t, c.Get(a.Location())).Text(); strings.Contains(s, "<script>alert") {
		t.Error("the words searched became a script")
	}
	if a := c.Post("/directory", values("words", "x", "department", "3'7")); a.Status != 422 || doc(t, a).Find("[data-testid=department-error]").Length() != 1 || doc(t, a).Find("#department").AttrOr("value", "") != "3'7" {
		t.Errorf("department: %d", a.Status)
	}
	// One letter: the form stays with what was typed, and says why beside the field.
	short := c.Get(c.Post("/directory", values("words", "d", "department", "37")).Location())
	if f := doc(t, short); short.Status != 422 || f.Find("#directory-words").AttrOr("value", "") != "d" || f.Find("#department").AttrOr("value", "") != "37" ||
		!strings.Contains(f.Find("[data-testid=directory-error]").Text(), "au moins deux caractères") || f.Find("#directory-words").AttrOr("aria-describedby", "") != "directory-error" {
		t.Errorf("one letter: %d %s", short.Status, f.Find("main").Text())
	}
	if other := k.SignIn("benali").Get(b.Location()); other.Status != 404 {
		t.Errorf("somebody else's: %d", other.Status)
	}
	if strings.Contains(k.Logs.String(), "cardio tours") {
		t.Error("the log holds what was searched")
	}
}
