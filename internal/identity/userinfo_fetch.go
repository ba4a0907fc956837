package identity

import (
	"context"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"

	"pli.example/pli/internal/mssante"
)

// userinfo asks who the access token stands for. The answer is JSON, or a signed
// JWT (OpenID Connect Core §5.3.2) checked against the provider's keys.
func (p *Provider) userinfo(ctx context.Context, md *metadata, access, subject string) (mssante.Practitioner, error) {
	none := mssante.Practitioner{}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.at(md.Userinfo, md.MTLS.Userinfo), nil)
	if err != nil {
		return none, err
	}
	req.Header.Set("Authorization", "Bearer "+access)
	req.Header.Set("Accept", "application/json, application/jwt")
	resp, err := p.client.Do(req)
	if err != nil {
		return none, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return none, refused("userinfo status %d", resp.StatusCode)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return none, err
	}
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if kind == "application/jwt" {
		if body, err = p.openSigned(ctx, md, strings.TrimSpace(string(body))); err != nil {
			return none, err
		}
	}
	person, err := ParseUserinfo(body)
	if err != nil {
		return none, err
	}
	return person, checkPerson(person, subject)
}

// openSigned verifies a userinfo JWT. iss and aud are only recommended there, so
// they are checked when present; sub binds it to the id_token in any case.
func (p *Provider) openSigned(ctx context.Context, md *metadata, raw string) ([]byte, error) {
	keys := &keyWatch{KeySet: md.keys}
	tok, err := oidc.NewVerifier(md.Issuer, keys, &oidc.Config{SkipClientIDCheck: true, SkipExpiryCheck: true, SkipIssuerCheck: true,
		SupportedSigningAlgs: signingAlgs()}).Verify(ctx, raw)
	if err != nil {
		if keys.outage != nil {
			return nil, keys.outage
		}
		return nil, &badAnswer{err}
	}
	var claims json.RawMessage
	if err := tok.Claims(&claims); err != nil {
		return nil, &badAnswer{err}
	}
	if tok.Issuer != "" && tok.Issuer != md.Issuer || len(tok.Audience) > 0 && !slices.Contains(tok.Audience, p.o.ClientID) {
		return nil, refused("userinfo: signed for somebody else")
	}
	return claims, nil
}
