//go:build e2e

package e2e

import (
	"strings"
	"testing"
)

// hostileBody tries every way out at once; the canary's address stands for the
// sender's own server.
func hostileBody(canary string) string {
	return strings.ReplaceAll(`<div id="x">Bonjour</div>
<script>console.log("pli-canary-ran"); fetch("CANARY/fetch"); alert(1)</script>
<img src="CANARY/img" onerror="console.log('pli-canary-ran')"><img src=x onerror="console.log('pli-canary-ran'); new Image().src='CANARY/onerror'">
<svg><animate onbegin="console.log('pli-canary-ran')" attributeName=x dur=1s><image href="CANARY/svg"/><use href="CANARY/use#a"/></svg>
<style>@import "CANARY/import"; body{background:url(CANARY/css)} @font-face{font-family:f;src:url(CANARY/font)} *{font-family:f}</style>
<link rel="stylesheet" href="CANARY/link"><link rel="prefetch" href="CANARY/prefetch"><link rel="dns-prefetch" href="//canary.invalid">
<div style="background:u\72l(CANARY/escape);list-style:url(CANARY/list);cursor:url(CANARY/cursor),auto">style</div>
<table background="CANARY/table"><tr><td background="CANARY/td">cellule</td></tr></table>
<iframe src="CANARY/frame"></iframe><object data="CANARY/object"></object><embed src="CANARY/embed">
<video src="CANARY/video" poster="CANARY/poster" autoplay></video><audio src="CANARY/audio" autoplay></audio>
<meta http-equiv="refresh" content="0;url=CANARY/refresh"><base href="CANARY/">
<form action="CANARY/form" id="f"><input autofocus onfocus="console.log('pli-canary-ran')"><button>Envoyer</button></form>
<a href="javascript:console.log('pli-canary-ran')" id="js">lien</a><img srcset="CANARY/srcset 1x"><picture><source srcset="CANARY/source"><img></picture>
<math href="javascript:console.log('pli-canary-ran')"><mtext></mtext></math><div hx-get="CANARY/htmx" hx-trigger="load">hx</div>`, "CANARY", canary)
}

func hostileLetter(t *testing.T, w *world, b *tab) {
	control(t, newWholeTab(t, b.js), hostileBody)
	c := newCanary(t)
	e := w.eye(t, martinBox)
	subject := unique("hostile")
	e.deliver(letterHead(subject) + "Content-Type: text/html; charset=utf-8\n\n" + hostileBody(c.URL))
	w.signIn(b, "martin")
	w.openLetter(b, e, subject)
	if got := b.bodyText(); !strings.Contains(got, "Bonjour") || !strings.Contains(got, "cellule") {
		t.Errorf("the harmless text is gone: %q", got)
	}
	b.settle()
	if b.has(byTest("letter-body") + `:not([sandbox])`) {
		t.Error("the frame has no sandbox")
	}
	quiet(t, b, c)
}

// settle waits until nothing is being loaded any more.
func (b *tab) settle() {
	b.t.Helper()
	b.until("the page to be still", `document.readyState === "complete" && (performance.getEntriesByType("resource").length === (window.__pliEntries ?? -1) || (window.__pliEntries = performance.getEntriesByType("resource").length, false))`)
}

func quiet(t *testing.T, b *tab, c *canary) {
	t.Helper()
	if hits := c.heard(); len(hits) > 0 {
		t.Errorf("the canary heard %q", hits)
	}
	console, dialogs := b.heardAll()
	if len(dialogs) > 0 || strings.Contains(strings.Join(console, "\n"), "pli-canary-ran") {
		t.Errorf("a script ran: console %q, dialogs %q", console, dialogs)
	}
}

// hostileHeader: what a sender writes into headers is text on our pages.
func hostileHeader(t *testing.T, w *world, b *tab) {
	c := newCanary(t)
	e := w.eye(t, martinBox)
	mark := unique("entete")
	payload := `<img src=` + c.URL + `/h onerror=console.log('pli-canary-ran')>"'><script>console.log('pli-canary-ran')</script>`
	e.deliver("From: =?utf-8?q?" + strings.NewReplacer("=", "=3D", " ", "_", "?", "=3F", "_", "=5F").Replace(payload) + "?= <mal@exemple.mssante.fr>\n" +
		"To: claire.martin@medecin.mssante.fr\nSubject: " + mark + " " + payload + "\nMIME-Version: 1.0\n" +
		"Content-Type: multipart/mixed; boundary=m\n\n--m\nContent-Type: text/plain\n\nx\n--m\nContent-Type: text/plain\n" +
		"Content-Disposition: attachment; filename=\"<img src=x onerror=console.log('pli-canary-ran')>.txt\"\n\nfichier\n--m--\n")
	w.signIn(b, "martin")
	b.open(w.inbox(b))
	b.settle()
	b.click(row(e, mark) + " a")
	b.until("the letter", find(byTest("letter-subject"))+" && "+find(byTest("letter-subject"))+".textContent.includes("+quoted(mark)+")")
	if got := b.text(byTest("letter-subject")); !strings.Contains(got, "<script>") {
		t.Errorf("the subject is not shown as written: %q", got)
	}
	b.settle()
	quiet(t, b, c)
}
