package web_test

import (
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/demo/people"
	"pli.example/pli/internal/testkit"
)

// Each act from the page's own forms: the server's state changes, a sentence says
// so, its undo brings everything back, the trail has both.
func actsAndTheirUndo(t *testing.T, k *testkit.Kit) {
	c := k.SignIn("martin")
	b := open(t, k, "martin", people.MartinBox)
	inbox := c.Get(c.Get("/").Location()).Location()
	for _, row := range []struct {
		do, says string
		action   audit.Action
	}{
		{"archive", "classée", audit.LetterArchive},
		{"bin", "corbeille", audit.LetterBin},
		{"unread", "non lue", audit.FlagClear},
		{"star", "suivie", audit.FlagSet},
		{"move", "déplacée", audit.LetterMove},
	} {
		d := doc(t, ok(t, c.Get(inbox)))
		form := d.Find("form#selection")
		// The oldest read letter of the page that bears no star: every act then changes something.
		last := d.Find("[data-testid=letter-row]:not(.is-unread)").Not(":has(.row-star)").Last()
		ref := last.Find("[data-testid=row-select]").AttrOr("value", "")
		to := form.Find("select[name=to] option").Last().AttrOr("value", "")
		before := state(t, b)
		a := c.Post(form.AttrOr("action", ""), values("ref", ref, "do", row.do, "to", to))
		if a.Status != 303 || !strings.HasPrefix(a.Location(), inbox) {
			t.Fatalf("%s: %d to %q: %s", row.do, a.Status, a.Location(), doc(t, a).Find("main").Text())
		}
		if state(t, b) == before {
			t.Errorf("%s changed nothing", row.do)
		}
		flash := doc(t, ok(t, c.Get(a.Location()))).Find("[data-testid=flash]")
		if !strings.Contains(flash.Text(), row.says) {
			t.Errorf("%s: the page says %q", row.do, flash.Text())
		}
		if !did(acts(t, k, "martin"), row.action, "ok") {
			t.Errorf("%s is not in the trail", row.do)
		}
		undo := flash.Find("form")
		a = c.Post(undo.AttrOr("action", ""), values("undo", undo.Find("input[name=undo]").AttrOr("value", ""), "next", undo.Find("input[name=next]").AttrOr("value", "")))
		if a.Status != 303 || !strings.HasPrefix(a.Location(), inbox) {
			t.Fatalf("undo %s: %d to %q", row.do, a.Status, a.Location())
		}
		if after := state(t, b); withoutUIDs(after) != withoutUIDs(before) {
			t.Errorf("undo %s did not bring everything back:\n%s", row.do, diff(before, after))
		}
	}
	if !did(acts(t, k, "martin"), audit.Undo, "ok") {
		t.Error("the undo is not in the trail")
	}
}

// Part of a selection is gone: the sentence counts what was done and what was not, and
// the undo of the rest is kept, true in its turn.
func actsOnPartOfASelection(t *testing.T, k *testkit.Kit) {
	c := k.SignIn("martin")
	inbox := c.Get(c.Get("/").Location()).Location()
	d := doc(t, ok(t, c.Get(inbox)))
	to := d.Find("form#selection").AttrOr("action", "")
	form := values()
	d.Find("[data-testid=row-select]").Slice(0, 3).Each(func(_ int, s *selection) { form.Add("ref", s.AttrOr("value", "")) })
	all := form["ref"]
	flash := func(a *testkit.Answer) *selection {
		t.Helper()
		if a.Status != 303 {
			t.Fatalf("%d: %s", a.Status, doc(t, a).Find("main").Text())
		}
		return doc(t, ok(t, c.Get(a.Location()))).Find("[data-testid=flash]")
	}
	flash(c.Post(to, values("ref", all[0], "do", "archive")))
	form.Set("do", "archive")
	f := flash(c.Post(to, form))
	if text := f.Text(); !strings.Contains(text, "2\u00a0lettres classées") || !strings.Contains(text, "1 ") || strings.Contains(text, "3\u00a0lettres") {
		t.Errorf("two of three: %q", text)
	}
	undo := f.Find("input[name=undo]").AttrOr("value", "")
	if undo == "" {
		t.Fatal("no undo for what was done")
	}
	back := f.Find("form").AttrOr("action", "")
	if text := flash(c.Post(back, values("undo", undo, "next", inbox))).Text(); !strings.Contains(text, "2\u00a0lettres sont revenues en tête de «\u00a0Réception\u00a0»") {
		t.Errorf("undo: %q", text)
	}
	// Undone once already: nothing is there any more, and nobody is told otherwise.
	if a := c.Post(back, values("undo", undo, "next", inbox)); a.Status == 303 {
		if text := flash(a).Text(); strings.Contains(text, "tout est comme avant") {
			t.Errorf("second undo: %q", text)
		}
	}
}

