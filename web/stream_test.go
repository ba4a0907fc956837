package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"pli.example/pli/internal/problem"
)

// A download that breaks half way looks broken to its reader: the connection is
// cut, never ended as if the file were whole.
func TestBrokenDownloadIsCut(t *testing.T) {
	t.Parallel()
	s := &Server{log: slog.New(slog.DiscardHandler)}
	broken := io.MultiReader(strings.NewReader("half of the file"), failingReader{})
	srv := httptest.NewServer(s.recovered(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.copyOut(w, r, broken) })))
	defer srv.Close()
	srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	res, err := srv.Client().Get(srv.URL)
	if err == nil {
		defer res.Body.Close()
		_, err = io.ReadAll(res.Body)
	}
	if err == nil {
		t.Error("the reader took half a file for a whole one")
	}
	if s.panics.Load() != 0 {
		t.Error("a cut download counts as a panic")
	}
}

// A file longer than what is shown here is cut too, with a line in the log: it never
// ends quietly at the cap.
func TestCappedDownloadIsCut(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		n   int
		cut bool
	}{{9, false}, {10, false}, {11, true}, {100, true}} {
		var logged lockedBuffer
		s := &Server{log: slog.New(slog.NewTextHandler(&logged, nil))}
		srv := httptest.NewUnstartedServer(s.recovered(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s.copyOut(w, r, &capped{strings.NewReader(strings.Repeat("x", row.n)), 10})
		})))
		srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
		srv.Start()
		res, err := srv.Client().Get(srv.URL)
		if err == nil {
			_, err = io.ReadAll(res.Body)
			res.Body.Close()
		}
		srv.Close()
		if (err != nil) != row.cut {
			t.Errorf("%d bytes of 10: %v", row.n, err)
		}
		if strings.Contains(logged.String(), "cut short") != row.cut {
			t.Errorf("%d bytes of 10: log %q", row.n, logged.String())
		}
	}
}

// What stops an answer is logged, unless it is the reader.
func TestWriteErrorsAreLogged(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		err    error
		logged bool
	}{{http.ErrContentLength, true}, {errors.New("disk"), true}, {syscall.EPIPE, false}, {fmt.Errorf("write: %w", syscall.ECONNRESET), false}} {
		var logged lockedBuffer
		s := &Server{log: slog.New(slog.NewTextHandler(&logged, nil))}
		func() {
			defer func() {
				if v := recover(); v != http.ErrAbortHandler {
					t.Errorf("%v: %v", row.err, v)
				}
			}()
			s.copyOut(failingWriter{httptest.NewRecorder(), row.err}, httptest.NewRequest("GET", "/", nil), strings.NewReader("x"))
		}()
		if (logged.String() != "") != row.logged {
			t.Errorf("%v: log %q", row.err, logged.String())
		}
	}
}

type failingWriter struct {
	http.ResponseWriter
	err error
}

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }

// One TIFF at a time; who waits too long is told, and nobody else waits for a
// request that was given up.
func TestOneConversionAtATime(t *testing.T) {
	t.Parallel()
	s := &Server{log: slog.New(slog.DiscardHandler), converting: make(chan struct{}, 1)}
	s.converting <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.convert(ctx, strings.NewReader("")); !errors.Is(err, context.Canceled) {
		t.Errorf("given up: %v", err)
	}
	begin := time.Now()
	_, err := s.convert(t.Context(), strings.NewReader(""))
	if !problem.Is(err, problem.TooMany) || !strings.Contains(problem.SayOf(err), "téléchargez-la") || time.Since(begin) < convertWait {
		t.Errorf("busy: %v", err)
	}
	<-s.converting
	if _, err := s.convert(t.Context(), strings.NewReader("II*")); !problem.Is(err, problem.Invalid) {
		t.Errorf("free: %v", err)
	}
	if len(s.converting) != 0 {
		t.Error("the turn is not given back")
	}
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, errors.New("line lost") }
