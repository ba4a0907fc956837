package testkit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"time"

	"pli.example/pli/internal/app"
	"pli.example/pli/internal/config"
	"pli.example/pli/internal/demo"
	"pli.example/pli/internal/demo/idp"
	"pli.example/pli/internal/demo/people"
)

// Base is the address of the app in a kit; https, so that cookies are as in
// production.
const Base = "https://pli.test"

// start is when every kit's clock stands at first: a Thursday, 09:30 in Paris.
var start = time.Date(2026, 11, 19, 8, 30, 0, 0, time.UTC)

// letters are those of every kit, drawn once in a test binary: that is most of what a
// world costs. Nobody changes them.
var letters = sync.OnceValue(func() []people.SeedLetter { return people.Letters(start) })

// Letters are those every kit's mailboxes hold at the start, for comparison: they are
// shared, nobody changes them.
func Letters() []people.SeedLetter { return letters() }

// keys are those of every kit's stand-ins: nothing that is tested is in their bits.
var keys = sync.OnceValue(func() demo.Keys { return demo.Keys{PSC: idp.NewKey(), Staff: idp.NewKey(), List: idp.NewKey()} })

// Kit is one app on one world.
type Kit struct {
	App   *app.App
	Clock *Clock
	Logs  *Logs
	World *demo.World // its stand-ins can be stopped and started
	t     testing.TB
}

// Rates are requests a minute: of one session, and of one address to sign in.
type Rates struct{ PerSession, PerAddress int }

const unlimited = 1_000_000 // tests are quicker than people

// Option alters the configuration before the app is made.
type Option func(*config.Config, *Rates)

// Limited sets the rates.
func Limited(perSession, perAddress int) Option {
	return func(_ *config.Config, r *Rates) { *r = Rates{perSession, perAddress} }
}

// Conversations is what folders show unless somebody says otherwise; single letters
// without it.
func Conversations(c *config.Config, _ *Rates) { c.List = config.ListConversations }

// ServiceAccount is the operator's other way in: Pli's own account, acting for the
// mailbox; the mail server sees no token of the person.
func ServiceAccount(c *config.Config, _ *Rates) {
	for _, server := range []*config.Server{&c.IMAP.Server, &c.SMTP.Server} {
		server.Auth, server.ServiceUser, server.ServicePassword = "plain-authzid", demo.ServiceUser, config.Secret(demo.ServicePassword)
	}
}

// New starts a world and an app on it; both end with the test. A panic in a
// handler fails the test.
func New(t testing.TB, options ...Option) *Kit {
	t.Helper()
	k, err := Open(options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := k.Close(); err != nil {
			t.Error(err)
		}
	})
	return k.For(t)
}

// Open is New without a test, for a kit that several tests share: Close it in
// TestMain, and give each test its own view with For.
func Open(options ...Option) (*Kit, error) {
	k := &Kit{Clock: &Clock{t: start}, Logs: &Logs{}}
	c, err := config.Demo("127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	c.List = config.ListLetters // what most tests look at; see Conversations
	c.PublicURL = Base
	c.OIDC.Issuer = Provider + "/auth/realms/esante-wallet"
	c.SupportDesk.OIDC.Issuer = demo.StaffIssuer(c.OIDC.Issuer)
	rates := Rates{unlimited, unlimited}
	for _, o := range options {
		o(&c, &rates)
	}
	ctx := context.Background()
	if k.World, err = demo.New(ctx, demo.Options{Now: k.Clock.Now, PublicURL: c.PublicURL, Issuer: c.OIDC.Issuer, WalletURL: Provider + "/wallet",
		ClientID: c.OIDC.ClientID, ClientSecret: string(c.OIDC.ClientSecret), ServiceAccount: c.IMAP.ServiceUser != "",
		Letters: func(time.Time) []people.SeedLetter { return letters() }, Keys: keys()}); err != nil {
		return nil, err
	}
	k.App, err = app.New(ctx, c, k.World.Lines(), app.Options{PerSession: rates.PerSession, PerAddress: rates.PerAddress,
		Log: slog.New(slog.NewJSONHandler(k.Logs, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if err != nil {
		return nil, errors.Join(err, k.World.Close())
	}
	if err := k.App.Seed(ctx, cast(k.World)); err != nil {
		return nil, errors.Join(err, k.Close())
	}
	return k, nil
}

// For is the same kit as a test sees it: failures are that test's.
func (k *Kit) For(t testing.TB) *Kit {
	view := *k
	view.t = t
	return &view
}

// Close ends the app and its world; a handler that panicked is an error.
func (k *Kit) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err := errors.Join(k.App.Close(ctx), k.World.Close())
	if n := k.App.Web.Panics(); n > 0 {
		err = errors.Join(err, fmt.Errorf("%d handlers panicked:\n%s", n, k.Logs))
	}
	return err
}

// Stock brings the white list and the directory in, as the loops of a running
// house do.
func (k *Kit) Stock() {
	k.t.Helper()
	if err := k.App.Stock(k.t.Context()); err != nil {
		k.t.Fatal(err)
	}
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

// Staff gives a browser in which that person of the operator's staff is signed in to
// the pages of support.
func (k *Kit) Staff(key string) *Client {
	k.t.Helper()
	c, a := k.TryStaff(key)
	if a.Status != http.StatusSeeOther {
		k.t.Fatalf("sign in to support as %s: %d\n%s", key, a.Status, a.Body)
	}
	return c
}

// TryStaff is Staff that may fail: the answer of the callback.
func (k *Kit) TryStaff(key string) (*Client, *Answer) {
	k.t.Helper()
	c := newClient(k)
	c.Key = key
	return c, c.signInAt("/support/sign-in", key, "/")
}

// TrySignIn is a sign-in that may fail: the answer of our callback, or of the
// button when it went no further.
func (k *Kit) TrySignIn(key, next string) (*Client, *Answer) {
	k.t.Helper()
	c := newClient(k)
	c.Key = key
	return c, c.signIn(key, next)
}