// withoutUIDs: a letter moved back has a new UID.
func withoutUIDs(s string) string {
	var out []string
	for line := range strings.Lines(s) {
		folder, rest, _ := strings.Cut(line, "/")
		_, flags, _ := strings.Cut(rest, " ")
		out = append(out, folder+" "+strings.TrimSpace(flags))
	}
	counts := map[string]int{}
	for _, l := range out {
		counts[l]++
	}
	var b strings.Builder
	for _, l := range sortedKeys(counts) {
		b.WriteString(l + " × " + string(rune('0'+counts[l]%10)) + "\n")
	}
	return b.String()
}

func diff(a, b string) string { return withoutUIDs(a) + "—\n" + withoutUIDs(b) }

// An undo belongs to who did the act: neither another person nor another mailbox
// can use it, and not for ever.
func undoIsBound(t *testing.T, k *testkit.Kit) {
	c, renard := k.SignIn("martin"), k.SignIn("renard")
	lilas := boxID(t, c, 1)
	path := c.Get("/mail/" + lilas).Location()
	ref := doc(t, ok(t, c.Get(path))).Find("[data-testid=letter-row]").Not(":has(.row-star)").Last().Find("[data-testid=row-select]").AttrOr("value", "")
	a := c.Post("/mail/"+lilas+"/act?do=star", values("ref", ref))
	token := doc(t, ok(t, c.Get(a.Location()))).Find("input[name=undo]").AttrOr("value", "")
	if token == "" {
		t.Fatalf("no undo after a star: %d", a.Status)
	}
	for name, a := range map[string]*testkit.Answer{
		"another person": renard.Post("/mail/"+lilas+"/undo", values("undo", token)),
		"another box":    c.Post("/mail/"+boxID(t, c, 0)+"/undo", values("undo", token)),
		"a changed one":  c.Post("/mail/"+lilas+"/undo", values("undo", token[:len(token)-2]+"AA")),
	} {
		if a.Status < 400 || a.Status >= 500 {
			t.Errorf("%s: %d", name, a.Status)
		}
	}
	k.Clock.Advance(11 * time.Minute)
	if a := c.Post("/mail/"+lilas+"/undo", values("undo", token)); a.Status < 400 || a.Status >= 500 {
		t.Errorf("eleven minutes later: %d", a.Status)
	}
}

// The acts of a letter's own page; marking unread never leads back to the letter,
// which would mark it read.
func letterPageActs(t *testing.T, k *testkit.Kit) {
	c := k.SignIn("martin")
	b := open(t, k, "martin", people.MartinBox)
	inbox := c.Get(c.Get("/").Location()).Location()
	href := doc(t, ok(t, c.Get(inbox))).Find(".is-unread a.row-link").First().AttrOr("href", "")
	before := state(t, b)
	d := doc(t, ok(t, c.Get(href)))
	form := d.Find("[data-testid=act-unread]").Closest("form")
	a := c.Post(form.AttrOr("action", ""), values("ref", form.Find("input[name=ref]").AttrOr("value", "")))
	if !strings.HasPrefix(a.Location(), inbox+"?") {
		t.Errorf("led to %q", a.Location())
	}
	c.Follow(a.Location())
	if state(t, b) != before {
		t.Error("the letter is not unread again")
	}
	if d.Find("[data-testid=letter-row]").Length() == 0 || d.Find("[data-testid=letter-subject]").Text() == "" {
		t.Error("the page lacks its list or its subject")
	}
	f := doc(t, ok(t, c.Get(href, testkit.Fragment)))
	if f.Find("[data-testid=letter-row]").Length() != 0 || f.Find("[data-testid=letter-subject]").Length() != 1 || f.Find("[id^=count-]").Length() == 0 ||
		f.Find("[id^=box-count-][hx-swap-oob=true]").Length() != 1 {
		t.Error("the fragment is not the letter alone with the counters")
	}
}

