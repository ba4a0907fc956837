//go:build e2e

package e2e

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"strings"
	"testing"

	"golang.org/x/image/tiff"

	"pli.example/pli/internal/demo/people"
)

// inbox is the address of the reception folder, by its place in the rail.
func (w *world) inbox(b *tab) string {
	b.t.Helper()
	href := b.attr(byTest("folder-inbox"), "href")
	if strings.HasPrefix(href, "/") {
		return w.base + href
	}
	return href
}

// uid is the number the server gave the letter in INBOX.
func (e *eye) uid(subject string) string {
	e.t.Helper()
	for _, f := range e.where(subject)["INBOX"] {
		if n, ok := strings.CutPrefix(f, "uid="); ok {
			return n
		}
	}
	e.t.Fatalf("no letter %q in INBOX", subject)
	return ""
}

// row selects a letter's row in the list.
func row(e *eye, subject string) string {
	e.t.Helper()
	return fmt.Sprintf(`[data-testid="letter-row"][data-uid="%s"]`, e.uid(subject))
}

// openLetter opens a letter from the list, as a person does, and waits for its
// body to be there.
func (w *world) openLetter(b *tab, e *eye, subject string) {
	b.t.Helper()
	r := row(e, subject)
	b.open(w.inbox(b))
	b.click(r + " a")
	b.until("the letter "+subject, find(byTest("letter-subject"))+" && "+find(byTest("letter-subject"))+".textContent.includes("+quoted(subject)+")")
	b.until("its body", `(f => !f || f.contentDocument && f.contentDocument.URL !== "about:blank" && f.contentDocument.readyState === "complete")(`+find(byTest("letter-body"))+`)`)
}

// bodyText is what the letter's frame shows.
func (b *tab) bodyText() string {
	b.t.Helper()
	b.see(byTest("letter-body"))
	return eval[string](b, find(byTest("letter-body"))+".contentDocument.body.innerText")
}

// begin signs the GP in and delivers one letter.
func begin(t *testing.T, w *world, b *tab, what string) (*eye, string) {
	t.Helper()
	e := w.eye(t, martinBox)
	subject := unique(what)
	e.deliver(plainLetter(subject, "Texte de la lettre "+subject))
	w.signIn(b, "martin")
	return e, subject
}

func inbox(t *testing.T, w *world, b *tab) {
	e, subject := begin(t, w, b, "reception")
	b.open(w.inbox(b))
	b.see(row(e, subject))
	if got := b.text(row(e, subject) + " " + byTest("row-subject")); got != subject {
		t.Errorf("row says %q", got)
	}
	if got := b.text(row(e, subject) + " " + byTest("row-from")); !strings.Contains(got, "Hugo Petit") {
		t.Errorf("row comes from %q", got)
	}
	if n := b.count(byTest("letter-row")); n < 10 || n > 50 {
		t.Errorf("%d rows on a page", n)
	}
	for _, role := range []string{"inbox", "drafts", "sent", "archive", "junk", "trash"} {
		if !b.has(byTest("folder-" + role)) {
			t.Errorf("no folder %s in the rail", role)
		}
	}
	if title := eval[string](b, "document.title"); strings.Contains(title, subject) {
		t.Errorf("a subject in the title: %q", title)
	}
}

func readMarksRead(t *testing.T, w *world, b *tab) {
	e, subject := begin(t, w, b, "lecture")
	e.eventually("delivered unread", subject, flagged(`\Seen`, false))
	b.open(w.inbox(b)) // a list alone must not mark anything
	e.eventually("listing marks nothing", subject, flagged(`\Seen`, false))
	w.openLetter(b, e, subject)
	if got := b.bodyText(); !strings.Contains(got, "Texte de la lettre "+subject) {
		t.Errorf("body %q", got)
	}
	if got := b.text(byTest("letter-from")); !strings.Contains(got, "Hugo Petit") {
		t.Errorf("from %q", got)
	}
	e.eventually("opening marks read", subject, flagged(`\Seen`, true))
	if strings.Contains(b.url(), subject) || strings.Contains(eval[string](b, "document.title"), subject) {
		t.Error("the subject is in the address or the title")
	}
}

