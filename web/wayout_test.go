package web_test

import (
	"strings"
	"testing"

	"pli.example/pli/internal/demo"
	"pli.example/pli/internal/testkit"
)

// A letter opened from search results leads back to the results, by its own link
// and after an act; a forged handle leads to the folder.
func TestLetterLeadsBackToItsSearch(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	c := k.SignIn("martin")
	inbox := c.Get(c.Get("/").Location()).Location()
	box := strings.Join(strings.Split(inbox, "/")[:3], "/")
	results := c.Post(box+"/search", values("words", "Roux")).Location()
	href := doc(t, ok(t, c.Get(results))).Find("[data-testid=letter-row] a").First().AttrOr("href", "")
	page := doc(t, ok(t, c.Get(href)))
	if page.Find(`a[href="`+results+`"]`).Length() == 0 {
		t.Errorf("%s has no link back to %s", href, results)
	}
	archive := page.Find("form[action*='do=archive'], [formaction*='do=archive']").First()
	to := archive.AttrOr("action", archive.AttrOr("formaction", ""))
	ref := page.Find("input[name=ref]").First().AttrOr("value", "")
	if a := c.Post(to, values("ref", ref)); a.Status != 303 || !strings.HasPrefix(a.Location(), results) {
		t.Errorf("after the act: %d to %q, want %q", a.Status, a.Location(), results)
	}
	plain, _, _ := strings.Cut(letterLinks(t, c, inbox)[0], "?")
	if page := doc(t, ok(t, c.Get(plain+"?from=..%2f..%2fsign-out"))); page.Find(`a[href*="sign-out"], a[href*=".."]`).Length() > 0 {
		t.Error("a forged handle reached a link")
	}
}

// Signing out while the provider is silent never sends the browser to a dead
// address: ours is ended, and the page says that the other may be open.
func TestSignOutWhileTheProviderIsDown(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	c := k.SignIn("martin")
	k.World.Stop(demo.ServicePSC)
	a := c.Post("/sign-out", nil)
	if a.Status != 303 || a.Location() != "/signed-out?provider=open" {
		t.Fatalf("%d to %q", a.Status, a.Location())
	}
	if say := doc(t, ok(t, c.Get(a.Location()))).Find("main").Text(); !strings.Contains(say, "reste peut-être ouverte") {
		t.Errorf("the page says %q", say)
	}
	if a := c.Get("/"); a.Status != 303 || !strings.HasPrefix(a.Location(), "/sign-in") {
		t.Errorf("our session lives on: %d to %q", a.Status, a.Location())
	}
}

// The browser's Back to the provider's answer, once signed in, is no failure.
func TestCallbackAgainWhenSignedIn(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	c := k.SignIn("martin")
	if a := c.Get("/sign-in/callback?code=used&state=" + strings.Repeat("x", 43)); a.Status != 303 || a.Location() != "/" {
		t.Errorf("signed in: %d to %q", a.Status, a.Location())
	}
	if a := k.Browser().Get("/sign-in/callback?code=used&state=" + strings.Repeat("x", 43)); a.Status != 400 {
		t.Errorf("a stranger: %d", a.Status)
	}
}
