package idp

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// token is the token endpoint (RFC 6749 §3.2).
func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	if !p.client(w, r) {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tidy()
	switch r.PostFormValue("grant_type") {
	case "authorization_code":
		p.redeem(w, r)
	case "refresh_token":
		p.refresh(w, r)
	default:
		oauthError(w, http.StatusBadRequest, "unsupported_grant_type", "")
	}
}

// client checks who asks: basic (form-encoded, RFC 6749 §2.3.1) or post.
func (p *Provider) client(w http.ResponseWriter, r *http.Request) bool {
	id, secret, basic := r.BasicAuth()
	if basic {
		id, _ = url.QueryUnescape(id)
		secret, _ = url.QueryUnescape(secret)
	} else {
		id, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	}
	ok := id == p.o.ClientID && p.o.ClientSecret != "" && same(secret, p.o.ClientSecret)
	if !ok {
		w.Header().Set("WWW-Authenticate", `Basic realm="esante-wallet"`)
		oauthError(w, http.StatusUnauthorized, "invalid_client", "Invalid client or Invalid client credentials")
	}
	return ok
}

// redeem trades a code, once. A second use kills what the first one gave.
func (p *Provider) redeem(w http.ResponseWriter, r *http.Request) {
	code := r.PostForm.Get("code")
	g := p.codes[code]
	sum := sha256.Sum256([]byte(r.PostForm.Get("code_verifier")))
	switch {
	case g == nil, p.now().Sub(g.at) > codeLife:
		oauthError(w, http.StatusBadRequest, "invalid_grant", "Code not valid")
		return
	case g.used:
		p.kill(g.sid)
		oauthError(w, http.StatusBadRequest, "invalid_grant", "Code not valid")
		return
	}
	g.used = true
	s := p.live(g.sid)
	switch {
	case s == nil:
		oauthError(w, http.StatusBadRequest, "invalid_grant", "Session not active")
	case r.PostForm.Get("redirect_uri") != g.redirectURI:
		oauthError(w, http.StatusBadRequest, "invalid_grant", "Incorrect redirect_uri")
	case !same(base64.RawURLEncoding.EncodeToString(sum[:]), g.challenge):
		oauthError(w, http.StatusBadRequest, "invalid_grant", "PKCE verification failed: Code mismatch")
	default:
		p.give(w, s, uuid(), g.nonce)
	}
}

// refresh rotates the refresh token; an old one coming back means two holders,
// and ends the session.
func (p *Provider) refresh(w http.ResponseWriter, r *http.Request) {
	c, ok := p.openRefresh(r.PostForm.Get("refresh_token"))
	if !ok || c.Type != "Refresh" || p.now().Unix() >= c.Expires {
		oauthError(w, http.StatusBadRequest, "invalid_grant", "Token is not active")
		return
	}
	s := p.live(c.SID)
	switch {
	case s == nil:
		oauthError(w, http.StatusBadRequest, "invalid_grant", "Session not active")
	case s.chains[c.Chain] != c.ID:
		p.kill(s.id)
		oauthError(w, http.StatusBadRequest, "invalid_grant", "Maximum allowed refresh token reuse exceeded")
	default:
		s.seen = p.now()
		p.give(w, s, c.Chain, "")
	}
}

// tokenClaims is what all three kinds of token carry.
type tokenClaims struct {
	Expires  int64  `json:"exp"`
	Issued   int64  `json:"iat"`
	AuthTime int64  `json:"auth_time,omitempty"`
	ID       string `json:"jti"`
	Issuer   string `json:"iss"`
	Audience string `json:"aud,omitempty"`
	Subject  string `json:"sub"`
	Type     string `json:"typ"` // Bearer, Refresh, ID, Logout
	AZP      string `json:"azp,omitempty"`
	Nonce    string `json:"nonce,omitempty"`
	State    string `json:"session_state,omitempty"`
	AtHash   string `json:"at_hash,omitempty"`
	ACR      string `json:"acr,omitempty"`
	Scope    string `json:"scope,omitempty"`
	SID      string `json:"sid,omitempty"`
	Name     string `json:"preferred_username,omitempty"`
	Chain    string `json:"reuse_id,omitempty"`

	Events map[string]any `json:"events,omitempty"` // of a logout token
}

