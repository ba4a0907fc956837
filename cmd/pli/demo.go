package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"text/tabwriter"

	"pli.example/pli/internal/app"
	"pli.example/pli/internal/config"
	"pli.example/pli/internal/demo"
	"pli.example/pli/internal/demo/idp"
)

type demoCmd struct {
	Listen string `default:"127.0.0.1:8080" help:"Loopback address and port to listen on."`
	Log    bool   `help:"Log requests to the standard error."`
}

const panelPath = "/demo/"

// Run builds the fictional world, serves the house on it and says where and as whom
// to go. The Pro Santé Connect stand-in listens on a port of its own: to the
// browser it is another site, as the real one is.
func (cmd *demoCmd) Run(ctx context.Context, s *streams) error {
	c, err := config.Demo(cmd.Listen)
	if err != nil {
		return err
	}
	log := slog.New(slog.DiscardHandler)
	if cmd.Log {
		log = slog.New(slog.NewTextHandler(s.err, nil))
	}
	pli, provider, err := listenTwice(c.Listen)
	if err != nil {
		return err
	}
	c.Listen, c.PublicURL = pli.Addr().String(), "http://"+pli.Addr().String()
	provided := "http://" + provider.Addr().String()
	c.OIDC.Issuer = provided + "/auth/realms/esante-wallet"
	c.SupportDesk.OIDC.Issuer = demo.StaffIssuer(c.OIDC.Issuer)
	world, err := demo.New(ctx, demo.Options{PublicURL: c.PublicURL, Issuer: c.OIDC.Issuer, WalletURL: provided + "/wallet",
		ClientID: c.OIDC.ClientID, ClientSecret: string(c.OIDC.ClientSecret), PatientDelay: demo.PatientDelay})
	if err != nil {
		return errors.Join(err, pli.Close(), provider.Close())
	}
	world.IDP().OnLogout(idp.Tell(http.DefaultClient, c.PublicURL+"/sign-in/backchannel"))
	psc := app.NewServer(world.IDPHandler(), log)
	served := make(chan error, 1)
	go func() { served <- psc.Serve(provider) }()
	err = cmd.serve(ctx, s, c, world, pli, log)
	err = errors.Join(err, psc.Close(), world.Close())
	if e := <-served; !errors.Is(e, http.ErrServerClosed) {
		err = errors.Join(err, e)
	}
	return err
}

// serve runs the house on the world's lines, with the page about the demo beside it.
func (cmd *demoCmd) serve(ctx context.Context, s *streams, c config.Config, world *demo.World, l net.Listener, log *slog.Logger) error {
	a, err := app.New(ctx, c, world.Lines(), app.Options{Log: log, BannerTo: panelPath, PerSession: demoRate, PerAddress: demoRate})
	if err != nil {
		return errors.Join(err, l.Close())
	}
	if err := a.Seed(ctx, cast(world)); err != nil {
		return errors.Join(err, l.Close(), a.Close(ctx))
	}
	mux := http.NewServeMux()
	mux.Handle("/", a.Handler())
	mux.Handle(panelPath, world.Panel())
	// The house asks for the lists now and then only: here the reader wants to see.
	world.OnSwitch(func(ctx context.Context, service string) {
		if service == demo.ServiceAnnuaire {
			_ = a.Trust.Refresh(ctx) // the support pages say how it went
			_, _ = a.Directory.Fetch(ctx)
		}
	})
	welcome(s.out, c.PublicURL, world)
	return a.Run(ctx, l, mux)
}

// demoRate is generous: everybody of a demo comes from one address, tests included.
const demoRate = 100_000

// listenTwice opens the asked port and a free one on the same loopback host. A
// port left to chance is opened here, so that its number is known before anything
// is built on it.
func listenTwice(address string) (pli, provider net.Listener, err error) {
	if pli, err = net.Listen("tcp", address); err != nil {
		return nil, nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	host, _, err := net.SplitHostPort(pli.Addr().String())
	if err == nil {
		provider, err = net.Listen("tcp", net.JoinHostPort(host, "0"))
	}
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("listen for the provider: %w", err), pli.Close())
	}
	return pli, provider, nil
}

// cast is what an operator enters for the people of the world.
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

func welcome(out io.Writer, url string, w *demo.World) {
	fmt.Fprintf(out, "\nPli, démonstration. Tout est fictif, tout est dans ce processus.\n\n  Ouvrez      %s\n  La démo     %s%s (couper ou rétablir les serveurs)\n  Arrêter     Ctrl-C\n\n", url, url, panelPath)
	t := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "  QUI\tMÉTIER\tBOÎTES")
	for _, p := range w.People() {
		boxes := []string{"aucune"}
		if p.Support {
			boxes[0] = "aucune\u00a0: espace support, " + url + "/support"
		}
		for i, m := range p.Mailboxes {
			boxes = append(boxes[:i], m.Address.String())
		}
		fmt.Fprintf(t, "  %s\t%s\t%s\n", p.Name, p.Label, strings.Join(boxes, "\n\t\t"))
	}
	name, work := w.Outsider()
	fmt.Fprintf(t, "  %s\t%s\taucune\u00a0: l’espace support refuse\n", name, work)
	_ = t.Flush() // the terminal is gone: nobody to tell
	fmt.Fprintln(out, "\nPrêt.")
}
