//go:build e2e

package e2e

import "time"

// visitConversations shows the inbox as conversations and one of them, then goes back to
// letters.
func (w *world) visitConversations(b *tab, see func(name string, arrive func())) {
	see("conversations", func() {
		b.open(w.inbox(b))
		b.leave(byTest("view-conversations"))
		for until := time.Now().Add(patience); !b.has(".row-letters") && time.Now().Before(until); { // the mailbox is being read
			b.open(w.inbox(b))
		}
	})
	see("conversation", func() {
		b.click(`[data-testid="letter-row"]:has(.row-letters) a`)
		b.see(byTest("conversation"))
	})
	b.open(w.inbox(b))
	b.leave(byTest("view-letters"))
}
