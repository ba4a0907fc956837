//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// answer is one response a browser got while walking through every page.
type answer struct {
	url, kind string
	headers   map[string]string
}

// overhear collects the answers a tab gets from now on, scripts, styles, frames and
// files included; the function it gives checks them.
func (b *tab) overhear(w *world) (check func(t *testing.T)) {
	b.t.Helper()
	var mu sync.Mutex
	var answers []answer
	b.must("listen to the network", chromedp.Listen(b.ctx, func(ev any) {
		r, ok := ev.(*network.EventResponseReceived)
		if !ok || !strings.HasPrefix(r.Response.URL, "http") {
			return
		}
		a := answer{url: r.Response.URL, kind: string(r.Type), headers: map[string]string{}}
		for name, value := range r.Response.Headers {
			a.headers[strings.ToLower(name)] = fmt.Sprint(value)
		}
		mu.Lock()
		answers = append(answers, a)
		mu.Unlock()
	}))
	return func(t *testing.T) {
		t.Helper()
		mu.Lock()
		defer mu.Unlock()
		documents := 0
		for _, a := range answers {
			if sameOrigin(a.url, w.idp) {
				continue // the provider's own pages
			}
			if !sameOrigin(a.url, w.base) {
				t.Errorf("a request left for %s", a.url)
				continue
			}
			checkAnswer(t, strings.TrimPrefix(a.url, w.base), a)
			if a.kind == "Document" {
				documents++
			}
		}
		if documents < 20 {
			t.Errorf("only %d documents seen: the walk did not happen", documents)
		}
	}
}

func checkAnswer(t *testing.T, path string, a answer) {
	t.Helper()
	csp := a.headers["content-security-policy"]
	if a.headers["x-content-type-options"] != "nosniff" {
		t.Errorf("%s: no nosniff", path)
	}
	if a.kind != "Document" {
		return
	}
	directives := map[string]string{}
	for d := range strings.SplitSeq(csp, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(d), " ")
		directives[name] = value
	}
	scripts, given := directives["script-src"]
	if !given {
		scripts = directives["default-src"]
	}
	for _, bad := range []string{"'unsafe-inline'", "'unsafe-eval'", "*", "http:", "https:", "data:"} {
		if scripts == "" || strings.Contains(" "+scripts+" ", " "+bad+" ") {
			t.Errorf("%s: scripts under %q", path, scripts)
			break
		}
	}
	if directives["default-src"] != "'none'" {
		t.Errorf("%s: default-src %q", path, directives["default-src"])
	}
	if directives["base-uri"] != "'none'" || directives["frame-ancestors"] == "" || directives["form-action"] == "" {
		t.Errorf("%s: policy %q", path, csp)
	}
	if strings.HasSuffix(path, "/body") && (!strings.Contains(csp, "sandbox") || strings.Contains(csp, "allow-scripts")) {
		t.Errorf("%s: a sender's document under %q", path, csp)
	}
	if !strings.Contains(a.headers["cache-control"], "no-store") {
		t.Errorf("%s: Cache-Control %q", path, a.headers["cache-control"])
	}
	if a.headers["referrer-policy"] == "" {
		t.Errorf("%s: no Referrer-Policy", path)
	}
}