// Words looked for never stand in an address, belong to their session and mailbox,
// and are forgotten with the session.
func TestSearch(t *testing.T) {
	t.Parallel()
	k := shared.For(t)
	c := k.SignIn("martin")
	box := boxID(t, c, 0)
	a := c.Post("/mail/"+box+"/search", values("words", "biologie"))
	at := a.Location()
	if a.Status != 303 || strings.Contains(at, "biologie") || strings.Contains(at, "?") {
		t.Fatalf("%d to %q", a.Status, at)
	}
	d := doc(t, ok(t, c.Get(at)))
	if n := d.Find("[data-testid=search-result] [data-testid=letter-row]").Length(); n == 0 {
		t.Errorf("nothing found: %s", d.Find("main").Text())
	}
	if d.Find("[data-testid=search-input]").AttrOr("value", "") != "biologie" {
		t.Error("the field lost the words")
	}
	if a := c.Get(strings.Replace(at, box, boxID(t, c, 1), 1)); a.Status != 410 {
		t.Errorf("in another mailbox: %d", a.Status)
	}
	if a := k.SignIn("martin").Get(at); a.Status != 410 {
		t.Errorf("in another session: %d", a.Status)
	}
	if strings.Contains(k.Logs.String(), "biologie") {
		t.Error("the words are in the log")
	}
	if !did(acts(t, k, "martin"), audit.Search, "ok") {
		t.Error("the search is not in the trail")
	}
}

// The journal shows what was done, by whom, in words.
func journal(t *testing.T, k *testkit.Kit) {
	c := k.SignIn("martin")
	ok(t, c.Get(letterLinks(t, c, "/")[0]))
	text := doc(t, ok(t, c.Get("/journal"))).Find("table.journal").Text()
	for _, want := range []string{"Connexion", "Lettre ouverte", "Dr Claire Martin", "19/11/2026 à 09:30", "fait"} {
		if !strings.Contains(text, want) {
			t.Errorf("the journal lacks %q: %s", want, text)
		}
	}
}

// Opening a letter, its frame and its pictures is one act in the trail, and each
// download another.
func trailOfReading(t *testing.T, k *testkit.Kit) {
	c := k.SignIn("martin")
	href := letterLinks(t, c, "/")[0]
	count := func(action audit.Action) (n int) {
		for _, e := range acts(t, k, "martin") {
			if e.Action == action {
				n++
				if e.Mailbox != people.MartinBox.Key() || e.Actor.Name != "Dr Claire Martin" {
					t.Errorf("%s names %q, %q", action, e.Mailbox, e.Actor.Name)
				}
			}
		}
		return n
	}
	before := map[audit.Action]int{}
	for _, action := range []audit.Action{audit.LetterOpen, audit.LetterSource, audit.LetterPrint, audit.PartDownload} {
		before[action] = count(action)
	}
	ok(t, c.Get(href))
	ok(t, c.Get(href+"/body", testkit.For("iframe")))
	if n := count(audit.LetterOpen) - before[audit.LetterOpen]; n != 1 {
		t.Errorf("%d openings", n)
	}
	ok(t, c.Get(href+"/source"))
	ok(t, c.Get(href+"/print"))
	ok(t, c.Get(href+"/part/1"))
	for _, action := range []audit.Action{audit.LetterSource, audit.LetterPrint, audit.PartDownload} {
		if n := count(action) - before[action]; n != 1 {
			t.Errorf("%s: %d rows", action, n)
		}
	}
}
