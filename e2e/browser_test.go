//go:build e2e

package e2e

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// TestBrowser proves the support, in both programs: scripts run in one tab and not
// in the other, clicks and downloads arrive, the canary hears an unsanitised page.
func TestBrowser(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB, bool) *tab{"shell": newTab, "whole": newWholeTab} {
		t.Run(name, func(t *testing.T) { t.Parallel(); tryBrowser(t, open) })
	}
}

func tryBrowser(t *testing.T, open func(t testing.TB, js bool) *tab) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		switch r.URL.Path {
		case "/file":
			w.Header().Set("Content-Disposition", `attachment; filename="essai.txt"`)
			w.Write([]byte("contenu"))
		case "/posted":
			w.Write([]byte(`<p data-testid="said">` + r.FormValue("word") + `</p>`))
		default:
			w.Write([]byte(`<p data-testid="js">off</p><script>document.querySelector('p').textContent = 'on'; console.log('ran')</script>
<form method=post action=/posted><input name=word data-testid=word><button data-testid=go>ok</button></form><a href=/file data-testid=file>file</a>`))
		}
	}))
	defer srv.Close()
	for _, js := range []bool{true, false} {
		b := open(t, js)
		b.open(srv.URL)
		if got := b.text(byTest("js")); (got == "on") != js {
			t.Errorf("scripts %v: the page says %s", js, got)
		}
		b.click(byTest("file"))
		if name, content := b.downloaded(); name != "essai.txt" || string(content) != "contenu" {
			t.Errorf("downloaded %s %q", name, content)
		}
		b.write(byTest("word"), "été")
		b.leave(byTest("go"))
		if got := b.text(byTest("said")); got != "été" {
			t.Errorf("posted %q", got)
		}
		console, _ := b.heardAll()
		if ran := strings.Contains(strings.Join(console, " "), "ran"); ran != js {
			t.Errorf("scripts %v: console %v", js, console)
		}
	}
	control(t, open(t, true), func(canary string) string {
		return `<img src="` + canary + `/pixel"><script>console.log("` + ranMark + `")</script>`
	})
}

// TestSeat proves that who sits where another sat finds nothing of him: no page to go
// back to, no cookie, nothing a script stored.
func TestSeat(t *testing.T) {
	t.Parallel()
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		http.SetCookie(w, &http.Cookie{Name: "kept", Value: "secret", MaxAge: 1000})
		w.Write([]byte(`<script>document.title = "" + sessionStorage.kept + localStorage.kept + history.length; sessionStorage.kept = localStorage.kept = "secret"</script>`))
	})
	srv, elsewhere := httptest.NewServer(handler), httptest.NewServer(handler)
	defer srv.Close()
	defer elsewhere.Close()
	parent := browserContext(t, shell)
	var first *seat
	t.Run("first", func(t *testing.T) {
		first = sit(t, parent, true)
		b := newTabOn(t, first)
		b.open(elsewhere.URL)
		b.open(srv.URL)
		b.viewport(390, 844, true)
		if len(b.cookies(srv.URL)) != 1 {
			t.Error("the page left no cookie: nothing is shown")
		}
	})
	seats.Lock()
	free := slices.Contains(seats.free, first)
	seats.free = slices.DeleteFunc(seats.free, func(s *seat) bool { return s == first })
	seats.Unlock()
	if !free {
		t.Fatal("nobody can sit there again")
	}
	b := newTabOn(t, first)
	if left := b.cookies(srv.URL); len(left) != 0 {
		t.Errorf("cookies left: %v", left)
	}
	b.open(srv.URL)
	if got := eval[string](b, `document.title`); got != "undefinedundefined2" { // about:blank and this page
		t.Errorf("kept in the session, kept by the origin, pages to go back to: %q", got)
	}
	b.open(elsewhere.URL)
	if got := eval[string](b, `document.title`); !strings.HasPrefix(strings.TrimPrefix(strings.TrimPrefix(got, "undefined"), "secret"), "undefined") {
		t.Errorf("kept by an origin met before the last: %q", got)
	}
	if eval[bool](b, `matchMedia("(prefers-color-scheme: dark)").matches || innerWidth !== 1400`) {
		t.Error("the page is still seen dark or narrow")
	}
}
