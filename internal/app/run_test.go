package app

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/config"
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
	a := &App{log: slog.New(slog.DiscardHandler)}
	wait := func(context.Context) error { handlers.Wait(); return nil }
	over := a.step(t.Context(), "handlers", time.Now().Add(20*time.Millisecond), wait) != nil
	if !over {
		t.Error("did not wait for a handler at work")
	}
	close(release)
	if a.step(t.Context(), "handlers", time.Now().Add(30*time.Second), wait) != nil {
		t.Error("still waits once the handler is done")
	}
}

// A trail whose last commit hangs holds up nobody, at a stop neither: it is left behind, the
// database is closed all the same, and the log says which step was cut.
func TestStopLeavesAHangingTrail(t *testing.T) {
	t.Parallel()
	for what, end := range map[string]func(*App) error{
		"alone": func(a *App) error { return a.closeData(t.Context(), 30*time.Millisecond) },
		"at a stop": func(a *App) error { // the whole of it, with its own measure: dataFor
			return a.stop(t.Context(), &http.Server{}, nil, &sync.WaitGroup{}, func() error { return nil })
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			leavesAHangingTrail(t, end)
		})
	}
}

func leavesAHangingTrail(t *testing.T, end func(*App) error) {
	t.Helper()
	d := config.Data{Database: filepath.Join(t.TempDir(), "pli.db"), Keys: config.Secret("a:" + strings.Repeat("QUFB", 11)), Node: "n"}
	a, err := openData(t.Context(), d, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	a.log = slog.New(slog.NewTextHandler(&said, nil))
	held, release, written := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		written <- a.DB.Write(context.Background(), func(*sql.Tx) error { close(held); <-release; return nil })
	}()
	<-held
	row := a.Audit.Begin(audit.Event{Action: audit.FolderList}) // accepted, its commit waits for the writer
	ended := make(chan error, 1)
	go func() { ended <- end(a) }()
	select {
	case err := <-ended:
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("closed with %v", err)
		}
		if !strings.Contains(said.String(), "step=trail") {
			t.Errorf("the log says %q", said.String())
		}
		if err := a.DB.Read().PingContext(t.Context()); err == nil {
			t.Error("the database is still open")
		}
	case <-time.After(2*dataFor + 10*time.Second):
		t.Error("waits for a trail that hangs")
	}
	close(release)
	<-written
	_ = row.Wait(t.Context()) // lost or not, its fate is known
}

// The whole stop ends before the delay that the README and the Dockerfile give it, the
// longest wait included, and leaves a page that sends the time it waits.
func TestStopFitsItsDelay(t *testing.T) {
	t.Parallel()
	if steps := []time.Duration{drainedBy, cutBy, loopsBy, lettersBy, tokensBy, closedBy, stopTakes}; !slices.IsSorted(steps) {
		t.Errorf("steps out of order: %v", steps)
	}
	if drainedBy < 12*time.Second { // web's sendWait is ten
		t.Errorf("answers have %s to end: a page that sends may take ten", drainedBy)
	}
	most := config.MaxStopWait + stopTakes
	for name, says := range map[string]string{
		"../../README.md":  `docker stop -t (\d+).*\(a stop takes (\d+) s and ` + "`PLI_STOP_WAIT`",
		"../../Dockerfile": `a stop takes (\d+) s and PLI_STOP_WAIT.*\(docker stop -t (\d+)\)`,
	} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		said := regexp.MustCompile(says).FindSubmatch(text)
		if said == nil {
			t.Errorf("%s does not say how long a stop takes", name)
			continue
		}
		one, _ := strconv.Atoi(string(said[1]))
		other, _ := strconv.Atoi(string(said[2]))
		if given := time.Duration(max(one, other)) * time.Second; given < most+3*time.Second {
			t.Errorf("%s gives %s, a stop takes %s", name, given, most)
		}
		if takes := time.Duration(min(one, other)) * time.Second; takes != stopTakes {
			t.Errorf("%s says a stop takes %s, it is %s", name, takes, stopTakes)
		}
	}
}
