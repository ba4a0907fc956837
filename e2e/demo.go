//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"pli.example/pli/e2e/dovecot"
	"pli.example/pli/e2e/rawimap"
	"pli.example/pli/internal/app"
	"pli.example/pli/internal/config"
	"pli.example/pli/internal/demo"
	"pli.example/pli/internal/demo/people"
)

// newDemo runs the demo world inside the test, on real loopback listeners, put
// together as `pli demo` does: in the test so that it can look into the mailboxes
// and take stand-ins down. TestDemoCommand starts the command itself.
func newDemo(t testing.TB) *world {
	t.Helper()
	base, d := startDemo(t, nil)
	imap, _, err := d.Mail().ListenLoopback()
	if err != nil {
		t.Fatal(err)
	}
	does := func(ok bool, what string) error {
		if !ok {
			return fmt.Errorf("the demo has no %s to switch", what)
		}
		return nil
	}
	return &world{
		name: "demo", base: base, idp: strings.TrimSuffix(d.Issuer(), "/auth/realms/esante-wallet"), folders: dovecot.English, separator: "/",
		inspect: func(mailbox string) (*rawimap.Client, error) {
			c, err := rawimap.Dial(imap, d.IMAPTLS())
			if err != nil {
				return nil, err
			}
			if err := c.Plain(mailbox, demo.ServiceUser, demo.ServicePassword); err != nil {
				c.Close()
				return nil, err
			}
			return c, nil
		},
		stopMail:      func() error { return does(d.Stop(demo.ServiceIMAP), "mail server") },
		startMail:     func() error { return does(d.Start(demo.ServiceIMAP), "mail server") },
		stopProvider:  func() error { return does(d.Stop(demo.ServicePSC), "provider") },
		startProvider: func() error { return does(d.Start(demo.ServicePSC), "provider") },
		logs:          func() string { return "" },
		post:          demoPost(d),
	}
}

// castLetters are the cast's letters as of the start of the run, drawn once.
var castLetters = sync.OnceValue(func() []people.SeedLetter { return people.Letters(time.Now()) })

// startDemo serves one house on one world until the test ends. The provider is
// another origin, as the real one is.
func startDemo(t testing.TB, alter func(*config.Config)) (base string, d *demo.World) {
	t.Helper()
	pli, provider := listenLoopback(t), listenLoopback(t)
	c, err := config.Demo(pli.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c.List = config.ListLetters
	if alter != nil {
		alter(&c)
	}
	provided := "http://" + provider.Addr().String()
	c.OIDC.Issuer = provided + "/auth/realms/esante-wallet"
	c.SupportDesk.OIDC.Issuer = demo.StaffIssuer(c.OIDC.Issuer)
	if d, err = demo.New(t.Context(), demo.Options{PublicURL: c.PublicURL, Issuer: c.OIDC.Issuer, WalletURL: provided + "/wallet",
		ClientID: c.OIDC.ClientID, ClientSecret: string(c.OIDC.ClientSecret), ServiceAccount: true,
		Letters: func(time.Time) []people.SeedLetter { return castLetters() }}); err != nil {
		t.Fatal(err)
	}
	a, err := app.New(t.Context(), c, d.Lines(), app.Options{BannerTo: "/demo/", PerSession: 1_000_000, PerAddress: 1_000_000})
	if err != nil {
		t.Fatal(err)
	}
	var cast []app.Person
	for _, p := range d.People() {
		q := app.Person{NationalID: p.NationalID, Userinfo: p.Userinfo, Closed: p.Closed}
		for _, m := range p.Mailboxes {
			q.Access = append(q.Access, app.Access{Address: m.Address, Kind: m.Kind, Label: m.Label, Owner: m.Owner, Rights: m.Rights})
		}
		cast = append(cast, q)
	}
	if err := a.Seed(t.Context(), cast); err != nil {
		t.Fatal(err)
	}
	psc := &http.Server{Handler: d.IDPHandler()}
	go psc.Serve(provider)
	mux := http.NewServeMux()
	mux.Handle("/", a.Handler())
	mux.Handle("/demo/", d.Panel())
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx, pli, mux) }()
	t.Cleanup(func() {
		stop()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("the house ended: %v", err)
			}
		case <-time.After(20 * time.Second):
			t.Error("the house did not end in 20 s")
		}
		psc.Close()
		d.Close()
		if n := a.Web.Panics(); n > 0 {
			t.Errorf("%d handlers panicked", n)
		}
	})
	return strings.TrimSuffix(c.PublicURL, "/"), d
}

func listenLoopback(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}
