package demo

import (
	"context"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"pli.example/pli/internal/demo/annuaire"
	"pli.example/pli/internal/demo/idp"
	"pli.example/pli/internal/demo/mailhost"
	"pli.example/pli/internal/demo/people"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/outside"
)

// Hosts of the stand-ins that are reached by name only (RFC 6761 §6.4: .invalid
// never resolves, so a line that leaked would lead nowhere).
const (
	HostAnnuaire  = "service.annuaire.mssante.demo.invalid"
	HostFHIR      = "gateway.annuaire.mssante.demo.invalid"
	HostWhiteList = "espacedeconfiance.mssante.demo.invalid"
	APIKey        = "cle-de-demonstration"

	// ServiceUser may open any mailbox by SASL PLAIN with an authorization identity.
	ServiceUser     = "pli-service"
	ServicePassword = "pli-service-demo"
)

// The stand-ins that can be stopped and started.
const (
	ServicePSC      = "psc"
	ServiceIMAP     = mailhost.ServiceIMAP
	ServiceSMTP     = mailhost.ServiceSMTP
	ServiceSieve    = mailhost.ServiceSieve
	ServiceAnnuaire = "annuaire"
)

// PatientDelay is how long a patient of the demo takes to answer.
const PatientDelay = 8 * time.Second

// Options places the world.
type Options struct {
	Now       func() time.Time // nil: time.Now
	PublicURL string           // of Pli, as the browser reaches it
	// Issuer of the Pro Santé Connect stand-in; "" is under PublicURL at /demo/psc.
	Issuer string
	// WalletURL is its other base, where the browser authorizes; "" is at /demo/wallet.
	WalletURL string
	// StaffIssuer of the stand-in for the operator's own provider; "" is StaffIssuer(Issuer).
	StaffIssuer            string
	ClientID, ClientSecret string        // "" are config.Demo's
	PatientDelay           time.Duration // 0: at once, as tests want
	ServiceAccount         bool          // lets ServiceUser in
	// Letters lie in the mailboxes at the start; nil: people.Letters. Drawing its
	// pictures takes most of a start.
	Letters func(now time.Time) []people.SeedLetter
	Keys    Keys // those missing are drawn
}

// Keys are what the stand-ins sign with: Pro Santé Connect's, the operator's own
// provider's and the white list's.
type Keys struct{ PSC, Staff, List *rsa.PrivateKey }

// World is the running demo.
type World struct {
	o        Options
	idp      *idp.Provider
	staff    *idp.Provider // of the operator's staff
	pscDown  atomic.Bool
	mail     *mailhost.Host
	annuaire *annuaire.Annuaire
	lines    *router
	switched func(context.Context, string) // may be nil
}

// New starts every stand-in and lays the letters. Close stops them.
func New(ctx context.Context, o Options) (*World, error) {
	o = o.withDefaults()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	w := &World{o: o}
	var err error
	if w.annuaire, err = annuaire.New(annuaire.Options{Entries: Directory(), APIKey: APIKey, Key: o.Keys.List, Now: o.Now}); err != nil {
		return nil, fmt.Errorf("start the directory: %w", err)
	}
	w.idp = idp.New(idp.Options{
		Issuer: o.Issuer, WalletBase: o.WalletURL, ClientID: o.ClientID, ClientSecret: o.ClientSecret, People: cards(), Key: o.Keys.PSC, Now: o.Now,
		RedirectURIs: []string{o.PublicURL + "/sign-in/callback"}, PostLogoutURIs: []string{o.PublicURL + "/signed-out"},
	})
	w.staff = idp.New(idp.Options{
		Issuer: o.StaffIssuer, WalletBase: o.StaffIssuer + "/pages", ClientID: StaffClientID, ClientSecret: StaffClientSecret, People: staffCards(), Staff: true, Key: o.Keys.Staff, Now: o.Now,
		RedirectURIs: []string{o.PublicURL + "/support/callback"}, PostLogoutURIs: []string{o.PublicURL + "/support/signed-out"},
	})
	if w.mail, err = mailhost.New(w.mailOptions()); err != nil {
		return nil, fmt.Errorf("start the mail servers: %w", err)
	}
	for _, l := range o.Letters(o.Now()) {
		w.mail.Put(l.Mailbox, l.Folder, l.Flags, l.Received, l.Raw)
	}
	if w.lines, err = w.router(); err != nil {
		_ = w.mail.Close()
		return nil, err
	}
	return w, nil
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Letters == nil {
		o.Letters = people.Letters
	}
	o.PublicURL = strings.TrimSuffix(o.PublicURL, "/")
	for _, d := range []struct {
		field *string
		value string
	}{
		{&o.Issuer, o.PublicURL + "/demo/psc/auth/realms/esante-wallet"}, {&o.WalletURL, o.PublicURL + "/demo/wallet"},
		{&o.ClientID, "pli-demo"}, {&o.ClientSecret, "pli-demo-secret"},
	} {
		if *d.field == "" {
			*d.field = d.value
		}
	}
	if o.StaffIssuer == "" {
		o.StaffIssuer = StaffIssuer(o.Issuer)
	}
	return o
}

