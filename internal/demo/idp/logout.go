package idp

import (
	"net/http"
	"net/url"
	"slices"
)

// logout is end_session (RP-Initiated Logout 1.0): at once with a valid
// id_token_hint, expired or not; otherwise the person is asked. The client's
// address must be registered exactly.
func (p *Provider) logout(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		p.refusePage(w, "La demande de déconnexion est illisible.")
		return
	}
	back := r.Form.Get("post_logout_redirect_uri")
	if back != "" && !slices.Contains(p.o.PostLogoutURIs, back) {
		p.refusePage(w, "L’adresse de retour après déconnexion n’est pas celle qui a été déclarée.")
		return
	}
	ended, asked := p.endHere(w, r, back)
	p.tell(ended)
	if asked {
		return
	}
	http.SetCookie(w, &http.Cookie{Name: p.cookie(), Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: -1})
	if back == "" {
		p.page(w, http.StatusOK, "bye", view{})
		return
	}
	u, err := url.Parse(back)
	if err != nil {
		p.refusePage(w, "L’adresse de retour après déconnexion est illisible.")
		return
	}
	if state := r.Form.Get("state"); state != "" {
		q := u.Query()
		q.Set("state", state)
		u.RawQuery = q.Encode()
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, u.String(), http.StatusSeeOther)
}

// endHere ends the session of the hint, or of this browser once the person said so;
// asked: the page that asks them is written.
func (p *Provider) endHere(w http.ResponseWriter, r *http.Request, back string) (ended *ssoSession, asked bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	hint, ok := p.open(r.Form.Get("id_token_hint"))
	here := p.signedIn(r)
	switch {
	case ok && hint.Type == "ID":
		ended = p.sessions[hint.SID]
		p.kill(hint.SID)
	case here != nil && r.Method == http.MethodPost && r.PostForm.Has("confirm"):
		ended = here
		p.kill(here.id)
	case here != nil:
		p.page(w, http.StatusOK, "logout", view{Back: back, State: r.Form.Get("state"), Person: here.person,
			Action: p.o.Issuer + "/protocol/openid-connect/logout"})
		return nil, true
	}
	return ended, false
}
