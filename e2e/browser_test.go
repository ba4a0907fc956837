//go:build e2e

package e2e

import (
	"net/http"
	"net/http/httptest"
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
