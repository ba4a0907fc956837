package idp

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

const cookieName = "psc-demo-identity"

// authorize answers an authorization request: refuse, go straight back when this
// browser is signed in already, or show who one may be.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		p.refusePage(w, "La demande de connexion est illisible.")
		return
	}
	q := r.Form
	// Until the client and its address are known, nothing may be sent anywhere.
	if q.Get("client_id") != p.o.ClientID || !slices.Contains(p.o.RedirectURIs, q.Get("redirect_uri")) {
		p.refusePage(w, "Ce service n’est pas enregistré, ou son adresse de retour n’est pas celle qui a été déclarée.")
		return
	}
	req := &request{redirectURI: q.Get("redirect_uri"), state: q.Get("state"), nonce: q.Get("nonce"),
		challenge: q.Get("code_challenge"), scope: q.Get("scope"), at: p.now()}
	switch {
	case q.Get("response_type") != "code":
		p.sendBack(w, r, req, url.Values{"error": {"unsupported_response_type"}})
	case !slices.Contains(strings.Fields(req.scope), "openid"):
		p.sendBack(w, r, req, url.Values{"error": {"invalid_scope"}})
	case q.Get("code_challenge_method") != "S256" || len(req.challenge) != 43:
		p.sendBack(w, r, req, url.Values{"error": {"invalid_request"}, "error_description": {"PKCE S256 required"}})
	default:
		p.answer(w, r, req, q.Get("prompt"))
	}
}

func (p *Provider) answer(w http.ResponseWriter, r *http.Request, req *request, prompt string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tidy()
	if s := p.signedIn(r); s != nil && prompt != "login" {
		s.seen = p.now()
		p.giveCode(w, r, req, s)
		return
	}
	if prompt == "none" {
		p.sendBack(w, r, req, url.Values{"error": {"login_required"}})
		return
	}
	if len(p.requests) >= maxRequests {
		p.refusePage(w, "Trop de connexions sont en cours. Réessayez dans un instant.")
		return
	}
	id := rand.Text()
	p.requests[id] = req
	p.page(w, http.StatusOK, p.choosePage(), view{Request: id, People: p.o.People})
}

// signedIn gives the session of the browser's cookie. Callers hold p.mu.
func (p *Provider) signedIn(r *http.Request) *ssoSession {
	c, err := r.Cookie(p.cookie())
	if err != nil || c.Value == "" {
		return nil
	}
	for _, s := range p.sessions {
		if s.cookie == c.Value && s.alive(p.now()) {
			return s
		}
	}
	return nil
}

// choose takes the person and the means from the page.
func (p *Provider) choose(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	id := r.PostFormValue("request")
	req, ok := p.pending(w, id)
	if !ok {
		return
	}
	if r.PostForm.Has("refuse") {
		delete(p.requests, id)
		p.sendBack(w, r, req, url.Values{"error": {"access_denied"}, "error_description": {"User refused"}})
		return
	}
	person, ok := p.person(r.PostForm.Get("person"))
	if !ok {
		p.page(w, http.StatusBadRequest, p.choosePage(), view{Request: id, People: p.o.People, Say: "Choisissez une personne de la liste."})
		return
	}
	if r.PostForm.Get("means") == string(ecps) {
		n, _ := rand.Int(rand.Reader, big.NewInt(100))
		req.person, req.digits = person.Key, fmt.Sprintf("%02d", n.Int64())
		p.page(w, http.StatusOK, "confirm", view{Request: id, Person: person, Digits: req.digits})
		return
	}
	delete(p.requests, id)
	p.signIn(w, r, req, person, card)
}

// confirm is the phone's answer.
func (p *Provider) confirm(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	id := r.PostFormValue("request")
	req, ok := p.pending(w, id)
	if !ok {
		return
	}
	delete(p.requests, id)
	person, ok := p.person(req.person)
	if !ok || !r.PostForm.Has("confirm") {
		p.sendBack(w, r, req, url.Values{"error": {"access_denied"}, "error_description": {"User refused"}})
		return
	}
	p.signIn(w, r, req, person, ecps)
}

// pending finds the request a page belongs to. Callers hold p.mu.
func (p *Provider) pending(w http.ResponseWriter, id string) (*request, bool) {
	req := p.requests[id]
	if req == nil || p.now().Sub(req.at) > requestLife {
		p.refusePage(w, "Cette page a expiré. Revenez au service et recommencez la connexion.")
		return nil, false
	}
	return req, true
}

// signIn opens a single sign-on session and goes back with a code. Callers hold p.mu.
func (p *Provider) signIn(w http.ResponseWriter, r *http.Request, req *request, person Person, how means) {
	now := p.now()
	s := &ssoSession{id: uuid(), cookie: rand.Text(), person: person, means: how, start: now, seen: now, scope: req.scope,
		chains: map[string]string{}}
	p.sessions[s.id] = s
	http.SetCookie(w, &http.Cookie{Name: p.cookie(), Value: s.cookie, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: strings.HasPrefix(p.o.WalletBase, "https:")})
	p.giveCode(w, r, req, s)
}

// giveCode is called with p.mu held.
func (p *Provider) giveCode(w http.ResponseWriter, r *http.Request, req *request, s *ssoSession) {
	code := uuid() + "." + s.id + "." + uuid() // the form of Keycloak's
	g := &grant{request: *req, sid: s.id}
	g.at = p.now()
	p.codes[code] = g
	p.sendBack(w, r, req, url.Values{"code": {code}, "session_state": {s.id}})
}

// sendBack redirects to the client, with iss (RFC 9207) whatever the answer.
func (p *Provider) sendBack(w http.ResponseWriter, r *http.Request, req *request, answer url.Values) {
	u, err := url.Parse(req.redirectURI)
	if err != nil {
		p.refusePage(w, "L’adresse de retour du service est illisible.")
		return
	}
	q := u.Query()
	for k, v := range answer {
		q[k] = v
	}
	if req.state != "" {
		q.Set("state", req.state)
	}
	q.Set("iss", p.o.Issuer)
	u.RawQuery = q.Encode()
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	http.Redirect(w, r, u.String(), http.StatusSeeOther)
}
