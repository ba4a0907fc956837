package web

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"

	"github.com/a-h/templ"
)

// render writes a component whole or not at all: a failure half way must become
// an error page, not a torn one.
func (s *Server) render(w http.ResponseWriter, r *http.Request, status int, c templ.Component) error {
	var b bytes.Buffer
	if err := c.Render(r.Context(), &b); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Add("Vary", "HX-Request")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the reader left: nobody to tell
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
