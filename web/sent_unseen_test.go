package web_test

import (
	"strings"
	"testing"

	"pli.example/pli/internal/demo"
)

// Sent while the server of mailboxes is down: one page says that it left, and nothing
// says the contrary beside it.
func TestSentWhileListsAreDown(t *testing.T) {
	t.Parallel()
	k := writingKit(t)
	c := k.SignIn("martin")
	at := begin(t, c, values("kind", "blank", "address", "hugo.petit@chu-touraine.mssante.fr"))
	s := ask(t, c, at+"/save", fields{"version": 1, "writer": "w", "seq": 1, "subject": "Partie", "text": "mot", "to": to("hugo.petit@chu-touraine.mssante.fr")})
	k.World.Stop(demo.ServiceIMAP)
	x := ask(t, c, at+"/send", fields{"version": s.Version, "files": []string{}, "confirmed": []string{}})
	if x.Came != "sent" {
		t.Fatalf("%+v", x)
	}
	a := c.Get(x.To)
	d := doc(t, a)
	if title := d.Find("[data-testid=error-title]").Text(); title != "La lettre est partie" {
		t.Errorf("%d %q", a.Status, title)
	}
	if text := d.Find("main").Text(); !strings.Contains(text, "Hugo Petit") || !strings.Contains(text, "copie de la lettre sera rangée") || strings.Contains(text, "Réessayez") || d.Find("[data-testid=flash]").Length() != 0 {
		t.Errorf("the page says %q", text)
	}
	if title := doc(t, c.Get(strings.SplitN(x.To, "?", 2)[0])).Find("[data-testid=error-title]").Text(); strings.Contains(title, "partie") {
		t.Error("another page speaks of a letter too")
	}
}
