package web_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/demo"
	"pli.example/pli/internal/testkit"
)

// An ended session: a navigation goes to the sign-in page and comes back after; a
// fragment gets 204 and HX-Redirect, never a form inside the page; a post gets a
// page that says so; a picture gets neither.
func expiredSession(t *testing.T, k *testkit.Kit) {
	c := k.SignIn("martin")
	inbox := c.Get(c.Get("/").Location()).Location()
	letter := letterLinks(t, c, inbox)[0]
	k.Clock.Advance(2*time.Hour + time.Minute)

	want := "/sign-in?next=" + url.QueryEscape(inbox)
	if a := c.Get(inbox); a.Status != 303 || a.Location() != want {
		t.Errorf("navigation: %d to %q, want 303 to %q", a.Status, a.Location(), want)
	}
	a := c.Get(inbox, testkit.Fragment)
	if a.Status != 204 || a.Header.Get("HX-Redirect") != want || len(a.Body) > 0 {
		t.Errorf("fragment: %d, HX-Redirect %q, %d bytes", a.Status, a.Header.Get("HX-Redirect"), len(a.Body))
	}
	if a := c.Post(strings.Join(strings.Split(inbox, "/")[:3], "/")+"/act?do=archive", values("ref", "x/1/1")); a.Status != 401 ||
		!strings.Contains(a.Text(), "/sign-in") {
		t.Errorf("post: %d", a.Status)
	}
	if a := c.Get(letter+"/part/1/inline", testkit.For("image")); a.Status != 401 || len(a.Body) > 0 {
		t.Errorf("image: %d, %d bytes", a.Status, len(a.Body))
	}
	if a := c.Get(letter+"/body", testkit.For("iframe")); a.Status != 401 || !strings.Contains(a.Text(), `target="_top"`) {
		t.Errorf("frame: %d %s", a.Status, a.Text())
	}
	page := doc(t, ok(t, c.Get(want)))
	if say := page.Find("main").Text(); !strings.Contains(say, "faute d’activité") {
		t.Errorf("the sign-in page does not say why: %s", say)
	}
	if next := page.Find("input[name=next]").AttrOr("value", ""); next != inbox {
		t.Errorf("next = %q, want %q", next, inbox)
	}
}

// The refresh token's end closes the letters but not the page's session: the person
// is asked to sign in and told why, without a loop.
func mailAccessEndsBeforeTheSession(t *testing.T, k *testkit.Kit) {
	c := k.SignIn("martin")
	inbox := c.Get(c.Get("/").Location()).Location()
	ok(t, c.Get(inbox))
	k.Clock.Advance(45 * time.Minute)
	a := c.Get(inbox)
	if a.Status != 303 || !strings.HasPrefix(a.Location(), "/sign-in") {
		t.Fatalf("%d to %q", a.Status, a.Location())
	}
	if say := doc(t, ok(t, c.Get(a.Location()))).Find("main").Text(); !strings.Contains(say, "expiré") {
		t.Errorf("the sign-in page does not say why: %s", say)
	}
	lettersAreClosed(t, c, inbox)
	ok(t, c.Get("/journal")) // what needs no mail still answers
	ok(t, c.Get("/sessions"))
}

// lettersAreClosed asks for letters in every way a browser does.
func lettersAreClosed(t *testing.T, c *testkit.Client, inbox string) {
	t.Helper()
	box := strings.Join(strings.Split(inbox, "/")[:3], "/")
	for _, path := range []string{"/", box, inbox, inbox + "/1/1", inbox + "/1/1/source", inbox + "/1/1/zip", inbox + "/1/1/part/1"} {
		if a := c.Get(path); a.Status != 303 || !strings.HasPrefix(a.Location(), "/sign-in") {
			t.Errorf("%s: %d to %q", path, a.Status, a.Location())
		}
		if a := c.Get(path, testkit.Fragment); a.Status != 204 || !strings.HasPrefix(a.Header.Get("HX-Redirect"), "/sign-in") || len(a.Body) > 0 {
			t.Errorf("%s as a fragment: %d to %q, %d bytes", path, a.Status, a.Header.Get("HX-Redirect"), len(a.Body))
		}
	}
	for path, dest := range map[string]string{"/body": "iframe", "/part/1/inline": "image", "/part/1/picture": "image", "/part/1/raw": "empty"} {
		if a := c.Get(inbox+"/1/1"+path, testkit.For(dest)); a.Status != 401 {
			t.Errorf("%s: %d", path, a.Status)
		}
	}
	for path, form := range map[string]url.Values{"/act?do=archive": values("ref", "aaaa/1/1"), "/undo": values("undo", "x"), "/search": values("words", "x")} {
		a := c.Post(box+path, form)
		if text := doc(t, a).Find("main").Text(); a.Status != 401 || !strings.Contains(text, "expiré") {
			t.Errorf("%s: %d %s", path, a.Status, text)
		}
	}
}

