package web_test

import (
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"pli.example/pli/internal/demo/people"
	"pli.example/pli/internal/testkit"
)

// Every page a person can reach by clicking, as each person of the cast: it
// answers, carries its header set, names nobody in its title, and holds no inline
// style, handler or script without the response's nonce.
func TestWalkEveryPageAsEachPerson(t *testing.T) {
	t.Parallel()
	k := shared.For(t)
	for _, p := range people.Cast() {
		if p.Closed || p.Support {
			continue
		}
		t.Run(p.Key, func(t *testing.T) {
			t.Parallel()
			c := k.SignIn(p.Key)
			seen := map[string]bool{}
			todo := []string{"/", "/sessions", "/journal", "/situations", "/signed-out", "/healthz", "/readyz"}
			for len(todo) > 0 && len(seen) < 260 {
				path := todo[0]
				todo = todo[1:]
				if seen[path] || strings.HasPrefix(path, "/static/") {
					continue
				}
				seen[path] = true
				a := visit(t, c, path)
				if strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") {
					d := doc(t, a)
					checkPage(t, path, a, d)
					for _, l := range links(d) {
						if !seen[l] {
							todo = append(todo, l)
						}
					}
				}
				if to := a.Location(); to != "" {
					todo = append(todo, to)
				}
			}
			if len(p.Mailboxes) > 0 && len(seen) < 20 {
				t.Errorf("only %d pages seen", len(seen))
			}
			t.Logf("%d pages", len(seen))
		})
	}
}

func visit(t *testing.T, c *testkit.Client, path string) *testkit.Answer {
	t.Helper()
	switch {
	case strings.Contains(path, "/inline"), strings.HasSuffix(path, "/picture"):
		return check(t, c.Get(path, testkit.For("image")))
	case strings.Contains(path, "/body"):
		return check(t, c.Get(path, testkit.For("iframe")))
	}
	a := check(t, c.Get(path))
	if strings.HasPrefix(path, "/mail/") && strings.Count(path, "/") >= 3 && !strings.Contains(path, "/part/") && !strings.HasSuffix(path, "/zip") && !strings.HasSuffix(path, "/source") {
		f := check(t, c.Get(path, testkit.Fragment))
		if f.Status == 200 && strings.Contains(f.Text(), "<html") && !strings.HasSuffix(path, "/print") && !strings.Contains(path, "/search") && !strings.Contains(path, "/patients") && !strings.Contains(path, "/signature") && !strings.HasSuffix(path, "/folders") && !strings.HasSuffix(path, "/reminders") && !strings.HasSuffix(path, "/space") && !strings.Contains(path, "/rules") {
			t.Errorf("%s: a whole page came as a fragment", path)
		}
	}
	return a
}

func check(t *testing.T, a *testkit.Answer) *testkit.Answer {
	t.Helper()
	switch a.Status {
	case 200, 303:
	case 400:
		if !strings.HasSuffix(a.URL.Path, "/inline") && !strings.HasSuffix(a.URL.Path, "/picture") { // a file that only calls itself a picture
			t.Errorf("%s answered 400", a.URL)
		}
	default:
		t.Errorf("%s answered %d: %s", a.URL, a.Status, firstBytes(a.Text(), 300))
	}
	if a.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%s: no nosniff", a.URL)
	}
	if a.Header.Get("Content-Security-Policy") == "" {
		t.Errorf("%s: no policy", a.URL)
	}
	if got := a.Header.Get("Cache-Control"); got != "no-store, private" {
		t.Errorf("%s: Cache-Control %q", a.URL, got)
	}
	return a
}

var titles = map[string]bool{
	"Réception · Pli": true, "Brouillons · Pli": true, "Envoyés · Pli": true, "Archives · Pli": true, "Indésirables · Pli": true,
	"Corbeille · Pli": true, "Dossier · Pli": true, "Lettre · Pli": true, "Sessions · Pli": true, "Journal · Pli": true, "Connexion · Pli": true,
	"Situation d’exercice · Pli": true, "Lettre à imprimer · Pli": true, "Document · Pli": true, "Pièce jointe · Pli": true,
	"Annuaire · Pli": true, "Écrire · Pli": true, "Envoi · Pli": true, "Aucune boîte · Pli": true, "Corps de la lettre": true, "Recherche · Pli": true, "Patients · Pli": true, "Échange · Pli": true, "Identité · Pli": true, "Information · Pli": true, "Signature · Pli": true, "Dossiers · Pli": true, "Rappels · Pli": true, "Place · Pli": true, "Règles · Pli": true, "Règle · Pli": true, "Absence · Pli": true,
}

func checkPage(t *testing.T, path string, a *testkit.Answer, d *goquery.Document) {
	t.Helper()
	if title := strings.TrimSpace(d.Find("title").First().Text()); !titles[title] {
		t.Errorf("%s: title %q is not one of the generic ones", path, title)
	}
	if strings.Contains(path, "/body") {
		if n := d.Find("script, form, input, object, embed, svg, math, link, meta[http-equiv]").Length(); n > 0 {
			t.Errorf("%s: %d elements that a letter must not hold", path, n)
		}
		return
	}
	_, rest, _ := strings.Cut(a.Header.Get("Content-Security-Policy"), "'nonce-")
	nonce, _, _ := strings.Cut(rest, "'")
	d.Find("*").Each(func(_ int, s *goquery.Selection) {
		for _, at := range s.Nodes[0].Attr {
			switch {
			case at.Key == "style", strings.HasPrefix(at.Key, "on"):
				t.Errorf("%s: <%s %s=%q>: inline style or handler", path, s.Nodes[0].Data, at.Key, at.Val)
			case at.Key == "hx-get" || at.Key == "hx-post":
				if s.AttrOr("hx-nonce", "") != nonce {
					t.Errorf("%s: <%s %s> without this response's nonce", path, s.Nodes[0].Data, at.Key)
				}
			case (at.Key == "href" || at.Key == "src" || at.Key == "action") && strings.HasPrefix(strings.ToLower(strings.TrimSpace(at.Val)), "javascript:"):
				t.Errorf("%s: %s=%q", path, at.Key, at.Val)
			}
		}
	})
	d.Find("script").Each(func(_ int, s *goquery.Selection) {
		if s.AttrOr("nonce", "") != nonce || nonce == "" {
			t.Errorf("%s: a script without this response's nonce", path)
		}
	})
	d.Find("style").Each(func(_ int, s *goquery.Selection) {
		t.Errorf("%s: a style element in a page of ours", path)
	})
}

// canaries finds what letters and people are about in a log (attack 52).
func canaries(logs string) []string {
	logs = strings.ToLower(logs)
	words := []string{"besançon", "besancon", "fontaine", "troponine", "résultats", "biologie", "eyjhbgcioi", "@patient.mssante.fr"}
	for _, p := range people.Patients() {
		words = append(words, strings.ToLower(string(p.INS)), strings.ToLower(p.Label))
	}
	var found []string
	for _, w := range words {
		if i := strings.Index(logs, w); i >= 0 {
			found = append(found, w+": …"+logs[max(0, i-200):min(len(logs), i+100)]+"…")
		}
	}
	return found
}
