//go:build e2e

package e2e

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"pli.example/pli/internal/demo/people"
)

// petitBox is where most letters of the rows go: the cardiologist's.
var petitBox = people.PetitBox.String()

// goes does something that leads to another document, and waits for it.
func (b *tab) goes(what string, do func()) {
	b.t.Helper()
	eval[bool](b, "(document.documentElement.dataset.before = '1', true)")
	do()
	b.until("another page after "+what, "document.readyState === 'complete' && !document.documentElement.dataset.before")
}

// compose begins a letter by the button of the list.
func (w *world) compose(b *tab) {
	b.t.Helper()
	b.open(w.inbox(b))
	b.leave(byTest("write"))
	b.sheet()
}

// sheet waits until the sheet can be written on.
func (b *tab) sheet() {
	b.t.Helper()
	ready := "#compose"
	if b.js {
		ready += ".ready"
	}
	b.see(ready)
}

// address names recipients in a field: as chips, or as a line of text.
func (b *tab) address(field string, addresses ...string) {
	b.t.Helper()
	if !b.js {
		b.write("#"+field, strings.Join(addresses, ", "))
		return
	}
	if !eval[bool](b, find("#"+field)+".offsetParent !== null") {
		b.click(`[data-show="` + field + `"]`)
	}
	for _, a := range addresses {
		b.write("#"+field, a)
		b.until("the field has it", find("#"+field)+".value === "+quoted(a))
		b.keys(",")
		b.until("the chip of "+a, find(`#tos-`+field+` [data-address="`+a+`"]`))
	}
}

// say writes above what the text holds already.
func (b *tab) say(text string) {
	b.t.Helper()
	if b.js {
		b.click(byTest("compose-editor"))
		eval[bool](b, `(getSelection().collapse(document.querySelector('[data-testid="compose-editor"]').firstChild, 0), true)`)
	} else {
		b.see(byTest("compose-text"))
		eval[bool](b, "(e => (e.focus(), e.setSelectionRange(0, 0), true))("+find(byTest("compose-text"))+")")
	}
	b.keys(text)
}

// keys types on whatever has the focus. A key that the page takes for itself types
// nothing: down and character are one event, as a keyboard's are.
func (b *tab) keys(text string) {
	b.t.Helper()
	b.must("type", b.call(func(ctx context.Context) error {
		for _, r := range text {
			var char *input.DispatchKeyEventParams
			events := kb.Encode(r)
			for _, k := range events {
				if k.Type == kb.KeyChar {
					char = k
				}
			}
			for _, k := range events {
				if k.Type == kb.KeyChar {
					continue
				}
				if k.Type != kb.KeyUp && char != nil {
					k.Type, k.Text, k.UnmodifiedText = kb.KeyDown, char.Text, char.UnmodifiedText
				}
				if _, err := chromedp.Call(ctx, input.DispatchKeyEvent, *k); err != nil {
					return err
				}
			}
		}
		return nil
	}))
}

// said is the text on the sheet, what is quoted included.
func (b *tab) said() string {
	b.t.Helper()
	return eval[string](b, `(e => e && !e.hidden && e.offsetParent ? e.innerText : document.querySelector('[data-testid="compose-text"]').value)(document.querySelector('[data-testid="compose-editor"]'))`)
}

// kept waits until everything on the sheet is in the drafts; without scripts it is
// the button that does it.
func (b *tab) kept() {
	b.t.Helper()
	if !b.js {
		b.leave(byTest("compose-save"))
		return
	}
	b.until("everything kept", find(byTest("compose-saved"))+`.textContent.includes("enregistré à") && document.querySelector("#compose").dataset.version < document.querySelector("#compose").elements.version.value`)
}

// choose gives a file to the sheet, as its dialog would. With scripts it goes up at
// once; without, when the form is sent.
func (b *tab) choose(files ...attached) {
	b.t.Helper()
	var paths []string
	for _, f := range files {
		path := filepath.Join(b.t.TempDir(), f.name)
		if err := os.WriteFile(path, f.data, 0o600); err != nil {
			b.t.Fatal(err)
		}
		paths = append(paths, path)
	}
	field := "#file"
	if b.js {
		field = "#pick"
	}
	b.see(field)
	b.must("choose files", b.call(func(ctx context.Context) error {
		return chromedp.Do(ctx, chromedp.SetUploadFiles(chromedp.CSS(field), paths))
	}))
}

// joined waits until so many files are whole on the server.
func (b *tab) joined(n int) {
	b.t.Helper()
	b.until("the files are there", `(f => f.length === `+quoted(n)+` && f.every(x => x.querySelector("a.file-name")))([...document.querySelectorAll('[data-testid="compose-file"]')])`)
}

