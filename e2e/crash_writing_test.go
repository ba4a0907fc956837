//go:build e2e

package e2e

import (
	"strings"
	"testing"
	"time"
)

// TestWritingCrash kills the program one second after the last key, as a power cut
// would. After the restart nobody signs in again, and the draft holds every word.
func TestWritingCrash(t *testing.T) {
	t.Parallel()
	w := newOperator(t, operatorOptions{noLetters: true, sending: true})
	w.needPost(t)
	b := newTab(t, true)
	w.signInAnew(b, "martin")
	subject := unique("coupure")
	w.compose(b)
	b.address("to", petitBox)
	b.write(byTest("compose-subject"), subject)
	words := strings.Repeat("Un texte qui ne doit pas se perdre. ", 4) + "Dernier mot."
	b.say(words)
	time.Sleep(time.Second) // the promise itself: one second after the last key
	w.Pli.Kill()
	if err := w.Pli.Start(); err != nil {
		t.Fatal(err)
	}
	other := newTab(t, false) // nothing of the page that was open helps
	other.setCookies(w.base, b.cookies(w.base))
	other.open(w.base + "/")
	w.goOn(other, subject)
	if got := strings.TrimSpace(other.said()); !strings.HasPrefix(got, words+"\n") { // the signature stands below
		t.Errorf("after the crash the draft says %q", got)
	}
	if to := eval[string](other, find("#to")+".value"); !strings.Contains(to, petitBox) {
		t.Errorf("after the crash the draft goes to %q", to)
	}
	// The page that stayed open goes on as if nothing had happened.
	b.say("Et la suite. ")
	b.until("the page is saved again", find(byTest("compose-saved"))+`.textContent.includes("enregistré à")`)
	b.send()
	w.arrived(t, martinBox, subject).says(t, true, "Et la suite.", "Dernier mot.")
}
