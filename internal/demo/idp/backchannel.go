package idp

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// tellWait bounds what a person waits for the client to hear of their logout.
const tellWait = 3 * time.Second

// OnLogout registers who hears of a session's end by a click here (OpenID Connect
// Back-Channel Logout 1.0): it is given a signed logout token. Tell makes one that
// posts it.
func (p *Provider) OnLogout(tell func(logoutToken string)) { p.told.Store(&tell) }

// Tell posts logout tokens to the client's address, as the provider's server does; a
// client that cannot be reached is not asked twice.
func Tell(c *http.Client, at string) func(logoutToken string) {
	return func(token string) {
		ctx, cancel := context.WithTimeout(context.Background(), tellWait)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, at, strings.NewReader(url.Values{"logout_token": {token}}.Encode()))
		if err != nil {
			panic(fmt.Sprintf("idp: %v", err)) // an address of our own demo
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if resp, err := c.Do(req); err == nil {
			resp.Body.Close()
		}
	}
}

// tell says that s ended. Callers do not hold p.mu: whoever hears may ask back.
func (p *Provider) tell(s *ssoSession) {
	if f := p.told.Load(); f != nil && s != nil {
		(*f)(p.LogoutToken(s.person.Key, s.id))
	}
}

// LogoutToken signs the order to end a session of a person of the cast, "" for all of
// theirs: what the provider says after a logout, or when an operator closes sessions.
func (p *Provider) LogoutToken(key, sid string) string {
	person, _ := p.person(key)
	now := p.now()
	return sign(p.signer, tokenClaims{Issued: now.Unix(), Expires: now.Add(accessLife).Unix(), ID: uuid(), Issuer: p.o.Issuer, Audience: p.o.ClientID,
		Subject: person.subject(), Type: "Logout", SID: sid, Events: map[string]any{"http://schemas.openid.net/event/backchannel-logout": struct{}{}}})
}