// A service account could go on reading for ever: the person's right ends the letters
// all the same.
func TestMailAccessEndsWithAServiceAccount(t *testing.T) {
	t.Parallel()
	k := testkit.New(t, testkit.ServiceAccount)
	mailAccessEndsBeforeTheSession(t, k)
}

// The sign-in page drawn while the provider was never reached cannot name it in its
// policy, and browsers apply that policy to the redirect after the form: the button
// then leads through a page of ours.
func TestSignInPageDrawnWhileTheProviderIsDown(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	k.World.Stop(demo.ServicePSC)
	c := k.Browser()
	page := ok(t, c.Get("/sign-in?next=%2Fjournal"))
	if csp := page.Header.Get("Content-Security-Policy"); strings.Contains(csp, testkit.Provider) {
		t.Fatalf("the provider is known: the test proves nothing: %s", csp)
	}
	k.World.Start(demo.ServicePSC)
	k.Clock.Advance(time.Minute)
	form := doc(t, page).Find("form")
	a := c.Post(form.AttrOr("action", ""), values("next", form.Find("input[name=next]").AttrOr("value", "")))
	if a.Status != 200 {
		t.Fatalf("%d to %q", a.Status, a.Header.Get("Location"))
	}
	to := doc(t, a).Find("[data-testid=leave]").AttrOr("href", "")
	if !strings.HasPrefix(to, testkit.Provider+"/") || a.Header.Get("Refresh") != "0; url="+to || c.Cookie("__Host-pli-signin") == "" {
		t.Errorf("leads to %q, Refresh %q", to, a.Header.Get("Refresh"))
	}
	// Once the provider is known, the form leads there by itself.
	form = doc(t, ok(t, c.Get("/sign-in"))).Find("form")
	if a := c.Post(form.AttrOr("action", ""), values("next", "/")); a.Status != 303 || !strings.HasPrefix(a.Header.Get("Location"), testkit.Provider) {
		t.Errorf("known again: %d to %q", a.Status, a.Header.Get("Location"))
	}
}

func TestSignOutEndsEverything(t *testing.T) {
	t.Parallel()
	k := shared.For(t)
	c := k.SignIn("martin")
	inbox := c.Get(c.Get("/").Location()).Location()
	stolen := c.Cookie("__Host-pli")
	a := c.Post("/sign-out", url.Values{})
	if a.Status != 303 || !strings.Contains(a.Header.Get("Location"), "/logout") || a.Header.Get("Clear-Site-Data") != `"storage"` {
		t.Errorf("%d to %q", a.Status, a.Header.Get("Location"))
	}
	if c.Cookie("__Host-pli") != "" {
		t.Error("the cookie stays")
	}
	if a := c.Get(inbox, testkit.With("Cookie", "__Host-pli="+stolen)); a.Status != 303 || !strings.HasPrefix(a.Location(), "/sign-in") {
		t.Errorf("the old cookie still opens: %d", a.Status)
	}
	if !did(acts(t, k, "martin"), audit.SignOut, "ok") {
		t.Error("the trail does not say so")
	}
	ok(t, c.Get("/signed-out"))
}

