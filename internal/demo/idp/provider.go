package idp

import (
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"

	"pli.example/pli/internal/mssante"
)

// Lives, as Pro Santé Connect's are known.
const (
	codeLife     = 60 * time.Second
	accessLife   = 120 * time.Second
	refreshLife  = 30 * time.Minute // sliding
	ssoIdle      = 30 * time.Minute
	ssoMax       = 4 * time.Hour
	requestLife  = 10 * time.Minute
	maxRequests  = 1000
	maxFormBytes = 64 << 10
)

// subjectStore is the Keycloak store in every sub: f:<store>:<national id>.
const subjectStore = "f:00000000-0000-4000-8000-000000000001:"

// Person is somebody one may sign in as.
type Person struct {
	Key      string         // short, URL-safe: the data-testid is idp-person-<Key>
	Label    string         // name on the card
	Work     string         // profession in words
	About    string         // one line: what this person shows in the demo
	Userinfo map[string]any // in Pro Santé Connect's shape; SubjectNameID is required
}

func (p Person) nationalID() mssante.NationalID {
	id, _ := p.Userinfo["SubjectNameID"].(string)
	return mssante.NationalID(id)
}

// subject of somebody of the operator's staff, who has no national identifier, is as
// their claims say.
func (p Person) subject() string {
	if sub, _ := p.Userinfo["sub"].(string); p.nationalID() == "" && sub != "" {
		return sub
	}
	return subjectStore + string(p.nationalID())
}

// Options describes the provider and its one client.
type Options struct {
	Issuer         string   // …/auth/realms/esante-wallet
	WalletBase     string   // another base: the pages are at WalletBase + "/auth"
	ClientID       string   // the only client
	ClientSecret   string   // basic or post
	RedirectURIs   []string // exact
	PostLogoutURIs []string // exact
	People         []Person
	// Staff makes it the operator's own provider, for their staff: other pages, the
	// standard discovery path, another cookie.
	Staff bool
	// Key signs what others verify; nil: a fresh one, which takes a moment to draw.
	Key *rsa.PrivateKey
	Now func() time.Time // default time.Now
}

// Provider is the stand-in.
type Provider struct {
	o       Options
	kid     string
	signer  jose.Signer // RS256, for others to verify
	secret  []byte      // of inner
	inner   jose.Signer // HS512, for refresh tokens: only the provider reads them
	mux     *http.ServeMux
	stopped atomic.Bool
	told    atomic.Pointer[func(logoutToken string)]

	mu       sync.Mutex
	tidied   time.Time
	requests map[string]*request // authorization requests being answered
	codes    map[string]*grant   // authorization codes
	sessions map[string]*ssoSession
}

// New makes a provider. It panics on options that cannot work:
// they come from our own demo, never from outside.
func New(o Options) *Provider {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Key == nil {
		o.Key = NewKey()
	}
	p := &Provider{o: o, kid: rand.Text(), secret: make([]byte, 64), requests: map[string]*request{}, codes: map[string]*grant{},
		sessions: map[string]*ssoSession{}}
	rand.Read(p.secret)
	p.signer = newSigner(jose.RS256, jose.JSONWebKey{Key: o.Key, KeyID: p.kid})
	p.inner = newSigner(jose.HS512, p.secret)
	p.mux = p.routes()
	return p
}

// NewKey draws a key for Options, for those who start several providers.
func NewKey() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(fmt.Sprintf("idp: %v", err))
	}
	return key
}

func newSigner(with jose.SignatureAlgorithm, key any) jose.Signer {
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: with, Key: key}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		panic(fmt.Sprintf("idp: %v", err))
	}
	return s
}

// routes is the site map, under the paths of Issuer and WalletBase.
func (p *Provider) routes() *http.ServeMux {
	issuer, wallet := pathOf(p.o.Issuer), pathOf(p.o.WalletBase)
	oidc := issuer + "/protocol/openid-connect"
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+issuer+"/.well-known/wallet-openid-configuration", p.discovery)
	if p.o.Staff {
		mux.HandleFunc("GET "+issuer+"/.well-known/openid-configuration", p.discovery)
	}
	mux.HandleFunc("GET "+oidc+"/certs", p.certs)
	mux.HandleFunc("POST "+oidc+"/token", p.token)
	mux.HandleFunc("POST "+oidc+"/token/introspect", p.introspect)
	mux.HandleFunc("GET "+oidc+"/userinfo", p.userinfo)
	mux.HandleFunc("POST "+oidc+"/userinfo", p.userinfo)
	mux.HandleFunc("GET "+oidc+"/logout", p.logout)
	mux.HandleFunc("POST "+oidc+"/logout", p.logout)
	mux.HandleFunc("GET "+wallet+"/auth", p.authorize)
	mux.HandleFunc("POST "+wallet+"/auth", p.authorize)
	mux.HandleFunc("POST "+wallet+"/auth/choose", p.choose)
	mux.HandleFunc("POST "+wallet+"/auth/confirm", p.confirm)
	mux.HandleFunc("GET "+wallet+"/style.css", style)
	return mux
}

// Handler serves both bases; the host is not looked at.
func (p *Provider) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.stopped.Load() {
			hangUp(w)
			return
		}
		if r.Body == nil { // called without a server
			r.Body = http.NoBody
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxFormBytes)
		p.mux.ServeHTTP(w, r)
	})
}

// Stop makes the provider answer nothing, as if its machine were gone.
func (p *Provider) Stop() { p.stopped.Store(true) }

// Start undoes Stop; sessions and keys are as they were.
func (p *Provider) Start() { p.stopped.Store(false) }

func hangUp(w http.ResponseWriter) {
	if h, ok := w.(http.Hijacker); ok {
		if conn, _, err := h.Hijack(); err == nil {
			conn.Close()
			return
		}
	}
	w.WriteHeader(http.StatusServiceUnavailable)
}

// cookie is the name of the one that remembers who is signed in: both providers of the
// demo are on one host.
func (p *Provider) cookie() string {
	if p.o.Staff {
		return cookieName + "-staff"
	}
	return cookieName
}

// choosePage is the page of persons.
func (p *Provider) choosePage() string {
	if p.o.Staff {
		return "staff"
	}
	return "choose"
}

func (p *Provider) now() time.Time { return p.o.Now() }

func (p *Provider) person(key string) (Person, bool) {
	for _, person := range p.o.People {
		if person.Key == key {
			return person, true
		}
	}
	return Person{}, false
}

func pathOf(base string) string {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" {
		panic("idp: not a base URL: " + base)
	}
	return strings.TrimSuffix(u.Path, "/")
}
