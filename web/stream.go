package web

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"
)

// A download may take as long as its reader needs, but not hang: each piece gets
// its own deadline instead of the server's for a whole answer.
const pieceDeadline = 60 * time.Second

// copyOut streams src to the reader. A failure half way breaks the connection on
// purpose: a file cut short must look like a failed download, not like a file.
func (s *Server) copyOut(w http.ResponseWriter, r *http.Request, src io.Reader) {
	rc := http.NewResponseController(w)
	buf := make([]byte, 32<<10)
	for {
		n, err := src.Read(buf)
		if n > 0 {
			_ = rc.SetWriteDeadline(time.Now().Add(pieceDeadline)) // not every writer has one (tests)
			if _, werr := w.Write(buf[:n]); werr != nil {
				return // the reader left
			}
		}
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			s.cut(r, err)
		}
	}
}

// patientWriter gives each piece its own deadline, as copyOut does.
type patientWriter struct {
	w  http.ResponseWriter
	rc *http.ResponseController
}

func (p *patientWriter) Write(b []byte) (int, error) {
	_ = p.rc.SetWriteDeadline(time.Now().Add(pieceDeadline)) // not every writer has one (tests)
	return p.w.Write(b)
}

// cut aborts the answer under way.
func (s *Server) cut(r *http.Request, err error) {
	s.log.WarnContext(r.Context(), "cut short", slog.String("request", scopeOf(r).id), slog.String("route", pattern(r)), slog.String("error", cause(err)))
	panic(http.ErrAbortHandler)
}
