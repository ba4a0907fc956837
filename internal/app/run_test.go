package app

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// Close of an HTTP server does not wait for handlers: the stop does, within its delay,
// before anything under them is closed.
func TestStopWaitsForHandlers(t *testing.T) {
	t.Parallel()
	var handlers sync.WaitGroup
	entered, release := make(chan struct{}), make(chan struct{})
	h := waited(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { close(entered); <-release }), &handlers)
	go h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
	<-entered
	over := false
	within(t.Context(), 20*time.Millisecond, func(ctx context.Context) { waitFor(ctx, &handlers); over = ctx.Err() != nil })
	if !over {
		t.Error("did not wait for a handler at work")
	}
	close(release)
	within(t.Context(), 30*time.Second, func(ctx context.Context) { waitFor(ctx, &handlers); over = ctx.Err() != nil })
	if over {
		t.Error("still waits once the handler is done")
	}
}
