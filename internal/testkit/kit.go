package testkit

import (
	"context"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"pli.example/pli/internal/app"
	"pli.example/pli/internal/config"
	"pli.example/pli/internal/demo"
)

// Base is the address of the app in a kit; https, so that cookies are as in
// production.
const Base = "https://pli.test"

// start is when every kit's clock stands at first: a Thursday, 09:30 in Paris.
var start = time.Date(2026, 11, 19, 8, 30, 0, 0, time.UTC)

// Kit is one app on one world.
type Kit struct {
	App   *app.App
	Clock *Clock
	Logs  *Logs
	World *demo.World // its stand-ins can be stopped and started
	t     testing.TB
}

// Option alters the configuration before the app is made.
type Option func(*config.Config)

// New starts a world and an app on it; both end with the test. A panic in a
// handler fails the test.
func New(t testing.TB, options ...Option) *Kit {
	t.Helper()
	return NewLimited(t, unlimited, unlimited, options...)
}

const unlimited = 1_000_000 // requests a minute: tests are quicker than people

// NewLimited is New with rates: requests a minute and session, sign-in requests a
// minute and address.
func NewLimited(t testing.TB, perSession, perAddress int, options ...Option) *Kit {
	t.Helper()
	k := &Kit{Clock: &Clock{t: start}, Logs: &Logs{}, t: t}
	c, err := config.Demo("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c.PublicURL = Base
	for _, o := range options {
		o(&c)
	}
	k.World = newWorld(t, &c, k.Clock)
	k.App, err = app.New(t.Context(), c, k.World.Lines(), app.Options{PerSession: perSession, PerAddress: perAddress,
		Log: slog.New(slog.NewJSONHandler(k.Logs, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := k.App.Close(ctx); err != nil {
			t.Errorf("close the app: %v", err)
		}
		if n := k.App.Web.Panics(); n > 0 {
			t.Errorf("%d handlers panicked:\n%s", n, k.Logs)
		}
	})
	seed(t, k.App, k.World)
	return k
}

// Browser is a browser nobody signed in with.
func (k *Kit) Browser() *Client { return newClient(k) }

// SignIn gives a browser in which that person of the cast is signed in, their
// first situation chosen when they have several.
func (k *Kit) SignIn(key string) *Client {
	k.t.Helper()
	c := newClient(k)
	c.Key = key
	a := c.signIn(key, "/")
	if a.Status != http.StatusSeeOther {
		k.t.Fatalf("sign in as %s: %d\n%s", key, a.Status, a.Body)
	}
	if to := a.Location(); len(to) > 11 && to[:11] == "/situations" {
		c.pickFirst()
	}
	return c
}

// TrySignIn is a sign-in that may fail: the answer of our callback, or of the
// button when it went no further.
func (k *Kit) TrySignIn(key, next string) (*Client, *Answer) {
	k.t.Helper()
	c := newClient(k)
	c.Key = key
	return c, c.signIn(key, next)
}