// plainForm shows the plain alternative of a letter written in HTML.
func plainForm(t *testing.T, w *world, b *tab) {
	e := w.eye(t, martinBox)
	subject := unique("formes")
	e.deliver(letterHead(subject) + "Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain; charset=iso-8859-1\n" +
		"Content-Transfer-Encoding: quoted-printable\n\nforme simple, t=E9l=E9phone\n--b\nContent-Type: text/html; charset=utf-8\n\n<p>forme <b>riche</b></p>\n--b--\n")
	w.signIn(b, "martin")
	w.openLetter(b, e, subject)
	if got := b.bodyText(); !strings.Contains(got, "forme riche") {
		t.Errorf("body %q", got)
	}
	href := b.attr(byTest("plain-link"), "href")
	b.open(absolute(w, href))
	b.until("the plain form", `(f => f && f.contentDocument && f.contentDocument.body && f.contentDocument.body.innerText.includes("téléphone"))(`+find(byTest("letter-body"))+`)`)
}

func absolute(w *world, href string) string {
	if strings.HasPrefix(href, "/") {
		return w.base + href
	}
	return href
}

// pages walks a folder of more than one page and back, and jumps.
func pages(t *testing.T, w *world, b *tab) {
	box := people.PetitBox.String()
	e := w.eye(t, box)
	mark := unique("pages")
	for i := range 60 {
		e.deliver(plainLetter(fmt.Sprintf("%s numero %02d", mark, i), "x"))
	}
	w.signIn(b, "petit")
	b.open(w.inbox(b))
	top := b.texts(byTest("row-subject"))
	if len(top) != 50 || !strings.Contains(top[0], "numero 59") {
		t.Fatalf("%d rows, first %q", len(top), top[0])
	}
	b.click(byTest("pager-next"))
	b.until("the next page", find(byTest("pager-prev"))+` && document.querySelector('[data-testid="row-subject"]').textContent.includes("numero 09")`)
	b.click(byTest("pager-prev"))
	b.until("the first page again", `document.querySelector('[data-testid="row-subject"]').textContent.includes("numero 59")`)
	for _, uid := range e.uids(mark) {
		if _, err := e.c.Do("UID STORE " + uid + ` +FLAGS.SILENT (\Deleted)`); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := e.c.Do("EXPUNGE"); err != nil {
		t.Fatal(err)
	}
}

// uids lists a word's letters in INBOX, which stays selected.
func (e *eye) uids(word string) []string {
	e.t.Helper()
	if _, _, err := e.c.Select("INBOX"); err != nil {
		e.t.Fatal(err)
	}
	found, err := e.c.Search(`SUBJECT "` + word + `"`)
	if err != nil {
		e.t.Fatal(err)
	}
	var out []string
	for _, n := range found {
		out = append(out, fmt.Sprint(n))
	}
	return out
}

// otherMailbox: the pharmacist turns to the pharmacy's own mailbox.
func otherMailbox(t *testing.T, w *world, b *tab) {
	e := w.eye(t, people.PharmacieBox.String())
	subject := unique("officine")
	e.deliver(plainLetter(subject, "pour la pharmacie"))
	w.signIn(b, "garnier")
	if b.has(row(e, subject)) && strings.Contains(b.text("main"), subject) {
		t.Error("the other mailbox's letter is in her own")
	}
	n := eval[int](b, `[...document.querySelectorAll('[data-testid="box-link"]')].findIndex(a => a.textContent.includes("Pharmacie du Marché"))`)
	if n < 0 {
		t.Fatalf("no link to the pharmacy\n%s", b.where())
	}
	eval[bool](b, fmt.Sprintf(`(document.querySelectorAll('[data-testid="box-link"]')[%d].id = "pharmacie", true)`, n))
	b.leave("#pharmacie")
	b.see(row(e, subject))
}

// sharedMailbox: a colleague without a mailbox of his own works in the shared one,
// and the server sees what he did.
func sharedMailbox(t *testing.T, w *world, b *tab) {
	e := w.eye(t, people.PharmacieBox.String())
	subject := unique("partage")
	e.deliver(plainLetter(subject, "pour la pharmacie"))
	w.signIn(b, "haddad")
	w.openLetter(b, e, subject)
	b.leave(byTest("act-archive"))
	e.eventually("filed by the colleague", subject, only(w.folder("Archive")))
	b.open(w.base + "/journal")
	b.explains("main", "haddad")
}

// samplePDF is the smallest document a reader draws something of.
func samplePDF() []byte {
	var b bytes.Buffer
	var at []int
	object := func(text string) {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", len(at), text)
	}
	b.WriteString("%PDF-1.4\n")
	object("<< /Type /Catalog /Pages 2 0 R >>")
	object("<< /Type /Pages /Kids [3 0 R] /Count 1 >>")
	object("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>")
	text := "BT /F1 24 Tf 20 100 Td (Compte rendu) Tj ET\n0 0 0 rg 20 20 260 40 re f"
	object(fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(text), text))
	object("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
	xref := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, o := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&b, "trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, xref)
	return b.Bytes()
}

// attach builds a letter with files.
type attached struct {
	name, kind string
	data       []byte
}

func letterWith(subject string, files ...attached) string {
	var b strings.Builder
	b.WriteString(letterHead(subject) + "Content-Type: multipart/mixed; boundary=fichiers\n\n--fichiers\nContent-Type: text/plain; charset=utf-8\n\nVoir pièces jointes.\n")
	for _, f := range files {
		fmt.Fprintf(&b, "--fichiers\nContent-Type: %s\nContent-Disposition: attachment; filename=\"%s\"\nContent-Transfer-Encoding: base64\n\n", f.kind, f.name)
		text := base64.StdEncoding.EncodeToString(f.data)
		for len(text) > 76 {
			b.WriteString(text[:76] + "\n")
			text = text[76:]
		}
		b.WriteString(text + "\n")
	}
	return b.String() + "--fichiers--\n"
}

func (w *world) openWith(t *testing.T, b *tab, what string, files ...attached) *eye {
	t.Helper()
	e := w.eye(t, martinBox)
	subject := unique(what)
	e.deliver(letterWith(subject, files...))
	w.signIn(b, "martin")
	w.openLetter(b, e, subject)
	if n := b.count(byTest("attachment")); n != len(files) {
		t.Errorf("%d files shown, %d sent\n%s", n, len(files), b.where())
	}
	return e
}

func pdfPreview(t *testing.T, w *world, b *tab) {
	w.openWith(t, b, "pdf", attached{"compte-rendu.pdf", "application/pdf", samplePDF()})
	b.leave(byTest("attachment-open"))
	b.until("the document is drawn", `(c => c && c.width > 50 && c.getContext && (d => { for (let i = 0; i < d.length; i += 4) if (d[i+3] && d[i] < 100) return true; return false })(c.getContext("2d").getImageData(0, 0, c.width, c.height).data))(document.querySelector("#pages canvas"))`)
	b.explains("h1", "compte-rendu.pdf")
}

func pdfDownload(t *testing.T, w *world, b *tab) {
	pdf := samplePDF()
	w.openWith(t, b, "telechargement", attached{"compte-rendu.pdf", "application/pdf", pdf})
	if got := b.text(byTest("attachment-name")); got != "compte-rendu.pdf" {
		t.Errorf("named %q", got)
	}
	b.click(byTest("attachment-download"))
	if name, content := b.downloaded(); name != "compte-rendu.pdf" || !bytes.Equal(content, pdf) {
		t.Errorf("got %q with %d bytes, want %d", name, len(content), len(pdf))
	}
}

// pictures: a PNG and a TIFF are seen in the page.
func pictures(t *testing.T, w *world, b *tab) {
	img := image.NewRGBA(image.Rect(0, 0, 40, 30))
	for x := range 40 {
		for y := range 30 {
			img.Set(x, y, color.RGBA{200, uint8(x * 6), uint8(y * 8), 255})
		}
	}
	var p, tf bytes.Buffer
	if err := png.Encode(&p, img); err != nil {
		t.Fatal(err)
	}
	if err := tiff.Encode(&tf, img, nil); err != nil {
		t.Fatal(err)
	}
	w.openWith(t, b, "photo", attached{"plaie.png", "image/png", p.Bytes()}, attached{"radio.tif", "image/tiff", tf.Bytes()})
	eval[int](b, `document.querySelectorAll("details.card-image").forEach(d => d.open = true) || 0`)
	b.until("both pictures are drawn", `(i => i.length === 2 && i.every(x => x.complete && x.naturalWidth === 40))([...document.querySelectorAll('[data-testid="attachment"] img')])`)
}

func textFile(t *testing.T, w *world, b *tab) {
	w.openWith(t, b, "texte", attached{"notes.txt", "text/plain; charset=utf-8", []byte("Première ligne\n<script>alert(1)</script>\n")})
	b.leave(byTest("attachment-open"))
	b.explains("main", "<script>alert(1)</script>")
	b.explains("main", "première ligne")
}

func nestedLetter(t *testing.T, w *world, b *tab) {
	e := w.eye(t, martinBox)
	subject := unique("transfert")
	inner := letterWith("Lettre au fond", attached{"au-fond.pdf", "application/pdf", samplePDF()})
	e.deliver(letterHead(subject) + "Content-Type: multipart/mixed; boundary=dehors\n\n--dehors\nContent-Type: text/plain\n\nDessus.\n" +
		"--dehors\nContent-Type: message/rfc822\n\n" + inner + "\n--dehors--\n")
	w.signIn(b, "martin")
	w.openLetter(b, e, subject)
	b.explains(byTest("nested-letter"), "lettre au fond")
	b.until("the inner body", `[...document.querySelectorAll('[data-testid="nested-letter"] iframe')].some(f => f.contentDocument && f.contentDocument.body && f.contentDocument.body.innerText.includes("Voir pièces jointes"))`)
	b.click(byTest("nested-letter") + " " + byTest("attachment-download"))
	if name, content := b.downloaded(); name != "au-fond.pdf" || !bytes.Equal(content, samplePDF()) {
		t.Errorf("the inner file came as %q, %d bytes", name, len(content))
	}
}

// brokenStructure: letters no parser likes do not hide the others.
func brokenStructure(t *testing.T, w *world, b *tab) {
	e := w.eye(t, martinBox)
	before, broken, after := unique("avant"), unique("abimee"), unique("apres")
	e.deliver(plainLetter(before, "avant"))
	e.deliver(letterHead(broken) + "Content-Type: text/plain; =x\n\nle texte abime\n")
	e.deliver(letterHead(broken+" sans frontiere") + "Content-Type: multipart/mixed\n\n--rien\n\nx\n")
	e.deliver(plainLetter(after, "après"))
	w.signIn(b, "martin")
	b.open(w.inbox(b))
	rows := strings.Join(b.texts(byTest("row-subject")), "\n")
	for _, s := range []string{before, broken, broken + " sans frontiere", after} {
		if !strings.Contains(rows, s) {
			t.Errorf("the list does not show %q", s)
		}
	}
	n := eval[string](b, `[...document.querySelectorAll('[data-testid="letter-row"]')].find(r => r.querySelector('[data-testid="row-subject"]').textContent.trim() === `+quoted(broken)+`).dataset.uid`)
	b.click(`[data-testid="letter-row"][data-uid="` + n + `"] a`)
	b.until("the broken letter", find(byTest("letter-subject"))+` && `+find(byTest("letter-subject"))+`.textContent.includes(`+quoted(broken)+`)`)
	b.until("its text", `(f => f && f.contentDocument && f.contentDocument.body && f.contentDocument.body.innerText.includes("le texte abime"))(`+find(byTest("letter-body"))+`)`)
}

func sourceAndPrint(t *testing.T, w *world, b *tab) {
	e, subject := begin(t, w, b, "source")
	w.openLetter(b, e, subject)
	print := absolute(w, b.attr(byTest("print-link"), "href"))
	eval[bool](b, `(document.querySelectorAll("details.more").forEach(d => d.open = true), true)`)
	source := absolute(w, b.attr(byTest("source-link"), "href"))
	b.open(source)
	text := ""
	if b.url() == source {
		text = eval[string](b, "document.body ? document.body.innerText : ''")
	}
	if !strings.Contains(text, "Subject: "+subject) {
		if name, raw := b.downloaded(); !bytes.Contains(raw, []byte("Subject: "+subject)) {
			t.Errorf("the source %q does not hold the letter", name)
		}
	}
	b.open(print)
	b.explains("main", subject)
	b.explains("footer", "claire martin")
}

func journal(t *testing.T, w *world, b *tab) {
	e, subject := begin(t, w, b, "journal")
	w.openLetter(b, e, subject)
	b.open(w.base + "/journal")
	text := b.text("main")
	if strings.Contains(text, subject) {
		t.Error("the journal holds a subject")
	}
	if b.count("main tbody tr") < 2 {
		t.Errorf("the journal is empty\n%s", b.where())
	}
}
