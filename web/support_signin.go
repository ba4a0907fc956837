package web

import (
	"errors"
	"log/slog"
	"net/http"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/identity"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/session"
	"pli.example/pli/templates"
)

// supportDoor is what an agent sees before they are known, with the reason when a
// session just ended.
func (s *Server) supportDoor(w http.ResponseWriter, r *http.Request) error {
	cur, ended, err := s.staff.Sessions.Current(r, false)
	if err != nil {
		return err
	}
	if cur != nil {
		redirect(w, r, supportRoot)
		return nil
	}
	v := s.door(r, "Espace support")
	v.Lead = "Réservé au support de l’opérateur. Aucune lettre n’y est visible, et chaque consultation est inscrite au journal."
	if ended != nil {
		v.Say, v.SayKind = staffEnded(ended.Reason), "info"
	}
	return s.render(w, r, http.StatusOK, templates.SupportSignInPage(v))
}

func (s *Server) door(r *http.Request, heading string) templates.SupportSignInView {
	return templates.SupportSignInView{SupportFrame: s.supportFrame(r, "Support", ""), Heading: heading, CanSignIn: true}
}

// supportStart sends the agent to the operator's own provider.
func (s *Server) supportStart(w http.ResponseWriter, r *http.Request) error {
	to, pending, err := s.staff.Identity.Begin(r.Context(), supportRoot)
	if err != nil {
		return err
	}
	if err := s.staff.Sessions.Start(w, r, pending); err != nil {
		return err
	}
	leave(w, r, to)
	return nil
}

// supportFinish is where that provider sends the browser back.
func (s *Server) supportFinish(w http.ResponseWriter, r *http.Request) error {
	pending, err := s.staff.Sessions.Pending(w, r)
	if err != nil {
		if cur, _, _ := s.staff.Sessions.Current(r, false); cur != nil {
			redirect(w, r, supportRoot) // the browser's Back, after a sign-in that went well
			return nil
		}
		return err
	}
	in, err := s.staff.Identity.FinishStaff(r.Context(), r.URL.Query(), pending, s.staff.Role)
	if errors.Is(err, identity.ErrNoRole) {
		return s.supportRefused(w, r, in, err)
	}
	if err != nil {
		return err
	}
	if err := s.staff.Sessions.SignIn(w, r, in); err != nil {
		return err
	}
	redirect(w, r, supportRoot)
	return nil
}

// supportRefused: known to the provider, not of support. Who came is in the trail.
func (s *Server) supportRefused(w http.ResponseWriter, r *http.Request, in identity.StaffSignIn, cause error) error {
	who := s.staff.Sessions.Who(in.Staff, "")
	if err := s.audit.Record(r.Context(), audit.Event{Actor: who, Action: audit.SupportRefused, Outcome: problem.Denied.String(), Request: "role"}); err != nil {
		return err
	}
	s.log.WarnContext(r.Context(), "support refused", slog.String("request", scopeOf(r).id), slog.String("account", who.AccountID))
	v := s.door(r, "Votre compte n’est pas du support")
	v.Say, v.SayKind, v.CanSignIn, v.RequestID = problem.SayOf(cause), "warn", false, scopeOf(r).id
	return s.render(w, r, http.StatusForbidden, templates.SupportSignInPage(v))
}

// supportLeave ends the session here, then at the provider when it answers.
func (s *Server) supportLeave(w http.ResponseWriter, r *http.Request) error {
	id, to, err := s.staff.Sessions.EndSession(w, r)
	if id == "" && err != nil {
		return err
	}
	s.staffKept.drop(id)
	w.Header().Set("Clear-Site-Data", `"cache"`)
	if err != nil || to == "" || !s.staff.Identity.Answers(r.Context()) {
		to = "/support/signed-out"
	}
	leave(w, r, to)
	return nil
}

func (s *Server) supportLeft(w http.ResponseWriter, r *http.Request) error {
	v := s.door(r, "À bientôt")
	v.Say, v.SayKind = staffEnded(session.SignOut), "info"
	return s.render(w, r, http.StatusOK, templates.SupportSignInPage(v))
}

// failStaff is fail for the pages of support: the same kinds and statuses, words that
// speak of no letter.
func (s *Server) failStaff(w http.ResponseWriter, r *http.Request, err error) {
	kind := problem.KindOf(err)
	f := failureOf(kind)
	if errors.Is(err, errMethod) {
		f.status = http.StatusMethodNotAllowed
	}
	sc := scopeOf(r)
	if kind != problem.SignInNeeded {
		s.log.LogAttrs(r.Context(), f.level, "failed", slog.String("request", sc.id), slog.String("route", pattern(r)),
			slog.String("kind", kind.String()), slog.String("error", cause(err)))
	}
	if kind == problem.SignInNeeded && sc.route.who == staff && r.Method == http.MethodGet {
		redirect(w, r, "/support/sign-in")
		return
	}
	if kind == problem.SignInNeeded && sc.route.who != staff {
		f.status = http.StatusBadRequest // on the way in, there is nothing to be signed in to
	}
	heading, say := staffFailure(kind)
	if own := problem.SayOf(err); own != "" && sc.staff != nil {
		say = own
	}
	set := pageHeaders
	if sc.staff == nil {
		set = signInHeaders
	}
	set.apply(w.Header(), sc.nonce, s.originsFor(r.Context(), sc.route, set), s.secure)
	if sc.staff == nil {
		v := s.door(r, heading)
		v.Say, v.SayKind, v.RequestID = say, "warn", sc.id
		s.shown(r, s.render(w, r, f.status, templates.SupportSignInPage(v)))
		return
	}
	v := templates.SupportErrorView{SupportFrame: s.supportFrame(r, "Information", ""), Heading: heading, Text: say, ActLabel: "Revenir à l’état du service",
		ActHref: supportRoot, RequestID: sc.id}
	s.shown(r, s.render(w, r, f.status, templates.SupportErrorPage(v)))
}

// shown logs an error page that could not be drawn.
func (s *Server) shown(r *http.Request, err error) {
	if err != nil {
		s.log.ErrorContext(r.Context(), "error page", slog.String("request", scopeOf(r).id), slog.String("error", cause(err)))
	}
}

// staffFailure says a kind of problem to an agent.
func staffFailure(k problem.Kind) (heading, say string) {
	switch k {
	case problem.Invalid:
		return "Cette demande n’a pas été comprise", "Rien n’a été modifié. Recommencez depuis l’espace support."
	case problem.NotFound, problem.Gone:
		return "Cette page n’existe pas, ou plus", "Pli oublie les recherches au bout de quelques heures\u00a0: relancez la vôtre."
	case problem.Denied:
		return "Accès refusé", "Rien n’a été montré ni modifié."
	case problem.SignInNeeded:
		return "Identifiez-vous", "Cette demande de connexion a expiré, ou vient d’un autre onglet. Rien n’a été modifié\u00a0: recommencez."
	case problem.TooMany:
		return "Trop de demandes en peu de temps", "Attendez une minute, puis réessayez."
	case problem.TooLarge:
		return "C’est trop long", "Rien n’a été modifié. Recommencez avec moins de mots."
	case problem.UpstreamDown, problem.UpstreamRefused, problem.Timeout:
		return "Le fournisseur d’identité de l’opérateur n’a pas répondu comme attendu", "Vous n’êtes pas connecté. Réessayez dans quelques minutes\u00a0; si cela dure, prévenez votre administrateur."
	}
	return "Pli n’a pas pu répondre", "Rien n’a été modifié. Réessayez\u00a0; si cela se répète, cherchez le repère ci-dessous dans les journaux du serveur."
}
