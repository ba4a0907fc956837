package web_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/testkit"
)

// nobodys is an INS that no mailbox of Mon espace santé is open to, its key right.
func nobodys() string {
	const n = 1550337990099
	return fmt.Sprintf("%d%02d", n, 97-n%97)
}

// writeToNumber sends a letter to a number, from the Patients page on, and gives the page after.
func writeToNumber(t *testing.T, c *testkit.Client, at, number string) *testkit.Answer {
	t.Helper()
	draft := c.Post(c.Post(at, values("ins", number)).Location(), values("name", "Jean Dupont", "plain", "1")).Location()
	to := doc(t, ok(t, c.Get(draft))).Find("#to").AttrOr("value", "")
	return ok(t, c.Follow(c.Post(draft, values("plain", "1", "version", "1", "to", to, "subject", "Votre traitement", "text", "Passez à l’officine.", "do", "send")).Location()))
}

// A patient who received nothing: no tick says that the letter left, and a click says that they
// were told otherwise. The exchange waits no more, the trail knows, and a new letter undoes it.
func TestToldOtherwise(t *testing.T) {
	t.Parallel()
	k := writingKit(t)
	c := k.SignIn("martin")
	at := patientsAt(t, c, 0)
	a := writeToNumber(t, c, at, nobodys())
	noIdentity(t, a)
	d := doc(t, a)
	state := func(d *selection) string {
		return d.Find("[data-testid=exchange-state]").AttrOr("data-state", "")
	}
	flash := d.Find("[data-testid=flash]")
	if !flash.HasClass("flash-warn") || !strings.Contains(flash.Text(), "revenue\u00a0: Jean Dupont ne l’a pas reçue") || state(d.Selection) != "lost" {
		t.Fatalf("after a letter that came back at once: %q %q (%s)", flash.Text(), flash.AttrOr("class", ""), state(d.Selection))
	}
	exchange := exchangeAt(patientAt(t, c, at, "waiting", "Jean Dupont"))
	seen, who := d.Find("input[name=seen]").AttrOr("value", ""), d.Find("input[name=who]").AttrOr("value", "")
	if got := flashAt(t, c, c.Post(exchange+"/told", values("seen", seen+"9", "who", who))).Text(); !strings.Contains(got, "rien n’a été noté") {
		t.Errorf("a stale page: %q", got)
	}
	if got := c.Post(exchange+"/told", values("seen", seen, "who", "somebody-else")); got.Status != 409 {
		t.Errorf("another person's page: %d", got.Status)
	}
	for i := range 2 {
		f := flashAt(t, c, c.Post(exchange+"/told", values("seen", seen, "who", who))).Text()
		if i == 0 && !strings.Contains(f, "C’est noté") || i > 0 && !strings.Contains(f, "déjà noté") {
			t.Errorf("click %d says %q", i+1, f)
		}
	}
	d = doc(t, ok(t, c.Get(exchange)))
	if state(d.Selection) != "told" || d.Find("[data-testid=exchange-told]").Length() != 0 || !strings.Contains(d.Find("[data-testid=exchange-state]").Text(), "n’est plus à traiter") {
		t.Errorf("after it: %s %q", state(d.Selection), d.Find("[data-testid=exchange-state]").Text())
	}
	if got := patientAt(t, c, at, "closed", "Jean Dupont").Text(); !strings.Contains(got, "prévenu autrement") {
		t.Errorf("the row: %q", got)
	}
	rows, err := k.App.Audit.Recent(t.Context(), audit.Filter{Action: audit.ExchangeTold})
	done := 0
	for _, r := range rows {
		if r.Event.Outcome == "ok" {
			done++
		}
		if strings.Contains(r.Event.Request+r.Event.Target, nobodys()) {
			t.Error("the trail carries the INS in clear")
		}
	}
	if err != nil || done != 1 {
		t.Errorf("trail %+v %v", rows, err)
	}
	k.Clock.Advance(time.Minute)
	writeToNumber(t, c, at, nobodys()) // it comes back as well: another matter
	patientAt(t, c, at, "waiting", "Jean Dupont")
	if found := canaries(k.Logs.String()); len(found) > 0 {
		t.Errorf("the logs carry %q", found)
	}
}
