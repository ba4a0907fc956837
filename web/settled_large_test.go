package web_test

import (
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/demo/people"
	"pli.example/pli/internal/testkit"
)

// A letter too large to be remembered, of which a browser would read something else
// than what the allow-list wrote, costs two looks, not an endless one (attack 58).
func TestALargeLetterThatReadsOtherwise(t *testing.T) {
	t.Parallel()
	for name, size := range map[string]int{"remembered": 100_000, "too large for that": 600_000} {
		k := testkit.New(t)
		body := `<h3><small><h4></small>x` + strings.Repeat("<p>mot et encore un mot</p>\n", size/28)
		letter := "From: Dr Petit <hugo.petit@chu.mssante.fr>\nTo: claire.martin@medecin.mssante.fr\nSubject: la grande\nMIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n\n" + body
		if !k.World.Mail().Put(people.MartinBox, "INBOX", nil, k.Clock.Now(), []byte(strings.ReplaceAll(letter, "\n", "\r\n"))) {
			t.Fatal("not delivered")
		}
		c := k.SignIn("martin")
		href := hrefOf(t, c, c.Get(c.Get("/").Location()).Location(), "la grande")
		answered := make(chan *testkit.Answer, 2)
		go func() {
			answered <- c.Get(href, testkit.Fragment)
			answered <- c.Get(href+"/body", testkit.For("iframe"))
		}()
		for _, what := range []string{"page", "frame"} {
			select {
			case a := <-answered:
				if a.Status != 200 {
					t.Errorf("%s: the %s answered %d", name, what, a.Status)
				}
			case <-time.After(time.Minute):
				t.Fatalf("%s: the %s did not answer", name, what)
			}
		}
	}
}
