package web_test

import (
	"strings"
	"testing"
)

// A signature of one's own, per mailbox and per person: written, seen before it is
// kept, used by the next letter, given up again.
func TestSignaturePage(t *testing.T) {
	t.Parallel()
	k := writingKit(t)
	c := k.SignIn("martin")
	at := "/mail/" + boxID(t, c, 0) + "/signature"
	d := doc(t, ok(t, c.Get(at)))
	if text := d.Find("[data-testid=signature-text]").Text(); !strings.Contains(text, "Dr Claire Martin") || !strings.Contains(text, "RPPS") || d.Find("[data-testid=signature-reset]").Length() != 0 {
		t.Errorf("before any: %q", text)
	}
	const mine = "Claire Martin <b>\r\nconsultations le lundi"
	d = doc(t, ok(t, c.Post(at, values("do", "preview", "text", mine))))
	if shown := d.Find("[data-testid=signature-shown]").Text(); !strings.Contains(shown, "Claire Martin <b>\nconsultations") {
		t.Errorf("preview %q", shown)
	}
	if text := doc(t, ok(t, c.Get(at))).Find("[data-testid=signature-text]").Text(); strings.Contains(text, "lundi") {
		t.Error("a preview was kept")
	}
	if f := flashAt(t, c, c.Post(at, values("do", "save", "text", mine))).Text(); !strings.Contains(f, "Signature enregistrée") {
		t.Errorf("saved: %q", f)
	}
	letter := doc(t, ok(t, c.Get(begin(t, c, values("kind", "blank")))))
	if html := letter.Find("#html").Text(); !strings.Contains(html, "Claire Martin &lt;b&gt;<br") || strings.Contains(html, "RPPS") {
		t.Errorf("the next letter: %q", html)
	}
	if text := doc(t, ok(t, c.Get("/mail/"+boxID(t, c, 1)+"/signature"))).Find("[data-testid=signature-text]").Text(); strings.Contains(text, "lundi") {
		t.Error("the other mailbox has it too")
	}
	a := c.Post(at, values("do", "save", "text", strings.Repeat("ligne\n", 13)))
	if d = doc(t, a); a.Status != 422 || !strings.Contains(d.Find("[data-testid=signature-error]").Text(), "trop longue") || !strings.Contains(d.Find("[data-testid=signature-text]").Text(), "ligne") {
		t.Errorf("too long: %d", a.Status)
	}
	flashAt(t, c, c.Post(at, values("do", "save", "text", " \r\n")))
	if html := doc(t, ok(t, c.Get(begin(t, c, values("kind", "blank"))))).Find("#html").Text(); strings.Contains(html, "—") || strings.Contains(html, "Claire") {
		t.Errorf("none asked, and the letter has %q", html)
	}
	flashAt(t, c, c.Post(at, values("do", "reset", "text", "x")))
	if html := doc(t, ok(t, c.Get(begin(t, c, values("kind", "blank"))))).Find("#html").Text(); !strings.Contains(html, "RPPS") {
		t.Errorf("after the reset: %q", html)
	}
	if strings.Contains(k.Logs.String(), "consultations") {
		t.Error("a signature is in the log")
	}
}
