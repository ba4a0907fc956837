package web_test

import (
	"context"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/demo/people"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/testkit"
)

// Attack 45: no address opens another's mailbox, folder or letter; the refusal is
// in the trail; "not yours" and "no such" look alike.
func TestForeignAddressesDoNotOpen(t *testing.T) {
	t.Parallel()
	k := shared.For(t)
	martin, benali := k.SignIn("martin"), k.SignIn("benali")
	mine := letterLinks(t, benali, "/")[0]
	theirs := letterLinks(t, martin, "/")[0]
	m, o := strings.Split(mine, "/"), strings.Split(theirs, "/") // "", mail, box, folder, validity, uid
	invented := "/mail/aaaaaaaaaaaaaaaa"
	var bases []string
	for _, parts := range [][]string{
		{o[2], o[3], o[4], o[5]}, // their letter
		{m[2], o[3], o[4], o[5]}, // their folder under my box
		{o[2], m[3], m[4], m[5]}, // my folder under their box
		{m[2], m[3], o[4], o[5]}, // another validity of my folder
		{m[2], m[3], m[4], "4294967295"},
		{"aaaaaaaaaaaaaaaa", o[3], o[4], o[5]},
	} {
		bases = append(bases, "/mail/"+strings.Join(parts, "/"))
	}
	for _, base := range bases {
		for _, tail := range []string{"", "/body", "/source", "/print", "/zip", "/part/1", "/part/1/view", "/part/1/inline", "/part/1/picture", "/part/1/raw", "/part/9.9.9"} {
			a := benali.Get(base+tail, testkit.With("Sec-Fetch-Dest", ""))
			if a.Status != 404 && a.Status != 410 {
				t.Errorf("%s answered %d: %s", base+tail, a.Status, firstBytes(a.Text(), 200))
			}
		}
	}
	for _, path := range []string{"/mail/" + o[2], "/mail/" + o[2] + "/" + o[3], "/mail/" + m[2] + "/" + o[3], invented, invented + "/" + o[3], "/mail/" + o[2] + "/search/ABCDEFGHIJKLMNOPQRST"} {
		if a := benali.Get(path); a.Status != 404 && a.Status != 410 {
			t.Errorf("%s answered %d", path, a.Status)
		}
	}
	for path, form := range map[string]url.Values{
		"/mail/" + o[2] + "/act?do=archive": values("ref", strings.Join(o[3:6], "/")),
		"/mail/" + m[2] + "/act?do=archive": values("ref", strings.Join(o[3:6], "/")),
		"/mail/" + o[2] + "/undo":           values("undo", "x"),
		"/mail/" + o[2] + "/search":         values("words", "x"),
	} {
		if a := benali.Post(path, form); a.Status != 404 && a.Status != 410 {
			t.Errorf("POST %s answered %d", path, a.Status)
		}
	}
	known, unknown := benali.Get("/mail/"+o[2]), benali.Get(invented)
	if say(t, known) != say(t, unknown) || known.Status != unknown.Status {
		t.Errorf("a mailbox that exists can be told from one that does not:\n%q\n%q", say(t, known), say(t, unknown))
	}
	if !did(acts(t, k, "benali"), audit.MailboxRefused, "not_found") && !did(acts(t, k, "benali"), audit.MailboxRefused, "denied") {
		t.Error("the refusals are not in the trail")
	}
}

func say(t *testing.T, a *testkit.Answer) string {
	t.Helper()
	return doc(t, a).Find("[data-testid=error-title], [data-testid=error-say]").Text()
}

// Attack 45: a right to read is not a right to act.
func readersDoNotAct(t *testing.T, k *testkit.Kit) {
	grant(t, k, "renard", []mssanteGrant{{people.LilasBox, "read"}}) // less than she had
	b := open(t, k, "martin", people.LilasBox)
	before := state(t, b)
	c := k.SignIn("renard")
	box := boxID(t, c, 0)
	path := c.Get("/mail/" + box).Location()
	d := doc(t, ok(t, c.Get(path)))
	if d.Find("[data-testid=row-select], [data-testid=bulk-archive]").Length() > 0 {
		t.Error("the page offers acts")
	}
	href := d.Find(".is-unread a.row-link").First().AttrOr("href", "")
	if href == "" {
		t.Fatal("no unread letter to try")
	}
	ref := strings.Join(strings.Split(strings.SplitN(href, "?", 2)[0], "/")[3:6], "/")
	for _, do := range []string{"archive", "bin", "read", "unread", "star", "unstar", "move"} {
		if a := c.Post("/mail/"+box+"/act?do="+do, values("ref", ref, "to", strings.Split(ref, "/")[0])); a.Status != 403 {
			t.Errorf("%s answered %d", do, a.Status)
		}
	}
	ok(t, c.Get(href)) // reading leaves no mark on a mailbox one may only read
	if after := state(t, b); after != before {
		t.Errorf("something changed:\n%s\n%s", before, after)
	}
}

// Attack 46: people reading at the same time, from mailboxes whose UIDs are the
// same, each get their own letters only.
func TestPeopleNeverSeeEachOthers(t *testing.T) {
	t.Parallel()
	k := shared.For(t)
	own := map[string]map[string]bool{} // subjects by mailbox
	for _, l := range testkit.Letters() {
		key := l.Mailbox.Key()
		if own[key] == nil {
			own[key] = map[string]bool{}
		}
	}
	var wg sync.WaitGroup
	for _, key := range []string{"martin", "petit", "garnier", "benali", "fournier", "renard"} {
		c := k.SignIn(key)
		var subjects []string
		for _, g := range member(t, key).Mailboxes {
			subjects = append(subjects, subjectsOf(t, k, key, g.Address)...)
		}
		wg.Go(func() {
			for range 5 {
				for i := range len(member(t, key).Mailboxes) {
					a := c.Follow("/mail/" + boxID(t, c, i))
					d := doc(t, a)
					d.Find("[data-testid=row-subject]").Each(func(_ int, s *selection) {
						if !contains(subjects, unprefixed(s.Text())) {
							t.Errorf("%s sees %q, which is not theirs", key, s.Text())
						}
					})
					if got := a.Header.Get("Cache-Control"); got != "no-store, private" {
						t.Errorf("Cache-Control %q", got)
					}
				}
			}
		})
	}
	wg.Wait()
}

func subjectsOf(t *testing.T, k *testkit.Kit, key string, addr mssante.Address) []string {
	t.Helper()
	b := open(t, k, key, addr)
	folders, err := b.Folders(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range folders {
		if !f.Selectable {
			continue
		}
		l, err := b.List(context.Background(), mailbox.ListQuery{Folder: f.ID, Size: 500})
		if err != nil {
			t.Fatal(err)
		}
		for _, it := range l.Items {
			out = append(out, unprefixed(mssante.VisibleSubject(it.Subject)))
		}
	}
	return out
}

func contains(all []string, s string) bool {
	for _, x := range all {
		if strings.TrimSpace(x) == strings.TrimSpace(s) || s == "(sans objet)" {
			return true
		}
	}
	return false
}

// unprefixed takes off what pages write in their own way before a subject.
func unprefixed(s string) string {
	return regexp.MustCompile(`^(?i:(re|tr|fwd?)\s*\x{a0}?:\s*)+`).ReplaceAllString(s, "")
}
