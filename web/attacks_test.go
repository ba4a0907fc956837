package web_test

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/demo"
	"pli.example/pli/internal/demo/people"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/testkit"
)

// posts are the addresses that change something, for a box.
func posts(box string) map[string]url.Values {
	return map[string]url.Values{
		"/sign-in": {}, "/sign-out": {}, "/situations": values("situation", "x"), "/sessions/revoke": values("id", "x"),
		"/mail/" + box + "/act?do=archive": values("ref", "aaaa/1/1"), "/mail/" + box + "/undo": values("undo", "x"), "/mail/" + box + "/search": values("words", "x"),
	}
}

// Attack 41: a post from elsewhere changes nothing, whatever the browser's age.
func TestCrossSitePostsAreRefused(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	c := k.SignIn("martin")
	box := boxID(t, c, 0)
	for path, form := range posts(box) {
		for name, change := range map[string]testkit.Change{
			"cross-site":                  testkit.CrossSite,
			"same-site":                   testkit.With("Sec-Fetch-Site", "same-site"),
			"old browser, foreign origin": both(testkit.With("Sec-Fetch-Site", ""), testkit.With("Origin", "https://ailleurs.example")),
			"old browser, null origin":    both(testkit.With("Sec-Fetch-Site", ""), testkit.With("Origin", "null")),
		} {
			if a := c.Post(path, form, change); a.Status != 403 {
				t.Errorf("%s, %s: %d", path, name, a.Status)
			}
		}
	}
	// The same post from our own page by a browser that sends Origin alone passes.
	if a := c.Post("/mail/"+box+"/search", values("words", "x"), testkit.With("Sec-Fetch-Site", "")); a.Status != 303 {
		t.Errorf("same origin, old browser: %d", a.Status)
	}
	ok(t, c.Follow("/"))
}

// Such a browser sends "Origin: null" when the page's policy hides the referrer.
func TestPagesThatPostKeepTheOrigin(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	c := k.SignIn("martin")
	for _, path := range []string{"/sign-in", "/", "/sessions"} {
		a := c.Follow(path)
		if got := a.Header.Get("Referrer-Policy"); got != "same-origin" {
			t.Errorf("%s: Referrer-Policy %q", path, got)
		}
	}
}

func both(a, b testkit.Change) testkit.Change { return func(r *testkit.Request) { a(r); b(r) } }

func boxID(t *testing.T, c *testkit.Client, n int) string {
	t.Helper()
	d := doc(t, ok(t, c.Follow("/")))
	return strings.TrimPrefix(d.Find("[data-testid=box-link]").Eq(n).AttrOr("href", ""), "/mail/")
}

// Attack 41: GETs change nothing but the read mark of the letter one looks at.
func TestGetsArePure(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	c := k.SignIn("martin")
	b := open(t, k, "martin", people.MartinBox)
	before := state(t, b)
	inbox := c.Get(c.Get("/").Location()).Location()
	href := ""
	for _, l := range letterLinks(t, c, inbox) {
		href = l // any letter, then an unread one
		if row := doc(t, c.Get(inbox)).Find(".row.is-unread a.row-link").First(); row.Length() > 0 {
			href = row.AttrOr("href", "")
		}
		break
	}
	for _, path := range []string{"/", inbox, inbox + "?filter=unread", inbox + "?before=3", inbox + "?after=3", inbox + "?page=1", href + "/body", href + "/source",
		href + "/print", href + "/zip", href + "/part/1", href + "/part/1/view", href + "/part/1/inline", href + "/part/1/raw", "/sessions", "/journal"} {
		c.Get(path)
	}
	for name, change := range map[string]testkit.Change{
		"from another site": testkit.With("Sec-Fetch-Site", "cross-site"),
		"from a sub-domain": testkit.With("Sec-Fetch-Site", "same-site"),
		"prefetch":          testkit.With("Sec-Purpose", "prefetch"),
		"prerender":         testkit.With("Sec-Purpose", "prefetch;prerender"),
		"old prefetch":      testkit.With("Purpose", "prefetch"),
		"as an image":       testkit.For("image"),
		"as a frame":        testkit.For("iframe"),
	} {
		ok(t, c.Get(href, change))
		if state(t, b) != before {
			t.Fatalf("%s marked the letter read", name)
		}
	}
	if state(t, b) != before {
		t.Fatal("a GET changed something")
	}
	ok(t, c.Get(href))
	if state(t, b) == before {
		t.Error("opening the letter did not mark it read")
	}
}