func revokeAnotherSession(t *testing.T, k *testkit.Kit) {
	here, there := k.SignIn("garnier"), k.SignIn("garnier")
	other := k.SignIn("benali")
	d := doc(t, ok(t, here.Get("/sessions")))
	if n := d.Find("[data-testid=sessions-row]").Length(); n != 2 {
		t.Fatalf("%d sessions", n)
	}
	id := d.Find("[data-testid=session-revoke]").Closest("form").Find("input[name=id]").AttrOr("value", "")
	if a := other.Post("/sessions/revoke", values("id", id)); a.Status != 404 {
		t.Errorf("somebody else may end it: %d", a.Status)
	}
	a := here.Post("/sessions/revoke", values("id", id))
	if a.Status != 303 || !strings.HasPrefix(a.Location(), "/sessions?note=") {
		t.Fatalf("%d to %q", a.Status, a.Location())
	}
	if say := doc(t, ok(t, here.Get(a.Location()))).Find("[data-testid=flash]").Text(); !strings.Contains(say, "fermée") {
		t.Errorf("flash %q", say)
	}
	if a := there.Get("/"); a.Status != 303 || !strings.HasPrefix(a.Location(), "/sign-in") {
		t.Errorf("the other browser is still in: %d", a.Status)
	}
	ok(t, here.Get("/sessions"))
}

// What a sign-in that fails shows: why, and one thing to do.
func signInFailures(t *testing.T, k *testkit.Kit) {
	says := func(name string, a *testkit.Answer, status int, words ...string) {
		t.Helper()
		d := doc(t, a)
		text := d.Find("main").Text()
		if a.Status != status {
			t.Errorf("%s: %d, want %d: %s", name, a.Status, status, text)
		}
		for _, w := range words {
			if !strings.Contains(text, w) {
				t.Errorf("%s: %q is not on the page: %s", name, w, text)
			}
		}
		if d.Find("[data-testid=error-act]").Length() != 1 {
			t.Errorf("%s: no next act", name)
		}
	}
	_, a := k.TrySignIn("aubert", "/")
	says("closed account", a, 403, "fermé")
	c := k.Browser()
	says("no pending sign-in", c.Get("/sign-in/callback?code=x&state=y"), 400, "connexion")
	a = k.Browser().Post("/sign-in", url.Values{}, testkit.CrossSite)
	if a.Status != 403 {
		t.Errorf("login CSRF: %d", a.Status)
	}
	k.World.Stop(demo.ServicePSC)
	says("provider down", k.Browser().Post("/sign-in", url.Values{}), 503, "Pro Santé Connect")
	ok(t, k.Browser().Get("/sign-in"))
	k.World.Start(demo.ServicePSC)

	lefort := k.SignIn("lefort")
	if text := doc(t, ok(t, lefort.Follow("/"))).Find("main").Text(); !strings.Contains(text, "Aucune boîte") || !strings.Contains(text, "997009000") {
		t.Errorf("no mailbox: %s", text)
	}
}

// Several situations: nothing of the mail shows before one is chosen, and the choice
// is kept for the next sign-in.
func situationIsChosen(t *testing.T, k *testkit.Kit) {
	c, a := k.TrySignIn("petit", "/")
	if !strings.HasPrefix(a.Location(), "/situations") {
		t.Fatalf("led to %q", a.Location())
	}
	if a := c.Get("/"); a.Status != 303 || !strings.HasPrefix(a.Location(), "/situations") {
		t.Errorf("mail before a situation: %d to %q", a.Status, a.Location())
	}
	d := doc(t, ok(t, c.Get("/situations")))
	key := d.Find("[data-testid=situation-2]").AttrOr("value", "")
	if a := c.Post("/situations", values("situation", "invented")); a.Status != 400 {
		t.Errorf("an invented situation: %d", a.Status)
	}
	if a := c.Post("/situations", values("situation", key, "next", "//evil.example/")); a.Status != 303 || a.Location() != "/" {
		t.Errorf("%d to %q", a.Status, a.Location())
	}
	ok(t, c.Follow("/"))
	_, a = k.TrySignIn("petit", "/journal")
	if a.Location() != "/journal" {
		t.Errorf("the second sign-in led to %q", a.Location())
	}
	if !did(acts(t, k, "petit"), audit.SituationPick, "ok") {
		t.Error("the trail does not say which situation")
	}
}
