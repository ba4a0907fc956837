//go:build e2e

package e2e

import (
	"os"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// visit shows every kind of page, in one order, to whoever wants to look at it
// (screenshots, accessibility, headers). Somebody is signed in from "situations"
// on, as the cardiologist first, then as the GP.
func (w *world) visit(t *testing.T, b *tab, look func(name string)) {
	t.Helper()
	see := func(name string, arrive func()) {
		arrive()
		b.settle()
		look(name)
	}
	e := w.eye(t, martinBox)
	rich, forwarded := unique("visite"), unique("visite-jointe")
	e.deliver(letterWith(rich, attached{"compte-rendu.pdf", "application/pdf", samplePDF()}, attached{"notes.txt", "text/plain", []byte("Notes du jour\n")},
		attached{"photo.png", "image/png", samplePNG()}))
	e.deliver(letterHead(forwarded) + "Content-Type: multipart/mixed; boundary=d\n\n--d\nContent-Type: text/html; charset=utf-8\n\n<p>Bonjour, <b>ci-joint</b>.</p><img src=\"https://exemple.invalid/p.gif\">\n" +
		"--d\nContent-Type: message/rfc822\n\n" + plainLetter("Lettre jointe", "au fond") + "\n--d--\n")

	see("sign-in", func() { b.open(w.base + "/sign-in") })
	w.atProvider(b, w.base)
	see("situations", func() {
		b.leave(byTest("idp-person-petit"))
		if !b.has(byTest("situation-1")) {
			b.leave(`.me a`)
		}
	})
	b.leave(byTest("situation-1"))
	b.leave(byTest("signout"))
	w.confirmLogout(b)
	see("signed-out", func() {})
	w.atProvider(b, w.base)
	see("card-refused", func() { b.leave(byTest("idp-refuse")) })
	w.atProvider(b, w.base)
	see("no-mailbox", func() { b.leave(byTest("idp-person-lefort")) })
	b.leave(byTest("signout"))
	w.confirmLogout(b)
	w.signIn(b, "martin")
	see("inbox", func() { b.open(w.inbox(b)) })
	see("folders", func() { b.leave(byTest("manage-folders")) })
	see("space", func() { b.leave(byTest("space-link")) })
	see("letter", func() { w.openLetter(b, e, rich) })
	letter := b.url()
	open := absolute(w, b.attr(byTest("attachment-open"), "href"))
	print := absolute(w, b.attr(byTest("print-link"), "href"))
	see("letter-nested", func() { w.openLetter(b, e, forwarded) })
	see("viewer", func() {
		b.open(open)
		if b.js {
			b.until("the document", `document.querySelector("#pages canvas")`)
		}
	})
	see("text-file", func() {
		b.open(letter)
		b.see(byTest("attachment"))
		href := eval[string](b, `[...document.querySelectorAll('[data-testid="attachment"]')].find(a => a.textContent.includes("notes.txt")).querySelector('[data-testid="attachment-open"]').getAttribute("href")`)
		b.open(absolute(w, href))
	})
	see("print", func() { b.open(print) })
	see("archive-flash", func() { b.open(letter); b.leave(byTest("act-archive")) })
	see("search", func() {
		b.write(byTest("search-input"), "visite")
		b.leave(byTest("search-submit"))
	})
	see("search-empty", func() {
		b.write(byTest("search-input"), "introuvablexyz")
		b.leave(byTest("search-submit"))
	})
	see("folder-empty", func() { b.open(absolute(w, b.attr(byTest("folder-drafts"), "href"))) })
	w.visitConversations(b, see)
	w.visitWriting(b, see)
	w.visitPatients(b, see)
	w.visitRules(b, see)
	see("sessions", func() { b.open(w.base + "/sessions") })
	see("journal", func() { b.open(w.base + "/journal") })
	see("not-found", func() { b.open(w.base + "/mail/aaaaaaaaaaaaaaaaaaaa") })
}

// visitWriting shows the pages where one writes and finds, with what they say.
func (w *world) visitWriting(b *tab, see func(name string, arrive func())) {
	b.t.Helper()
	see("compose", func() { w.compose(b) })
	see("compose-refused", func() {
		b.address("to", petitBox, "dr.dupont@gmail.com")
		b.write(byTest("compose-subject"), unique("visite-brouillon"))
		b.say("Bonjour, voici les résultats.")
		b.join(attached{"compte-rendu.pdf", "application/pdf", samplePDF()})
		b.click(byTest("compose-send"))
		b.see(byTest("remark"))
	})
	if b.js {
		see("compose-suggest", func() {
			b.click("#to")
			b.keys("cardio tours")
			b.see(byTest("suggest-option"))
		})
		b.keys("\x1b")
		b.write("#to", "")
	}
	see("drafts", func() { b.open(w.drafts(b)) })
	see("draft-discarded", func() {
		w.goOn(b, "visite-brouillon")
		b.leave(byTest("compose-discard"))
	})
	see("directory", func() { b.open(w.base + "/directory") })
	see("directory-found", func() {
		b.write(byTest("directory-input"), "cardio tours")
		b.leave(byTest("directory-submit"))
	})
	see("directory-person", func() { b.leave(`.entry a[href*="/directory/person/"]`) })
	see("directory-structure", func() { b.leave(`a[href*="/directory/structure/"]`) })
}

// confirmLogout answers the provider's question, if it asks one.
func (w *world) confirmLogout(b *tab) {
	b.t.Helper()
	for _, confirm := range []string{byTest("idp-logout"), byTest("idp-logout-confirm")} {
		if b.has(confirm) {
			b.leave(confirm)
		}
	}
}

// look is a width and a scheme of colours.
type look struct {
	name          string
	width, height int64
	dark          bool
}

// looks are those every page is pictured in.
var looks = []look{{"1400", 1400, 900, false}, {"390", 390, 844, false}, {"dark", 1400, 900, true}}

// picture keeps the whole page as it looks now. JPEG: a picture to look at costs a
// third of a PNG to make.
func (b *tab) picture(path string) {
	b.t.Helper()
	b.until("two frames drawn", `(window.__pliDrawn = window.__pliDrawn || (requestAnimationFrame(() => requestAnimationFrame(() => window.__pliDrawn = 2)), 1)) === 2 || !`+map[bool]string{true: "true", false: "false"}[b.js])
	time.Sleep(60 * time.Millisecond) // a resize has no end one could wait for
	jpg, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(90))
	b.must("picture "+path, err)
	if err := os.WriteFile(path, jpg, 0o644); err != nil {
		b.t.Fatal(err)
	}
}
