package web_test

import (
	"encoding/csv"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/testkit"
	"pli.example/pli/web"
)

// Verifying does not lose the search on the page; the file for spreadsheets tells the
// hour of the clock on the wall; a name that never signed in is said to have none.
func TestSupportKeepsItsPlace(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	k.SignIn("martin").Follow("/")
	agent := k.Staff("delmas")
	to := agent.Post("/support/trail", values("action", "folder.list", "person", "Claire Martin")).Location()
	handle := to[strings.LastIndexByte(to, '/')+1:]
	if v, _ := doc(t, ok(t, agent.Get(to))).Find(`form[action="/support/trail/verify"] input[name=search]`).Attr("value"); v != handle {
		t.Errorf("the button carries %q, not %q", v, handle)
	}
	if at := agent.Post("/support/trail/verify", values("search", handle)).Location(); !strings.HasPrefix(at, to) {
		t.Errorf("verified, and away from the search: %s", at)
	}
	if at := agent.Post("/support/trail/verify", values("search", "aaaaaaaaaaaaaaaaaaaa")).Location(); !strings.HasPrefix(at, "/support/trail?") {
		t.Errorf("a handle nobody keeps leads to %s", at)
	}

	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(ok(t, agent.Post("/support/trail/export", values("format", "csv", "search", handle))).Text(), "\ufeff")))
	r.Comma = ';'
	rows, err := r.ReadAll()
	if err != nil || len(rows) < 2 || rows[0][0] != "date_heure" || rows[0][1] != "instant_utc" {
		t.Fatalf("%q, %v", rows, err)
	}
	instant, err := time.Parse(time.RFC3339Nano, rows[1][1])
	if wall := instant.In(web.Paris()).Format(time.DateTime); err != nil || rows[1][0] != wall || wall == instant.UTC().Format(time.DateTime) {
		t.Errorf("%s beside %s, %v", rows[1][0], rows[1][1], err)
	}

	found := ok(t, agent.Follow(agent.Post("/support/search", values("words", "pharmacie")).Location()))
	if d := doc(t, found); d.Find(`[data-testid="support-box"]`).Length() > 0 && d.Find(`[data-testid="support-person"]`).Length() == 0 && d.Find(`[data-testid="support-no-account"]`).Length() != 1 {
		t.Errorf("boxes, nobody, and not a word: %s", d.Find("main").Text())
	} else if d.Find(`[data-testid="support-box"]`).Length() == 0 {
		t.Error("no box found: nothing is proved")
	}
}
