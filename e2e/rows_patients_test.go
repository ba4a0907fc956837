//go:build e2e

package e2e

import (
	"net/mail"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/demo/people"
)

func patient(key string) people.Patient {
	for _, p := range people.Patients() {
		if p.Key == key {
			return p
		}
	}
	panic("no patient " + key)
}

var pharmacyBox = people.PharmacieBox.String()

// writes delivers a letter of a patient to a mailbox.
func (e *eye) writes(p people.Patient, to, subject, text string) {
	e.t.Helper()
	e.deliver(patientLetter(p, to, subject, "", text))
}

// sentTo gives the heads of the letters in Sent to a patient that answer criteria.
func (e *eye) sentTo(p people.Patient, criteria string) []mail.Header {
	e.t.Helper()
	return e.heads(e.w.folder("Sent"), `TO "`+p.Address().String()+`" `+criteria)
}

func (e *eye) heads(folder, criteria string) (out []mail.Header) {
	e.t.Helper()
	if _, _, err := e.c.Select(folder); err != nil {
		e.t.Fatal(err)
	}
	found, err := e.c.Search(criteria)
	if err != nil {
		e.t.Fatal(err)
	}
	for _, uid := range found {
		h, err := headOf(e.c, uid)
		if err != nil {
			e.t.Fatal(err)
		}
		out = append(out, h)
	}
	return out
}

// fins counts the letters whose subject is exactly [FIN] that left to a patient.
func (e *eye) fins(p people.Patient) (n int) {
	e.t.Helper()
	for _, h := range e.sentTo(p, `SUBJECT "[FIN]"`) {
		if h.Get("Subject") == "[FIN]" {
			n++
		}
	}
	return n
}

// from waits for so many letters of a patient with this word in the subject.
func (e *eye) from(p people.Patient, word string, n int) {
	e.t.Helper()
	deadline := time.Now().Add(patience)
	for soon := (pace{}); ; {
		got := len(e.heads("INBOX", `FROM "`+p.Address().String()+`" SUBJECT "`+word+`"`))
		if got == n {
			return
		}
		if got > n || time.Now().After(deadline) {
			e.t.Fatalf("%d letters of the patient about %q, want %d\n%s", got, word, n, e.w.logs()+e.w.post.log())
		}
		soon.wait()
	}
}

// silence gives a patient who must not answer the time to do so.
func silence() { time.Sleep(patientThinks + 900*time.Millisecond) }

// patientsOf opens the patients page of the mailbox whose name holds a word.
func (w *world) patientsOf(b *tab, box string) {
	b.t.Helper()
	b.open(w.base + "/")
	href := eval[string](b, `([...document.querySelectorAll('[data-testid="box-link"]')].find(a => a.textContent.includes(`+quoted(box)+`)) || {getAttribute: () => ""}).getAttribute("href")`)
	if href == "" {
		b.t.Fatalf("no mailbox %s\n%s", box, b.where())
	}
	b.open(absolute(w, href))
	b.leave(byTest("rail-patients"))
	b.see(byTest("group-waiting"))
}

// exchange opens a patient's exchange from a group of the page.
func (b *tab) exchange(group string, p people.Patient) {
	b.t.Helper()
	if !eval[bool](b, `(a => { if (a) a.id = "this-patient"; return !!a })([...document.querySelectorAll('[data-testid="group-`+group+`"] [data-testid="patient-name"]')].find(a => a.textContent === `+quoted(p.Label)+`))`) {
		b.t.Fatalf("%s is not in %s\n%s", p.Label, group, b.where())
	}
	b.leave("#this-patient")
	b.see(byTest("exchange-state"))
	if got := b.text("title"); got != "Échange · Pli" {
		b.t.Errorf("the title says %q", got)
	}
}

func (b *tab) state(want string) {
	b.t.Helper()
	b.see(byTest("exchange-state"))
	if got := b.attr(byTest("exchange-state"), "data-state"); got != want {
		b.t.Fatalf("the exchange is %q, want %q\n%s", got, want, b.where())
	}
}

