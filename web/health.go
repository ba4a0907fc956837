package web

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"time"
)

// healthz says the process answers; readyz that it can serve (its database opens).
// Neither says anything about the operator's servers: pages do.
func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) error {
	return plain(w, http.StatusOK, "ok\n")
}

func (s *Server) readyz(w http.ResponseWriter, r *http.Request) error {
	if s.ready == nil {
		return plain(w, http.StatusOK, "ok\n")
	}
	ctx, cancel := context.WithTimeout(r.Context(), 3*time.Second)
	defer cancel()
	if err := s.ready(ctx); err != nil {
		s.log.WarnContext(ctx, "not ready", slog.String("error", cause(err)))
		return plain(w, http.StatusServiceUnavailable, "not ready\n")
	}
	return plain(w, http.StatusOK, "ok\n")
}

func plain(w http.ResponseWriter, status int, text string) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text) // the caller is gone: nobody to tell
	return nil
}
