package web_test

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"pli.example/pli/internal/demo"
	"pli.example/pli/internal/demo/people"
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
	k := shared.For(t)
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
	k := shared.For(t)
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
func getsArePure(t *testing.T, k *testkit.Kit) {
	c := k.SignIn("martin")
	b := open(t, k, "martin", people.MartinBox)
	before := state(t, b)
	inbox := c.Get(c.Get("/").Location()).Location()
	href := doc(t, ok(t, c.Get(inbox))).Find(".row.is-unread a.row-link").First().AttrOr("href", "")
	if href == "" {
		t.Fatal("no unread letter: the test proves nothing")
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

// Attack 43: no parameter leads elsewhere.
func TestNoOpenRedirect(t *testing.T) {
	t.Parallel()
	k := shared.For(t)
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
func polyglotsStayText(t *testing.T, k *testkit.Kit) {
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
func serversDownAreSaid(t *testing.T, k *testkit.Kit) {
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

// digits are n numbers, written.
func digits(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = strconv.Itoa(i + 1)
	}
	return out
}

func TestRequestLimits(t *testing.T) {
	t.Parallel()
	k := shared.For(t)
	c := k.SignIn("martin")
	box := boxID(t, c, 0)
	many := url.Values{}
	for i := range 501 {
		many.Add("ref", fmt.Sprintf("aaaa/1/%d", i+1))
	}
	if a := c.Post("/mail/"+box+"/remind", many); a.Status != 413 {
		t.Errorf("501 letters: %d", a.Status)
	}
	if a := c.Post("/mail/"+box+"/act?do=read", values("ref", "aaaa/1/"+strings.Join(digits(25_001), ","))); a.Status != 413 {
		t.Errorf("25,001 letters: %d", a.Status)
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
