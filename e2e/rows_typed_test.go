//go:build e2e

package e2e

import (
	"context"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"pli.example/pli/internal/demo/people"
)

// typedRecipients: a recipient typed and not yet a chip is in the letter and in the
// draft, whatever the directory's answer takes, and the click that sends is heard.
func typedRecipients(t *testing.T, w *world, b *tab) {
	w.needPost(t)
	w.signIn(b, "martin")
	mercier := people.MercierBox.String()

	subject := unique("copie")
	b.begun(w, subject)
	b.judgements(slowly)
	b.press("#cc")
	b.keys(mercier)
	b.hold(byTest("compose-send"), 90*time.Millisecond) // the hand that leaves the field
	b.gone()
	w.arrived(t, martinBox, subject).copied(t, mercier)

	// A chip that needs a line of its own, come while the button is held, moves nothing
	// yet: neither the one that is typed nor the one that is judged.
	b.viewport(1400, 1200, false) // room below: the bar goes with the sheet
	subject = unique("tenue")
	b.begun(w, subject)
	b.address("cc", martinBox)
	b.press("#cc")
	b.keys(mercier)
	b.hold(byTest("compose-send"), 300*time.Millisecond)
	b.gone()
	w.arrived(t, martinBox, subject).copied(t, martinBox, mercier)

	subject = unique("coupée")
	b.begun(w, subject)
	b.judgements(never)
	b.press("#cc")
	b.keys(mercier + ",")
	b.see(`#tos-cc [data-address="` + mercier + `"]`)
	b.until("the chip says that nobody looked", find("#tos-cc .to-say")+`.textContent.includes("non vérifiée")`)
	b.hold(byTest("compose-send"), 90*time.Millisecond)
	b.gone()
	w.arrived(t, martinBox, subject).copied(t, mercier)

	subject = unique("quittée")
	b.begun(w, subject)
	b.judgements(slowly)
	b.press("#cc")
	b.keys(mercier + ",")
	b.goes("Escape", func() { b.key("\x1b") })
	w.goOn(b, subject)
	b.see(`#tos-cc [data-address="` + mercier + `"]`)

	// Another address takes the place of one that is refused: never nobody.
	subject = unique("corrigée")
	b.begun(w, subject)
	b.address("cc", strings.Replace(mercier, ".mssante.fr", ".mssnate.fr", 1))
	b.click(byTest("compose-send"))
	b.see("[data-replace]")
	b.judgements(slowly)
	b.hold("[data-replace]", 90*time.Millisecond)
	b.hold(byTest("compose-send"), 90*time.Millisecond)
	b.gone()
	w.arrived(t, martinBox, subject).copied(t, mercier)
}

// begun is a sheet with its first recipient as a chip, a text, and the line of copies
// shown.
func (b *tab) begun(w *world, subject string) {
	b.t.Helper()
	w.compose(b)
	b.address("to", petitBox)
	b.write(byTest("compose-subject"), subject)
	b.say("Avec une copie.")
	b.click(`[data-show="cc"]`)
	b.kept()
}

// copied checks who the letter says has a copy.
func (l received) copied(t *testing.T, want ...string) {
	t.Helper()
	var got []string
	if list, err := l.header.AddressList("Cc"); err == nil {
		for _, a := range list {
			got = append(got, a.Address)
		}
	} else if err != mail.ErrHeaderNotPresent {
		t.Error(err)
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("Cc is %q, want %q", l.header.Get("Cc"), want)
	}
}

// How the page's questions about recipients are answered.
const (
	slowly = "new Promise(f => setTimeout(f, 400)).then(() => before(to, how))"
	never  = `Promise.reject(new TypeError("no line"))`
)

// judgements puts an answer in the place of what the server would say of recipients,
// on this page.
func (b *tab) judgements(answer string) {
	b.t.Helper()
	eval[bool](b, `(before => { window.fetch = (to, how) => String(to).endsWith("/suggest") ? `+answer+` : before(to, how); return true })(window.fetch)`)
}

// press puts the mouse on a field.
func (b *tab) press(css string) { b.t.Helper(); b.hold(css, 0) }

// hold presses the mouse where an element stands, and lets go later, at the same
// place: whatever moved meanwhile, as a hand does.
func (b *tab) hold(css string, long time.Duration) {
	b.t.Helper()
	b.see(css)
	at := eval[[]float64](b, `(r => [r.x + r.width / 2, r.y + r.height / 2])(`+find(css)+`.getBoundingClientRect())`)
	mouse := func(kind input.DispatchMouseEventType) {
		b.must("press the mouse", b.call(func(ctx context.Context) error {
			return chromedp.Do(ctx, chromedp.MouseEvent(kind, at[0], at[1], chromedp.ButtonLeft, chromedp.ClickCount(1)))
		}))
	}
	mouse(input.DispatchMouseEventTypeMousePressed)
	time.Sleep(long)
	mouse(input.DispatchMouseEventTypeMouseReleased)
}