// Attack 45: no address opens another's mailbox, folder or letter; the refusal is
// in the trail; "not yours" and "no such" look alike.
func TestForeignAddressesDoNotOpen(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
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
		for _, tail := range []string{"", "/body", "/source", "/print", "/zip", "/part/1", "/part/1/view", "/part/1/inline", "/part/1/raw", "/part/9.9.9"} {
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
func TestReadersDoNotAct(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
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
	k := testkit.New(t)
	own := map[string]map[string]bool{} // subjects by mailbox
	for _, l := range people.Letters(k.Clock.Now()) {
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
						if !contains(subjects, s.Text()) {
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
			out = append(out, mssante.VisibleSubject(it.Subject))
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

// Attack 43: no parameter leads elsewhere.
func TestNoOpenRedirect(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	c := k.SignIn("martin")
	box := boxID(t, c, 0)
	ref := strings.Join(strings.Split(letterLinks(t, c, "/")[0], "/")[3:6], "/")
	for _, next := range []string{"//evil.example", "/\\evil.example", "https://evil.example", "/%5cevil.example", "javascript:alert(1)", "/\r\nLocation: https://evil.example"} {
		for _, a := range []*testkit.Answer{
			c.Get("/sign-in?next=" + url.QueryEscape(next)),
			c.Post("/mail/"+box+"/act?do=star&next="+url.QueryEscape(next), values("ref", ref)),
			c.Post("/mail/"+box+"/act?do=star", values("ref", ref, "next", next)),
		} {
			if to := a.Header.Get("Location"); a.Status != 303 || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.Contains(to, "evil") {
				t.Errorf("next=%q: %d to %q", next, a.Status, to)
			}
		}
		_, a := k.TrySignIn("martin", next)
		if to := a.Header.Get("Location"); !strings.HasPrefix(to, "/") || strings.Contains(to, "evil") {
			t.Errorf("sign-in with next=%q leads to %q", next, to)
		}
	}
}

// Attacks 16 and 48: a letter whose every field is markup, and every query
// parameter too, stays text.
func TestPolyglotsStayText(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	const evil = `"'><img src=x onerror=alert(1)><script>alert(2)</script><svg onload=alert(3)>{{7*7}}`
	raw := strings.ReplaceAll("From: \"EVIL\" <a@evil.example>\nTo: \"EVIL\" <claire.martin@medecin.mssante.fr>\nCc: EVIL\nSubject: EVIL\nMessage-ID: <EVIL>\n"+
		"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nEVIL\n--b\n"+
		"Content-Type: application/pdf; name=\"EVIL.pdf\"\nContent-Disposition: attachment; filename=\"EVIL.pdf\"\n\n%PDF-1.4\n--b\n"+
		"Content-Type: message/rfc822\n\nFrom: EVIL <b@evil.example>\nSubject: nested EVIL\n\nEVIL\n--b--\n", "\n", "\r\n")
	raw = strings.ReplaceAll(raw, `"EVIL"`, `"`+strings.ReplaceAll(evil, `"`, `\"`)+`"`)
	raw = strings.ReplaceAll(raw, "EVIL", evil)
	if !k.World.Mail().Put(people.MartinBox, "INBOX", nil, k.Clock.Now(), []byte(raw)) {
		t.Fatal("not delivered")
	}
	c := k.SignIn("martin")
	inbox := c.Get(c.Get("/").Location()).Location()
	href := letterLinks(t, c, inbox)[0]
	c.Post("/mail/"+strings.Split(href, "/")[2]+"/search", values("words", evil))
	q := url.QueryEscape(evil)
	paths := []string{inbox, href, href + "/body", href + "/print", href + "/part/2/view", href + "/body?part=3", "/journal",
		inbox + "?filter=" + q, inbox + "?before=" + q, inbox + "?page=" + q, inbox + "?note=" + q, href + "?form=" + q, href + "/body?form=" + q + "&part=" + q,
		"/sign-in?next=" + q, "/situations?next=" + q, "/journal?before=" + q, "/signed-out?provider=" + q, "/" + url.PathEscape(evil), "/mail/" + url.PathEscape(evil)}
	a := c.Post("/mail/"+strings.Split(href, "/")[2]+"/search", values("words", evil))
	paths = append(paths, a.Location())
	for _, path := range paths {
		a := c.Get(path, testkit.With("Sec-Fetch-Dest", ""))
		d := doc(t, a)
		if n := d.Find("[onerror], [onload], svg[onload], img[src=x]").Length(); n > 0 {
			t.Errorf("%s: %d live elements", path, n)
		}
		d.Find("script").Each(func(_ int, s *selection) {
			if strings.Contains(s.Text(), "alert") {
				t.Errorf("%s: a script of the sender", path)
			}
		})
	}
	if !strings.Contains(ok(t, c.Get(inbox)).Text(), "&lt;script&gt;") {
		t.Error("the subject is not shown as text")
	}
}

// A stand-in that is down is said, and what does not need it still works.
func TestServersDownAreSaid(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	c := k.SignIn("martin")
	inbox := c.Get(c.Get("/").Location()).Location()
	ok(t, c.Get(inbox))
	if !k.World.Stop(demo.ServiceIMAP) {
		t.Fatal("no such service")
	}
	a := c.Get(inbox)
	if a.Status != 503 && a.Status != 504 {
		t.Errorf("list: %d", a.Status)
	}
	d := doc(t, a)
	if d.Find("[data-testid=error-say]").Text() == "" || d.Find("[data-testid=error-act]").AttrOr("href", "") != inbox {
		t.Errorf("the page does not say what to do: %s", d.Find("main").Text())
	}
	if strings.Contains(a.Text(), "imap:") || strings.Contains(a.Text(), "net.") {
		t.Error("the page shows the cause")
	}
	f := c.Get(inbox, testkit.Fragment)
	if f.Status != a.Status || strings.Contains(f.Text(), "<html") {
		t.Errorf("fragment: %d", f.Status)
	}
	ok(t, c.Get("/sessions"))
	ok(t, c.Get("/journal"))
	k.World.Start(demo.ServiceIMAP)
	ok(t, c.Get(inbox))
}

type mssanteGrant struct {
	address mssante.Address
	rights  string
}

func TestRequestLimits(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	c := k.SignIn("martin")
	box := boxID(t, c, 0)
	many := url.Values{}
	for i := range 501 {
		many.Add("ref", fmt.Sprintf("aaaa/1/%d", i+1))
	}
	if a := c.Post("/mail/"+box+"/act?do=star", many); a.Status != 413 {
		t.Errorf("501 letters: %d", a.Status)
	}
	if a := c.Post("/mail/"+box+"/search", values("words", strings.Repeat("a", 300<<10))); a.Status != 413 {
		t.Errorf("a form of 300 kB: %d", a.Status)
	}
	if a := c.Post("/mail/"+box+"/act?do=star", nil); a.Status != 400 {
		t.Errorf("nothing ticked: %d", a.Status)
	}
	if a := c.Post("/mail/"+box+"/act?do=explode", values("ref", "aaaa/1/1")); a.Status != 400 {
		t.Errorf("an invented act: %d", a.Status)
	}
	if a := c.Post("/journal", nil); a.Status != 405 {
		t.Errorf("a verb a page does not know: %d", a.Status)
	}
}
