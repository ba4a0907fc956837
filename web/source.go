package web

import "net/http"

// source streams a letter as it is on the server, as plain text.
func (s *Server) source(w http.ResponseWriter, r *http.Request) error {
	b, at, err := s.letterAt(r)
	if err != nil {
		return err
	}
	// No Content-Length: what the server announces (RFC822.SIZE) is not always what it
	// then sends (RFC 3501 §2.3.4 is not kept by all), and a wrong one breaks the answer.
	raw, _, err := b.Source(r.Context(), at)
	if err != nil {
		return err
	}
	defer raw.Close()
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	s.copyOut(w, r, raw)
	return nil
}
