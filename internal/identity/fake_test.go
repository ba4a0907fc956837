package identity

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	issuer = "https://auth.psc.test/auth/realms/esante-wallet"
	wallet = "https://wallet.psc.test/auth"
	oidcAt = issuer + "/protocol/openid-connect"
	sub    = "f:00000000-0000-4000-8000-000000000001:810007001372"
)

var (
	now      = time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)
	rsaKey   = sync.OnceValue(func() *rsa.PrivateKey { k, _ := rsa.GenerateKey(rand.Reader, 2048); return k })
	otherKey = sync.OnceValue(func() *rsa.PrivateKey { k, _ := rsa.GenerateKey(rand.Reader, 2048); return k })
	ecKey    = sync.OnceValue(func() *ecdsa.PrivateKey { k, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader); return k })
)

type object = map[string]any

// fake is a provider that lies on demand: every field may be changed by a test.
type fake struct {
	t             *testing.T
	doc           object
	id            object // claims of the id_token; nonce is filled in
	idToken       func(claims object) string
	tokens        object // token response; tokens are filled in
	tokenStatus   int
	info          any
	infoType      string
	infoStatus    int
	introspection any
	down          map[string]int // status by path suffix; -1 hangs up
	seen          []*http.Request
	forms         []url.Values
	nonce         string
	mu            sync.Mutex
}

func newFake(t *testing.T) *fake {
	return &fake{t: t,
		doc: object{"issuer": issuer, "authorization_endpoint": wallet, "token_endpoint": oidcAt + "/token", "userinfo_endpoint": oidcAt + "/userinfo",
			"introspection_endpoint": oidcAt + "/token/introspect", "end_session_endpoint": oidcAt + "/logout", "jwks_uri": oidcAt + "/certs",
			"authorization_response_iss_parameter_supported": true,
			"id_token_signing_alg_values_supported":          []string{"RS256", "HS256", "none"}},
		id: object{"iss": issuer, "aud": "pli", "azp": "pli", "sub": sub, "exp": now.Unix() + 120, "iat": now.Unix(), "acr": "eidas1", "typ": "ID"},
		tokens: object{"access_token": "access", "refresh_token": "refresh", "token_type": "Bearer", "expires_in": 120, "refresh_expires_in": 1800,
			"session_state": "s", "not-before-policy": 0},
		tokenStatus: 200, infoStatus: 200, infoType: "application/json",
		info:          object{"sub": sub, "SubjectNameID": "810007001372", "given_name": "Paul", "family_name": "LEROY"},
		introspection: object{"active": true, "acr": "eidas1", "sub": sub},
		down:          map[string]int{},
	}
}

func (f *fake) RoundTrip(r *http.Request) (*http.Response, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen = append(f.seen, r)
	for suffix, status := range f.down {
		if strings.HasSuffix(r.URL.Path, suffix) {
			if status < 0 {
				return nil, io.ErrUnexpectedEOF
			}
			w := httptest.NewRecorder()
			w.Header().Set("Location", "https://elsewhere.test/")
			w.WriteHeader(status)
			return w.Result(), nil
		}
	}
	w := httptest.NewRecorder()
	send := func(status int, kind string, v any) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		if s, ok := v.(string); ok {
			io.WriteString(w, s)
			return
		}
		json.NewEncoder(w).Encode(v)
	}
	var form url.Values
	if r.Body != nil {
		b, _ := io.ReadAll(r.Body)
		form, _ = url.ParseQuery(string(b))
	}
	f.forms = append(f.forms, form)
	const jsonType = "application/json"
	switch strings.TrimPrefix(r.URL.String(), issuer) {
	case "/.well-known/wallet-openid-configuration":
		send(200, jsonType, f.doc)
	case "/protocol/openid-connect/certs":
		send(200, jsonType, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &rsaKey().PublicKey, KeyID: "rsa"}, {Key: &ecKey().PublicKey, KeyID: "ec"}}})
	case "/protocol/openid-connect/token", "/mtls/token":
		out := maps.Clone(f.tokens)
		if _, set := out["id_token"]; !set && f.tokenStatus == 200 {
			c := maps.Clone(f.id)
			if _, set := c["nonce"]; !set {
				c["nonce"] = f.nonce
			}
			if f.idToken == nil {
				out["id_token"] = sign(f.t, jose.RS256, rsaKey(), "rsa", c)
			} else {
				out["id_token"] = f.idToken(c)
			}
		}
		send(f.tokenStatus, jsonType, out)
	case "/protocol/openid-connect/userinfo", "/mtls/userinfo":
		send(f.infoStatus, f.infoType, f.info)
	case "/protocol/openid-connect/token/introspect":
		send(200, jsonType, f.introspection)
	default:
		send(404, "text/plain", "not found")
	}
	return w.Result(), nil
}

// calls counts requests whose path ends in suffix.
func (f *fake) calls(suffix string) (n int, last *http.Request, form url.Values) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, r := range f.seen {
		if strings.HasSuffix(r.URL.Path, suffix) {
			n, last = n+1, r
			if i < len(f.forms) {
				form = f.forms[i]
			}
		}
	}
	return n, last, form
}

func sign(t *testing.T, alg jose.SignatureAlgorithm, key any, kid string, claims object) string {
	t.Helper()
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: jose.JSONWebKey{Key: key, KeyID: kid}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	payload, _ := json.Marshal(claims)
	jws, err := s.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	out, err := jws.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func unsigned(claims object, alg string) string {
	b64 := func(v any) string {
		b, _ := json.Marshal(v)
		return base64.RawURLEncoding.EncodeToString(b)
	}
	return b64(object{"alg": alg, "typ": "JWT"}) + "." + b64(claims) + "."
}

func (f *fake) provider(change func(*Options)) *Provider {
	o := Options{Issuer: issuer, Hosts: []string{"wallet.psc.test"}, ClientID: "pli", ClientSecret: "secret", RedirectURL: "https://pli.test/callback", PostLogoutURL: "https://pli.test/left",
		HTTP: &http.Client{Transport: f}, Now: func() time.Time { return now }, Leeway: 10 * time.Second}
	if change != nil {
		change(&o)
	}
	return New(o)
}

// begin starts a sign-in and lets the fake know the nonce, as authorize would.
func (f *fake) begin(p *Provider) (url.Values, Pending) {
	f.t.Helper()
	to, pending, err := p.Begin(f.t.Context(), "/mail")
	if err != nil {
		f.t.Fatal(err)
	}
	u, err := url.Parse(to)
	if err != nil {
		f.t.Fatal(err)
	}
	f.nonce = u.Query().Get("nonce")
	return u.Query(), pending
}

func (f *fake) callback(pending Pending) url.Values {
	return url.Values{"code": {"c0de"}, "state": {pending.State}, "iss": {issuer}, "session_state": {"s"}}
}

func (f *fake) signIn(p *Provider) (SignIn, error) {
	f.t.Helper()
	_, pending := f.begin(p)
	return p.Finish(f.t.Context(), f.callback(pending), pending)
}
