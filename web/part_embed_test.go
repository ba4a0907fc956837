package web_test

import (
	"strings"
	"testing"

	"pli.example/pli/internal/testkit"
)

// The first page of a known sender's PDF stands below the letter, in a frame that only
// our own pages may hold, and the only one of somebody else of the trusted space; a
// sender from outside or in doubt gets none.
func TestFirstPageOfADocument(t *testing.T) {
	t.Parallel()
	k := writingKit(t)
	c := k.SignIn("martin")
	known, unknown := 0, 0
	for _, href := range letterLinks(t, c, inboxOf(t, c)) {
		d := doc(t, ok(t, c.Get(href)))
		frame := d.Find("[data-testid=first-page]")
		pdf := d.Find("[data-testid=attachment] a[href$='/view'] .icon").Length() > 0 && strings.Contains(d.Find(".card-sub").First().Text(), "PDF")
		doubtful := d.Find(".notice-alarm").Length() > 0 || strings.Contains(d.Find(".notices").Text(), "espace de confiance")
		if verified := d.Find(".verified").Length() > 0; !verified && doubtful && frame.Length() > 0 {
			t.Errorf("%s: shown for a sender nobody knows", href)
		} else if !verified && pdf {
			unknown++
		}
		if frame.Length() == 0 {
			continue
		}
		known++
		src := frame.AttrOr("src", "")
		a := ok(t, c.Get(src, testkit.For("iframe")))
		if csp := a.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "frame-ancestors 'self'") || !strings.Contains(csp, "form-action 'none'") {
			t.Errorf("policy %q", csp)
		}
		if v := doc(t, a); v.Find("body.viewer-embed").Length() != 1 || !strings.HasSuffix(v.Find("body").AttrOr("data-file", ""), "/raw") {
			t.Error("not the viewer")
		}
		if other := k.SignIn("benali").Get(src, testkit.For("iframe")); other.Status < 400 {
			t.Errorf("somebody else's: %d", other.Status)
		}
	}
	if known == 0 {
		t.Errorf("no document is shown (%d unknown senders with one)", unknown)
	}
}
