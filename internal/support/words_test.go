package support_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/support"
)

// Why a patient's number was handed out is said in words, wherever that is done: "shown"
// alone is what the act's own name says.
func TestNumbersHandedOutHaveWords(t *testing.T) {
	t.Parallel()
	why := regexp.MustCompile(`audit\.PatientINS,.*Request: "([^"]+)"`)
	seen := 0
	for _, root := range []string{"../../web", ".."} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			code, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for _, m := range why.FindAllStringSubmatch(string(code), -1) {
				seen++
				if words := support.RequestWords(audit.PatientINS, m[1]); (words == "") != (m[1] == "shown") {
					t.Errorf("%s: %q is told as %q", path, m[1], words)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if seen < 3 {
		t.Errorf("only %d found", seen)
	}
}
