package idp

import (
	"crypto/rand"
	"encoding/hex"
	"time"
)

// Means is how one identifies.
type means string

const (
	card means = "CARD"
	ecps means = "MOBILE"
)

// acr: a card answers more than what is asked, as the real ones do.
func (m means) acr() string {
	if m == card {
		return "eidas3"
	}
	return "eidas1"
}

// request is an authorization request whose page is open in a browser.
type request struct {
	redirectURI, state, nonce, challenge, scope string
	at                                          time.Time
	person                                      string // e-CPS: who was picked, waiting for the phone
	digits                                      string // e-CPS: what both screens show
}

// grant is what a code stands for.
type grant struct {
	request
	sid  string
	used bool
}

// ssoSession is one signed-in browser at the provider, and the tokens given on it.
type ssoSession struct {
	id, cookie  string
	person      Person
	means       means
	start, seen time.Time
	scope       string
	chains      map[string]string // of refresh tokens, one per code redeemed: the jti that may be used
}

func (s *ssoSession) alive(now time.Time) bool {
	return now.Sub(s.start) < ssoMax && now.Sub(s.seen) < ssoIdle
}

// tidy forgets what is over, once a second at most: nobody is given what is over,
// forgotten or not. Callers hold p.mu.
func (p *Provider) tidy() {
	now := p.now()
	if since := now.Sub(p.tidied); since >= 0 && since < time.Second {
		return
	}
	p.tidied = now
	for id, r := range p.requests {
		if now.Sub(r.at) > requestLife {
			delete(p.requests, id)
		}
	}
	for code, g := range p.codes {
		if now.Sub(g.at) > requestLife {
			delete(p.codes, code)
		}
	}
	for id, s := range p.sessions {
		if !s.alive(now) {
			delete(p.sessions, id)
		}
	}
}

// kill ends a session and everything given on it. Callers hold p.mu.
func (p *Provider) kill(sid string) { delete(p.sessions, sid) }

// live gives the session of a sid, if it still stands. Callers hold p.mu.
func (p *Provider) live(sid string) *ssoSession {
	s := p.sessions[sid]
	if s == nil || !s.alive(p.now()) {
		return nil
	}
	return s
}

// uuid is a random UUID (version 4), the form of Keycloak's identifiers.
func uuid() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
