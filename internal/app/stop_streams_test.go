package app_test

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/app"
	"pli.example/pli/internal/testkit"
)

// An answer without an end holds no stop up: an open page is told to ask again, at once.
func TestStopEndsStreams(t *testing.T) {
	t.Parallel()
	kit, err := testkit.Open()
	if err != nil {
		t.Fatal(err)
	}
	first := kit.App
	defer func() {
		kit.App = first
		if err := kit.Close(); err != nil {
			t.Error(err)
		}
	}()
	c := first.Config
	c.StopWait = 0
	a, err := app.New(t.Context(), c, kit.World.Lines(), app.Options{PerSession: 1 << 20, PerAddress: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	seedCast(t, a, kit.World)
	kit.App = a
	browser := kit.For(t).SignIn("benali")
	_, at, found := strings.Cut(browser.Follow("/").Text(), `data-stream="`)
	at, _, _ = strings.Cut(at, `"`)
	if !found {
		t.Fatal("the page names no stream")
	}
	l := listening(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx, l, a.Handler()) }()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+l.Addr().String()+at, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Cookie", "__Host-pli="+browser.Cookie("__Host-pli"))
	r.Header.Set("Accept", "text/event-stream")
	res, err := http.DefaultClient.Do(r)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%v %v", res, err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() && !strings.Contains(lines.Text(), `"folders"`) {
	}
	began := time.Now()
	stop()
	last := ""
	for lines.Scan() {
		if s := lines.Text(); s != "" {
			last = s
		}
	}
	if !strings.Contains(last, `"why":"stop"`) {
		t.Errorf("the stream ends with %q", last)
	}
	if err := <-ended; err != nil {
		t.Errorf("stop: %v", err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("the stop took %s", took)
	}
	if n := a.Servers.Connections(); n != 0 {
		t.Errorf("%d connections left", n)
	}
}
