//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// staffSignIn goes through the door of support with somebody of the operator's staff:
// in the demo at a provider of their own, elsewhere at a second client of the
// independent one.
func (w *world) staffSignIn(b *tab, key string) {
	b.t.Helper()
	b.open(w.base + "/support")
	if !strings.HasSuffix(b.url(), "/support/sign-in") {
		b.t.Fatalf("somebody unknown is at %s", b.url())
	}
	b.leave(byTest("support-signin"))
	b.leave(byTest("idp-person-" + key))
}

// supportDesk is an agent's day: sign in, look at the service, find a person, close
// their session, follow a delivery, search, export and verify the trail, leave.
func supportDesk(t *testing.T, w *world, b *tab) {
	w.needPost(t)
	source, err := os.ReadFile(filepath.Join(tools(), "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	look := func(page string) { w.lookAtSupport(t, b, page, string(source)) }
	person := newTab(t, b.js)
	w.signInAnew(person, "mercier")
	subject := unique("acheminement")
	w.compose(person)
	person.address("to", petitBox)
	person.write(byTest("compose-subject"), subject)
	person.say("Texte de santé qui ne regarde pas le support.")
	person.send()
	person.gone()

	b.open(w.base + "/support/sign-in")
	look("door")
	w.staffSignIn(b, "delmas")
	b.see(byTest("support-trust"))
	if who := b.text(byTest("support-agent")); !strings.Contains(strings.ToLower(who), "delmas") {
		t.Errorf("the page names %q", who)
	}
	b.see(byTest("support-chart"))
	look("service")
	b.write(byTest("support-words"), "mercier paul")
	b.leave(byTest("support-find"))
	look("found")
	if strings.Contains(strings.ToLower(b.url()), "mercier") {
		t.Errorf("a name stands in the address %s", b.url())
	}
	b.leave(byTest("support-person"))
	look("person")
	if got := b.text(byTest("support-grants")); !strings.Contains(got, "titulaire") {
		t.Errorf("grants: %q", got)
	}
	w.revokeBySupport(t, b, person)
	look("person after")

	b.leave(`.support-nav a[href="/support/deliveries"]`)
	look("deliveries")
	b.write("#box", "paul.mercier@masseur-kinesitherapeute.mssante.fr")
	b.leave(byTest("support-filter"))
	rows := b.text(byTest("support-deliveries"))
	if !strings.Contains(rows, "chu-touraine.mssante.fr") || strings.Contains(rows, "hugo.petit") || strings.Contains(b.url(), "@") {
		t.Errorf("deliveries at %s: %q", b.url(), rows)
	}
	look("deliveries of a mailbox")

	b.leave(`.support-nav a[href="/support/trail"]`)
	b.leave(byTest("support-verify"))
	// Where the test itself wrote rows, as a node that exports no heads, Pli says that
	// their end is compared with nothing.
	got := b.text(".notice")
	if !strings.Contains(got, "Le journal tient") && !(strings.Contains(got, "Les lignes présentes tiennent") && strings.Contains(got, "«\u00a0e2e\u00a0»")) {
		t.Errorf("verified: %q", got)
	}
	look("trail")
	b.write("#person", "Delmas")
	b.leave(byTest("support-filter"))
	if got := b.text(byTest("support-trail")); !strings.Contains(got, "Session révoquée") || !strings.Contains(got, "Consultation par le support") || !strings.Contains(got, "Connexion du support") {
		t.Errorf("the agent's own acts: %q", got)
	}
	b.click(byTest("support-csv"))
	name, export := b.downloaded()
	if !strings.HasPrefix(name, "journal-pli-") || !strings.Contains(string(export), "session.revoke") || strings.Contains(string(export), subject) {
		t.Errorf("export %q of %d bytes", name, len(export))
	}
	b.leave(byTest("support-signout"))
	w.confirmLogout(b)
	b.see(byTest("support-door"))
	b.open(w.base + "/support/trail")
	if b.has(byTest("support-trail")) {
		t.Error("the trail is shown to nobody in particular")
	}
}

// revokeBySupport closes every session of the person at hand; they read why.
func (w *world) revokeBySupport(t *testing.T, b, person *tab) {
	t.Helper()
	n := b.count(byTest("support-session"))
	if n == 0 {
		t.Fatalf("no session is listed\n%s", b.where())
	}
	for ; n > 0; n-- {
		if !eval[bool](b, `(s => { s.value = "support.lost"; return s.value === "support.lost" })(document.querySelector("#why-0"))`) {
			t.Fatal("no such reason")
		}
		b.leave(byTest("support-revoke"))
	}
	b.explains(".notice", "fermée")
	person.open(w.base + "/")
	if person.has(byTest("letter-row")) {
		t.Error("a session that support closed still reads letters")
	}
	person.explains("main", "perdu ou volé")
}

// lookAtSupport holds a page to axe-core in every look, and to saying nothing of a
// letter in its title.
func (w *world) lookAtSupport(t *testing.T, b *tab, page, source string) {
	t.Helper()
	if !b.js || w.name != "demo" { // axe is a script; the pages are the same everywhere
		return
	}
	for _, l := range looks {
		b.viewport(l.width, l.height, l.dark)
		for _, f := range b.axe(source, l.rules()) {
			t.Errorf("%s at %s: %s (%s) %s: %v", page, l.name, f.ID, f.Impact, f.Help, f.Nodes)
		}
		if wide := eval[int](b, "document.documentElement.scrollWidth - document.documentElement.clientWidth"); wide > 0 {
			t.Errorf("%s at %s is %d px too wide", page, l.name, wide)
		}
	}
	b.viewport(1400, 900, false)
}

// supportRefused: whoever the provider knows and is not of support gets words, not
// pages; a practitioner's session opens nothing there either.
func supportRefused(t *testing.T, w *world, b *tab) {
	key := "martin" // a practitioner, to the provider that knows both
	if w.name == "demo" {
		key = "roche" // of the operator's staff
	}
	w.staffSignIn(b, key)
	b.explains("main", "rôle")
	if b.has(byTest("support-trust")) {
		t.Error("let in")
	}
	b.open(w.base + "/support/trail")
	b.see(byTest("support-signin"))
	other := newTab(t, b.js)
	w.signIn(other, "martin")
	other.open(w.base + "/support")
	other.see(byTest("support-signin"))
}