// The client of the support pages at the operator's own provider, as config.Demo has it.
const (
	StaffClientID     = "pli-support-demo"
	StaffClientSecret = "pli-support-demo-secret"
)

// StaffIssuer is where the operator's own provider stands beside the Pro Santé Connect
// stand-in.
func StaffIssuer(issuer string) string {
	return issuer[:strings.LastIndexByte(issuer, '/')+1] + "operateur"
}

// staffCards are the operator's staff: those of support, and one who is not.
func staffCards() []idp.Person {
	var out []idp.Person
	for _, p := range people.Cast() {
		if p.Support {
			out = append(out, idp.Person{Key: p.Key, Label: p.Name, Work: p.Label, About: p.About, Userinfo: p.Userinfo})
		}
	}
	return append(out, outsider())
}

// outsider is of the operator's staff, and not of support.
func outsider() idp.Person {
	return idp.Person{Key: "roche", Label: "Alix Roche", Work: "Réseau", About: "Du personnel de l’opérateur, mais pas du support : Pli refuse.",
		Userinfo: map[string]any{"sub": "staff:roche", "preferred_username": "roche", "given_name": "ALIX", "family_name": "ROCHE", "roles": []any{"reseau"}}}
}

// Outsider names whoever the operator's provider knows and the support pages refuse.
func (w *World) Outsider() (name, work string) { return outsider().Label, outsider().Work }

// OnSwitch is told, before the page answers, of a stand-in that was stopped or started
// from Panel. Set it before Panel serves.
func (w *World) OnSwitch(f func(ctx context.Context, service string)) { w.switched = f }

// cards are the people with a card or a telephone: staff sign in elsewhere.
func cards() []idp.Person {
	var out []idp.Person
	for _, p := range people.Cast() {
		if !p.Support {
			out = append(out, idp.Person{Key: p.Key, Label: p.Name, Work: p.Label, About: p.About, Userinfo: p.Userinfo})
		}
	}
	return out
}

func (w *World) mailOptions() mailhost.Options {
	o := mailhost.Options{
		Exists:  w.annuaire.Exists,
		Trusted: w.annuaire.Trusted,
		Token: func(token string) (mssante.NationalID, bool) {
			id, ok := w.idp.IntrospectToken(token)
			return mssante.NationalID(id), ok
		},
		MayOpen: mayOpen(), PatientDelay: w.o.PatientDelay, Now: w.o.Now,
	}
	if w.o.ServiceAccount {
		o.ServiceUser, o.ServicePassword = ServiceUser, ServicePassword
	}
	for _, m := range people.Mailboxes() {
		o.Mailboxes = append(o.Mailboxes, mailhost.Mailbox{Address: m.Address, Folders: m.Folders})
	}
	for _, p := range people.Patients() {
		if p.Writes {
			o.Patients = append(o.Patients, mailhost.Patient{Address: p.Address(), Label: p.Label, Open: p.Open, Answers: patientAnswers})
		}
	}
	return o
}

// patientAnswers are what scripted patients write back, in turn.
var patientAnswers = []string{
	"Bonjour,\n\nMerci beaucoup pour votre message, je l’ai bien lu. Je fais comme vous me dites.",
	"Bonjour,\n\nD’accord, c’est noté. Est-ce que je dois reprendre rendez-vous ?",
	"Merci, bonne journée à vous.",
}

// mayOpen is the operator's own list of who opens what.
func mayOpen() func(mssante.NationalID, mssante.Address) bool {
	type key struct {
		id      mssante.NationalID
		address string
	}
	allowed := map[key]bool{}
	for _, p := range people.Cast() {
		for _, g := range p.Mailboxes {
			allowed[key{p.NationalID, g.Address.Key()}] = true
		}
	}
	return func(id mssante.NationalID, a mssante.Address) bool { return allowed[key{id, a.Key()}] }
}

// Lines are the only ways out of a house in this world.
func (w *World) Lines() outside.Lines {
	return outside.Lines{
		HTTP: w.lines, HTTPTrust: w.lines, HTTPDirectory: w.lines, HTTPSupport: w.lines, TrustAnchors: w.annuaire.Anchors(),
		DialIMAP: func(ctx context.Context, _, addr string) (net.Conn, error) {
			return w.dial(ctx, addr, mailhost.IMAPHost, w.mail.DialIMAP)
		},
		DialSMTP: func(ctx context.Context, _, addr string) (net.Conn, error) {
			return w.dial(ctx, addr, mailhost.SMTPHost, w.mail.DialSMTP)
		},
		DialSieve: func(ctx context.Context, _, addr string) (net.Conn, error) {
			return w.dial(ctx, addr, mailhost.SieveHost, w.mail.DialSieve)
		},
		IMAPTLS: w.IMAPTLS(), SMTPTLS: w.SMTPTLS(), SieveTLS: w.SieveTLS(), Now: w.o.Now,
	}
}

