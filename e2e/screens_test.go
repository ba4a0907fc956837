//go:build e2e

package e2e

import (
	"bytes"
	"image"
	"image/png"
	"os"
	"testing"

	"pli.example/pli/e2e/program"
)

func samplePNG() []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 120, 80))); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// TestScreens pictures every page of the demo at 1400 px, at 390 px and dark, with
// scripts, and at 1400 px and 390 px without: e2e/.out/screens. At 390 px nothing
// may be wider than the screen.
func TestScreens(t *testing.T) {
	t.Parallel()
	for _, js := range []bool{true, false} {
		mode := map[bool]string{true: "js", false: "nojs"}[js]
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			folder := program.Out("screens/" + mode)
			if err := os.MkdirAll(folder, 0o755); err != nil {
				t.Fatal(err)
			}
			b := newTab(t, js)
			newDemo(t).visit(t, b, func(name string) {
				b.picture(folder, name)
				b.viewport(390, 844, false)
				if over := eval[int](b, "document.documentElement.scrollWidth - document.documentElement.clientWidth"); over > 0 {
					t.Errorf("%s (scripts %v): %d px wider than a screen of 390 px", name, js, over)
				}
				b.viewport(1400, 900, false)
			})
		})
	}
}
