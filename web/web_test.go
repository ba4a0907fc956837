package web_test

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/demo/people"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/testkit"
)

// doc reads a page.
func doc(t testing.TB, a *testkit.Answer) *goquery.Document {
	t.Helper()
	d, err := goquery.NewDocumentFromReader(bytes.NewReader(a.Body))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// ok fails unless the answer is a page.
func ok(t testing.TB, a *testkit.Answer) *testkit.Answer {
	t.Helper()
	if a.Status != 200 {
		t.Fatalf("%s answered %d: %s", a.URL.Path, a.Status, firstBytes(a.Text(), 600))
	}
	return a
}

func firstBytes(s string, n int) string { return s[:min(n, len(s))] }

// links gives the hrefs and srcs of our own pages, each once.
func links(d *goquery.Document) []string {
	var out []string
	for _, pair := range [][2]string{{"a", "href"}, {"iframe", "src"}, {"img", "src"}} {
		d.Find(pair[0]).Each(func(_ int, s *goquery.Selection) {
			if v, _, _ := strings.Cut(s.AttrOr(pair[1], ""), "#"); strings.HasPrefix(v, "/") && !slices.Contains(out, v) {
				out = append(out, v)
			}
		})
	}
	return out
}

// member gives the cast's person.
func member(t testing.TB, key string) people.Person {
	t.Helper()
	for _, p := range people.Cast() {
		if p.Key == key {
			return p
		}
	}
	t.Fatalf("nobody is called %s", key)
	return people.Person{}
}

// open opens a mailbox of a person behind the pages' back, to look at the server's
// state.
func open(t testing.TB, k *testkit.Kit, key string, addr mssante.Address) *mailbox.Box {
	t.Helper()
	c := k.SignIn(key)
	id, _, _ := strings.Cut(c.Cookie("__Host-pli"), ".")
	acc, err := k.App.Accounts.ByNationalID(t.Context(), member(t, key).NationalID)
	if err != nil {
		t.Fatal(err)
	}
	b, err := k.App.House.Open(t.Context(), mssante.Actor{SessionID: id, AccountID: acc.ID, NationalID: acc.NationalID}, addr)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// state is every letter of a mailbox with its flags, as text.
func state(t testing.TB, b *mailbox.Box) string {
	t.Helper()
	folders, err := b.Folders(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range folders {
		if !f.Selectable {
			continue
		}
		for page := 1; ; page++ {
			l, err := b.List(t.Context(), mailbox.ListQuery{Folder: f.ID, Page: page})
			if err != nil {
				t.Fatal(err)
			}
			for _, it := range l.Items {
				out = append(out, fmt.Sprintf("%s/%d unread=%t flagged=%t answered=%t", f.Name, it.UID, it.Unread, it.Flagged, it.Answered))
			}
			if l.NextBefore == 0 {
				break
			}
		}
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// acts are the trail's rows of a person, oldest first.
func acts(t testing.TB, k *testkit.Kit, key string) []audit.Event {
	t.Helper()
	acc, err := k.App.Accounts.ByNationalID(context.Background(), member(t, key).NationalID)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := k.App.Audit.Recent(context.Background(), audit.Filter{AccountID: acc.ID, Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	var out []audit.Event
	for _, r := range slices.Backward(rows) {
		out = append(out, r.Event)
	}
	return out
}

func did(all []audit.Event, action audit.Action, outcome string) bool {
	return slices.ContainsFunc(all, func(e audit.Event) bool { return e.Action == action && e.Outcome == outcome })
}

// rowOf finds a letter's row by words of its subject, on the inbox or wherever path
// leads.
func rowOf(t testing.TB, c *testkit.Client, path, subject string) *goquery.Selection {
	t.Helper()
	for path != "" {
		d := doc(t, ok(t, c.Follow(path)))
		row := d.Find("[data-testid=letter-row]").FilterFunction(func(_ int, s *goquery.Selection) bool {
			return strings.Contains(s.Find("[data-testid=row-subject]").Text(), subject)
		}).First()
		if row.Length() > 0 {
			return row
		}
		path = d.Find("[data-testid=pager-next]").AttrOr("href", "")
	}
	t.Fatalf("no letter about %q", subject)
	return nil
}

func hrefOf(t testing.TB, c *testkit.Client, path, subject string) string {
	t.Helper()
	href := rowOf(t, c, path, subject).Find("a.row-link").AttrOr("href", "")
	if href == "" {
		t.Fatalf("the row of %q leads nowhere", subject)
	}
	return href
}

func values(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return v
}

// selection is shorter to read in callbacks.
type selection = goquery.Selection

// grant gives a person of the cast more access, as the operator would.
func grant(t testing.TB, k *testkit.Kit, key string, list []mssanteGrant) {
	t.Helper()
	for _, g := range list {
		rights, err := delegation.ParseRights(g.rights)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := k.App.Grants.Grant(t.Context(), mssante.Actor{AccountID: "operator"}, delegation.Request{Address: g.address,
			To: member(t, key).NationalID, Kind: delegation.Delegate, Rights: rights}); err != nil {
			t.Fatal(err)
		}
	}
}

func sortedKeys(m map[string]int) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
