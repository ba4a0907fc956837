package directory

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"pli.example/pli/internal/finding"
)

func zipped(t testing.TB, name string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, "a|b|c\n"); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestCheckOfAnExtraction(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.November, 22, 9, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		body   []byte
		status int
		dated  time.Time
		want   string // fetch, form, size, age
	}{
		"a zip":          {zipped(t, "Extraction.txt"), 200, now.Add(-time.Hour), "ok ok warning ok"},
		"another zip":    {zipped(t, "logo.png"), 200, now, "ok warning warning ok"},
		"an old one":     {zipped(t, "x.csv"), 200, now.AddDate(0, -1, 0), "ok ok warning warning"},
		"a page":         {[]byte("<html>Bonjour\n</html>"), 200, now, "ok fault warning ok"},
		"nothing at all": {nil, 200, now, "ok fault warning ok"},
		"an error":       {nil, 503, now, "fault untried untried untried"},
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Last-Modified", c.dated.Format(http.TimeFormat))
			w.Header().Set("Content-Length", fmt.Sprint(len(c.body)))
			w.WriteHeader(c.status)
			w.Write(c.body)
		}))
		l := Extraction{URL: s.URL, HTTP: s.Client(), Now: func() time.Time { return now }}.Check(t.Context())
		s.Close()
		got := ""
		for i, f := range l {
			if f.Check != checks[i] {
				t.Errorf("%s: %s at %d", name, f.Check, i)
			}
			got += " " + string(f.State)
		}
		if got != " "+c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	down := Extraction{URL: "http://127.0.0.1:1/x", HTTP: http.DefaultClient, Now: time.Now}.Check(t.Context())
	if len(down) != 4 || down[0].State != finding.Fault {
		t.Errorf("%+v", down)
	}
}

// FuzzCheckForm: whatever is served, the look at its beginning ends.
func FuzzCheckForm(f *testing.F) {
	f.Add(zipped(f, "x.txt"))
	f.Add([]byte("PK\x03\x04"))
	f.Add([]byte("Type de BAL|Adresse BAL\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var l finding.List
		checkForm(&l, &http.Response{Body: io.NopCloser(bytes.NewReader(b))})
		if len(l) != 1 || l[0].Check != "directory.form" {
			t.Errorf("%+v", l)
		}
	})
}
