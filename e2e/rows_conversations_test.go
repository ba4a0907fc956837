//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// conversationAcross: what came and was filed, what I answered and what came back are one
// conversation, and the list of letters is one click away.
func conversationAcross(t *testing.T, w *world, b *tab) {
	e := w.eye(t, martinBox)
	mark := unique("fil")
	id := strings.ReplaceAll(mark, " ", ".")
	lay := func(folder, from, n, refs string, ago time.Duration, flags ...string) {
		t.Helper()
		raw := fmt.Sprintf("From: %s\r\nTo: %s\r\nSubject: %s %s\r\nMessage-ID: <%s.%s@e2e.test>\r\n%sContent-Type: text/plain\r\n\r\ntexte\r\n", from, martinBox, mark, n, id, n, refs)
		if err := e.c.Append(folder, flags, time.Now().Add(-ago), []byte(raw)); err != nil {
			t.Fatal(err)
		}
	}
	answers := func(n string) string {
		return fmt.Sprintf("In-Reply-To: <%s.%s@e2e.test>\r\nReferences: <%s.%s@e2e.test>\r\n", id, n, id, n)
	}
	const them = "Dr Hugo Petit <hugo.petit@chu-touraine.mssante.fr>"
	lay(w.folder("Archive"), them, "un", "", 3*time.Hour, `\Seen`)
	lay(w.folder("Sent"), martinBox, "deux", answers("un"), 2*time.Hour, `\Seen`)
	lay("INBOX", them, "trois", answers("deux"), 0)
	w.signIn(b, "martin")
	b.open(w.inbox(b))
	b.leave(byTest("view-conversations"))
	line := `[data-testid="letter-row"]:has(.row-letters)`
	there := `[...document.querySelectorAll('` + line + `')].some(r => r.textContent.includes(` + quoted(mark) + `))`
	for until := time.Now().Add(patience); !eval[bool](b, there); b.open(w.inbox(b)) { // the mailbox is being read
		if time.Now().After(until) {
			t.Fatalf("no conversation %q\n%s", mark, b.where())
		}
	}
	eval[bool](b, `([...document.querySelectorAll('`+line+`')].find(r => r.textContent.includes(`+quoted(mark)+`)).querySelector("a").id = "fil", true)`)
	b.click("#fil")
	b.until("its three letters", `document.querySelectorAll('[data-testid="exchange-letter"]').length === 3`)
	if got := b.text(byTest("conversation")); !strings.Contains(got, "Moi") {
		t.Errorf("my own answer is not in the conversation: %q", got)
	}
	if strings.Contains(b.url(), id) || strings.Contains(eval[string](b, "document.title"), mark) {
		t.Error("the subject is in the address or the title")
	}
	e.eventually("opening marks read", mark+" trois", flagged(`\Seen`, true))
	b.open(w.inbox(b))
	b.leave(byTest("view-letters"))
	b.see(row(e, mark+" trois"))
}
