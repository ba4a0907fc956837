//go:build e2e

package e2e

import (
	"slices"
	"strings"
	"testing"
)

// rulesRoundTrip makes a rule by the page, tries it on what is there, keeps it through
// ManageSieve, and finds what LMTP delivers in the rule's folder; then takes it away.
func rulesRoundTrip(t *testing.T, w *world, b *tab) {
	if w.post.lmtp == "" {
		t.Skip("dovecot-sieve and dovecot-managesieved are not installed")
	}
	e, mark := begin(t, w, b, "regle")
	b.open(w.rules(b))
	if b.has(byTest("rule-row")) {
		t.Fatalf("rules of another row\n%s", b.where())
	}
	b.leave(byTest("rule-new"))
	b.write("#rule-subject", mark)
	eval[bool](b, `(s => { s.value = [...s.options].find(o => o.textContent === "Archives").value; return true })(document.querySelector("#rule-folder"))`)
	b.click(byTest("rule-seen"))
	b.leave(byTest("rule-try"))
	if got := b.texts(byTest("trial-row")); len(got) != 1 || !strings.Contains(got[0], mark) {
		t.Errorf("the trial finds %q\n%s", got, b.where())
	}
	b.leave(byTest("rule-save"))
	if got := b.texts(byTest("rule-row")); len(got) != 1 || !strings.Contains(got[0], mark) {
		t.Fatalf("the rules are %q\n%s", got, b.where())
	}
	filed := strings.Replace(mark, "regle ", "Re: regle ", 1)
	mta := &scriptedPatients{lmtp: w.post.lmtp}
	if err := mta.lmtpSend("hugo.petit@chu-touraine.mssante.fr", martinBox, plainLetter(filed, "par LMTP")); err != nil {
		t.Fatal(err)
	}
	e.eventually("filed by the rule", filed, only(w.folder("Archive")))
	e.eventually("and read", filed, func(at map[string][]string) bool { return slices.Contains(at[w.folder("Archive")], `\Seen`) })
	e.eventually("the one that was there stays", mark, func(at map[string][]string) bool { return len(at["INBOX"]) > 0 })
	b.leave(byTest("rule-delete"))
	b.see(byTest("undo"))
	if b.has(byTest("rule-row")) {
		t.Errorf("not deleted\n%s", b.where())
	}
}
