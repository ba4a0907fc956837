package templates_test

import (
	"bytes"
	"compress/gzip"
	"os"
	"regexp"
	"testing"

	"pli.example/pli/static"
)

func zipped(t *testing.T, html string) int {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(html)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Len()
}

// TestWeight: the sign-in page brings everything later pages use, within 60 kB
// cold; any later page is its HTML alone, within 15 kB.
func TestWeight(t *testing.T) {
	t.Parallel()
	shared := 0
	for _, name := range []string{"app.css", "app.js", "icons.svg", "favicon.svg", "vendor/htmx/htmx.min.js", "vendor/htmx/hx-csp.min.js"} {
		t.Logf("%s: %d", name, static.Size(name))
		shared += static.Size(name)
	}
	for _, s := range gallery() {
		if s.kind != "page" || s.name == "viewer" {
			continue
		}
		size, limit := zipped(t, draw(t, s.body)), 15_000
		if s.name == "signin" {
			size, limit = size+shared, 60_000
		}
		t.Logf("%s: %d", s.name, size)
		if size > limit {
			t.Errorf("%s weighs %d, more than %d", s.name, size, limit)
		}
	}
}

// TestIconsExist: a missing symbol shows nothing and says nothing.
func TestIconsExist(t *testing.T) {
	t.Parallel()
	sprite, err := os.ReadFile("../static/icons.svg")
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]bool{}
	for _, m := range regexp.MustCompile(`<symbol id="([^"]+)"`).FindAllSubmatch(sprite, -1) {
		have[string(m[1])] = true
	}
	for _, s := range gallery() {
		for _, m := range regexp.MustCompile(`icons\.[0-9a-f]+\.svg#([a-z0-9-]+)`).FindAllStringSubmatch(draw(t, s.body), -1) {
			if !have[m[1]] {
				t.Errorf("%s: no icon %q", s.name, m[1])
			}
		}
	}
}
