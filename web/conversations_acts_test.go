package web_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/demo/people"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/testkit"
)

// TestConversationsByDefault: folders show conversations to who never chose, once the
// mailbox is read; single letters meanwhile, and on the pages after one of letters. The
// choice is the person's, for later sessions too.
func TestConversationsByDefault(t *testing.T) {
	t.Parallel()
	k := testkit.New(t, testkit.Conversations)
	c := k.SignIn("martin")
	inbox := c.Get(c.Get("/").Location()).Location()
	shows := func(c *testkit.Client, at string) string {
		t.Helper()
		d := doc(t, ok(t, c.Get(at)))
		fresh, _ := d.Find("#live").Attr("data-fresh")
		view := d.Find("[data-testid=list-views] [aria-pressed=true]").AttrOr("value", "")
		if !strings.Contains(fresh, "view="+view) { // what asks again for itself must not change
			t.Errorf("%s shows %s and asks for %q", at, view, fresh)
		}
		return view
	}
	first := shows(c, inbox)
	if first != "letters" {
		t.Errorf("before the mailbox is read: %s", first)
	}
	for until := time.Now().Add(20 * time.Second); shows(c, inbox) != "conversations"; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatal("read, and still letters")
		}
	}
	if got := shows(c, inbox+"?before=40"); got != "letters" {
		t.Errorf("the page after one of letters: %s", got)
	}
	row := doc(t, ok(t, c.Get(inbox+"?view=letters"))).Find(".row-link").First().AttrOr("href", "")
	d := doc(t, ok(t, c.Get(row)))
	if d.Find("#list [data-testid=list-views] [aria-pressed=true]").AttrOr("value", "") != "conversations" || d.Find("#list [aria-current=true]").Length() == 0 ||
		d.Find("[data-testid=letter-subject]").Length() != 1 {
		t.Error("a letter is not beside the conversations of its folder")
	}
	chooseView(t, c, inbox, "letters")
	if got := shows(c, inbox); got != "letters" {
		t.Errorf("letters chosen: %s", got)
	}
	if got := shows(k.SignIn("martin"), inbox); got != "letters" {
		t.Errorf("the next session: %s", got)
	}
}

