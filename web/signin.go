package web

import (
	"net/http"
	"net/url"
	"strings"

	"pli.example/pli/internal/identity"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/session"
	"pli.example/pli/templates"
)

// signInPage is what a stranger sees, with the reason when a session just ended.
func (s *Server) signInPage(w http.ResponseWriter, r *http.Request) error {
	cur, ended, err := s.sessions.Current(r)
	if err != nil {
		return err
	}
	next := nextPage(r.URL.Query().Get("next"))
	if cur != nil && cur.Mail == nil {
		redirect(w, r, next)
		return nil
	}
	v := templates.SignInView{Nonce: scopeOf(r).nonce, Banner: s.banner, BannerTo: s.bannerTo, Next: next, Action: toProvider(r, "/sign-in")}
	switch {
	case ended != nil:
		v.Say, v.SayKind = ended.Reason.Say(), "info"
	case cur != nil: // the page lives on, the access to letters does not
		v.Say, v.SayKind = cur.Mail.Reason.Say(), "info"
	}
	if isFragment(r) { // a sign-in form never lands inside a page
		leave(w, r, signInAt(next))
		return nil
	}
	return s.render(w, r, http.StatusOK, templates.SignInPage(v))
}

func signInAt(next string) string {
	if next == "/" {
		return "/sign-in"
	}
	return "/sign-in?next=" + url.QueryEscape(next)
}

// signInStart sends the browser to the provider with a state it must bring back.
func (s *Server) signInStart(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return atSignIn{problem.Wrap(err, problem.Invalid, "")}
	}
	to, pending, err := s.provider.Begin(r.Context(), nextPage(r.PostForm.Get("next")))
	if err != nil {
		return atSignIn{err}
	}
	if err := s.sessions.Start(w, r, pending); err != nil {
		return atSignIn{err}
	}
	return s.leaveFor(w, r, to)
}

// byLink marks the target of a form on a page whose policy could not name the
// provider.
const byLink = "by"

// toProvider is the target of a form that leads to the provider. Browsers apply the
// form-action of the page to the redirect that follows its form: a page drawn while
// the provider was never reached lets no form lead there.
func toProvider(r *http.Request, at string) string {
	if scopeOf(r).cutOff {
		return withQuery(at, byLink, "link")
	}
	return at
}

// leaveFor sends the browser to the provider: by a redirect, or, for a form of such a
// page, by a page that goes on by itself or by its link.
func (s *Server) leaveFor(w http.ResponseWriter, r *http.Request, to string) error {
	if r.URL.Query().Get(byLink) == "" || isFragment(r) || strings.HasPrefix(to, "/") {
		leave(w, r, to)
		return nil
	}
	sc := scopeOf(r)
	signInHeaders.apply(w.Header(), sc.nonce, s.origins(r.Context(), signInHeaders), s.secure)
	w.Header().Set("Refresh", "0; url="+to)
	return s.render(w, r, http.StatusOK, templates.LeavePage(templates.LeaveView{Nonce: sc.nonce, Banner: s.banner, BannerTo: s.bannerTo, Href: to}))
}

// signInFinish is where the provider sends the browser back. It is a GET with an
// effect by protocol; the pending state, read once, is what protects it.
func (s *Server) signInFinish(w http.ResponseWriter, r *http.Request) error {
	pending, err := s.sessions.Pending(w, r)
	if err != nil {
		if cur, _, _ := s.sessions.Current(r); cur != nil && cur.Mail == nil {
			redirect(w, r, "/") // the browser's Back, after a sign-in that went well
			return nil
		}
		return atSignIn{err}
	}
	in, err := s.provider.Finish(r.Context(), r.URL.Query(), pending)
	if err != nil {
		return atSignIn{err}
	}
	next, err := s.letIn(w, r, in, nextPage(pending.Next))
	if err != nil {
		return atSignIn{err}
	}
	redirect(w, r, next)
	return nil
}

// letIn opens the session of somebody the provider vouched for and says where
// they go: the situations page when they have several and never chose.
func (s *Server) letIn(w http.ResponseWriter, r *http.Request, in identity.SignIn, next string) (string, error) {
	acc, err := s.accounts.SignedIn(r.Context(), in.Practitioner)
	if err != nil {
		return "", accountRefused{err}
	}
	cur, err := s.sessions.SignIn(w, r, in, acc.ID)
	if err != nil {
		return "", err
	}
	all := in.Practitioner.Situations
	if len(all) < 2 {
		return next, nil
	}
	key, err := s.accounts.Preference(r.Context(), acc.ID, "situation")
	if err != nil {
		return "", err
	}
	for _, x := range all {
		if key != "" && x.Key == key {
			return next, s.sessions.PickSituation(r.Context(), cur.ID, key)
		}
	}
	return "/situations?next=" + url.QueryEscape(next), nil
}

// signOut ends the session here and sends the browser to end the provider's.
func (s *Server) signOut(w http.ResponseWriter, r *http.Request) error {
	cur, _, err := s.sessions.Current(r)
	if err != nil {
		return err
	}
	to, err := s.sessions.EndSession(w, r)
	if cur != nil {
		s.DropSession(cur.ID)
	}
	w.Header().Set("Clear-Site-Data", `"storage"`)
	switch { // ours is ended whatever the provider says: say so rather than fail
	case err != nil, to != "" && !s.provider.Answers(r.Context()):
		to = "/signed-out?provider=open"
	case to == "":
		to = "/signed-out"
	}
	return s.leaveFor(w, r, to)
}

// signedOut confirms, and warns when the provider's own session may live on.
func (s *Server) signedOut(w http.ResponseWriter, r *http.Request) error {
	v := templates.SignInView{Nonce: scopeOf(r).nonce, Banner: s.banner, BannerTo: s.bannerTo, Next: "/", Action: toProvider(r, "/sign-in"),
		Say: session.SignOut.Say(), SayKind: "info"}
	if r.URL.Query().Get("provider") == "open" {
		v.Say = "Vous êtes déconnecté de Pli, mais Pro Santé Connect n’a pas répondu\u00a0: sa session reste peut-être ouverte. Retirez votre carte et fermez le navigateur."
		v.SayKind = "warn"
	}
	return s.render(w, r, http.StatusOK, templates.SignInPage(v))
}
