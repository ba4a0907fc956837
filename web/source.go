package web

import (
	"net/http"
	"strconv"
)

// source streams a letter as it is on the server, as plain text.
func (s *Server) source(w http.ResponseWriter, r *http.Request) error {
	b, at, err := s.letterAt(r)
	if err != nil {
		return err
	}
	raw, size, err := b.Source(r.Context(), at)
	if err != nil {
		return err
	}
	defer raw.Close()
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if size > 0 {
		w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	}
	s.copyOut(w, r, raw)
	return nil
}
