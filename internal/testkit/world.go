package testkit

import (
	"net/http"
	"net/url"
	"testing"

	"pli.example/pli/internal/app"
	"pli.example/pli/internal/config"
	"pli.example/pli/internal/demo"
)

// Provider is the host of the sign-in provider, another than the app's as in life.
const Provider = "https://psc.test"

func newWorld(t testing.TB, c *config.Config, clock *Clock) *demo.World {
	t.Helper()
	c.OIDC.Issuer = Provider + "/auth/realms/esante-wallet"
	w, err := demo.New(t.Context(), demo.Options{Now: clock.Now, PublicURL: c.PublicURL, Issuer: c.OIDC.Issuer, WalletURL: Provider + "/wallet",
		ClientID: c.OIDC.ClientID, ClientSecret: string(c.OIDC.ClientSecret)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Errorf("close the world: %v", err)
		}
	})
	return w
}

func seed(t testing.TB, a *app.App, w *demo.World) {
	t.Helper()
	if err := a.Seed(t.Context(), Cast(w)); err != nil {
		t.Fatal(err)
	}
}

// Cast is what an operator enters for the people of a world.
func Cast(w *demo.World) []app.Person {
	var out []app.Person
	for _, p := range w.People() {
		q := app.Person{NationalID: p.NationalID, Userinfo: p.Userinfo, Closed: p.Closed}
		for _, m := range p.Mailboxes {
			q.Access = append(q.Access, app.Access{Address: m.Address, Kind: m.Kind, Label: m.Label, Owner: m.Owner, Rights: m.Rights})
		}
		out = append(out, q)
	}
	return out
}

// handlerFor gives the app or the provider, by host.
func (k *Kit) handlerFor(u *url.URL) http.Handler {
	switch u.Scheme + "://" + u.Host {
	case Base:
		return k.App.Handler()
	case Provider:
		return k.World.IDPHandler()
	}
	return nil
}
