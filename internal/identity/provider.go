package identity

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

// Ways of authenticating to the token endpoint.
const (
	AuthBasic = "client_secret_basic"
	AuthPost  = "client_secret_post"
	AuthTLS   = "tls_client_auth" // the certificate is in Options.HTTP's transport
)

const (
	maxLeeway  = 30 * time.Second
	pendingAge = 10 * time.Minute
)

// Options configures a Provider. Issuer, ClientID and RedirectURL are required.
type Options struct {
	Issuer         string
	DiscoveryPaths []string // default: the wallet path of Pro Santé Connect, then the standard one
	Hosts          []string // hosts beside the issuer's that its document may name, "host" or "host:port"
	ClientID       string
	ClientSecret   string
	AuthMethod     string // AuthBasic (default), AuthPost or AuthTLS
	RedirectURL    string // registered at the provider, exact
	PostLogoutURL  string // registered at the provider, exact; "" = the provider's own page
	Scopes         []string
	ACRValues      string           // default eidas1
	HTTP           *http.Client     // its transport carries the private CA and the client certificate
	Now            func() time.Time // default time.Now
	Leeway         time.Duration    // clock difference allowed; at most 30 s
}

// Provider is one OpenID Connect provider. Safe for concurrent use.
type Provider struct {
	o      Options
	client *http.Client

	mu       sync.Mutex
	md       *metadata
	flight   *flight
	lastErr  error
	failures int
	retryAt  time.Time
}

// Pending is what must be remembered, server side and bound to the browser,
// between the redirect to the provider and its answer.
type Pending struct {
	State, Nonce, Verifier string
	Next                   string // local path to go to afterwards
	At                     time.Time
}

// SignIn is a verified sign-in.
type SignIn struct {
	Practitioner mssante.Practitioner
	Tokens       Tokens
	ACR          string // as the provider said: eidas1, eidas3 …
	Session      string // the provider's name for its own session (sid), "" when it did not say
	At           time.Time
}

// Tokens are the person's tokens: server side only, never logged.
type Tokens struct {
	Access, Refresh, ID string
	AccessExpires       time.Time
	RefreshExpires      time.Time // zero: the provider did not say
}

// New prepares a provider; nothing is asked of it before the first use, so one
// that is down does not keep Pli from starting.
func New(o Options) *Provider {
	if len(o.DiscoveryPaths) == 0 {
		o.DiscoveryPaths = []string{"/.well-known/wallet-openid-configuration", "/.well-known/openid-configuration"}
	}
	if len(o.Scopes) == 0 {
		o.Scopes = []string{oidc.ScopeOpenID, "scope_all"}
	}
	if o.ACRValues == "" {
		o.ACRValues = "eidas1"
	}
	if o.AuthMethod == "" {
		o.AuthMethod = AuthBasic
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Leeway = min(max(o.Leeway, 0), maxLeeway)
	// Secrets are pasted from mails and PDFs, with invisible characters around.
	o.ClientSecret = strings.Trim(o.ClientSecret, " \t\r\n\u00a0\u200b\u200e\u200f\ufeff")
	return &Provider{o: o, client: guarded(o.HTTP)}
}

func (p *Provider) now() time.Time { return p.o.Now() }

// Begin starts a sign-in: where to send the browser, and what to remember. The
// provider is asked for its discovery document each time, so that one that is
// down is said here, on our page, and not by a dead end in the browser.
func (p *Provider) Begin(ctx context.Context, next string) (string, Pending, error) {
	md, err := p.probe(ctx)
	if err != nil {
		return "", Pending{}, p.explain(err, "begin sign-in")
	}
	pending := Pending{State: secret(), Nonce: secret(), Verifier: oauth2.GenerateVerifier(), Next: next, At: p.now()}
	with := []oauth2.AuthCodeOption{oidc.Nonce(pending.Nonce), oauth2.S256ChallengeOption(pending.Verifier)}
	if p.o.ACRValues != "" {
		with = append(with, oauth2.SetAuthURLParam("acr_values", p.o.ACRValues))
	}
	return p.config(md).AuthCodeURL(pending.State, with...), pending, nil
}

// secret gives 256 random bits, URL-safe.
func secret() string {
	var b [32]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// AuthOrigins lists scheme://host of the pages the browser is sent to, for CSP
// form-action. Empty while the provider was never reached.
func (p *Provider) AuthOrigins(ctx context.Context) []string {
	md, err := p.cached(ctx)
	if err != nil {
		return nil
	}
	out := []string{}
	for _, at := range []string{md.Authorization, md.EndSession} {
		if o := origin(at); o != "" && !slices.Contains(out, o) {
			out = append(out, o)
		}
	}
	return out
}

// Answers reports whether the provider answers now, within a few seconds: before a
// browser is sent there on its way out, because a dead provider would leave it on
// an error page of its own.
func (p *Provider) Answers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	_, err := p.probe(ctx)
	return err == nil
}

// EndSessionURL is where to send the browser so that the provider's own session
// ends too (OpenID Connect RP-Initiated Logout 1.0 §2). "" when the provider has
// no such page.
func (p *Provider) EndSessionURL(ctx context.Context, idToken, state string) (string, error) {
	md, err := p.cached(ctx)
	if err != nil {
		return "", p.explain(err, "end session")
	}
	if md.EndSession == "" {
		return "", nil
	}
	u, err := url.Parse(md.EndSession)
	if err != nil {
		return "", problem.Wrap(err, problem.UpstreamRefused, sayUnverified)
	}
	q := u.Query()
	if idToken != "" {
		q.Set("id_token_hint", idToken)
	}
	q.Set("client_id", p.o.ClientID)
	if p.o.PostLogoutURL != "" {
		q.Set("post_logout_redirect_uri", p.o.PostLogoutURL)
	}
	if state != "" {
		q.Set("state", state)
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}
