package web

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// packLevel: a page of fifty rows costs half of what the standard library's fastest
// level does, and weighs less.
const packLevel = 1

// compressHTML gzips our pages and text assets; files and images pass untouched. No
// secret of ours is in a page, but letters stand there beside text an attacker may
// choose (their own letter, a query): what another site made the browser ask for comes
// uncompressed, so that its length tells nothing (BREACH).
func compressHTML(p *packer) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodHead || fromElsewhere(r) || !acceptsGzip(r.Header.Get("Accept-Encoding")) {
				next.ServeHTTP(w, r)
				return
			}
			z := &gzipWriter{ResponseWriter: w, packer: p}
			// Not deferred: after a panic the recovery page must not meet a half-closed stream.
			next.ServeHTTP(z, r)
			z.close()
		})
	}
}

// fromElsewhere reports a request another site started, by a link or a script.
func fromElsewhere(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	return site == "cross-site" || site == "same-site"
}

func acceptsGzip(h string) bool {
	for v := range strings.SplitSeq(h, ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(v), ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			q = strings.ReplaceAll(q, " ", "")
			return q != "q=0" && q != "q=0.0" && q != "q=0.00" && q != "q=0.000"
		}
	}
	return false
}

// packer lends out compressors.
type packer struct{ pool sync.Pool }

func newPacker() *packer {
	return &packer{pool: sync.Pool{New: func() any {
		z, _ := gzip.NewWriterLevel(nil, packLevel)
		return z
	}}}
}

// pack compresses a whole page ahead of its sending; false when it failed.
func (p *packer) pack(page []byte) ([]byte, bool) {
	out := bytes.NewBuffer(make([]byte, 0, len(page)/4+512))
	z := p.pool.Get().(*gzip.Writer)
	defer p.pool.Put(z)
	z.Reset(out)
	_, err := z.Write(page)
	err = errors.Join(err, z.Close())
	z.Reset(nil)
	return out.Bytes(), err == nil
}

// gzipWriter decides at the first byte, by content type.
type gzipWriter struct {
	http.ResponseWriter
	packer  *packer
	z       *gzip.Writer
	decided bool
}

// Unwrap lets http.ResponseController reach the connection.
func (g *gzipWriter) Unwrap() http.ResponseWriter { return g.ResponseWriter }

func (g *gzipWriter) WriteHeader(code int) {
	g.decide(code)
	g.ResponseWriter.WriteHeader(code)
}

func (g *gzipWriter) Write(p []byte) (int, error) {
	if !g.decided {
		g.WriteHeader(http.StatusOK)
	}
	if g.z != nil {
		return g.z.Write(p)
	}
	return g.ResponseWriter.Write(p)
}

// Flush sends what is compressed so far.
func (g *gzipWriter) Flush() {
	if g.z != nil {
		_ = g.z.Flush()
	}
	_ = http.NewResponseController(g.ResponseWriter).Flush()
}

func (g *gzipWriter) decide(code int) {
	if g.decided || code < 200 {
		return
	}
	g.decided = true
	h := g.Header()
	if code == http.StatusNoContent || code == http.StatusNotModified || code == http.StatusPartialContent ||
		h.Get("Content-Encoding") != "" || !compressible(h.Get("Content-Type")) {
		return
	}
	h.Add("Vary", "Accept-Encoding")
	h.Del("Content-Length")
	h.Set("Content-Encoding", "gzip")
	if e := h.Get("ETag"); e != "" && !strings.HasPrefix(e, "W/") {
		h.Set("ETag", "W/"+e)
	}
	g.z = g.packer.pool.Get().(*gzip.Writer)
	g.z.Reset(g.ResponseWriter)
}

func (g *gzipWriter) close() {
	if g.z == nil {
		return
	}
	_ = g.z.Close() // the client is gone: nobody left to tell
	g.z.Reset(nil)
	g.packer.pool.Put(g.z)
	g.z = nil
}

func compressible(contentType string) bool {
	t, _, _ := strings.Cut(contentType, ";")
	switch strings.TrimSpace(t) {
	case "text/html", "text/css", "text/javascript", "application/javascript", "image/svg+xml", "application/json":
		return true
	}
	return false
}
