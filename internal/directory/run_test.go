package directory

import (
	"context"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"pli.example/pli/internal/seal"
)

// Run fetches at once when there is nothing, and ends with its context.
func TestRun(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		w.Header().Set("ETag", `"v1"`)
		if r.Header.Get("If-None-Match") == `"v1"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = w.Write([]byte(country()))
	}))
	t.Cleanup(server.Close)
	d := newDirectory(t, func(o *Options) { o.HTTP, o.ExtractionURL = server.Client(), server.URL+"/extraction" })
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	for deadline := time.Now().Add(20 * time.Second); !d.State().Ready; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nothing fetched")
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if sum, err := d.Fetch(t.Context()); err != nil || sum.Lines != 0 {
		t.Errorf("the tag was not sent: %+v, %v", sum, err)
	}
	if n := asked.Load(); n != 2 {
		t.Errorf("asked %d times", n)
	}
}

// Due at once: nothing there, the keys changed; else a day after the last.
func TestDue(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.db")
	d := newDirectory(t, func(o *Options) { o.Path = path })
	if !d.due().IsZero() {
		t.Error("nothing there, and not due")
	}
	load1(t, d, text(country()))
	if got := d.due(); !got.Equal(fixedNow.Add(DefaultEvery)) {
		t.Errorf("due %s", got)
	}
	other := newDirectory(t, func(o *Options) { o.Path, o.Keys = path, seal.NewRandomKeyring() })
	if !other.due().IsZero() {
		t.Error("ids made under other keys, and not due")
	}
}

func TestServiceErrors(t *testing.T) {
	t.Parallel()
	var status atomic.Int32
	body := "<html>"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(int(status.Load()))
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(server.Close)
	d := newDirectory(t, func(o *Options) { o.HTTP, o.ExtractionURL = server.Client(), server.URL+"/x?key=secret" })
	for _, code := range []int32{200, 404, 429, 500, 503} {
		status.Store(code)
		if _, err := d.Fetch(t.Context()); err == nil || d.State().LastError == "" {
			t.Errorf("%d: %v", code, err)
		}
	}
}
