//go:build e2e

package e2e

import (
	"strings"
	"testing"
)

// at tells what has the caret, by its id.
func (b *tab) at(id string) {
	b.t.Helper()
	b.until("the caret in "+id, `document.activeElement && document.activeElement.id === `+quoted(id))
}

// patientFields: wherever the Patients page asks for words, they can be typed at once.
func patientFields(t *testing.T, w *world, b *tab) {
	w.signIn(b, "martin")
	w.patientsOf(b, "Martin")
	b.click(byTest("patient-new"))
	b.at("ins")
	b.keys("255033799001139") // its key is wrong: the last digit
	b.leave(byTest("patient-find"))
	b.leave(byTest("identity-mend"))
	b.at("ins")
	if got := eval[string](b, `document.getElementById("ins").value.replace(/\s/g, "")`); got != "255033799001139" {
		t.Errorf("the number to correct is %q", got)
	}
	if eval[int](b, `document.getElementById("ins").selectionStart`) < 15 {
		t.Error("the caret is not behind the key")
	}
	w.patientsOf(b, "Martin")
	b.key("/")
	b.at("nom")
	b.keys("besan")
	b.goes("the name", func() { b.key("\r") })
	if got := b.texts(byTest("patient-name")); len(got) != 1 || got[0] != patient("besancon").Label {
		t.Errorf("found %q", got)
	}
	w.patientsOf(b, "Martin")
	b.exchange("closed", patient("fontaine"))
	b.leave(byTest("exchange-answer"))
	b.sheet()
	b.at("editor")
	if got := eval[string](b, `document.getElementById("subject").value`); !strings.HasPrefix(got, "Re: ") || strings.Contains(got, "[FIN]") {
		t.Errorf("the subject proposed is %q", got)
	}
	w.discreet(b)
}

// sessionCovered: support closes the session of a computer that is lost while a letter is
// being written: the sheet says why, and hides the letter until the same person is back.
func sessionCovered(t *testing.T, w *world, b *tab) {
	w.signInAnew(b, "mercier")
	subject := unique("masquée")
	w.compose(b)
	b.address("to", petitBox)
	b.write(byTest("compose-subject"), subject)
	b.say("Avant. ")
	b.kept()
	agent := newTab(t, b.js)
	w.staffSignIn(agent, "delmas")
	agent.write(byTest("support-words"), "mercier paul")
	agent.leave(byTest("support-find"))
	agent.leave(byTest("support-person"))
	for n := agent.count(byTest("support-session")); n > 0; n-- {
		eval[bool](agent, `(s => { s.value = "support.lost"; return true })(document.querySelector("#why-0"))`)
		agent.leave(byTest("support-revoke"))
	}
	b.say("Après. ")
	b.until("the letter is covered", `getComputedStyle(document.getElementById("compose")).visibility === "hidden" && document.querySelector("#sign-in-again").open`)
	b.explains(byTest("sign-in-why"), "perdu ou volé")
	again := b.beside()
	again.open(absolute(w, b.attr(byTest("sign-in-again"), "href")))
	w.cardAgain(again, "mercier")
	again.see("#signed-in-again")
	b.until("the letter is back", `getComputedStyle(document.getElementById("compose")).visibility === "visible" && !document.querySelector("#sign-in-again").open`)
	if got := b.said(); !strings.Contains(got, "Avant.") || !strings.Contains(got, "Après.") {
		t.Errorf("the sheet says %q", got)
	}
}