// TestConversationsAreActedOn: a tick takes the letters of the conversation in this folder
// as the page showed them, none of another folder, none that came since; one undo.
func TestConversationsAreActedOn(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	c := k.SignIn("martin")
	b := open(t, k, "martin", people.MartinBox)
	inbox := c.Get(c.Get("/").Location()).Location()
	put := func(ago time.Duration, folder, from, id, refs, subject string, flags ...string) {
		t.Helper()
		raw := "From: " + from + "\nTo: x@chu.mssante.fr\nSubject: " + subject + "\nMessage-ID: <" + id + ">\n"
		if refs != "" {
			raw += "References: <" + refs + ">\n"
		}
		if !k.World.Mail().Put(people.MartinBox, folder, flags, k.Clock.Now().Add(-ago), []byte(strings.ReplaceAll(raw+"\nBonjour\n", "\n", "\r\n"))) {
			t.Fatal("not delivered")
		}
	}
	me, them := people.MartinBox.String(), "Dr Petit <hugo.petit@chu.mssante.fr>"
	put(5*time.Hour, "Archive", them, "f1@x", "", "Fil un", `\Seen`)
	put(4*time.Hour, "INBOX", them, "f2@x", "f1@x", "Fil deux")
	put(3*time.Hour, "Sent", me, "f3@x", "f2@x", "Fil trois", `\Seen`)
	put(2*time.Minute, "INBOX", them, "f4@x", "f3@x", "Fil quatre")
	inConversations(t, c, inbox)
	where := func() (out []string) {
		t.Helper()
		folders, err := b.Folders(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range folders {
			if !f.Selectable {
				continue
			}
			l, err := b.List(t.Context(), mailbox.ListQuery{Folder: f.ID})
			if err != nil {
				t.Fatal(err)
			}
			for _, it := range l.Items {
				if strings.HasPrefix(it.Subject, "Fil ") {
					out = append(out, fmt.Sprintf("%s %s unread=%t flagged=%t processed=%t", it.Subject, f.Name, it.Unread, it.Flagged, it.Processed))
				}
			}
		}
		slices.Sort(out)
		return out
	}
	for _, x := range []struct {
		do, says string
		letters  int // that change
		action   audit.Action
	}{
		{"archive", "2\u00a0lettres classées", 2, audit.LetterArchive},
		{"bin", "2\u00a0lettres mises à la corbeille", 2, audit.LetterBin},
		{"move", "2\u00a0lettres", 2, audit.LetterMove},
		{"read", "2\u00a0lettres marquées lues", 2, audit.FlagSet},
		{"processed", "2\u00a0lettres marquées traitées", 2, audit.FlagSet},
		{"star", "quatre", 1, audit.FlagSet},
	} {
		d := doc(t, ok(t, c.Get(inbox)))
		row := d.Find("[data-testid=letter-row]").First()
		form := d.Find("form#selection")
		if form.Find("#bulk-count").AttrOr("data-many", "") != "conversations choisies" {
			t.Error("the count does not say conversations")
		}
		before := where()
		a := c.Post(form.AttrOr("action", ""), values("ref", row.Find("[data-testid=row-select]").AttrOr("value", ""), "do", x.do, "to", form.Find("select[name=to] option").Last().AttrOr("value", "")))
		if a.Status != 303 || !strings.HasPrefix(a.Location(), inbox) {
			t.Fatalf("%s: %d to %q", x.do, a.Status, a.Location())
		}
		changed := 0
		for _, line := range where() {
			if !strings.Contains(strings.Join(before, "\n"), line) {
				changed++
				if strings.Contains(line, "Fil un") || strings.Contains(line, "Fil trois") {
					t.Errorf("%s took a letter of another folder: %s", x.do, line)
				}
			}
		}
		flash := doc(t, ok(t, c.Get(a.Location()))).Find("[data-testid=flash]")
		if changed != x.letters || !strings.Contains(flash.Text(), x.says) || !did(acts(t, k, "martin"), x.action, "ok") {
			t.Errorf("%s changed %d letters and says %q", x.do, changed, flash.Text())
		}
		undo := flash.Find("form")
		ok(t, c.Follow(c.Post(undo.AttrOr("action", ""), values("undo", undo.Find("input[name=undo]").AttrOr("value", ""), "next", inbox)).Location()))
		if after := where(); !slices.Equal(after, before) {
			t.Errorf("undo %s: %s\nwas %s", x.do, after, before)
		}
	}
	ref := doc(t, ok(t, c.Get(inbox))).Find("[data-testid=row-select]").First().AttrOr("value", "")
	put(time.Minute, "INBOX", them, "f5@x", "f4@x", "Fil cinq")
	ok(t, c.Follow(c.Post(strings.Replace(inbox, "/"+strings.Split(inbox, "/")[3], "/act", 1), values("ref", ref, "do", "archive", "next", inbox)).Location()))
	if row := doc(t, ok(t, c.Get(inbox))).Find("[data-testid=letter-row]").First(); !strings.Contains(row.Text(), "Fil cinq") {
		t.Errorf("a letter that came since was taken: %q", row.Text())
	}
	// Whose letters cannot be filed by this person, has no boxes.
	if d := doc(t, ok(t, c.Get(inbox+"?filter=todo"))); d.Find("[data-testid=row-select]").Length() == 0 {
		t.Error("what is to do cannot be ticked")
	}
}

// TestConversationUnfolds: older letters that were read are folded above the newest, each
// is read in the page when asked, and one opened alone leads back.
func TestConversationUnfolds(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	c := k.SignIn("martin")
	inbox := c.Get(c.Get("/").Location()).Location()
	for i := range 5 {
		raw := fmt.Sprintf("From: Dr Petit <hugo.petit@chu.mssante.fr>\r\nSubject: Re: Pli\r\nMessage-ID: <u%d@x>\r\nReferences: <u@x>\r\n\r\nBonjour\r\n", i)
		if !k.World.Mail().Put(people.MartinBox, "INBOX", []string{`\Seen`}, k.Clock.Now().Add(time.Duration(i-5)*time.Second), []byte(raw)) {
			t.Fatal("not delivered")
		}
	}
	href := inConversations(t, c, inbox).Find(".row-link").First().AttrOr("href", "")
	d := doc(t, ok(t, c.Get(href)))
	older := d.Find("[data-testid=conversation-older]")
	if _, open := older.Attr("open"); open || older.Find("[data-testid=exchange-letter]").Length() != 3 || d.Find("[data-testid=letter-body]").Length() != 1 {
		t.Errorf("%d folded, %d read", older.Find("[data-testid=exchange-letter]").Length(), d.Find("[data-testid=letter-body]").Length())
	}
	if title := d.Find("[data-testid=conversation-subject]").Text(); title != "Pli" || d.Find("#reading .exchange-subject").Length() != 0 {
		t.Errorf("title %q, said again %d times", title, d.Find("#reading .exchange-subject").Length())
	}
	one := doc(t, ok(t, c.Get(older.Find("[data-testid=exchange-read]").First().AttrOr("href", ""))))
	if _, open := one.Find("[data-testid=conversation-older]").Attr("open"); one.Find("[data-testid=letter-body]").Length() != 2 || one.Find("[data-testid=conversation-older]").Length() == 1 && !open {
		t.Errorf("one asked: %d read", one.Find("[data-testid=letter-body]").Length())
	}
	if all := doc(t, ok(t, c.Get(d.Find("[data-testid=conversation-all]").AttrOr("href", "")))); all.Find("[data-testid=letter-body]").Length() != 5 {
		t.Errorf("all asked: %d read", all.Find("[data-testid=letter-body]").Length())
	}
	letter := doc(t, ok(t, c.Get(d.Find("[data-testid=exchange-open]").First().AttrOr("href", ""))))
	back := letter.Find(".letter-bar .back")
	if back.AttrOr("aria-label", "") != "Revenir à la conversation" || doc(t, ok(t, c.Get(back.AttrOr("href", "")))).Find("[data-testid=conversation]").Length() != 1 {
		t.Errorf("back: %q", back.Text())
	}
	if d := doc(t, ok(t, c.Get(href+"&open=%3Cx%3E&open=a/b/c"))); strings.Contains(d.Find("#reading").Text(), "<x>") || strings.Contains(d.Find("[data-testid=exchange-read]").First().AttrOr("href", ""), "x") && strings.Contains(d.Find("[data-testid=exchange-read]").First().AttrOr("href", ""), "%3C") {
		t.Error("what is no letter is repeated in links")
	}
}

// TestManyConversations: the letters of a page of conversations may be more than one
// answer waits for.
func TestManyConversations(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	c := k.SignIn("martin")
	inbox := c.Get(c.Get("/").Location()).Location()
	raw := strings.ReplaceAll("From: Dr Petit <hugo.petit@chu.mssante.fr>\nSubject: Fil\nReferences: <g@x>\n\nBonjour\n", "\n", "\r\n")
	for range 501 {
		if !k.World.Mail().Put(people.MartinBox, "INBOX", []string{`\Seen`}, k.Clock.Now(), []byte(raw)) {
			t.Fatal("not delivered")
		}
	}
	list := inConversations(t, c, inbox)
	form := values("do", "archive", "next", inbox)
	list.Find("[data-testid=row-select]").Slice(0, 2).Each(func(_ int, s *selection) { form.Add("ref", s.AttrOr("value", "")) })
	a := c.Post(list.Find("form#selection").AttrOr("action", ""), form)
	if a.Status != 303 || a.Location() != inbox {
		t.Fatalf("%d to %q", a.Status, a.Location())
	}
	for until := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		d := doc(t, ok(t, c.Get(inbox)))
		if over := d.Find("[data-testid=job-over]"); over.Length() > 0 {
			if d.Find("[data-testid=job-undo]").Length() != 1 || !strings.Contains(over.Text(), "lettres classées") {
				t.Errorf("%q", over.Text())
			}
			return
		}
		if time.Now().After(until) {
			t.Fatalf("not done: %q", d.Find("#job").Text())
		}
	}
}