// join chooses a file and waits until the server has it.
func (b *tab) join(f attached) {
	b.t.Helper()
	n := b.count(byTest("compose-file"))
	b.choose(f)
	if !b.js {
		b.leave(".attach-plain button")
	}
	b.joined(n + 1)
}

// send presses the button and waits for the sentence that says the letter has left.
func (b *tab) send() {

	b.t.Helper()
	b.click(byTest("compose-send"))
	b.gone()
}

// gone waits for that sentence: above the list, or, where the operator took longer
// than a page waits, on the page of the letter under way.
func (b *tab) gone() {
	b.t.Helper()
	says := func(css string) string { return find(css) + "?.textContent.includes(\"Lettre envoyée\")" }
	b.until("the letter has left", says(byTest("flash"))+" || "+says(byTest("sending-title")))
}

// arrived is the one letter in the recipient's inbox, proper, and the same one in
// the sender's Sent: there and nowhere else.
func (w *world) arrived(t *testing.T, from, subject string) received {
	t.Helper()
	word := lastWord(subject)
	to, e := w.eye(t, petitBox), w.eye(t, from)
	got := to.one("INBOX", word)
	got.proper(t, w, from, subject, petitBox)
	if got.header.Get("Bcc") != "" {
		t.Errorf("the letter names its hidden recipients: %q", got.header.Get("Bcc"))
	}
	kept := e.one(w.folder("Sent"), word)
	if a, b := got.header.Get("Message-ID"), kept.header.Get("Message-ID"); a != b {
		t.Errorf("the copy in Sent is another letter: %s, %s arrived", b, a)
	}
	kept.proper(t, w, from, subject, petitBox)
	if n := to.counts(word); len(n) != 1 || n["INBOX"] != 1 {
		t.Errorf("at the recipient %v", n)
	}
	e.eventually("nothing left in the drafts", word, func(where map[string][]string) bool { return where[w.folder("Drafts")] == nil })
	if n := e.counts(word); n[w.folder("Sent")] != 1 || len(n) > 2 {
		t.Errorf("at the sender %v", n)
	}
	return got
}

// lastWord is the word of a subject that is nobody else's.
func lastWord(subject string) string {
	f := strings.Fields(subject)
	return f[len(f)-1]
}

// beside is another tab of the same browser, with its cookies.
func (b *tab) beside() *tab {
	b.t.Helper()
	other := &tab{t: b.t, js: b.js, downloads: b.downloads}
	ctx, end := chromedp.NewContext(b.ctx, chromedp.WithListener(other.heard))
	other.ctx = ctx
	b.t.Cleanup(end)
	other.must("open a tab beside", chromedp.Do(ctx, chromedp.EmulateViewport(1400, 900)))
	if !b.js {
		other.must("switch scripts off", other.call(func(ctx context.Context) error {
			_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
			return err
		}))
	}
	return other
}

// drafts is the page of letters being written in the mailbox a tab shows.
func (w *world) drafts(b *tab) string {
	b.t.Helper()
	return w.base + strings.Join(strings.Split(strings.TrimPrefix(w.inbox(b), w.base), "/")[:3], "/") + "/compose"
}

// goOn opens a draft by its row.
func (w *world) goOn(b *tab, word string) {
	b.t.Helper()
	b.open(w.drafts(b))
	b.see(byTest("draft-row"))
	n := eval[int](b, `(rows => { const i = rows.findIndex(r => r.textContent.includes(`+quoted(word)+`)); if (i >= 0) rows[i].querySelector("a").id = "this-draft"; return i })([...document.querySelectorAll('[data-testid="draft-row"]')])`)
	if n < 0 {
		b.t.Fatalf("no draft %q\n%s", word, b.where())
	}
	b.leave("#this-draft")
	b.sheet()
}

const enter = "\r"

// chord presses a key with Control held.
func (b *tab) chord(key string) {
	b.t.Helper()
	b.must("press Ctrl+"+key, b.call(func(ctx context.Context) error {
		return chromedp.Do(ctx, chromedp.KeyEvent(key, chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	}))
}

// handled says whether the letter of INBOX carries a mark.
func (e *eye) handled(subject, flag string) {
	e.eventually("marked "+flag, subject, flagged(flag, true))
}

// tickBox ticks a box, and sees it ticked: a page that still moves may pass under a click.
func (b *tab) tickBox(css string) {
	b.t.Helper()
	for range 3 { // away from the bar that stays at the foot of a page
		eval[bool](b, "("+find(css)+`.scrollIntoView({block: "center"}), true)`)
		b.click(css)
		if eval[bool](b, find(css)+".checked") {
			return
		}
	}
	b.t.Fatalf("%s is not ticked\n%s", css, b.where())
}
