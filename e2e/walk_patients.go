//go:build e2e

package e2e

// visitPatients shows the pages about patients, of the GP's own mailbox.
func (w *world) visitPatients(b *tab, see func(name string, arrive func())) {
	b.t.Helper()
	see("patients", func() { b.open(w.base + "/"); b.leave(byTest("rail-patients")) })
	see("patients-error", func() {
		b.click(byTest("patient-new"))
		b.write(byTest("patient-ins"), "2 55 03")
		b.leave(byTest("patient-find"))
	})
	see("identity", func() {
		b.write(byTest("patient-ins"), "2 55 03 37 990 011 39")
		b.leave(byTest("patient-find"))
	})
	see("exchange", func() {
		b.open(w.base + "/")
		b.leave(byTest("rail-patients"))
		b.leave(`[data-testid="group-waiting"] li:last-child ` + byTest("patient-name"))
	})
	see("exchange-ins", func() { b.leave(byTest("show-ins")) })
}
