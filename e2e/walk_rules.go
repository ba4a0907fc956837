//go:build e2e

package e2e

// visitRules shows the pages of rules, where a server keeps any.
func (w *world) visitRules(b *tab, see func(name string, arrive func())) {
	b.open(w.base)
	if !b.has(byTest("rail-rules")) {
		return
	}
	at := w.rules(b)
	see("rule-tried", func() {
		b.open(at + "/new")
		b.write("#rule-subject", "visite")
		b.click(byTest("rule-flagged"))
		b.leave(byTest("rule-try"))
	})
	see("rules", func() { b.leave(byTest("rule-save")) })
	see("absence", func() { b.open(at + "/absence") })
	b.open(at)
	b.leave(byTest("rule-delete"))
}

// rules is the address of the rules of the mailbox at hand.
func (w *world) rules(b *tab) string {
	b.t.Helper()
	return w.base + b.attr(byTest("rail-rules"), "href")
}
