package web

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"syscall"
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
				s.cut(r, werr)
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

// left reports that the reader closed the connection.
func left(r *http.Request, err error) bool {
	return r.Context().Err() != nil || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, net.ErrClosed)
}

// capped reads at most limit bytes; more is errOverCap, never a quiet end.
type capped struct {
	r    io.Reader
	left int64
}

var errOverCap = errors.New("longer than what is shown here")

func (c *capped) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if c.left <= 0 {
		var one [1]byte
		n, err := io.ReadFull(c.r, one[:])
		if n > 0 {
			err = errOverCap
		}
		return 0, err
	}
	n, err := c.r.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	return n, err
}

// cappedBuffer refuses to grow past a limit.
type cappedBuffer struct {
	bytes.Buffer
	limit int
}

func (b *cappedBuffer) Write(p []byte) (int, error) {
	if b.Len()+len(p) > b.limit {
		return 0, errOverCap
	}
	return b.Buffer.Write(p)
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

// cut aborts the answer under way: a file cut short must never look whole. A reader
// who left is no event.
func (s *Server) cut(r *http.Request, err error) {
	if left(r, err) {
		panic(http.ErrAbortHandler)
	}
	s.log.WarnContext(r.Context(), "cut short", slog.String("request", scopeOf(r).id), slog.String("route", pattern(r)), slog.String("error", cause(err)))
	panic(http.ErrAbortHandler)
}
