package web_test

import (
	"strings"
	"testing"

	"pli.example/pli/internal/testkit"
)

// On a shared computer somebody else signed in since: the page of the one before
// neither saves, sends nor joins anything in the other's name.
func TestPageOfAnotherPerson(t *testing.T) {
	t.Parallel()
	k := writingKit(t)
	martin, renard := k.SignIn("martin"), k.SignIn("renard")
	at := begin(t, renard, values()) // the cabinet's, where both write
	mine := doc(t, ok(t, martin.Get(at))).Find("#compose").AttrOr("data-who", "")
	d := doc(t, ok(t, renard.Get(at)))
	if who := d.Find("#compose").AttrOr("data-who", ""); mine == "" || who == mine || d.Find("#compose input[name=who]").AttrOr("value", "") != who {
		t.Fatalf("whose page: %q and %q", mine, who)
	}
	f := ask(t, renard, at+"/files", values("name", "a.txt", "size", "3"))
	as := func(who string) testkit.Change { return testkit.With("Pli-Who", who) }
	for _, x := range []struct{ path, kind, body string }{
		{at + "/save", "application/json", `{"version":1,"writer":"w","seq":1,"subject":"Au nom de l’autre","text":"x"}`},
		{at + "/send", "application/json", `{"version":1}`},
		{at + "/pause", "application/x-www-form-urlencoded", ""},
		{at + "/files", "application/x-www-form-urlencoded", "name=b.txt&size=3"},
		{at + "/files/" + f.ID + "?at=0", "application/octet-stream", "abc"},
		{at + "/files/" + f.ID + "/remove", "application/x-www-form-urlencoded", ""},
	} {
		c := renard
		if strings.HasSuffix(x.path, "/send") {
			c = martin // who may send; the page is the secretary's
		}
		who := mine
		if c == martin {
			who = d.Find("#compose").AttrOr("data-who", "")
		}
		if a := c.Post(x.path, nil, raw(x.kind, []byte(x.body)), as(who)); a.Status != 409 || !strings.Contains(a.Text(), `"stranger":true`) || !strings.Contains(a.Text(), "Une autre personne") {
			t.Errorf("%s: %d %s", x.path, a.Status, firstBytes(a.Text(), 200))
		}
	}
	if a := renard.Post(at, values("who", mine, "version", "1", "to", "", "subject", "Au nom de l’autre", "text", "x", "do", "save")); a.Status != 409 || !strings.Contains(a.Text(), "Une autre personne") {
		t.Errorf("the plain form: %d", a.Status)
	}
	d = doc(t, ok(t, renard.Get(at)))
	if li := d.Find("[data-testid=compose-file]"); d.Find("#subject").AttrOr("value", "") != "" || li.Length() != 1 || li.AttrOr("data-received", "") != "0" {
		t.Errorf("something was kept: %q, %d files", d.Find("#subject").AttrOr("value", ""), li.Length())
	}
	if a := renard.Post(at+"/save", nil, raw("application/json", []byte(`{"version":1,"subject":"En mon nom","text":"x"}`)), as(d.Find("#compose").AttrOr("data-who", ""))); a.Status != 200 {
		t.Errorf("one's own page: %d %s", a.Status, firstBytes(a.Text(), 200))
	}
}

// Without a script 'Supprimer' keeps the last words first: they come back.
func TestDiscardKeepsLastWords(t *testing.T) {
	t.Parallel()
	k := writingKit(t)
	c := k.SignIn("martin")
	at := begin(t, c, values())
	ask(t, c, at+"/save", fields{"version": 1, "writer": "w", "seq": 1, "subject": "Premiers mots", "text": "x"})
	a := c.Post(at, values("do", "discard", "version", "2", "to", "", "subject", "Derniers mots", "text", "x"))
	form := doc(t, ok(t, c.Get(a.Location()))).Find("[data-testid=draft-restore]").Closest("form")
	a = c.Post(form.AttrOr("action", ""), values())
	if got := doc(t, ok(t, c.Get(a.Location()))).Find("#subject").AttrOr("value", ""); got != "Derniers mots" {
		t.Errorf("came back with %q", got)
	}
}

// A letter being written shows once in the server's Drafts folder: above, and not
// again as the copy other programs see.
func TestDraftShowsOnce(t *testing.T) {
	t.Parallel()
	k := writingKit(t)
	c := k.SignIn("martin")
	at := begin(t, c, values())
	folder := doc(t, ok(t, c.Follow("/"))).Find("[data-testid=folder-drafts]").AttrOr("href", "")
	before := doc(t, ok(t, c.Get(folder))).Find("[data-testid=letter-row]").Length()
	ask(t, c, at+"/save", fields{"version": 1, "writer": "w", "seq": 1, "subject": "Une seule fois", "text": "x"})
	if x := ask(t, c, at+"/pause", values()); x.Status != 200 {
		t.Fatalf("%+v", x)
	}
	d := doc(t, ok(t, c.Get(folder)))
	if n := d.Find("[data-testid=letter-row]").Length(); n != before || !strings.Contains(d.Find("[data-testid=draft-row]").Text(), "Une seule fois") {
		t.Errorf("%d rows, %d before; drafts %q", n, before, d.Find("[data-testid=draft-row]").Text())
	}
	ok(t, c.Get(at)) // the journal tells it under 'Brouillons'
	if s := doc(t, ok(t, c.Get("/journal?kind=drafts"))).Find("table.journal").Text(); !strings.Contains(s, "rouillon ouvert") || !strings.Contains(s, "commenc") {
		t.Errorf("journal: %q", s)
	}
}

// What is found says what its sender does, as the list does.
func TestSearchIntroducesSenders(t *testing.T) {
	t.Parallel()
	k := writingKit(t)
	c := k.SignIn("martin")
	text := func(row *selection, at string) string { return strings.TrimSpace(row.Find(at).First().Text()) }
	subject, from, work := "", "", ""
	doc(t, ok(t, c.Follow("/"))).Find("[data-testid=letter-row]").Each(func(_ int, row *selection) {
		if w := text(row, ".row-what"); w != "" && !strings.Contains(w, "@") && subject == "" && !strings.HasPrefix(text(row, "[data-testid=row-subject]"), "Re") {
			subject, from, work = text(row, "[data-testid=row-subject]"), text(row, "[data-testid=row-from]"), w
		}
	})
	if subject == "" {
		t.Fatal("no sender is known in the list")
	}
	box := strings.Split(c.Get("/").Location(), "/")[2]
	d := doc(t, ok(t, c.Get(c.Post("/mail/"+box+"/search", values("words", subject)).Location())))
	found := 0
	d.Find("[data-testid=search-result], [data-testid=letter-row]").Each(func(_ int, row *selection) {
		if text(row, "[data-testid=row-subject]") != subject || text(row, "[data-testid=row-from]") != from {
			return // an answer to it, by somebody else
		}
		found++
		if got := text(row, ".row-what"); got != work {
			t.Errorf("%q of %q: %q in the list, %q found", subject, from, work, got)
		}
	})
	if found == 0 {
		t.Errorf("%q of %q is not found", subject, from)
	}
}
