package web_test

import (
	"strings"
	"testing"
)

// A person with two mailboxes: the chip says which, when it is picked and when the
// draft is opened again. One's own team is never called unknown to the directory.
func TestChipsTellWhichMailbox(t *testing.T) {
	t.Parallel()
	k := writingKit(t)
	c := k.SignIn("martin")
	box := "/mail/" + boxID(t, c, 0)
	a := c.Post(box+"/suggest", values("words", "hugo petit")).Text()
	for _, which := range []string{`"sub":"hugo.petit@chu-touraine, CHU de Touraine`, `"sub":"hugo.petit@medecin, Clinique des Tanneurs`} {
		if !strings.Contains(a, which) {
			t.Errorf("no %s in %s", which, firstBytes(a, 900))
		}
	}
	if a := c.Post(box+"/suggest", values("words", "paul mercier kine")).Text(); !strings.Contains(a, "Paul Mercier") || strings.Contains(a, `"sub":"paul.mercier@`) {
		t.Errorf("one mailbox only: %s", firstBytes(a, 600))
	}
	at := begin(t, c, values("kind", "blank", "address", "hugo.petit@medecin.mssante.fr"))
	if sub := doc(t, ok(t, c.Get(at))).Find("#tos-to .to-sub").Text(); !strings.HasPrefix(sub, "hugo.petit@medecin") {
		t.Errorf("the chip of a draft says %q", sub)
	}
	at = begin(t, c, values("kind", "blank", "address", "cabinet-des-lilas@pro.mssante.fr"))
	d := doc(t, ok(t, c.Get(at+"?check=1")))
	if say := d.Find("#tos-to .to-say").Text(); say != "" {
		t.Errorf("one's own team is said to be %q", say)
	}
	if text := d.Find("[data-remarks=to]").Text(); strings.Contains(text, "annuaire") {
		t.Errorf("before sending: %q", text)
	}
}
