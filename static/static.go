// Package static owns the files a browser keeps: the style sheet, the small
// scripts, the icon sprite and the vendored front end (htmx, pdf.js). All are
// embedded; nothing is built or fetched at run time.
//
// Names carry a hash of the content, so a file never changes under its name
// and may be cached for ever. A vendored package is hashed as a whole
// directory, because pdf.js finds its own files by relative name. The room
// must not know pages, sessions or mail, and serves nothing it did not embed.
package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

//go:generate go run vendor.go

//go:embed *.css *.js *.svg vendor
var embedded embed.FS

// Prefix is where Handler expects to be mounted.
const Prefix = "/static/"

// asset is one embedded file under its public name.
type asset struct {
	body     []byte
	kind     string
	worker   bool
	compress func() []byte // gzip form, made once when first asked; nil when it would not help
}

type table struct {
	public map[string]string // embedded name → public name, without Prefix
	assets map[string]asset  // by public name
}

var loaded = sync.OnceValue(load)

// Path gives the address of an embedded file by its name in this folder:
// Path("app.css") is "/static/app.<hash>.css". It panics on a name that does
// not exist, which is a programmer's error that any rendering test finds.
func Path(name string) string {
	public, ok := loaded().public[name]
	if !ok {
		panic("static: no file named " + name)
	}
	return Prefix + public
}

// Size gives the number of bytes that a browser accepting gzip downloads for
// the named file. It serves the page-weight tests.
func Size(name string) int {
	a := loaded().assets[strings.TrimPrefix(Path(name), Prefix)]
	if a.compress == nil {
		return len(a.body)
	}
	return len(a.compress())
}

func load() table {
	t := table{public: map[string]string{}, assets: map[string]asset{}}
	dirs := map[string]string{}
	names := fileNames()
	for _, name := range names {
		if dir := packageDir(name); dir != "" && dirs[dir] == "" {
			dirs[dir] = hashOf(names, dir)
		}
	}
	for _, name := range names {
		body, err := embedded.ReadFile(name)
		if err != nil {
			panic("static: " + err.Error()) // embedded at build: cannot happen
		}
		public := publicName(name, body, dirs)
		t.public[name] = public
		t.assets[public] = newAsset(name, body)
	}
	return t
}

func fileNames() []string {
	var names []string
	err := fs.WalkDir(embedded, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		panic("static: " + err.Error())
	}
	return names
}

// packageDir tells the vendored package of a file: "vendor/pdfjs/x" is of
// "vendor/pdfjs".
func packageDir(name string) string {
	parts := strings.SplitN(name, "/", 3)
	if len(parts) < 3 {
		return ""
	}
	return parts[0] + "/" + parts[1]
}

// hashOf covers the names and contents of every file of a vendored package.
func hashOf(names []string, dir string) string {
	sum := sha256.New()
	for _, name := range names {
		if packageDir(name) != dir {
			continue
		}
		body, err := embedded.ReadFile(name)
		if err != nil {
			panic("static: " + err.Error())
		}
		one := sha256.Sum256(body)
		sum.Write([]byte(name))
		sum.Write(one[:])
	}
	return hex.EncodeToString(sum.Sum(nil))[:12]
}

func publicName(name string, body []byte, dirs map[string]string) string {
	if dir := packageDir(name); dir != "" {
		return path.Base(dir) + "." + dirs[dir] + strings.TrimPrefix(name, dir)
	}
	sum := sha256.Sum256(body)
	ext := path.Ext(name)
	return strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:])[:12] + ext
}

// kinds are the only types served; the list is ours because a host's mime
// tables differ and a wrong type stops a module script.
var kinds = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".mjs": "text/javascript; charset=utf-8",
	".svg": "image/svg+xml; charset=utf-8",
	".pfb": "application/octet-stream",
	".ttf": "font/ttf",
}

func newAsset(name string, body []byte) asset {
	a := asset{body: body, kind: kinds[path.Ext(name)], worker: strings.HasPrefix(name, "vendor/pdfjs/")}
	if a.kind == "" {
		a.kind = "text/plain; charset=utf-8" // licences
	}
	if path.Ext(name) != ".pfb" {
		a.compress = sync.OnceValue(func() []byte { return gzipped(body) })
	}
	return a
}

func gzipped(body []byte) []byte {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		panic("static: " + err.Error())
	}
	// A bytes.Buffer never fails.
	_, _ = w.Write(body)
	_ = w.Close()
	return out.Bytes()
}

// workerPolicy is the policy a PDF worker runs under (a worker takes it from
// its own response, not from the page): a crafted document that took the
// worker over could reach nothing but these files.
const workerPolicy = "default-src 'none'; script-src 'self'; connect-src 'self'"

// filePolicy is for everything else, which is never a page.
const filePolicy = "default-src 'none'; frame-ancestors 'none'"

// Handler serves the embedded files under Prefix. Anything else is a plain 404
// that no cache keeps, so that an old page meeting a new release recovers.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			h.Set("Allow", "GET, HEAD")
			http.Error(w, "méthode refusée", http.StatusMethodNotAllowed)
			return
		}
		a, ok := loaded().assets[strings.TrimPrefix(r.URL.Path, Prefix)]
		if !ok {
			h.Set("Cache-Control", "no-store")
			http.Error(w, "fichier introuvable", http.StatusNotFound)
			return
		}
		serve(w, r, a)
	})
}

func serve(w http.ResponseWriter, r *http.Request, a asset) {
	h := w.Header()
	h.Set("Content-Type", a.kind)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Content-Security-Policy", filePolicy)
	if a.worker {
		h.Set("Content-Security-Policy", workerPolicy)
	}
	body := a.body
	if a.compress != nil {
		h.Set("Vary", "Accept-Encoding")
		if acceptsGzip(r.Header.Get("Accept-Encoding")) {
			h.Set("Content-Encoding", "gzip")
			body = a.compress()
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodHead {
		return
	}
	_, _ = w.Write(body) // the browser left: nothing to tell anybody
}

// acceptsGzip reads Accept-Encoding (RFC 9110 §12.5.3) as far as we need it.
func acceptsGzip(header string) bool {
	for one := range strings.SplitSeq(header, ",") {
		coding, params, _ := strings.Cut(strings.TrimSpace(one), ";")
		if strings.EqualFold(coding, "gzip") {
			q := strings.ReplaceAll(strings.ToLower(params), " ", "")
			return q != "q=0" && !strings.HasPrefix(q, "q=0.000")
		}
	}
	return false
}
