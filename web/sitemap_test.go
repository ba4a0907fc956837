package web

import (
	"strings"
	"testing"

	"pli.example/pli/internal/rules"
)

// The site map says of every address whom it serves, and its table holds each
// pattern once.
func TestSiteMapIsWhole(t *testing.T) {
	t.Parallel()
	table := SiteMapMarkdown()
	entries := SiteMap()
	if n := len((&Server{staff: &Staff{}, rules: &rules.Room{}}).routes()); len(entries) != n || n < 50 {
		t.Fatalf("%d entries of %d routes", len(entries), n)
	}
	for _, e := range entries {
		if e.Who == "" || e.Method == "" || !strings.HasPrefix(e.Pattern, "/") {
			t.Errorf("%+v", e)
		}
		if n := strings.Count(table, "| `"+e.Pattern+"` |"); n != 1 {
			t.Errorf("%s stands %d times in the table", e.Pattern, n)
		}
	}
	if !strings.Contains(table, "| `/support` | GET | support staff") {
		t.Error("the pages of support are not in the table")
	}
	if strings.Contains(table, "[0-9]") {
		t.Error("the table shows the shapes of parameters")
	}
}
