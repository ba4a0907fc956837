package identity

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"pli.example/pli/internal/problem"
)

// unstatedLife is how long an access token is trusted when the provider does not
// say: the shortest life ever seen at Pro Santé Connect.
const unstatedLife = 60 * time.Second

func (p *Provider) config(md *metadata) *oauth2.Config {
	c := &oauth2.Config{ClientID: p.o.ClientID, ClientSecret: p.o.ClientSecret, RedirectURL: p.o.RedirectURL, Scopes: p.o.Scopes,
		Endpoint: oauth2.Endpoint{AuthURL: md.Authorization, TokenURL: md.Token, AuthStyle: oauth2.AuthStyleInHeader}}
	switch p.o.AuthMethod {
	case AuthPost:
		c.Endpoint.AuthStyle = oauth2.AuthStyleInParams
	case AuthTLS: // RFC 8705 §2: the client_id alone; the certificate speaks
		c.Endpoint.AuthStyle = oauth2.AuthStyleInParams
		c.ClientSecret = ""
		c.Endpoint.TokenURL = p.at(md.Token, md.MTLS.Token)
	}
	return c
}

// at picks the mutual TLS alias of an endpoint where there is one (RFC 8705 §5).
func (p *Provider) at(plain, mtls string) string {
	if p.o.AuthMethod == AuthTLS && mtls != "" {
		return mtls
	}
	return plain
}

// calling bounds one exchange with the provider.
func (p *Provider) calling(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	return oidc.ClientContext(ctx, p.client), cancel
}

// exchange trades the code for tokens, proving with the verifier that we asked.
func (p *Provider) exchange(ctx context.Context, md *metadata, code, verifier string) (Tokens, error) {
	at := p.now() // before the call: a slow answer must not lengthen a life
	tok, err := p.config(md).Exchange(ctx, code, oauth2.VerifierOption(verifier))
	if err != nil {
		return Tokens{}, err
	}
	return readTokens(tok, at)
}

// readTokens obeys expires_in and refresh_expires_in, counted from at.
func readTokens(tok *oauth2.Token, at time.Time) (Tokens, error) {
	if !strings.EqualFold(tok.TokenType, "Bearer") {
		return Tokens{}, refused("token_type %.40q", tok.TokenType)
	}
	t := Tokens{Access: tok.AccessToken, Refresh: tok.RefreshToken, AccessExpires: at.Add(unstatedLife)}
	if tok.ExpiresIn > 0 {
		t.AccessExpires = at.Add(time.Duration(tok.ExpiresIn) * time.Second)
	}
	if n := seconds(tok.Extra("refresh_expires_in")); n > 0 && t.Refresh != "" {
		t.RefreshExpires = at.Add(n)
	}
	if t.Refresh == "" {
		t.RefreshExpires = t.AccessExpires
	}
	t.ID, _ = tok.Extra("id_token").(string)
	return t, nil
}

// seconds reads a number that some providers quote; 0 when there is none.
func seconds(v any) time.Duration {
	var n float64
	switch v := v.(type) {
	case float64:
		n = v
	case string:
		n, _ = strconv.ParseFloat(v, 64)
	}
	if n <= 0 || n > 1<<31 {
		return 0
	}
	return time.Duration(n) * time.Second
}

// Refresh trades the refresh token for new tokens. Kinds: SignInNeeded when the
// provider says the grant is over; UpstreamDown or Timeout when nobody knows
// whether the refresh token was used up. Never call it twice at once with the
// same token: the provider rotates it and kills the session on reuse.
func (p *Provider) Refresh(ctx context.Context, old Tokens) (Tokens, error) {
	if old.Refresh == "" {
		return Tokens{}, problem.New(problem.SignInNeeded, sayOver)
	}
	md, err := p.cached(ctx)
	if err != nil {
		return Tokens{}, p.explain(err, "refresh")
	}
	ctx, cancel := p.calling(ctx)
	defer cancel()
	at := p.now()
	// An empty access token makes the source ask at once.
	tok, err := p.config(md).TokenSource(ctx, &oauth2.Token{RefreshToken: old.Refresh}).Token()
	if err != nil {
		var answer *oauth2.RetrieveError
		if errors.As(err, &answer) && answer.ErrorCode == "invalid_grant" {
			return Tokens{}, problem.Wrap(errors.New("refresh: invalid_grant"), problem.SignInNeeded, sayOver)
		}
		return Tokens{}, p.explain(err, "refresh")
	}
	fresh, err := readTokens(tok, at)
	if err != nil {
		return Tokens{}, p.explain(err, "refresh")
	}
	if fresh.ID == "" {
		fresh.ID = old.ID
		return fresh, nil
	}
	err = p.sameHolder(ctx, md, old.ID, fresh)
	var bad *badAnswer
	switch {
	case err == nil:
		return fresh, nil
	case errors.As(err, &bad), unverifiedSubject(old.ID) == "", unverifiedSubject(fresh.ID) != unverifiedSubject(old.ID):
		return Tokens{}, p.explain(err, "refresh")
	}
	// The keys cannot be fetched now, and the old refresh token is used up: losing
	// the new one would end the person's session. It came from the token endpoint
	// itself, over TLS (OpenID Connect Core §3.1.3.7, 6), and names the same person;
	// the id_token that was verified stays.
	fresh.ID = old.ID
	return fresh, nil
}

// sameHolder checks the id_token of a refresh (OpenID Connect Core §12.2): same
// issuer, audience and person. It may carry no nonce.
func (p *Provider) sameHolder(ctx context.Context, md *metadata, oldID string, fresh Tokens) error {
	claims, err := p.verifyIDToken(ctx, md, fresh.ID, fresh.Access)
	if err != nil {
		return err
	}
	if was := unverifiedSubject(oldID); was != "" && was != claims.Subject {
		return refused("refreshed id_token is another person's")
	}
	return nil
}

// introspection is what we read of RFC 7662's answer.
type introspection struct {
	Active   bool   `json:"active"`
	Subject  string `json:"sub"`
	ACR      string `json:"acr"`
	ClientID string `json:"client_id"`
}

// introspect asks the provider about an access token. Pro Santé Connect answers
// only to habilitated services.
func (p *Provider) introspect(ctx context.Context, md *metadata, access string) (introspection, error) {
	at := p.at(md.Introspection, md.MTLS.Introspection)
	if at == "" {
		return introspection{}, refused("no introspection endpoint")
	}
	form := url.Values{"token": {access}, "token_type_hint": {"access_token"}}
	if p.o.AuthMethod != AuthBasic {
		form.Set("client_id", p.o.ClientID)
	}
	if p.o.AuthMethod == AuthPost {
		form.Set("client_secret", p.o.ClientSecret)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, at, strings.NewReader(form.Encode()))
	if err != nil {
		return introspection{}, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	if p.o.AuthMethod == AuthBasic { // RFC 6749 §2.3.1: form-encoded first
		req.SetBasicAuth(url.QueryEscape(p.o.ClientID), url.QueryEscape(p.o.ClientSecret))
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return introspection{}, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return introspection{}, refused("introspection status %d", resp.StatusCode)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return introspection{}, err
	}
	var out introspection
	if err := json.Unmarshal(body, &out); err != nil {
		return introspection{}, refused("introspection: %w", err)
	}
	return out, nil
}
