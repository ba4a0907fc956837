package identity

import (
	"cmp"
	"context"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

// maxIDToken bounds a token before anything looks at it, in bytes.
const maxIDToken = 32 << 10

// idTokenMaxAge refuses an id_token that was not made for this exchange.
const idTokenMaxAge = 5 * time.Minute

// Finish checks the provider's redirect against what Begin gave, trades the code
// and verifies everything that comes back.
func (p *Provider) Finish(ctx context.Context, query url.Values, pending Pending) (SignIn, error) {
	if err := p.checkBinding(query, pending); err != nil {
		return SignIn{}, err
	}
	md, err := p.cached(ctx)
	if err != nil {
		return SignIn{}, p.explain(err, "finish sign-in")
	}
	code, err := checkCallback(query, md)
	if err != nil {
		return SignIn{}, err
	}
	ctx, cancel := p.calling(ctx)
	defer cancel()
	out, err := p.redeem(ctx, md, code, pending)
	if err != nil {
		return SignIn{}, p.explain(err, "finish sign-in")
	}
	return out, nil
}

// checkBinding: the answer belongs to a request made in this browser, lately.
func (p *Provider) checkBinding(query url.Values, pending Pending) error {
	state, err := single(query, "state")
	if err != nil || pending.State == "" || !equal(state, pending.State) {
		return problem.Wrap(errors.New("callback: state does not match"), problem.Invalid, sayForeign)
	}
	if age := p.now().Sub(pending.At); age > pendingAge || age < -maxLeeway {
		return problem.Wrap(fmt.Errorf("callback: request is %s old", age.Round(time.Second)), problem.SignInNeeded, sayLate)
	}
	return nil
}

// checkCallback gives the code of the redirect, after RFC 9207 §2.4: iss first,
// even when the answer is an error.
func checkCallback(query url.Values, md *metadata) (string, error) {
	iss, err := single(query, "iss")
	if err != nil || iss != "" && iss != md.Issuer || iss == "" && md.IssInCallback {
		return "", problem.Wrap(fmt.Errorf("callback: iss %.200q is not %q", iss, md.Issuer), problem.Invalid, sayUnverified)
	}
	if code, _ := single(query, "error"); code != "" || query.Has("error") {
		return "", explainCallback(code)
	}
	code, err := single(query, "code")
	if err != nil || code == "" {
		return "", problem.Wrap(errors.New("callback: no single code"), problem.Invalid, sayForeign)
	}
	return code, nil
}

// redeem trades the code and verifies who it stands for.
func (p *Provider) redeem(ctx context.Context, md *metadata, code string, pending Pending) (SignIn, error) {
	tokens, err := p.exchange(ctx, md, code, pending.Verifier)
	if err != nil {
		return SignIn{}, err
	}
	claims, err := p.verifyIDToken(ctx, md, tokens.ID, tokens.Access)
	if err != nil {
		return SignIn{}, err
	}
	if pending.Nonce == "" || !equal(claims.Nonce, pending.Nonce) {
		return SignIn{}, refused("id_token: nonce does not match")
	}
	acr, err := p.level(ctx, md, claims, tokens.Access)
	if err != nil {
		return SignIn{}, err
	}
	person, err := p.userinfo(ctx, md, tokens.Access, claims.Subject)
	if err != nil {
		return SignIn{}, err
	}
	return SignIn{Practitioner: person, Tokens: tokens, ACR: acr, Session: claims.session(), At: p.now()}, nil
}

// level gives the authentication level. A card answers eidas3 where eidas1 was
// asked, so values are not compared; no level at all is refused, after asking
// introspection.
func (p *Provider) level(ctx context.Context, md *metadata, claims *idClaims, access string) (string, error) {
	if p.levelOK(claims.ACR) {
		return claims.ACR, nil
	}
	weak := func(err error) error { return problem.Wrap(err, problem.UpstreamRefused, sayWeak) }
	if claims.ACR != "" && claims.ACR != "0" {
		return "", weak(fmt.Errorf("acr %.40q", claims.ACR))
	}
	in, err := p.introspect(ctx, md, access)
	var bad *badAnswer
	switch {
	case errors.As(err, &bad):
		return "", weak(err)
	case err != nil:
		return "", err
	case !in.Active, in.Subject != "" && in.Subject != claims.Subject:
		return "", weak(errors.New("introspection: not active, or another person's"))
	case !p.levelOK(in.ACR):
		return "", weak(fmt.Errorf("no acr; introspection says %.40q", in.ACR))
	}
	return in.ACR, nil
}

// levelOK: eidas1 or higher when eidas was asked; otherwise any level said.
func (p *Provider) levelOK(acr string) bool {
	if strings.HasPrefix(p.o.ACRValues, "eidas") {
		return len(acr) == 6 && strings.HasPrefix(acr, "eidas") && acr[5] >= '1' && acr[5] <= '9'
	}
	return acr != "" && acr != "0" && len(acr) <= 100
}

type idClaims struct {
	Subject         string  `json:"sub"`
	Nonce           string  `json:"nonce"`
	AuthorizedParty string  `json:"azp"`
	ACR             string  `json:"acr"`
	NotBefore       float64 `json:"nbf"`
	SID             string  `json:"sid"`
	SessionState    string  `json:"session_state"`
}

// session is the provider's own name of its session. Keycloak wrote session_state
// alone before it wrote sid, with the same value.
func (c *idClaims) session() string {
	if sid := cmp.Or(c.SID, c.SessionState); len(sid) <= maxLogoutID {
		return sid
	}
	return ""
}

// verifyIDToken runs OpenID Connect Core §3.1.3.7, all but the nonce.
func (p *Provider) verifyIDToken(ctx context.Context, md *metadata, raw, access string) (*idClaims, error) {
	if raw == "" || len(raw) > maxIDToken {
		return nil, refused("id_token absent or over %d bytes", maxIDToken)
	}
	now := p.now()
	keys := &keyWatch{KeySet: md.keys}
	tok, err := oidc.NewVerifier(md.Issuer, keys, &oidc.Config{ClientID: p.o.ClientID, SupportedSigningAlgs: signingAlgs(),
		Now: func() time.Time { return now.Add(-p.o.Leeway) }}).Verify(ctx, raw)
	if err != nil {
		if keys.outage != nil {
			return nil, keys.outage
		}
		return nil, &badAnswer{err}
	}
	c := &idClaims{}
	if err := tok.Claims(c); err != nil {
		return nil, &badAnswer{err}
	}
	switch {
	case c.Subject == "":
		return nil, refused("id_token: no sub")
	case len(tok.Audience) > 1 && c.AuthorizedParty == "", c.AuthorizedParty != "" && c.AuthorizedParty != p.o.ClientID:
		return nil, refused("id_token: azp %.60q", c.AuthorizedParty)
	case tok.IssuedAt.Unix() <= 0, tok.IssuedAt.After(now.Add(p.o.Leeway)), now.Sub(tok.IssuedAt) > idTokenMaxAge+p.o.Leeway,
		!tok.Expiry.After(tok.IssuedAt):
		return nil, refused("id_token: iat %d, exp %d, now %d", tok.IssuedAt.Unix(), tok.Expiry.Unix(), now.Unix())
	case c.NotBefore > float64(now.Add(p.o.Leeway).Unix()):
		return nil, refused("id_token: nbf in the future")
	}
	if tok.AccessTokenHash != "" {
		if err := tok.VerifyAccessToken(access); err != nil {
			return nil, &badAnswer{err}
		}
	}
	return c, nil
}

// signingAlgs is closed: never none, never HMAC (its key would be our secret).
func signingAlgs() []string { return []string{oidc.RS256, oidc.PS256, oidc.ES256} }

// keyWatch remembers that keys could not be fetched: go-oidc flattens that error
// to text, and "provider down" must not read as "forged token".
type keyWatch struct {
	oidc.KeySet
	outage error
}

func (k *keyWatch) VerifySignature(ctx context.Context, jwt string) ([]byte, error) {
	payload, err := k.KeySet.VerifySignature(ctx, jwt)
	var urlErr *url.Error
	if errors.As(err, &urlErr) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		k.outage = err
	}
	return payload, err
}

// unverifiedSubject reads sub of a token verified when it was received.
func unverifiedSubject(raw string) string {
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		return ""
	}
	b, err := decodeSegment(parts[1])
	if err != nil {
		return ""
	}
	var c idClaims
	if json.Unmarshal(b, &c) != nil {
		return ""
	}
	return c.Subject
}

// decodeSegment reads a part of a compact token (RFC 7515 §2).
func decodeSegment(s string) ([]byte, error) { return base64.RawURLEncoding.DecodeString(s) }

// checkPerson binds userinfo to the id_token (OpenID Connect Core §5.3.2).
func checkPerson(person mssante.Practitioner, subject string) error {
	if person.Subject == "" || person.Subject != subject {
		return refused("userinfo: sub differs from the id_token's")
	}
	return nil
}

// single gives the only value of a parameter: a repeated one is an attack on
// whoever reads the other copy.
func single(q url.Values, name string) (string, error) {
	if v := q[name]; len(v) > 1 {
		return "", fmt.Errorf("%s given %d times", name, len(v))
	}
	return q.Get(name), nil
}

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
