//go:build e2e

package e2e

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// atProvider goes from anywhere to the provider's page.
func (w *world) atProvider(b *tab, base string) {
	b.t.Helper()
	if !strings.HasPrefix(b.url(), base+"/") || !b.has(byTest("signin-button")) {
		b.open(base + "/")
	}
	b.leave(byTest("signin-button"))
	b.see(byTest("idp-card"))
}

// signIn has somebody of the cast signed in, at their letters. Only the first tab
// of a world that asks walks through the provider; it lends the session to the
// others, as rows that are about something else have seen enough of the card. The
// rows about signing in and out use signInAnew.
func (w *world) signIn(b *tab, key string) {
	b.t.Helper()
	w.lent.Lock()
	defer w.lent.Unlock()
	if w.lent.sessions[key] == nil {
		w.signInAnew(b, key)
		if w.lent.sessions == nil {
			w.lent.sessions = map[string][]*network.Cookie{}
		}
		w.lent.sessions[key] = b.cookies(w.base)
		return
	}
	b.setCookies(w.base, w.lent.sessions[key])
	b.open(w.base + "/")
	if !b.has(byTest("signout")) {
		b.t.Fatalf("the session of %s, which no row may end, has ended\n%s", key, b.where())
	}
}

// signInAnew presents somebody's card and arrives at their letters, in their first
// situation when they have several.
func (w *world) signInAnew(b *tab, key string) {
	b.t.Helper()
	w.signInAt(b, w.base, key)
}

func (w *world) signInAt(b *tab, base, key string) {
	b.t.Helper()
	w.atProvider(b, base)
	b.click(byTest("idp-card"))
	b.leave(byTest("idp-person-" + key))
	if b.has(byTest("situation-1")) {
		b.leave(byTest("situation-1"))
	}
	if !b.has(byTest("signout")) {
		b.t.Fatalf("%s is not signed in\n%s", key, b.where())
	}
}

func signInWithCard(t *testing.T, w *world, b *tab) {
	b.open(w.base + "/")
	if !strings.Contains(b.url(), "/sign-in") {
		t.Fatalf("somebody unknown is at %s", b.url())
	}
	w.signInAnew(b, "martin")
	b.see(byTest("letter-row"))
	if got := b.text(".me"); !strings.Contains(got, "Claire Martin") {
		t.Errorf("the page names %q", got)
	}
	if cookie := eval[string](b, "document.cookie"); cookie != "" {
		t.Errorf("scripts can read the cookie %q", cookie)
	}
	if banner := b.has(byTest("demo-banner")); banner != (w.name == "demo") {
		t.Errorf("demo banner shown: %v", banner)
	}
}

func signInWithMobile(t *testing.T, w *world, b *tab) {
	w.atProvider(b, w.base)
	b.click(byTest("idp-ecps"))
	b.leave(byTest("idp-person-haddad"))
	b.leave(byTest("idp-confirm"))
	b.see(byTest("letter-row"))
	if got := b.text(".me"); !strings.Contains(got, "e-CPS") {
		t.Errorf("the page does not say how they signed in: %q", got)
	}
}

// signInComesBackToTheLetter: the address asked for is where sign-in ends.
func signInComesBackToTheLetter(t *testing.T, w *world, b *tab) {
	w.signIn(b, "martin")
	e := w.eye(t, martinBox)
	subject := unique("retour")
	e.deliver(plainLetter(subject, "texte"))
	w.openLetter(b, e, subject)
	letter := b.url()
	other := newTab(t, b.js)
	other.open(letter)
	w.signInAnew(other, "martin")
	if other.url() != letter {
		t.Errorf("arrived at %s, not at %s", other.url(), letter)
	}
	if got := other.text(byTest("letter-subject")); got != subject {
		t.Errorf("shows %q", got)
	}
}

func cardRefused(t *testing.T, w *world, b *tab) {
	w.atProvider(b, w.base)
	b.leave(byTest("idp-refuse"))
	if !strings.HasPrefix(b.url(), w.base) {
		t.Fatalf("still at %s\n%s", b.url(), b.where())
	}
	b.explains("main", "carte")
	b.see(byTest("signin-button") + ", " + byTest("error-act"))
}

// explains says that a page gives a sentence with this word in it.
func (b *tab) explains(css, word string) {
	b.t.Helper()
	if text := strings.ToLower(b.text(css)); !strings.Contains(text, word) {
		b.t.Errorf("no word %q in what the page says\n%s", word, b.where())
	}
}

