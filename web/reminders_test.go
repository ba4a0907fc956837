package web_test

import (
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/testkit"
)

// TestRemindersPage: from a letter's menu to the list of those that wait, cancelled,
// and back by itself on its day, for whoever opens the mailbox then.
func TestRemindersPage(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	c := k.SignIn("martin")
	box := boxID(t, c, 1)
	at := c.Get("/mail/" + box).Location()
	n := doc(t, ok(t, c.Get(at))).Find("[data-testid=letter-row]").Length()
	href := doc(t, ok(t, c.Get(at))).Find("a.row-link").Last().AttrOr("href", "")
	form := doc(t, ok(t, c.Get(href))).Find("[data-testid=act-remind]").Closest("form")
	ref := form.Find("input[name=ref]").AttrOr("value", "")
	says := func(when, date string) string {
		t.Helper()
		a := c.Post(form.AttrOr("action", ""), values("ref", ref, "when", when, "date", date))
		return doc(t, ok(t, c.Get(a.Location()))).Find("[data-testid=flash]").Text()
	}
	for _, bad := range [][2]string{{"date", ""}, {"date", "2020-01-01"}, {"date", "demain"}, {"", ""}, {"date", "2400-01-01"}} {
		if text := says(bad[0], bad[1]); !strings.Contains(text, "rien n’a changé") {
			t.Errorf("%v: %q", bad, text)
		}
	}
	if text := says("tomorrow", ""); !strings.Contains(text, "elle reviendra demain à 08:00") {
		t.Errorf("says %q", text)
	}
	page := doc(t, ok(t, c.Get("/mail/"+box+"/reminders")))
	if row := page.Find("[data-testid=reminder-row]"); row.Length() != 1 || !strings.Contains(row.Find("[data-testid=reminder-due]").Text(), "revient demain à 08:00 en Réception") {
		t.Fatalf("%d rows: %s", row.Length(), row.Text())
	}
	if page.Find("[data-testid=folder-reminders]").AttrOr("href", "") != "/mail/"+box+"/reminders" {
		t.Error("the folder in the rail leads elsewhere")
	}
	a := press(t, c, page.Find("[data-testid=reminder-cancel]"))
	if text := doc(t, ok(t, c.Get(a.Location()))).Find("[data-testid=flash]").Text(); !strings.Contains(text, "est revenue en tête de «\u00a0Réception\u00a0»") {
		t.Errorf("says %q", text)
	}
	ref = doc(t, ok(t, c.Get(at))).Find("[data-testid=row-select]").First().AttrOr("value", "")
	if text := says("monday", ""); !strings.Contains(text, "elle reviendra lundi à 08:00") {
		t.Errorf("says %q", text)
	}
	if got := doc(t, ok(t, c.Get(at))).Find("[data-testid=letter-row]").Length(); got != n-1 {
		t.Errorf("%d rows, were %d", got, n)
	}
	k.Clock.Advance(5 * 24 * time.Hour)
	c = k.SignIn("martin")
	if got := doc(t, ok(t, c.Get(at))).Find("[data-testid=letter-row]").Length(); got != n {
		t.Errorf("%d rows after its day, were %d", got, n)
	}
}
