//go:build e2e

package e2e

import (
	"bytes"
	"image"
	"image/png"
	"os"
	"path/filepath"
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

// TestPages walks past every page of the demo, with scripts and without. Each is
// pictured at 1400 px, at 390 px and dark (e2e/.out/screens), is no wider than a
// screen of 390 px and, with scripts, breaks no rule of axe-core in any of the three.
// Every answer the browser got on the way has the headers it must have.
func TestPages(t *testing.T) {
	t.Parallel()
	t.Run("js", func(t *testing.T) {
		t.Parallel()
		source := axeSource(t)
		walkPages(t, true, func(b *tab, page string, l look) { b.accessible(t, source, page, l) })
	})
	t.Run("nojs", func(t *testing.T) {
		t.Parallel()
		walkPages(t, false, func(*tab, string, look) {})
	})
}

func walkPages(t *testing.T, js bool, examine func(b *tab, page string, l look)) {
	folder := program.Out("screens/" + map[bool]string{true: "js", false: "nojs"}[js])
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	b, w := newTab(t, js), newDemo(t)
	check := b.overhear(w)
	w.visit(t, b, func(name string) {
		for _, l := range looks {
			b.viewport(l.width, l.height, l.dark)
			b.picture(filepath.Join(folder, name+"-"+l.name+".jpg"))
			examine(b, name, l)
			if over := eval[int](b, "document.documentElement.scrollWidth - document.documentElement.clientWidth"); over > 0 {
				t.Errorf("%s (scripts %v): %d px wider than a screen of %d px", name, js, over, l.width)
			}
		}
		b.viewport(1400, 900, false)
	})
	check(t)
}