func noMailbox(t *testing.T, w *world, b *tab) {
	w.atProvider(b, w.base)
	b.leave(byTest("idp-person-lefort"))
	b.explains("main", "aucune boîte")
	b.see(byTest("signout"))
}

func accountClosed(t *testing.T, w *world, b *tab) {
	w.atProvider(b, w.base)
	b.leave(byTest("idp-person-aubert"))
	if b.has(byTest("letter-row")) || b.has(byTest("signout")) {
		t.Fatalf("a closed account is let in\n%s", b.where())
	}
	b.explains("main", "fermé")
}

func chooseSituation(t *testing.T, w *world, b *tab) {
	w.atProvider(b, w.base)
	b.leave(byTest("idp-person-petit"))
	if !b.has(byTest("situation-1")) { // asked once, kept: they changed it in an earlier run of this row
		b.leave(`.me a`)
	}
	if n := b.count(`[data-testid^="situation-"]`); n != 3 {
		t.Fatalf("%d situations\n%s", n, b.where())
	}
	b.leave(byTest("situation-2"))
	if got := b.text(".me"); !strings.Contains(strings.ToLower(got), "tanneurs") {
		t.Errorf("acts at %q", got)
	}
	b.leave(`.me a`)
	b.leave(byTest("situation-1"))
	if got := b.text(".me"); !strings.Contains(got, "CHU") {
		t.Errorf("after changing, acts at %q", got)
	}
}

func signOutAsksAgain(t *testing.T, w *world, b *tab) {
	w.signInAnew(b, "martin")
	inside := b.url()
	b.leave(byTest("signout"))
	for _, confirm := range []string{byTest("idp-logout"), byTest("idp-logout-confirm")} {
		if b.has(confirm) {
			b.leave(confirm)
		}
	}
	if !strings.HasPrefix(b.url(), w.base) {
		t.Errorf("signed out at %s", b.url())
	}
	b.open(inside)
	if b.has(byTest("letter-row")) {
		t.Fatal("still reads letters after signing out")
	}
	w.atProvider(b, w.base) // would fail if the provider remembered the card
	b.see(byTest("idp-person-martin"))
}

func idleEnding(t *testing.T, w *world, b *tab) {
	w.signInAt(b, w.hasty, "martin")
	inside := b.url()
	time.Sleep(hastyIdle + 1500*time.Millisecond) // the one wait: time itself is tested
	b.open(inside)
	if b.has(byTest("letter-row")) {
		t.Fatalf("still open after %v without an act", hastyIdle)
	}
	b.explains("main", "faute d’activité")
	// Only our session ended: the provider still knows the card (Pro Santé Connect
	// asks that an idle ending leaves theirs alone).
	b.leave(byTest("signin-button"))
	if b.has(byTest("idp-card")) {
		t.Errorf("the provider's session ended too\n%s", b.where())
	}
}

func revokeOtherSession(t *testing.T, w *world, b *tab) {
	w.signInAnew(b, "mercier")
	other := newTab(t, b.js)
	w.signInAnew(other, "mercier")
	b.open(w.base + "/sessions")
	if n := b.count(byTest("sessions-row")); n < 2 {
		t.Fatalf("%d sessions listed\n%s", n, b.where())
	}
	for n := b.count(byTest("session-revoke")); n > 0; n-- {
		b.leave(byTest("session-revoke"))
	}
	other.open(w.base + "/")
	if other.has(byTest("letter-row")) {
		t.Fatal("a revoked session still reads letters")
	}
	other.explains("main", "session")
	b.open(w.base + "/")
	b.see(byTest("letter-row"))
}

// mailServerDown: the page says so, nobody is signed out, and it recovers.
func mailServerDown(t *testing.T, w *world, b *tab) {
	w.signInAnew(b, "martin")
	b.see(byTest("letter-row"))
	var list *tab // stays open beside: it says the same by itself, and comes back by itself
	if b.js {
		list = b.beside()
		list.open(w.inbox(b))
		list.see(byTest("letter-row"))
	}
	if err := w.stopMail(); err != nil {
		t.Fatal(err)
	}
	back := false
	defer func() {
		if !back {
			w.startMail()
		}
	}()
	if b.js {
		list.until("the open list to say that it may be old", find(byTest("live-note")))
		list.explains("#list", "ne répond pas")
	}
	b.open(w.base + "/")
	b.see(byTest("error-title"))
	b.explains("main", "ne répond pas")
	if b.has(byTest("signin-button")) {
		t.Error("asks to sign in again because the mail server is down")
	}
	if err := w.startMail(); err != nil {
		t.Fatal(err)
	}
	back = true
	deadline := time.Now().Add(patience)
	for {
		b.open(w.base + "/")
		if b.has(byTest("letter-row")) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("never recovered\n%s", b.where())
		}
		time.Sleep(200 * time.Millisecond)
	}
	if b.js {
		list.until("the open list to be fresh again", "!"+find(byTest("live-note")))
		e, subject := w.eye(t, martinBox), unique("apres la panne")
		e.deliver(plainLetter(subject, "x"))
		list.see(row(e, subject))
	}
}

