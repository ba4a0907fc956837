package web_test

import (
	"strings"
	"testing"

	"pli.example/pli/internal/demo/people"
	"pli.example/pli/internal/testkit"
)

// Pages are prepared while the trail is written: when it cannot be, nothing that was
// prepared leaves, and no letter becomes read (ECO.4.1.1).
func TestNothingIsShownUntraced(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	c := k.SignIn("martin")
	ok(t, c.Follow("/"))
	at := c.Get(c.Get("/").Location()).Location()
	d := doc(t, ok(t, c.Get(at)))
	row := d.Find("li.row.is-unread").First()
	subject := strings.TrimSpace(row.Find("[data-testid=row-subject]").Text())
	href := row.Find("a.row-link").AttrOr("href", "")
	read := d.Find("li.row").Not(".is-unread").First().Find("a.row-link").AttrOr("href", "")
	if len(subject) < 8 || href == "" || read == "" {
		t.Fatalf("nothing to open: %q %q %q", subject, href, read)
	}
	unread := k.World.Mail().Unread(people.MartinBox, "INBOX")
	if err := k.App.Audit.Close(); err != nil {
		t.Fatal(err)
	}
	for name, a := range map[string]*testkit.Answer{
		"list":          c.Get(at),
		"list fragment": c.Get(at, testkit.Fragment),
		"letter":        c.Get(href),
		"letter alone":  c.Get(href, testkit.Fragment),
		"read before":   c.Get(read, testkit.Fragment),
		"frame":         c.Get(href+"/body", testkit.For("iframe")),
		"print":         c.Get(href + "/print"),
		"source":        c.Get(href + "/source"),
	} {
		if a.Status != 500 {
			t.Errorf("%s: answered %d without a trail", name, a.Status)
		}
		if text := a.Text(); strings.Contains(text, subject) || strings.Contains(text, "letter-row") {
			t.Errorf("%s: shown without a trail", name)
		}
	}
	if n := k.World.Mail().Unread(people.MartinBox, "INBOX"); n != unread {
		t.Errorf("%d letters unread, %d before", n, unread)
	}
}
