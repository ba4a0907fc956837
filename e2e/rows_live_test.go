//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pli.example/pli/e2e/rawimap"
)

// liveList keeps a list open while letters come and go: the page is never loaded again.
func liveList(t *testing.T, w *world, b *tab) {
	e, first := begin(t, w, b, "direct")
	b.open(w.inbox(b))
	b.see(row(e, first))
	b.click("#list-title") // the pointer is not on the rows
	eval[bool](b, `window.stayed = true`)
	shown := func(subject string) string {
		return `[...document.querySelectorAll('#rows .row:not(.is-gone) [data-testid="row-subject"]')].some(s => s.textContent === ` + quoted(subject) + `)`
	}
	subject := unique("arrivee")
	began := time.Now()
	how := "APPEND"
	if w.post.hand != nil {
		how = "LMTP"
		if err := w.post.hand("hugo.petit@chu-touraine.mssante.fr", martinBox, plainLetter(subject, "x")); err != nil {
			t.Fatal(err)
		}
	} else {
		e.deliver(plainLetter(subject, "x"))
	}
	b.until("the letter that came", shown(subject))
	t.Logf("shown %s after its delivery by %s", time.Since(began).Round(10*time.Millisecond), how)
	if title := eval[string](b, "document.title"); !strings.HasPrefix(title, "(") || strings.Contains(title, subject) {
		t.Errorf("the title is %q", title)
	}
	e.remove(first)
	b.until("the letter removed elsewhere to be gone", "!"+shown(first))
	if !eval[bool](b, `window.stayed === true`) {
		t.Error("the page was loaded again")
	}
	// Nothing jumps under somebody's hand: it is said, and shown when asked for.
	eval[bool](b, find("#rows .row-link")+".focus() === undefined")
	held := unique("tenue")
	e.deliver(plainLetter(held, "x"))
	b.until("that one more came", `(s => s && s.getClientRects().length > 0 && s.textContent.includes("afficher"))(`+find(byTest("live-show"))+`)`)
	if eval[bool](b, shown(held)) {
		t.Error("a row came in above the one that has the focus")
	}
	eval[bool](b, find(byTest("live-show"))+".click() === undefined")
	b.until("the letter asked for", shown(held))
}

// remove expunges a letter as another mail program does.
func (e *eye) remove(subject string) {
	e.t.Helper()
	if _, _, err := e.c.Select("INBOX"); err != nil {
		e.t.Fatal(err)
	}
	uids, err := e.c.Search("SUBJECT " + rawimap.Quote(subject))
	if err != nil || len(uids) != 1 {
		e.t.Fatalf("%q: %v, %v", subject, uids, err)
	}
	for _, command := range []string{fmt.Sprintf(`UID STORE %d +FLAGS.SILENT (\Deleted)`, uids[0]), fmt.Sprintf("UID EXPUNGE %d", uids[0])} {
		if _, err := e.c.Do(command); err != nil {
			e.t.Fatal(err)
		}
	}
}
