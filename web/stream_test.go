package web

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
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

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, errors.New("line lost") }