// give answers with a fresh set of tokens; only the newest refresh token of its
// chain may be used. Callers hold p.mu.
func (p *Provider) give(w http.ResponseWriter, s *ssoSession, chain, nonce string) {
	now := p.now()
	refreshFor := min(refreshLife, s.start.Add(ssoMax).Sub(now))
	s.chains[chain] = uuid()
	base := tokenClaims{Issued: now.Unix(), AuthTime: s.start.Unix(), Issuer: p.o.Issuer, Subject: s.person.subject(), AZP: p.o.ClientID,
		State: s.id, SID: s.id}

	access := base
	access.ID, access.Type, access.Expires = uuid(), "Bearer", now.Add(accessLife).Unix()
	access.ACR, access.Scope, access.Name = s.means.acr(), s.scope, string(s.person.nationalID())
	accessToken := sign(p.signer, access)

	refresh := base
	refresh.ID, refresh.Type, refresh.Audience, refresh.Chain = s.chains[chain], "Refresh", p.o.Issuer, chain
	refresh.Expires = now.Add(refreshFor).Unix()

	half := sha256.Sum256([]byte(accessToken))
	id := base
	id.ID, id.Type, id.Audience, id.Expires = uuid(), "ID", p.o.ClientID, now.Add(accessLife).Unix()
	id.Nonce, id.ACR, id.AtHash = nonce, s.means.acr(), base64.RawURLEncoding.EncodeToString(half[:16])

	writeJSON(w, http.StatusOK, map[string]any{
		"access_token": accessToken, "expires_in": int(accessLife / time.Second),
		"refresh_token": sign(p.inner, refresh), "refresh_expires_in": int(refreshFor / time.Second),
		"token_type": "Bearer", "id_token": sign(p.signer, id), "not-before-policy": 0, "session_state": s.id, "scope": s.scope,
	})
}

func sign(by jose.Signer, c tokenClaims) string {
	payload, err := json.Marshal(c)
	if err != nil {
		panic(err) // strings and numbers always marshal
	}
	jws, err := by.Sign(payload)
	if err != nil {
		panic(err)
	}
	out, err := jws.CompactSerialize()
	if err != nil {
		panic(err)
	}
	return out
}

// open verifies that a token is ours, whatever its age.
func (p *Provider) open(raw string) (tokenClaims, bool) {
	return p.verify(raw, jose.RS256, &p.o.Key.PublicKey)
}

// openRefresh is open for refresh tokens, which bear another signature, as Keycloak's.
func (p *Provider) openRefresh(raw string) (tokenClaims, bool) {
	return p.verify(raw, jose.HS512, p.secret)
}

func (p *Provider) verify(raw string, with jose.SignatureAlgorithm, key any) (tokenClaims, bool) {
	var c tokenClaims
	jws, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{with})
	if err != nil {
		return c, false
	}
	payload, err := jws.Verify(key)
	if err != nil || json.Unmarshal(payload, &c) != nil || c.Issuer != p.o.Issuer {
		return c, false
	}
	return c, true
}

// holder gives the live session of an access token that is good now.
func (p *Provider) holder(raw string) (*ssoSession, tokenClaims, bool) {
	c, ok := p.open(raw)
	if !ok || c.Type != "Bearer" || p.now().Unix() >= c.Expires {
		return nil, c, false
	}
	s := p.live(c.SID)
	return s, c, s != nil
}

// IntrospectToken is introspection without HTTP, for the demo's mail host: whose
// access token it is, when it is good now.
func (p *Provider) IntrospectToken(token string) (nationalID string, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s, _, ok := p.holder(token)
	if !ok || p.stopped.Load() {
		return "", false
	}
	return string(s.person.nationalID()), true
}

// introspect is RFC 7662, with SubjectNameID for access tokens only.
func (p *Provider) introspect(w http.ResponseWriter, r *http.Request) {
	if !p.client(w, r) {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	c, ok := p.open(r.PostFormValue("token"))
	if !ok {
		c, ok = p.openRefresh(r.PostFormValue("token"))
	}
	s := p.live(c.SID)
	if !ok || s == nil || p.now().Unix() >= c.Expires || !slices.Contains([]string{"Bearer", "Refresh"}, c.Type) ||
		c.Type == "Refresh" && c.ID != s.chains[c.Chain] {
		writeJSON(w, http.StatusOK, map[string]any{"active": false})
		return
	}
	out := map[string]any{
		"exp": c.Expires, "iat": c.Issued, "auth_time": c.AuthTime, "jti": c.ID, "iss": c.Issuer, "sub": c.Subject, "typ": c.Type,
		"azp": c.AZP, "nonce": "", "session_state": c.SID, "sid": c.SID, "preferred_username": string(s.person.nationalID()),
		"email_verified": false, "acr": s.means.acr(), "scope": s.scope, "client_id": c.AZP,
		"username": string(s.person.nationalID()), "active": true,
	}
	if c.Type == "Bearer" {
		out["SubjectNameID"] = string(s.person.nationalID())
	}
	writeJSON(w, http.StatusOK, out)
}

// userinfo gives the person's claims, as the person's file has them.
func (p *Provider) userinfo(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	const bearer = "Bearer "
	h := r.Header.Get("Authorization")
	if len(h) < len(bearer) {
		h = bearer
	}
	s, _, ok := p.holder(h[len(bearer):])
	if !ok {
		w.Header().Set("WWW-Authenticate", `Bearer realm="esante-wallet", error="invalid_token"`)
		oauthError(w, http.StatusUnauthorized, "invalid_token", "Token verification failed")
		return
	}
	out := map[string]any{}
	for k, v := range s.person.Userinfo {
		out[k] = v
	}
	out["sub"], out["authMode"] = s.person.subject(), string(s.means)
	writeJSON(w, http.StatusOK, out)
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
