package app_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/app"
	"pli.example/pli/internal/config"
	"pli.example/pli/internal/demo"
	"pli.example/pli/internal/demo/people"
	"pli.example/pli/internal/testkit"
)

func listening(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// Told to stop, the app lets the request under way finish, then closes everything
// it opened, and says that all went well.
func TestRunDrainsThenCloses(t *testing.T) {
	t.Parallel()
	c, err := config.Demo("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := listening(t)
	c.PublicURL = "http://" + l.Addr().String()
	c.OIDC.Issuer = c.PublicURL + "/demo/psc/auth/realms/esante-wallet"
	w, err := demo.New(t.Context(), demo.Options{PublicURL: c.PublicURL, Letters: func(time.Time) []people.SeedLetter { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	a, err := app.New(t.Context(), c, w.Lines(), app.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	entered, release := make(chan struct{}), make(chan struct{})
	mux := http.NewServeMux()
	mux.Handle("/", a.Handler())
	mux.HandleFunc("/slow", func(rw http.ResponseWriter, _ *http.Request) {
		close(entered)
		<-release
		_, _ = io.WriteString(rw, "whole answer")
	})
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx, l, mux) }()
	if res, err := http.Get(c.PublicURL + "/readyz"); err != nil || res.StatusCode != 200 {
		t.Fatalf("not ready: %v", err)
	}
	answer := make(chan string, 1)
	go func() {
		res, err := http.Get(c.PublicURL + "/slow")
		if err != nil {
			answer <- err.Error()
			return
		}
		defer res.Body.Close()
		b, _ := io.ReadAll(res.Body)
		answer <- string(b)
	}()
	<-entered
	stop()
	close(release)
	if got := <-answer; got != "whole answer" {
		t.Errorf("the request under way got %q", got)
	}
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("stop: %v", err)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("never stopped")
	}
	if err := a.DB.Read().PingContext(context.Background()); err == nil {
		t.Error("the database is still open")
	}
	if _, err := net.Dial("tcp", l.Addr().String()); err == nil {
		t.Error("the port is still open")
	}
}

// The end of a session drops its connections: nothing of a person stays open on a
// shared desk.
func TestSessionEndDropsConnections(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	c := k.SignIn("benali")
	if a := c.Follow("/"); a.Status != 200 {
		t.Fatal(a.Status)
	}
	if k.App.Servers.Connections() == 0 {
		t.Fatal("no connection to drop: the test proves nothing")
	}
	if a := c.Post("/sign-out", url.Values{}); a.Status != 303 {
		t.Fatal(a.Status)
	}
	deadline := time.Now().Add(10 * time.Second)
	for k.App.Servers.Connections() > 0 {
		if time.Now().After(deadline) {
			t.Fatalf("%d connections stay open", k.App.Servers.Connections())
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// Commands beside the server work on the same file and refuse other keys.
func TestDataOnAFile(t *testing.T) {
	t.Parallel()
	d := config.Data{Database: filepath.Join(t.TempDir(), "pli.db"), Keys: config.Secret("a:" + strings.Repeat("QUFB", 11)), Node: "n"}
	for range 2 {
		a, err := app.Data(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	d.Keys = "not keys"
	if _, err := app.Data(t.Context(), d); err == nil || strings.Contains(err.Error(), "not keys") {
		t.Errorf("wrong keys: %v", err)
	}
}

// A failing listener ends Run with its cause instead of a silent process.
func TestRunSaysWhyItEnded(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	l := listening(t)
	_ = l.Close()
	a, err := app.New(t.Context(), k.App.Config, k.World.Lines(), app.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Run(t.Context(), l, a.Handler()); !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v", err)
	}
}