func (w *World) dial(ctx context.Context, addr, allowed string, to func(context.Context) (net.Conn, error)) (net.Conn, error) {
	if host, _, err := net.SplitHostPort(addr); err != nil || host != allowed {
		return nil, fmt.Errorf("dial %s: the demo leads to %s only", addr, allowed)
	}
	return to(ctx)
}

// IMAPTLS trusts the demo's authority, for the IMAP server's name.
func (w *World) IMAPTLS() *tls.Config {
	c := w.mail.TLS()
	c.ServerName = mailhost.IMAPHost
	return c
}

// SMTPTLS trusts the demo's authority, for the submission server's name.
func (w *World) SMTPTLS() *tls.Config {
	c := w.mail.TLS()
	c.ServerName = mailhost.SMTPHost
	return c
}

// SieveTLS trusts the demo's authority, for the name of the server of rules.
func (w *World) SieveTLS() *tls.Config {
	c := w.mail.TLS()
	c.ServerName = mailhost.SieveHost
	return c
}

// Issuer is the Pro Santé Connect stand-in's.
func (w *World) Issuer() string { return w.o.Issuer }

// IDPHandler serves the pages and endpoints of both providers, under the paths of
// Issuer, WalletURL and StaffIssuer, for the browser.
func (w *World) IDPHandler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", w.idp.Handler())
	if u, err := url.Parse(w.o.StaffIssuer); err == nil {
		mux.Handle(u.Path+"/", w.staff.Handler())
	}
	return mux
}

// StaffIssuer is that of the operator's own provider.
func (w *World) StaffIssuer() string { return w.o.StaffIssuer }

// Handler serves all of the demo's own pages: mount it at /demo/ without
// stripping the prefix. It is the panel, and the stand-in's two bases.
func (w *World) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/demo/", w.Panel())
	for base, p := range map[string]*idp.Provider{w.o.Issuer: w.idp, w.o.WalletURL: w.idp, w.o.StaffIssuer: w.staff} {
		if u, err := url.Parse(base); err == nil && strings.HasPrefix(u.Path, "/demo/") {
			mux.Handle(u.Path+"/", p.Handler())
		}
	}
	return mux
}

// IDP is the stand-in itself, for tests that drive it.
func (w *World) IDP() *idp.Provider { return w.idp }

// Mail is the operator itself, for tests that look into mailboxes and for
// ListenLoopback.
func (w *World) Mail() *mailhost.Host { return w.mail }

// People is the cast: who to grant what, whose account to close.
func (w *World) People() []people.Person { return people.Cast() }

// Grant is one line to seed.
type Grant struct {
	To mssante.NationalID
	people.Grant
}

// Grants are the rights the house starts with.
func (w *World) Grants() []Grant {
	var out []Grant
	for _, p := range people.Cast() {
		for _, g := range p.Mailboxes {
			out = append(out, Grant{To: p.NationalID, Grant: g})
		}
	}
	return out
}

// WhiteListURL, ExtractionURL and FHIRBase are where the directory stands.
func (w *World) WhiteListURL() string { return "https://" + HostWhiteList + annuaire.PathWhiteList }

// ExtractionURL is the open extraction's.
func (w *World) ExtractionURL() string { return "https://" + HostAnnuaire + annuaire.PathExtraction }

// FHIRBase is the directory API's.
func (w *World) FHIRBase() string { return "https://" + HostFHIR + annuaire.PathFHIR }

// WhiteListAnchors verify the list's signature; its signer is annuaire.SignerName.
func (w *World) WhiteListAnchors() *x509.CertPool { return w.annuaire.Anchors() }

func (w *World) router() (*router, error) {
	issuer, err := url.Parse(w.o.Issuer)
	if err != nil || issuer.Host == "" {
		return nil, fmt.Errorf("issuer %q of the demo has no host", w.o.Issuer)
	}
	staff, err := url.Parse(w.o.StaffIssuer)
	if err != nil || staff.Host == "" {
		return nil, fmt.Errorf("issuer %q of the operator's staff has no host", w.o.StaffIssuer)
	}
	annuaireUp := w.annuaire.Running
	return &router{
		{host: issuer.Host, path: issuer.Path + "/", handler: w.idp.Handler(), up: func() bool { return !w.pscDown.Load() }},
		{host: staff.Host, path: staff.Path + "/", handler: w.staff.Handler(), up: func() bool { return true }},
		{host: HostAnnuaire, path: annuaire.PathExtraction, handler: w.annuaire.Handler(), up: annuaireUp},
		{host: HostFHIR, path: annuaire.PathFHIR + "/", handler: w.annuaire.Handler(), up: annuaireUp},
		{host: HostWhiteList, path: annuaire.PathWhiteList, handler: w.annuaire.Handler(), up: annuaireUp},
	}, nil
}
