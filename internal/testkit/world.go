package testkit

import (
	"net/http"
	"net/url"

	"pli.example/pli/internal/app"
	"pli.example/pli/internal/demo"
)

// Provider is the host of the sign-in provider, another than the app's as in life.
const Provider = "https://psc.test"

// cast is what an operator enters for the people of a world.
func cast(w *demo.World) []app.Person {
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