func providerDown(t *testing.T, w *world, b *tab) {
	if err := w.stopProvider(); err != nil {
		t.Fatal(err)
	}
	back := false
	defer func() {
		if !back {
			w.startProvider()
		}
	}()
	b.open(w.base + "/sign-in")
	b.leave(byTest("signin-button"))
	if !strings.HasPrefix(b.url(), w.base) {
		t.Fatalf("sent to a dead provider: %s", b.url())
	}
	b.explains("main", "pro santé connect")
	if err := w.startProvider(); err != nil {
		t.Fatal(err)
	}
	back = true
	deadline := time.Now().Add(patience)
	for {
		b.open(w.base + "/sign-in")
		b.leave(byTest("signin-button"))
		if b.has(byTest("idp-card")) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("never recovered\n%s", b.where())
		}
		time.Sleep(200 * time.Millisecond)
	}
	b.leave(byTest("idp-person-martin"))
	b.see(byTest("letter-row"))
}

// keyboard walks the list and acts without a mouse.
func keyboard(t *testing.T, w *world, b *tab) {
	w.signIn(b, "martin")
	e := w.eye(t, martinBox)
	first, second, below := unique("clavier-a"), unique("clavier-b"), unique("clavier-c")
	e.deliver(plainLetter(below, "zéro"))
	e.deliver(plainLetter(first, "un"))
	e.deliver(plainLetter(second, "deux")) // newest: on top
	b.open(w.inbox(b))
	b.see(row(e, second))
	b.key("j") // the top row
	b.key("j")
	b.until("the second row is chosen", `document.activeElement.closest(".row") && document.activeElement.closest(".row").textContent.includes(`+quoted(first)+`)`)
	b.key("k")
	b.until("back on the first row", `document.activeElement.closest(".row").textContent.includes(`+quoted(second)+`)`)
	b.key("o")
	b.until("the letter is open", find(byTest("letter-subject"))+` && `+find(byTest("letter-subject"))+`.textContent.includes(`+quoted(second)+`)`)
	b.key("e")
	e.eventually("e files the letter", second, only(w.folder("Archive")))
	b.open(w.inbox(b))
	b.see(row(e, first))
	b.key("j")
	b.key("#")
	time.Sleep(450 * time.Millisecond) // a slow hand's double press: the next row is framed already
	b.key("#")
	e.eventually("# bins the letter", first, only(w.folder("Trash")))
	b.until("the list is there, the next row framed", `document.readyState === 'complete' && document.activeElement.closest(".row") && document.activeElement.closest(".row").textContent.includes(`+quoted(below)+`)`)
	press := func(repeat string) {
		eval[bool](b, `(document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {key: "#", repeat: `+repeat+`, bubbles: true, cancelable: true})), true)`)
	}
	time.Sleep(time.Second)
	press("true") // a key held
	time.Sleep(300 * time.Millisecond)
	e.eventually("neither a double press nor a key held bins the next letter", below, only("INBOX"))
	press("false")
	e.eventually("pressed once more, it is", below, only(w.folder("Trash")))
	b.until("the list is there", "document.readyState === 'complete' && "+find(byTest("search-input")))
	b.key("?")
	b.until("the help is open", `document.querySelector("dialog[open]")`)
	b.must("escape", chromedp.Do(b.ctx, chromedp.KeyEvent("\x1b")))
	b.until("the help is closed", `!document.querySelector("dialog[open]")`)
	b.key("/")
	b.until("the search field has the focus", `document.activeElement.matches('[data-testid="search-input"]')`)
}

// sameOrigin tells whether an address belongs to this Pli.
func sameOrigin(a, b string) bool {
	x, err1 := url.Parse(a)
	y, err2 := url.Parse(b)
	return err1 == nil && err2 == nil && x.Host == y.Host
}
