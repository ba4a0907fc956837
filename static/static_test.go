package static_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"pli.example/pli/static"
)

func get(t *testing.T, path, encoding string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("Accept-Encoding", encoding)
	w := httptest.NewRecorder()
	static.Handler().ServeHTTP(w, r)
	return w.Result()
}

func TestPath(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"app.css":                         `^/static/app\.[0-9a-f]{12}\.css$`,
		"icons.svg":                       `^/static/icons\.[0-9a-f]{12}\.svg$`,
		"vendor/htmx/htmx.min.js":         `^/static/htmx\.[0-9a-f]{12}/htmx\.min\.js$`,
		"vendor/pdfjs/pdf.worker.min.mjs": `^/static/pdfjs\.[0-9a-f]{12}/pdf\.worker\.min\.mjs$`,
	} {
		if got := static.Path(name); !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("Path(%q) = %q", name, got)
		}
	}
}

func TestPathUnknown(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("a name that does not exist gave a path")
		}
	}()
	static.Path("absent.css")
}

func TestHandler(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]string{
		"app.css":                              "text/css; charset=utf-8",
		"app.js":                               "text/javascript; charset=utf-8",
		"icons.svg":                            "image/svg+xml; charset=utf-8",
		"vendor/pdfjs/pdf.min.mjs":             "text/javascript; charset=utf-8",
		"vendor/pdfjs/fonts/FoxitDingbats.pfb": "application/octet-stream",
		"vendor/htmx/LICENSE":                  "text/plain; charset=utf-8",
	} {
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, encoding := range []string{"", "gzip, br", "gzip;q=0"} {
			res := get(t, static.Path(name), encoding)
			if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != kind {
				t.Errorf("%s: %d %s", name, res.StatusCode, res.Header.Get("Content-Type"))
			}
			if res.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" || res.Header.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%s: headers %v", name, res.Header)
			}
			if got := read(t, res); got != string(want) {
				t.Errorf("%s with Accept-Encoding %q: another content", name, encoding)
			}
			if zipped := res.Header.Get("Content-Encoding") == "gzip"; zipped != (encoding == "gzip, br" && !strings.HasSuffix(name, ".pfb")) {
				t.Errorf("%s with Accept-Encoding %q: gzip %v", name, encoding, zipped)
			}
		}
	}
}

func read(t *testing.T, res *http.Response) string {
	t.Helper()
	var r io.Reader = res.Body
	if res.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		r = z
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestHandlerRefuses(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/static/", "/static/app.css", "/static/app.000000000000.css", "/static/static.go", "/static/../go.mod", "/app.css"} {
		res := get(t, path, "gzip")
		if res.StatusCode != http.StatusNotFound || res.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d, %s", path, res.StatusCode, res.Header.Get("Cache-Control"))
		}
	}
	w := httptest.NewRecorder()
	static.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodPost, static.Path("app.css"), nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", w.Code)
	}
}

// TestWorkerPolicy: whatever a crafted PDF makes its worker do, it reaches these
// files only.
func TestWorkerPolicy(t *testing.T) {
	t.Parallel()
	const want = "default-src 'none'; script-src 'self'; connect-src 'self'"
	if got := get(t, static.Path("vendor/pdfjs/pdf.worker.min.mjs"), "").Header.Get("Content-Security-Policy"); got != want {
		t.Errorf("worker policy %q", got)
	}
}

// TestOwnScripts: nothing of ours writes HTML, evaluates text or reaches another
// host; the policy would stop it, the code must not ask.
func TestOwnScripts(t *testing.T) {
	t.Parallel()
	bad := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|setTimeout\("|https?://|localStorage`)
	for _, name := range []string{"app.js", "viewer.js", "print.js", "patients.js"} {
		body, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if at := bad.Find(body); at != nil {
			t.Errorf("%s holds %s", name, at)
		}
	}
	css, err := os.ReadFile("app.css")
	if err != nil {
		t.Fatal(err)
	}
	if at := regexp.MustCompile(`url\(|@import|:has\(`).Find(css); at != nil {
		t.Errorf("app.css holds %s", at)
	}
}
