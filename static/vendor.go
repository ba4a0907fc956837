//go:build ignore

// Command vendor fetches the front-end packages Pli ships and writes the few
// files it needs into vendor/, with their licences, and the icon sprite into
// icons.svg. Each package is named by version and SHA-512: a changed archive
// stops it. It needs npm; the results are committed, so nobody else does.
package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// pack is one npm package: which archive, and which of its files go where.
type pack struct {
	name, version, sha512 string
	files                 map[string]string // path in the archive → path here
}

var packs = []pack{
	{"htmx.org", "4.0.1", "oF7JgXhDW9UXCy/k1ZYFUQgzu/rm19ORWPSPNL91vPluB2PB9+MV55tyQdH/w7o2EAbTYUG5SDW1R60mdkdqGg==", map[string]string{
		"LICENSE":                "vendor/htmx/LICENSE",
		"dist/htmx.min.js":       "vendor/htmx/htmx.min.js",
		"dist/ext/hx-csp.min.js": "vendor/htmx/hx-csp.min.js",
	}},
	// The legacy build: the modern one assumes browsers of this year. The two
	// fallbacks decode scanned pages (JBIG2, JPEG 2000) without WebAssembly,
	// which our policy forbids; the fonts stand in for the fourteen standard ones.
	{"pdfjs-dist", "6.5.438", "vg8Pw1x+AFKy4AMDvhuWl5cOYV8d698UoEANoFFhc79hqXDnZQqnOXoxw3HG907WHOg1JYOvLhP756boddFxpA==", map[string]string{
		"LICENSE":                                      "vendor/pdfjs/LICENSE",
		"legacy/build/pdf.min.mjs":                     "vendor/pdfjs/pdf.min.mjs",
		"legacy/build/pdf.worker.min.mjs":              "vendor/pdfjs/pdf.worker.min.mjs",
		"wasm/jbig2_nowasm_fallback.js":                "vendor/pdfjs/codecs/jbig2_nowasm_fallback.js",
		"wasm/openjpeg_nowasm_fallback.js":             "vendor/pdfjs/codecs/openjpeg_nowasm_fallback.js",
		"wasm/LICENSE_JBIG2":                           "vendor/pdfjs/codecs/LICENSE_JBIG2",
		"wasm/LICENSE_PDFJS_JBIG2":                     "vendor/pdfjs/codecs/LICENSE_PDFJS_JBIG2",
		"wasm/LICENSE_OPENJPEG":                        "vendor/pdfjs/codecs/LICENSE_OPENJPEG",
		"wasm/LICENSE_PDFJS_OPENJPEG":                  "vendor/pdfjs/codecs/LICENSE_PDFJS_OPENJPEG",
		"standard_fonts/LICENSE_LIBERATION":            "vendor/pdfjs/fonts/LICENSE_LIBERATION",
		"standard_fonts/LiberationSans-Regular.ttf":    "vendor/pdfjs/fonts/LiberationSans-Regular.ttf",
		"standard_fonts/LiberationSans-Bold.ttf":       "vendor/pdfjs/fonts/LiberationSans-Bold.ttf",
		"standard_fonts/LiberationSans-Italic.ttf":     "vendor/pdfjs/fonts/LiberationSans-Italic.ttf",
		"standard_fonts/LiberationSans-BoldItalic.ttf": "vendor/pdfjs/fonts/LiberationSans-BoldItalic.ttf",
		"standard_fonts/LICENSE_FOXIT":                 "vendor/pdfjs/fonts/LICENSE_FOXIT",
		"standard_fonts/FoxitDingbats.pfb":             "vendor/pdfjs/fonts/FoxitDingbats.pfb",
		"standard_fonts/FoxitFixed.pfb":                "vendor/pdfjs/fonts/FoxitFixed.pfb",
		"standard_fonts/FoxitFixedBold.pfb":            "vendor/pdfjs/fonts/FoxitFixedBold.pfb",
		"standard_fonts/FoxitFixedItalic.pfb":          "vendor/pdfjs/fonts/FoxitFixedItalic.pfb",
		"standard_fonts/FoxitSerif.pfb":                "vendor/pdfjs/fonts/FoxitSerif.pfb",
		"standard_fonts/FoxitSerifBold.pfb":            "vendor/pdfjs/fonts/FoxitSerifBold.pfb",
		"standard_fonts/FoxitSerifItalic.pfb":          "vendor/pdfjs/fonts/FoxitSerifItalic.pfb",
		"standard_fonts/FoxitSymbol.pfb":               "vendor/pdfjs/fonts/FoxitSymbol.pfb",
		"standard_fonts/FoxitFixedBoldItalic.pfb":      "vendor/pdfjs/fonts/FoxitFixedBoldItalic.pfb",
		"standard_fonts/FoxitSerifBoldItalic.pfb":      "vendor/pdfjs/fonts/FoxitSerifBoldItalic.pfb",
	}},
	// The editor of the compose page and the cleaner it puts pasted HTML through.
	{"squire-rte", "2.4.8", "pUp+LhZf2cUlhRKnD40DopUCdhmHlYUF7zGYqOBr8I/tQk/qZie/nXQ1DQcKlXqlr8Bw16TpE/7LQWxUeVrFNg==", map[string]string{
		"LICENSE":        "vendor/squire/LICENSE",
		"dist/squire.js": "vendor/squire/squire.js",
	}},
	{"dompurify", "3.4.18", "ofe3wI/uNm68HInABYFJYqQxRw1EaKAjNdrFVKqjUY+UZurvNd2L/HuQe097s/4RivWiZyP6tT7aoT8atjfhwg==", map[string]string{
		"LICENSE":            "vendor/dompurify/LICENSE",
		"dist/purify.min.js": "vendor/dompurify/purify.min.js",
	}},
	{"lucide-static", "1.62.0", "WBZA/m2PvkFpMGHDtsBck5P2A9G4ehLlYu4GwwICcmEm1BvYVgj00lCDxKRWLlbMlOibLaiwdQ88G5pHkSWgwA==", map[string]string{
		"LICENSE": "vendor/lucide/LICENSE",
	}},
}

