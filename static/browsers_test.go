package static_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// newer are names that the oldest browsers served do not know (Chrome 96, Firefox 94,
// Safari 15.0): there, a script that says one stops in its middle.
var newer = regexp.MustCompile(`AbortSignal\.(timeout|any)|\.inert\b|structuredClone|\.at\(-?\d|\.findLast|\.toSorted|\.toSpliced|\.toReversed|Object\.groupBy|Object\.hasOwn\b|Promise\.withResolvers|showPicker|popover|scheduler\.|navigation\.navigate|startViewTransition|:has\(`)

func TestScriptsForOldBrowsers(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.js")
	if err != nil || len(files) < 8 {
		t.Fatalf("%d scripts, %v", len(files), err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for n, line := range strings.Split(string(raw), "\n") {
			code, _, _ := strings.Cut(line, " // ")
			if found := newer.FindString(code); found != "" && !strings.Contains(line, "FORBID_ATTR") {
				t.Errorf("%s:%d: %s", file, n+1, found)
			}
		}
	}
	if !newer.MatchString("await x({ signal: AbortSignal.timeout(5000) }); form.inert = true") {
		t.Error("finds nothing")
	}
}
