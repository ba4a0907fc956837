package web_test

import (
	"net/url"
	"testing"

	"pli.example/pli/internal/testkit"
)

// silent is a browser, or what is between it and us, that says nothing of where a
// request comes from.
var silent = both(testkit.With("Sec-Fetch-Site", ""), testkit.With("Origin", ""))

// Attack 41: with a session's cookie, silence is no leave to change anything.
func TestSilentPostsAreRefused(t *testing.T) {
	t.Parallel()
	k := shared.For(t)
	c := k.SignIn("martin")
	box := boxID(t, c, 0)
	for path, form := range posts(box) {
		for _, referer := range []string{"", "https://ailleurs.example/", "https://pli.test.ailleurs.example/", "https://evil-pli.test/", "https://ailleurs.example/?https://pli.test/", "http://pli.test/",
			"https://pli.test:444/", "https://pli.test.ailleurs.example/", "https://evil-pli.test/", "https://u@pli.test/", "//pli.test/", "pli.test", "https:", "null", "about:blank", "https://PLI.test\t.evil.example/"} {
			a := c.Post(path, form, silent, testkit.With("Referer", referer))
			if a.Status != 403 || doc(t, a).Find("[data-testid=error-say]").Text() == "" {
				t.Errorf("%s, Referer %q: %d", path, referer, a.Status)
			}
		}
	}
	if a := c.Get("/sessions"); a.Status != 200 {
		t.Errorf("the session did not survive: %d", a.Status)
	}
	// An old browser on our own page; nobody's cookie; and what changes nothing.
	if a := c.Post("/mail/"+box+"/search", values("words", "x"), silent, testkit.With("Referer", testkit.Base+"/mail/x")); a.Status != 303 {
		t.Errorf("our own page as Referer: %d", a.Status)
	}
	if a := k.Browser().Post("/sign-in", url.Values{}, silent); a.Status != 303 {
		t.Errorf("a stranger's sign-in: %d", a.Status)
	}
	ok(t, c.Get("/sessions", silent))
}