// icons are the names of the sprite, all from lucide-static (ISC).
var icons = strings.Fields(`archive arrow-left badge-check bold book-user building-2 check chevron-down chevron-left chevron-right
	circle-alert circle-check circle-help clock code download ellipsis external-link eye file file-archive file-image file-pen file-text
	folder folder-input forward history id-card image inbox info italic keyboard link list list-ordered log-out mail mail-open menu monitor map-pin paperclip phone plus
	printer quote refresh-cw remove-formatting repeat reply reply-all save search send shield-alert star trash-2 triangle-alert underline undo-2 upload unplug
	user users x zoom-in zoom-out`)

func main() {
	log.SetFlags(0)
	if err := run(); err != nil {
		log.Fatal("vendor: ", err)
	}
}

func run() error {
	tmp, err := os.MkdirTemp("", "pli-vendor-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	for _, p := range packs {
		files, err := fetch(tmp, p)
		if err != nil {
			return fmt.Errorf("%s %s: %w", p.name, p.version, err)
		}
		for from, to := range p.files {
			body, ok := files[from]
			if !ok {
				return fmt.Errorf("%s has no %s", p.name, from)
			}
			if err := write(to, withoutSourceMap(body)); err != nil {
				return err
			}
		}
		if p.name == "lucide-static" {
			if err := sprite(files); err != nil {
				return err
			}
		}
	}
	return nil
}

// fetch packs one archive, checks it and returns its files by path.
func fetch(tmp string, p pack) (map[string][]byte, error) {
	cmd := exec.Command("npm", "pack", "--silent", "--ignore-scripts", p.name+"@"+p.version)
	cmd.Dir, cmd.Stderr = tmp, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	archive, err := os.ReadFile(filepath.Join(tmp, strings.TrimSpace(string(out))))
	if err != nil {
		return nil, err
	}
	sum := sha512.Sum512(archive)
	if got := base64.StdEncoding.EncodeToString(sum[:]); got != p.sha512 {
		return nil, fmt.Errorf("sha512 is %s, not the one recorded", got)
	}
	return untar(archive)
}

func untar(archive []byte) (map[string][]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for t := tar.NewReader(z); ; {
		head, err := t.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		if head.Typeflag != tar.TypeReg {
			continue
		}
		body, err := io.ReadAll(t)
		if err != nil {
			return nil, err
		}
		files[strings.TrimPrefix(head.Name, "package/")] = body
	}
}

var sourceMap = regexp.MustCompile(`(?m)^//# sourceMappingURL=.*$\n?`)

// withoutSourceMap drops the pointer to a map we do not ship.
func withoutSourceMap(body []byte) []byte { return sourceMap.ReplaceAll(body, nil) }

var (
	inner  = regexp.MustCompile(`(?s)<svg[^>]*>(.*)</svg>`)
	spaces = regexp.MustCompile(`\s+`)
)

// sprite writes every icon as a <symbol>. Stroke and width come from app.css.
func sprite(files map[string][]byte) error {
	var b bytes.Buffer
	b.WriteString("<!-- lucide-static 1.62.0, ISC licence: vendor/lucide/LICENSE -->\n<svg xmlns=\"http://www.w3.org/2000/svg\">\n")
	for _, name := range icons {
		m := inner.FindSubmatch(files["icons/"+name+".svg"])
		if m == nil {
			return fmt.Errorf("lucide-static has no icon %s", name)
		}
		shapes := strings.ReplaceAll(strings.TrimSpace(spaces.ReplaceAllString(string(m[1]), " ")), "> <", "><")
		fmt.Fprintf(&b, "<symbol id=\"%s\" viewBox=\"0 0 24 24\">%s</symbol>\n", name, shapes)
	}
	b.WriteString("</svg>\n")
	return write("icons.svg", b.Bytes())
}

func write(name string, body []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, body, 0o644)
}
