package web

import (
	"bytes"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"github.com/a-h/templ"
)

// render writes a component whole or not at all: a failure half way must become
// an error page, not a torn one.
func (s *Server) render(w http.ResponseWriter, r *http.Request, status int, c templ.Component) error {
	return s.prepareHTML(w, r, c).answer(w, status)
}

// prepared is a page ready to be sent, or why it could not be made. Nothing of it has
// left: what it shows may still wait for its line in the trail.
type prepared struct {
	body   []byte
	packed bool // body is compressed
	err    error
}

// prepareHTML renders a component, compressed as w's reader takes it.
func (s *Server) prepareHTML(w http.ResponseWriter, r *http.Request, c templ.Component) *prepared {
	b := blanks.Get().(*bytes.Buffer)
	defer giveBack(b)
	if err := c.Render(r.Context(), b); err != nil {
		return &prepared{err: err}
	}
	if g, ok := w.(*gzipWriter); ok {
		if body, ok := g.packer.pack(b.Bytes()); ok {
			return &prepared{body: body, packed: true}
		}
	}
	return &prepared{body: bytes.Clone(b.Bytes())}
}

// blanks lends what pages are drawn on: growing anew to a page of fifty rows was two
// fifths of all that a page left to the collector.
var blanks = sync.Pool{New: func() any { return new(bytes.Buffer) }}

const keptBlank = 512 << 10 // bytes: a page larger than any list is not kept for the next one

// giveBack takes a blank back, its words wiped: it goes to another person's page.
func giveBack(b *bytes.Buffer) {
	if b.Cap() > keptBlank {
		return
	}
	clear(b.Bytes())
	b.Reset()
	blanks.Put(b)
}

// answer sends the page.
func (p *prepared) answer(w http.ResponseWriter, status int) error {
	if p.err != nil {
		return p.err
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Add("Vary", "HX-Request")
	if p.packed {
		h.Add("Vary", "Accept-Encoding")
		h.Set("Content-Encoding", "gzip")
		h.Set("Content-Length", strconv.Itoa(len(p.body)))
	}
	w.WriteHeader(status)
	_, _ = w.Write(p.body) // the reader left: nobody to tell
	return nil
}

// redirect answers 303 to a local path. htmx's fetch follows it with its own
// headers, so the same answer serves a form and a fragment.
func redirect(w http.ResponseWriter, r *http.Request, to string) {
	w.Header().Set("Location", localPath(to, "/"))
	w.WriteHeader(http.StatusSeeOther)
}

// leave sends the browser to another host (the provider): a fetch cannot follow
// there, so a fragment gets the order to navigate.
func leave(w http.ResponseWriter, r *http.Request, to string) {
	if isFragment(r) {
		w.Header().Set("HX-Redirect", to)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusSeeOther)
}

// withQuery adds one parameter to a local path, replacing an earlier one.
func withQuery(to, key, value string) string {
	p, q, _ := strings.Cut(to, "?")
	v, err := url.ParseQuery(q)
	if err != nil {
		v = url.Values{}
	}
	v.Set(key, value)
	return p + "?" + v.Encode()
}
