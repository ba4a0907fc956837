//go:build e2e

package e2e

import (
	"bytes"
	"crypto/rand"
	"image"
	"image/png"
	"net/mail"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"pli.example/pli/internal/demo/people"
)

// What the rows write: French as it is typed, beyond Latin-1, and what HTML, SMTP
// and format=flowed each make something of.
const written = "Bonjour, œdème à revoir, 37,2 °C <stable> & 5 €.\r.Cordialement"

// says checks the words of written in one form of a letter.
func (l received) says(t *testing.T, html bool, words ...string) {
	t.Helper()
	plain := l.text("text/plain")
	for _, word := range words {
		if !strings.Contains(plain, word) {
			t.Errorf("the plain form does not say %q: %q", word, plain)
		}
	}
	rich := l.text("text/html")
	if (rich != "") != html {
		t.Errorf("an HTML form: %v, want %v", rich != "", html)
	}
	for _, word := range words {
		if html && !strings.Contains(strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&", "&nbsp;", " ", "\u00a0", " ").Replace(rich), word) {
			t.Errorf("the HTML form does not say %q: %q", word, rich)
		}
	}
}

// writeFound: a letter to a colleague nobody knows the address of. With scripts the
// mouse is never touched.
func writeFound(t *testing.T, w *world, b *tab) {
	w.needPost(t)
	w.signIn(b, "martin")
	subject := "Avis cardiologique, " + unique("écrit")
	if b.js {
		b.open(w.inbox(b))
		b.goes("c", func() { b.keys("c") })
		b.sheet()
		b.keys("cardio tours")
		b.see(byTest("suggest-option"))
		for n := 0; !eval[bool](b, `(o => !!o && o.textContent.includes(`+quoted(petitBox)+`))(document.querySelector('[data-testid="suggest-option"][aria-selected="true"]'))`); n++ {
			if n == 10 {
				t.Fatalf("the cardiologist is not proposed: %q", b.texts(byTest("suggest-option")))
			}
			b.keys(kb.ArrowDown)
		}
		b.keys(enter)
		b.see(`[data-testid="to-chip"][data-address="` + petitBox + `"]`)
		b.keys(enter + subject + enter)
		b.keys(written)
		b.goes("Ctrl+Enter", func() { b.chord(enter) })
	} else {
		b.open(w.base + "/directory")
		b.write(byTest("directory-input"), "cardio tours")
		b.leave(byTest("directory-submit"))
		if !eval[bool](b, `(e => { if (e) e.querySelector('[data-testid="write-to"]').id = "write-petit"; return !!e })([...document.querySelectorAll('[data-testid="directory-entry"]')].find(e => e.textContent.includes(`+quoted(petitBox)+`)))`) {
			t.Fatalf("the cardiologist is not found\n%s", b.where())
		}
		b.leave("#write-petit")
		b.write(byTest("compose-subject"), subject)
		b.say(written)
		b.click(byTest("compose-send"))
	}
	b.gone()
	l := w.arrived(t, martinBox, subject)
	l.says(t, b.js, "Bonjour, œdème à revoir, 37,2 °C <stable> & 5 €.", ".Cordialement")
	if l.header.Get("In-Reply-To")+l.header.Get("References") != "" {
		t.Error("a new letter answers another")
	}
}

// photo is a picture no compression makes small.
func photo() attached {
	img := image.NewNRGBA(image.Rect(0, 0, 300, 200))
	rand.Read(img.Pix)
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(err)
	}
	return attached{"Plaie à J+3.png", "image/png", b.Bytes()}
}

// original delivers a letter to the GP that can be answered, and gives its id.
func (e *eye) original(subject, more string) (id string) {
	e.t.Helper()
	raw := letterWith(subject, attached{"compte rendu d'écho.pdf", "application/pdf", samplePDF()}, attached{"notes.txt", "text/plain", []byte("Notes du jour\r\n")})
	m, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		e.t.Fatal(err)
	}
	e.deliver(more + raw)
	return m.Header.Get("Message-ID")
}

func replyWithPhoto(t *testing.T, w *world, b *tab) {
	w.needPost(t)
	e := w.eye(t, martinBox)
	subject := unique("pansement")
	id := e.original(subject, "References: <avant@e2e.test>\n")
	w.signIn(b, "martin")
	w.openLetter(b, e, subject)
	b.leave(byTest("act-reply"))
	b.sheet()
	b.say(written)
	picture := photo()
	b.choose(picture) // without scripts it goes with the click that sends
	if b.js {
		b.joined(1)
	}
	b.send()
	l := w.arrived(t, martinBox, "Re: "+subject)
	l.sameFiles(t, picture)
	l.says(t, b.js, "Bonjour, œdème à revoir, 37,2 °C <stable> & 5 €.", "Voir pièces jointes.")
	if got := l.header.Get("In-Reply-To"); got != id {
		t.Errorf("In-Reply-To %q, the letter is %s", got, id)
	}
	if got := l.header.Get("References"); got != "<avant@e2e.test> "+id {
		t.Errorf("References %q", got)
	}
	e.handled(subject, `\Answered`)
}