// discreet fails when an address asked for, or a line of the program, tells who a
// patient is or what a letter is about (attack 52).
func (w *world) discreet(b *tab, words ...string) {
	b.t.Helper()
	for _, p := range people.Patients() {
		words = append(words, string(p.INS), p.Label, strings.ToLower(p.Family))
	}
	lines := strings.Split(w.told(), "\n")
	b.mu.Lock()
	for _, r := range b.asked {
		lines = append(lines, r.address)
	}
	b.mu.Unlock()
	for _, l := range lines {
		for _, word := range words {
			if strings.Contains(strings.ToLower(l), strings.ToLower(word)) {
				b.t.Errorf("%q stands in %.300s", word, l)
			}
		}
	}
}

// told is what the program itself wrote, without what servers around it say.
func (w *world) told() string {
	if w.program == nil {
		return ""
	}
	return w.program()
}

// closes presses the one button, and looks at what left.
func (w *world) closes(t *testing.T, b *tab, e *eye, p people.Patient, box string) {
	t.Helper()
	before := e.fins(p)
	if b.has(byTest("exchange-close-ask")) { // a question stands unanswered: asked about first
		b.click(byTest("exchange-close-ask"))
	}
	b.leave(byTest("exchange-close"))
	b.state("closed")
	b.explains("#flash", "conversation close")
	if b.has(byTest("exchange-close")) {
		t.Error("a closed exchange offers to be closed")
	}
	deadline := time.Now().Add(patience)
	for e.fins(p) != before+1 {
		if time.Now().After(deadline) {
			t.Fatalf("%d closings in Sent, want %d", e.fins(p), before+1)
		}
		time.Sleep(50 * time.Millisecond)
	}
	all := e.sentTo(p, `SUBJECT "[FIN]"`)
	h := all[len(all)-1]
	for name, want := range map[string]string{"Subject": "[FIN]", "X-Mss-Mes": "FIN", "X-Mss-Nil": w.post.product} {
		if got := h[name]; len(got) != 1 || got[0] != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if from, err := mail.ParseAddress(h.Get("From")); err != nil || from.Address != box {
		t.Errorf("the closing is from %v", from)
	}
	if h.Get("In-Reply-To") == "" {
		t.Error("the closing answers nothing")
	}
}

// pharmacyCloses: a prescription comes to the counter; it is answered from the shared
// mailbox, the patient answers, the exchange is closed with one click.
func pharmacyCloses(t *testing.T, w *world, b *tab) {
	w.needPost(t)
	p, e := patient("moreau"), w.eye(t, pharmacyBox)
	word := lastWord(unique("ordonnance"))
	e.writes(p, pharmacyBox, "Document de Inès Moreau "+word, "Je souhaite vous partager mon document.")
	fins := e.fins(p)
	w.signIn(b, "haddad")
	w.patientsOf(b, "Pharmacie")
	b.exchange("waiting", p)
	b.explains("main", word)
	b.leave(byTest("exchange-answer"))
	b.sheet()
	b.say("Votre ordonnance est prête.")
	b.send()
	b.see(byTest("exchange-state")) // back at the exchange, not at a list
	e.from(p, word, 2)              // the scripted patient answers
	sent := e.sentTo(p, `SUBJECT "`+word+`"`)
	if len(sent) != 1 || sent[0].Get("X-MSS-MES") != "" {
		t.Errorf("the answer in Sent: %v", sent)
	}
	if got := e.fins(p); got != fins {
		t.Errorf("%d [FIN] left with an answer", got-fins)
	}
	w.patientsOf(b, "Pharmacie")
	b.exchange("waiting", p)
	b.state("todo")
	w.closes(t, b, e, p, pharmacyBox)
	silence()
	e.from(p, word, 2)
	w.patientsOf(b, "Pharmacie")
	b.exchange("closed", p)
	w.discreet(b, word)
}

// gpAndPatient: the GP answers, the magic word typed is refused, one click closes; then
// a letter from the INS that allows no answer.
func gpAndPatient(t *testing.T, w *world, b *tab) {
	w.needPost(t)
	p, e := patient("besancon"), w.eye(t, martinBox)
	word := lastWord(unique("tension"))
	e.writes(p, martinBox, "Ma tension "+word, "Dois-je continuer ?")
	w.signIn(b, "martin")
	fins := e.fins(p)
	w.patientsOf(b, "Martin")
	b.exchange("waiting", p)
	b.leave(byTest("exchange-answer"))
	b.sheet()
	for _, subject := range []string{"[FIN]", "[fin]", "Re : [FIN]", "[FIN] merci"} {
		b.write(byTest("compose-subject"), subject)
		if subject == "[FIN]" {
			b.say("Oui, continuez.")
		}
		if b.js {
			b.click(byTest("compose-send"))
		} else {
			b.leave(byTest("compose-send")) // the page of the refusal before looks the same
		}
		b.until("the refusal of "+subject, `[...document.querySelectorAll('[data-testid="remark"][data-level="block"]')].some(r => r.textContent.includes("Clore la conversation"))`)
		if !b.js {
			continue
		}
		b.write(byTest("compose-subject"), "Autre objet") // the remark goes with what it is about
	}
	b.write(byTest("compose-subject"), "Re : Ma tension "+word)
	b.send()
	e.from(p, word, 2)
	if got := e.fins(p); got != fins {
		t.Fatalf("%d [FIN] left that nobody asked for", got-fins)
	}
	w.patientsOf(b, "Martin")
	b.exchange("waiting", p)
	w.closes(t, b, e, p, martinBox)
	silence()
	e.from(p, word, 2)

	mute := unique("sans-reponse")
	w.patientsOf(b, "Martin")
	b.click(byTest("patient-new"))
	b.write(byTest("patient-ins"), p.INS.Grouped())
	b.leave(byTest("patient-find"))
	b.explains(byTest("identity-tells"), "sexe féminin, née en mars 1955")
	b.leave(byTest("identity-confirm"))
	b.sheet()
	b.write(byTest("compose-subject"), mute)
	b.say("Votre résultat est normal.")
	b.tickBox(`[name="noreply"]`)
	b.send()
	deadline := time.Now().Add(patience)
	var sent []mail.Header
	for len(sent) != 1 {
		if sent = e.sentTo(p, `SUBJECT "`+lastWord(mute)+`"`); time.Now().After(deadline) {
			t.Fatalf("%d letters without an answer in Sent", len(sent))
		}
		time.Sleep(50 * time.Millisecond)
	}
	if sent[0].Get("X-MSS-MES") != "FIN" || sent[0].Get("Subject") != mute {
		t.Errorf("the letter says %q, MES %q", sent[0].Get("Subject"), sent[0].Get("X-MSS-MES"))
	}
	silence()
	e.from(p, lastWord(mute), 0)
	if got := e.fins(p); got != fins+1 {
		t.Errorf("%d [FIN] left, want the one of the button", got-fins)
	}
	w.patientsOf(b, "Martin")
	b.exchange("closed", p)
	b.state("closed") // a letter nobody may answer opens nothing
	w.discreet(b, word, lastWord(mute))
}

// afterClosing: what a patient writes once the door is closed is shown as such, and a
// new letter opens it again.
func afterClosing(t *testing.T, w *world, b *tab) {
	w.needPost(t)
	p, e := patient("fontaine"), w.eye(t, martinBox)
	word := lastWord(unique("essoufflé"))
	e.writes(p, martinBox, "Encore essoufflé "+word, "Est-ce grave ?")
	w.signIn(b, "martin")
	w.patientsOf(b, "Martin")
	b.exchange("waiting", p)
	if b.attr(byTest("exchange-state"), "data-state") == "after" { // closed since the demo began
		b.explains(byTest("exchange-state"), "après la clôture")
	}
	w.closes(t, b, e, p, martinBox)
	late := lastWord(unique("tard"))
	e.writes(p, martinBox, "Re: Encore essoufflé "+late, "Je ne savais pas que c’était clos.")
	w.patientsOf(b, "Martin")
	b.explains(byTest("group-waiting"), "écrit après la clôture")
	b.exchange("waiting", p)
	b.state("after")
	fins := e.fins(p)
	b.leave(byTest("exchange-answer"))
	b.sheet()
	b.say("Venez au cabinet.")
	b.send()
	e.from(p, late, 2) // the door is open again: the patient may answer
	w.patientsOf(b, "Martin")
	b.exchange("waiting", p)
	b.explains("main", "rouvre l’échange")
	b.state("todo")
	if got := e.fins(p); got != fins {
		t.Errorf("%d [FIN] left with an answer", got-fins)
	}
	w.closes(t, b, e, p, martinBox)
	w.discreet(b, word, late)
}
