package web_test

import (
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/demo/people"
	"pli.example/pli/internal/testkit"
)

// chooseView chooses what a person's folders show.
func chooseView(t *testing.T, c *testkit.Client, folder, view string) {
	t.Helper()
	form := doc(t, ok(t, c.Get(folder))).Find("[data-testid=list-views]")
	a := c.Post(form.AttrOr("action", ""), values("view", view, "next", form.Find("input[name=next]").AttrOr("value", "")))
	if a.Status != 303 || a.Location() != folder {
		t.Fatalf("choosing: %d to %q", a.Status, a.Location())
	}
}

// inConversations chooses conversations and waits until a folder's are all read.
func inConversations(t *testing.T, c *testkit.Client, folder string) *selection {
	t.Helper()
	chooseView(t, c, folder, "conversations")
	for until := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		d := doc(t, ok(t, c.Get(folder)))
		say := d.Find("[data-testid=index-say]").Text()
		if say == "" && d.Find("[data-testid=letter-row]").Length() > 0 {
			return d.Find("#list")
		}
		if time.Now().After(until) {
			t.Fatalf("the mailbox is not read: %q", say)
		}
	}
}

func conversationID(t *testing.T, c *testkit.Client, folder string) string {
	t.Helper()
	href := inConversations(t, c, folder).Find(".row-link").First().AttrOr("href", "")
	chooseView(t, c, folder, "letters") // what others, signed in as the same person, look at
	return strings.Split(strings.SplitN(href, "?", 2)[0], "/")[4]
}

// TestConversationPages: what came, what was answered and what was filed are one line and
// one page; its letters are in the trail; its acts are those of its letters.
func TestConversationPages(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	c := k.SignIn("martin")
	inbox := c.Get(c.Get("/").Location()).Location()
	put := func(ago time.Duration, folder, from, to, id, refs, subject string, flags ...string) {
		t.Helper()
		raw := "From: " + from + "\nTo: " + to + "\nSubject: " + subject + "\nMessage-ID: <" + id + ">\n"
		if refs != "" {
			raw += "References: <" + refs + ">\nIn-Reply-To: <" + refs + ">\n"
		}
		if !k.World.Mail().Put(people.MartinBox, folder, flags, k.Clock.Now().Add(-ago), []byte(strings.ReplaceAll(raw+"\nBonjour\n", "\n", "\r\n"))) {
			t.Fatal("not delivered")
		}
	}
	me, them := people.MartinBox.String(), "Dr Petit <hugo.petit@chu.mssante.fr>"
	put(3*time.Hour, "Archive", them, me, "c1@x", "", "Dossier commun", `\Seen`)
	put(2*time.Hour, "Sent", me, them, "c2@x", "c1@x", "Re: Dossier commun", `\Seen`)
	put(time.Minute, "INBOX", them, me, "c3@x", "c2@x", "Autre objet")
	list := inConversations(t, c, inbox)
	row := list.Find("[data-testid=letter-row]").First()
	if text := row.Text(); !strings.Contains(strings.ReplaceAll(text, "\u00a0", " "), "3 lettres") || !strings.Contains(text, "moi") || !strings.Contains(text, "Autre objet") || !row.HasClass("is-unread") {
		t.Errorf("the line: %q", text)
	}
	href := row.Find(".row-link").AttrOr("href", "")
	if strings.Contains(href, "@") || strings.Contains(strings.ToLower(href), "dossier") {
		t.Errorf("its address tells: %q", href)
	}
	for name, change := range map[string][]testkit.Change{"page": nil, "fragment": {testkit.Fragment}} {
		d := doc(t, ok(t, c.Get(href, change...)))
		letters := d.Find("[data-testid=exchange-letter]")
		if letters.Length() != 3 || letters.Last().Find("iframe").Length() != 1 || letters.First().Find("iframe").Length() != 0 {
			t.Errorf("%s: %d letters, %d read", name, letters.Length(), letters.Find("iframe").Length())
		}
		if !strings.Contains(letters.First().Text(), "Archives") || !strings.Contains(letters.Eq(1).Text(), "Moi") {
			t.Errorf("%s: %q", name, letters.Text())
		}
		if whole := d.Find("#list [data-testid=letter-row]").Length() > 0; whole != (name == "page") {
			t.Errorf("%s: list beside: %v", name, whole)
		}
	}
	trail := acts(t, k, "martin")
	if !did(trail, audit.LetterList, "ok") || !did(trail, audit.LetterOpen, "ok") {
		t.Error("the reading is not in the trail")
	}
	if inConversations(t, c, inbox).Find("[data-testid=letter-row]").First().HasClass("is-unread") {
		t.Error("read, and shown unread")
	}
	form := doc(t, ok(t, c.Get(href))).Find("[data-testid=act-archive]").Closest("form")
	refs := form.Find("input[name=ref]")
	if refs.Length() != 1 {
		t.Fatalf("the act is about %d letters", refs.Length())
	}
	a := c.Post(form.AttrOr("action", ""), values("ref", refs.AttrOr("value", "")))
	if a.Status != 303 || !strings.HasPrefix(a.Location(), inbox) {
		t.Fatalf("archive: %d to %q", a.Status, a.Location())
	}
	if text := doc(t, ok(t, c.Get(a.Location()))).Find("#rows").Text(); strings.Contains(text, "Autre objet") {
		t.Error("filed, and still in the inbox")
	}
	if d := doc(t, ok(t, c.Get(href))); d.Find("[data-testid=exchange-letter]").Length() != 3 {
		t.Error("the conversation's address does not outlive an act")
	}
	// Back to letters, one click away.
	views := doc(t, ok(t, c.Get(inbox))).Find("[data-testid=list-views]")
	ok(t, c.Follow(c.Post(views.AttrOr("action", ""), values("view", "letters", "next", inbox)).Location()))
	if d := doc(t, ok(t, c.Get(inbox))); d.Find("[data-testid=view-letters]").AttrOr("aria-pressed", "") != "true" {
		t.Error("letters were not chosen")
	}
	if a := c.Get(strings.Split(href, "/conversation/")[0] + "/conversation/aaaaaaaaaaaaa"); a.Status != 410 {
		t.Errorf("an unknown conversation: %d", a.Status)
	}
	if a := c.Post(views.AttrOr("action", ""), values("view", "x")); a.Status < 400 {
		t.Errorf("an unknown view: %d", a.Status)
	}
}