// forwardWithFiles: what came goes on to another, its files unchanged; a third
// gets it unseen.
func forwardWithFiles(t *testing.T, w *world, b *tab) {
	w.needPost(t)
	e := w.eye(t, martinBox)
	subject := unique("bilan")
	e.original(subject, "")
	w.signIn(b, "martin")
	w.openLetter(b, e, subject)
	b.leave(byTest("act-forward"))
	b.sheet()
	b.joined(2)
	b.address("to", petitBox)
	b.address("bcc", people.MercierBox.String())
	b.say("Pour avis.")
	b.send()
	l := w.arrived(t, martinBox, "Tr: "+subject)
	files := []attached{{"compte rendu d'écho.pdf", "", samplePDF()}, {"notes.txt", "", []byte("Notes du jour\r\n")}}
	l.sameFiles(t, files...)
	l.says(t, b.js, "Pour avis.", "Voir pièces jointes.", "Hugo Petit")
	hidden := w.eye(t, people.MercierBox.String()).one("INBOX", lastWord(subject))
	hidden.proper(t, w, martinBox, "Tr: "+subject, petitBox)
	hidden.sameFiles(t, files...)
	if bytes.Contains(l.raw, []byte(people.MercierBox.Local)) || bytes.Contains(hidden.raw, []byte("Bcc:")) {
		t.Error("a hidden recipient is named in the letter")
	}
}

// draftElsewhere: begun in one browser, ended in another.
func draftElsewhere(t *testing.T, w *world, b *tab) {
	w.needPost(t)
	w.signIn(b, "martin")
	subject := unique("reprise")
	w.compose(b)
	b.address("to", petitBox)
	if b.js { // a comma too many is nobody
		b.click("#to")
		b.keys(", ")
	}
	b.write(byTest("compose-subject"), subject)
	b.say("Commencé au cabinet.")
	b.kept()
	other := newTab(t, b.js)
	w.signInAnew(other, "martin")
	w.goOn(other, subject)
	if got := other.said(); !strings.Contains(got, "Commencé au cabinet.") {
		t.Errorf("in the other browser the draft says %q", got)
	}
	other.say("Fini à la maison. ")
	other.send()
	w.arrived(t, martinBox, subject).says(t, b.js, "Fini à la maison.", "Commencé au cabinet.")
	other.open(w.drafts(other))
	if strings.Contains(other.text("main"), subject) {
		t.Errorf("the draft is still there\n%s", other.where())
	}
}

// refusedRecipient: who is outside the trusted space is named, and nobody gets
// anything.
func refusedRecipient(t *testing.T, w *world, b *tab) {
	w.needPost(t)
	const outside = "dr.dupont@gmail.com"
	w.signIn(b, "martin")
	subject := unique("dehors")
	w.compose(b)
	b.address("to", petitBox, outside)
	b.write(byTest("compose-subject"), subject)
	b.say("Un texte de santé.")
	b.click(byTest("compose-send"))
	b.until("the refusal", `[...document.querySelectorAll('[data-testid="remark"][data-level="block"]')].some(r => r.textContent.includes(`+quoted(outside)+`) && r.textContent.includes("espace de confiance"))`)
	if got := b.said(); !strings.Contains(got, "Un texte de santé.") {
		t.Errorf("the sheet says %q", got)
	}
	b.explains(".strips", "partie")
	for box, folder := range map[string]string{petitBox: "INBOX", martinBox: w.folder("Sent")} {
		if n := w.eye(t, box).counts(subject); n[folder] != 0 {
			t.Errorf("the letter is in %s of %s", folder, box)
		}
	}
}

// random is a file nothing compresses.
func random(name string, n int) attached {
	f := attached{name: name, kind: "application/octet-stream", data: make([]byte, n)}
	rand.Read(f.data)
	return f
}

// bigFile: one that does not fit is refused before it goes up, one of the largest
// that do arrives whole.
func bigFile(t *testing.T, w *world, b *tab) {
	w.needPost(t)
	w.signIn(b, "martin")
	subject := unique("imagerie")
	w.compose(b)
	b.address("to", petitBox)
	b.write(byTest("compose-subject"), subject)
	b.say("Les coupes.")
	b.forget(w.base)
	b.choose(random("trop.bin", w.post.tooBig))
	if b.js {
		b.until("the refusal", `(f => f && f.textContent.includes("ne tient pas"))(document.querySelector('[data-testid="compose-file"].file-bad'))`)
		b.click(".file-bad .file-remove")
		b.until("the file is off the sheet", `!document.querySelector('[data-testid="compose-file"]')`)
		b.mu.Lock()
		for _, r := range b.asked {
			if strings.Contains(r.address, "?at=") {
				t.Errorf("octets of a file that cannot be sent went up: %s", r.address)
			}
		}
		b.mu.Unlock()
	} else {
		b.leave(".attach-plain button")
		b.explains("#flash", "ne tient pas")
		if n := b.count(byTest("compose-file")); n != 0 || !strings.Contains(b.said(), "Les coupes.") {
			t.Errorf("after the refusal %d files, text %q", n, b.said())
		}
	}
	file := random("coupes.bin", w.post.fits)
	b.join(file)
	b.send()
	w.arrived(t, martinBox, subject).sameFiles(t, file)
	w.eye(t, petitBox).forget("INBOX", subject)
	w.eye(t, martinBox).forget(w.folder("Sent"), subject)
}

