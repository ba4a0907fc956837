package app

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strconv"
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
	wait := func() error { handlers.Wait(); return nil }
	by(t.Context(), time.Now().Add(20*time.Millisecond), func(ctx context.Context) { over = endOf(ctx, wait) != nil })
	if !over {
		t.Error("did not wait for a handler at work")
	}
	close(release)
	by(t.Context(), time.Now().Add(30*time.Second), func(ctx context.Context) { over = endOf(ctx, wait) != nil })
	if over {
		t.Error("still waits once the handler is done")
	}
}

// The whole stop ends before the delay that the README and the Dockerfile give it.
func TestStopFitsItsDelay(t *testing.T) {
	t.Parallel()
	if steps := []time.Duration{drainedBy, cutBy, loopsBy, lettersBy, tokensBy, closedBy}; !slices.IsSorted(steps) {
		t.Errorf("steps out of order: %v", steps)
	}
	for _, name := range []string{"../../README.md", "../../Dockerfile"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		said := regexp.MustCompile(`docker stop -t (\d+)`).FindSubmatch(text)
		if said == nil {
			t.Errorf("%s does not say how long a stop takes", name)
			continue
		}
		if n, err := strconv.Atoi(string(said[1])); err != nil || time.Duration(n)*time.Second < closedBy+3*time.Second {
			t.Errorf("%s gives %s seconds, a stop takes %s", name, said[1], closedBy)
		}
	}
}
