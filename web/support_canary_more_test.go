package web_test

import (
	"testing"
	"time"

	"pli.example/pli/internal/testkit"
)

// moreCanaries are those a person leaves by sorting: names of folders, of kept searches and of
// rules, words of an absence reply, conditions of a search.
func moreCanaries(t *testing.T, k *testkit.Kit, c *testkit.Client, box string) {
	t.Helper()
	found := c.Post("/mail/"+box+"/search", values("subject", "canaricondition", "everywhere", "1")).Location()
	for _, a := range []*testkit.Answer{
		c.Post("/mail/"+box+"/folders", values("do", "create", "name", "Canaridossier")),
		c.Post(found+"/save", values("name", "canarirecherche")),
		c.Post("/mail/"+box+"/patients/find", values("words", "Canaricherche")),
	} {
		if a.Status != 303 {
			t.Fatalf("%s: %d", a.URL.Path, a.Status)
		}
	}
	page := doc(t, ok(t, c.Get("/mail/"+box+"/rules/new")))
	rule := typed(page.Find("form.rule-form"), "name", "canariregle", "subject", "canarisujetregle", "seen", "1", "do", "save")
	if a := c.Post("/mail/"+box+"/rules/new", rule); a.Status != 303 {
		t.Fatalf("a rule: %d %s", a.Status, doc(t, a).Find("[data-testid=rule-error]").Text())
	}
	page = doc(t, ok(t, c.Get("/mail/"+box+"/rules/absence")))
	version := page.Find("input[name=version]").First().AttrOr("value", "")
	day := k.Clock.Now().Add(48 * time.Hour).Format(time.DateOnly)
	if a := c.Post("/mail/"+box+"/rules/absence", values("version", version, "do", "on", "from", day, "until", day, "days", "2", "subject", "canariabsence", "text", "canariremplacant")); a.Status != 303 {
		t.Fatalf("an absence reply: %d", a.Status)
	}
}