// sessionLost: the session is closed from elsewhere while somebody writes and a
// large file goes up. After sign-in everything is there, and leaves.
func sessionLost(t *testing.T, w *world, b *tab) {
	w.needPost(t)
	box := people.MercierBox.String()
	w.signInAnew(b, "mercier")
	elsewhere := newTab(t, b.js)
	w.signInAnew(elsewhere, "mercier")
	elsewhere.open(w.base + "/sessions")
	subject := unique("perdue")
	w.compose(b)
	b.address("to", petitBox)
	b.write(byTest("compose-subject"), subject)
	b.say("Écrit avant. ")
	const later = 2_000_000
	file, second := random("lourd.bin", w.post.fits-later), random("ensuite.bin", later-10_000)
	b.join(file)
	for n := elsewhere.count(byTest("session-revoke")); n > 0; n-- {
		elsewhere.leave(byTest("session-revoke"))
	}
	b.say("Écrit après. ")
	if b.js {
		b.choose(second) // goes up by itself once somebody is back
		b.until("the page says the session is over", `document.querySelector("#sign-in-again").open`)
		if got := b.said(); !strings.Contains(got, "Écrit avant.") || !strings.Contains(got, "Écrit après.") {
			t.Errorf("with the session over the sheet says %q", got)
		}
		again := b.beside()
		again.open(absolute(w, b.attr(byTest("sign-in-again"), "href")))
		w.cardAgain(again, "mercier")
		again.see("#signed-in-again")
		b.until("the sheet goes on", `!document.querySelector("#sign-in-again").open`)
		b.joined(2)
	} else {
		b.leave(byTest("compose-save"))
		b.explains("main", "session")
		b.leave(byTest("error-act"))
		w.cardAgain(b, "mercier")
		w.goOn(b, subject)
		b.joined(1)
		if got := b.said(); !strings.Contains(got, "Écrit avant.") {
			t.Errorf("after sign-in the sheet says %q", got)
		}
		b.say("Écrit après. ") // by nature: without scripts what was never saved is the browser's to keep
		b.join(second)
	}
	b.send()
	l := w.arrived(t, box, subject)
	l.sameFiles(t, file, second)
	l.says(t, b.js, "Écrit avant.", "Écrit après.")
	w.eye(t, petitBox).forget("INBOX", subject)
	w.eye(t, box).forget(w.folder("Sent"), subject)
}

// cardAgain signs in from the page that asks for it; the provider may remember the
// card.
func (w *world) cardAgain(b *tab, key string) {
	b.t.Helper()
	b.leave(byTest("signin-button"))
	if b.has(byTest("idp-person-" + key)) {
		b.leave(byTest("idp-person-" + key))
	}
}

// serverDown: the submission server does not answer. The letter is kept and the
// page says so; once the server is back it leaves, once.
func serverDown(t *testing.T, w *world, b *tab) {
	w.needPost(t)
	w.signInAnew(b, "martin") // the provider went down in a row before: shared sessions may have ended
	subject := unique("panne")
	w.compose(b)
	b.address("to", petitBox)
	b.write(byTest("compose-subject"), subject)
	b.say("Gardé malgré la panne.")
	if err := w.post.stop(); err != nil {
		t.Fatal(err)
	}
	back := false
	defer func() {
		if !back {
			w.post.start()
		}
	}()
	b.click(byTest("compose-send"))
	b.until("the page says it did not leave", `[...document.querySelectorAll('#strips [data-testid="strip"]')].some(s => s.textContent.includes("gardé"))`)
	if got := b.said(); !strings.Contains(got, "Gardé malgré la panne.") {
		t.Errorf("the sheet says %q", got)
	}
	if n := w.eye(t, martinBox).counts(subject); n[w.folder("Sent")] != 0 {
		t.Error("a copy in Sent of a letter that did not leave")
	}
	b.open(w.drafts(b))
	b.explains(byTest("drafts"), subject)
	if err := w.post.start(); err != nil {
		t.Fatal(err)
	}
	back = true
	w.goOn(b, subject)
	b.send()
	w.arrived(t, martinBox, subject).says(t, b.js, "Gardé malgré la panne.")
}
