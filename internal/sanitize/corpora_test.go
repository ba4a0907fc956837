package sanitize

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func corpora(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("PLI_CORPORA")
	if dir == "" {
		t.Skip("PLI_CORPORA not set: attack collections not read")
	}
	return dir
}

func readJSON(t *testing.T, path string, v any) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatal(err)
	}
}

// TestDOMPurify and TestBluemonday judge by what comes out, not by the expected
// results of those projects: other policies, same attacks.
func TestDOMPurify(t *testing.T) {
	t.Parallel()
	var cases []struct{ Title, Payload string }
	readJSON(t, filepath.Join(corpora(t), "html-dompurify", "expect.json"), &cases)
	if len(cases) < 100 {
		t.Fatalf("%d cases", len(cases))
	}
	for i, c := range cases {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			check(t, c.Payload)
			check(t, "<table><tr><td><p>"+c.Payload)
			check(t, `<svg><p>`+c.Payload+`<a href="https://a.example">`)
		})
	}
}

func TestBluemonday(t *testing.T) {
	t.Parallel()
	var cases []struct{ In, Test string }
	readJSON(t, filepath.Join(corpora(t), "html-bluemonday", "pairs.json"), &cases)
	if len(cases) < 300 {
		t.Fatalf("%d cases", len(cases))
	}
	for i, c := range cases {
		t.Run(fmt.Sprintf("%s_%d", c.Test, i), func(t *testing.T) {
			t.Parallel()
			check(t, c.In)
			check(t, "<div><b>"+c.In+"<td>")
		})
	}
}
