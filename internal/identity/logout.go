package identity

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

// logoutMaxAge refuses a logout token that was kept; maxLogoutID bounds the ids in
// one, in bytes.
const (
	logoutMaxAge = 5 * time.Minute
	maxLogoutID  = 512
)

// Logout is a verified order of the provider to end sessions (OpenID Connect
// Back-Channel Logout 1.0). Session or Subject is set, or both.
type Logout struct {
	Session string // the provider's own session (sid): the sessions that came from it
	Subject string // the person (sub): without Session, all of theirs
	TokenID string // jti: obey each once, until Until
	At      time.Time
	Until   time.Time // from then on the token is refused by its age
}

// VerifyLogout checks a logout token: §2.6 of the specification, all but the memory of
// jti, which is whoever obeys' to keep.
func (p *Provider) VerifyLogout(ctx context.Context, raw string) (Logout, error) {
	md, err := p.cached(ctx)
	if err != nil {
		return Logout{}, p.explain(err, "logout token")
	}
	ctx, cancel := p.calling(ctx)
	defer cancel()
	out, err := p.verifyLogout(ctx, md, raw)
	return out, p.explain(err, "logout token")
}

func (p *Provider) verifyLogout(ctx context.Context, md *metadata, raw string) (Logout, error) {
	if raw == "" || len(raw) > maxIDToken {
		return Logout{}, refused("logout token absent or over %d bytes", maxIDToken)
	}
	if !logoutTyped(raw) {
		return Logout{}, refused("logout token: a token of another kind")
	}
	now := p.now()
	keys := &keyWatch{KeySet: md.keys}
	tok, err := oidc.NewVerifier(md.Issuer, keys, &oidc.Config{ClientID: p.o.ClientID, SupportedSigningAlgs: signingAlgs(),
		Now: func() time.Time { return now.Add(-p.o.Leeway) }}).VerifyLogout(ctx, raw)
	if err != nil {
		if keys.outage != nil {
			return Logout{}, keys.outage
		}
		return Logout{}, &badAnswer{err}
	}
	var c struct {
		Events map[string]json.RawMessage `json:"events"`
	}
	if err := tok.Claims(&c); err != nil {
		return Logout{}, &badAnswer{err}
	}
	age := now.Sub(tok.IssuedAt)
	switch {
	case len(tok.TokenID) > maxLogoutID, len(tok.Subject) > maxLogoutID, len(tok.SessionID) > maxLogoutID:
		return Logout{}, refused("logout token: an id over %d bytes", maxLogoutID)
	case !bytes.HasPrefix(bytes.TrimSpace(c.Events["http://schemas.openid.net/event/backchannel-logout"]), []byte("{")):
		return Logout{}, refused("logout token: the event is no object")
	case tok.IssuedAt.Unix() <= 0, age < -p.o.Leeway, age > logoutMaxAge+p.o.Leeway:
		return Logout{}, refused("logout token: iat %d, now %d", tok.IssuedAt.Unix(), now.Unix())
	}
	return Logout{Session: tok.SessionID, Subject: tok.Subject, TokenID: tok.TokenID, At: tok.IssuedAt,
		Until: tok.IssuedAt.Add(logoutMaxAge + p.o.Leeway + time.Second)}, nil
}

// logoutTyped reads the typ of the header (§2.4): absent and JWT are what providers
// older than it write; any other kind of token is not to be taken for a logout.
func logoutTyped(raw string) bool {
	head, _, _ := strings.Cut(raw, ".")
	b, err := base64.RawURLEncoding.DecodeString(head)
	var h struct {
		Type string `json:"typ"`
	}
	if err != nil || json.Unmarshal(b, &h) != nil {
		return false
	}
	return slices.Contains([]string{"", "jwt", "logout+jwt"}, strings.TrimPrefix(strings.ToLower(h.Type), "application/"))
}
