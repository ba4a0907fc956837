package web_test

import (
	"strings"
	"testing"
)

// 'Écrire de nouveau' proposes the subject, as 'Répondre' does: what is typed first is the
// letter, not its subject. The closing word is never proposed.
func TestWriteAgainProposesTheSubject(t *testing.T) {
	t.Parallel()
	k := writingKit(t)
	c := k.SignIn("martin")
	at := patientsAt(t, c, 0)
	for _, who := range []string{"Gérard Fontaine"} {
		row := patientAt(t, c, at, "closed", who)
		exchange := exchangeAt(row)
		d := doc(t, ok(t, c.Get(exchange)))
		if got := d.Find("[data-testid=exchange-answer]").Text(); !strings.Contains(got, "Écrire de nouveau") {
			t.Fatalf("%s is offered %q", who, got)
		}
		before := ""
		d.Find(".exchange-subject").Each(func(_ int, s *selection) {
			if !strings.Contains(s.Text(), "Conversation close") {
				before = s.Text()
			}
		})
		d = doc(t, ok(t, c.Get(c.Post(exchange+"/write", values("plain", "1")).Location())))
		got := d.Find("[data-testid=compose-subject]").AttrOr("value", "")
		if before = strings.TrimPrefix(before, "Re: "); got != "Re: "+before || before == "" || strings.Contains(got, "[FIN]") {
			t.Errorf("%s: proposes %q after %q", who, got, before)
		}
	}
}
