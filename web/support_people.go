package web

import (
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"pli.example/pli/internal/account"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/session"
	"pli.example/pli/internal/support"
	"pli.example/pli/templates"
)

// errForgotten: the handle of a search that is no longer kept, or another agent's.
func errForgotten() error {
	return problem.New(problem.Gone, "Cette recherche n’est plus gardée\u00a0: Pli oublie ce qui a été cherché. Relancez-la.")
}

// supportSearchStore keeps the words on the server: a name does not stand in an
// address.
func (s *Server) supportSearchStore(w http.ResponseWriter, r *http.Request) error {
	words := strings.TrimSpace(r.PostForm.Get("words"))
	if words == "" {
		redirect(w, r, supportRoot)
		return nil
	}
	if len(words) > 4*maxWords {
		return problem.New(problem.TooLarge, "")
	}
	kept := scopeOf(r).kept
	redirect(w, r, path("support", "search", keepIn(kept, &kept.searches, words, s.clock.now().Add(staffKeptLife))))
	return nil
}

func (s *Server) supportSearchShow(w http.ResponseWriter, r *http.Request) error {
	sc := scopeOf(r)
	words, ok := findIn(sc.kept, &sc.kept.searches, chi.URLParam(r, "handle"), s.clock.now())
	if !ok {
		return errForgotten()
	}
	f, err := s.staff.Desk.Search(r.Context(), sc.staff.Actor, words)
	if err != nil {
		return err
	}
	v := templates.SupportFoundView{SupportFrame: s.supportFrame(r, "Recherche", "home"), Words: words, More: f.More}
	for _, a := range f.Accounts {
		v.People = append(v.People, templates.SupportLink{Title: a.DisplayName(), Sub: joinDots(a.Profession, string(a.NationalID)), Href: path("support", "people", a.ID), Closed: a.Closed()})
	}
	for _, m := range f.Mailboxes {
		v.Mailboxes = append(v.Mailboxes, templates.SupportLink{Title: m.Label, Sub: joinDots(m.Address.String(), m.Kind.Label()), Href: path("support", "boxes", m.ID)})
	}
	for _, g := range f.Waiting {
		v.Waiting = append(v.Waiting, s.grantView(support.Grant{Grant: g, Live: g.Live(s.clock.now())}))
	}
	return s.render(w, r, http.StatusOK, templates.SupportFoundPage(v))
}

func joinDots(parts ...string) string {
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, " · ")
}

func (s *Server) supportPerson(w http.ResponseWriter, r *http.Request) error {
	sc := scopeOf(r)
	id, err := param(r, "account")
	if err != nil {
		return err
	}
	p, err := s.staff.Desk.Person(r.Context(), sc.staff.Actor, id)
	if err != nil {
		return err
	}
	v := templates.SupportPersonView{SupportFrame: s.supportFrame(r, "Compte", "home"), Name: p.Account.DisplayName(), Facts: s.accountFacts(p.Account),
		Closed: p.Account.Closed(), RevokeTo: path("support", "people", id, "revoke"), NationalID: string(p.Account.NationalID)}
	for _, why := range session.SupportReasons() {
		v.Reasons = append(v.Reasons, templates.Choice{Value: string(why), Label: why.Label()})
	}
	for _, x := range p.Sessions {
		row := templates.SupportSession{ID: x.ID, Agent: x.Agent, Since: s.clock.full(x.Since), Seen: s.clock.full(x.SeenAt)}
		if x.MailEnded {
			row.Note = "Son accès aux lettres est terminé."
		}
		v.Sessions = append(v.Sessions, row)
	}
	for _, g := range p.Grants {
		v.Grants = append(v.Grants, s.grantView(g))
	}
	return s.render(w, r, http.StatusOK, templates.SupportPersonPage(v))
}

func (s *Server) accountFacts(a account.Account) []templates.SupportFact {
	state := "ouvert"
	if a.Closed() {
		state = "fermé le " + s.clock.exact(a.ClosedAt)
	}
	last := "jamais"
	if !a.LastSignIn.IsZero() {
		last = s.clock.full(a.LastSignIn)
	}
	profession := a.Profession
	if profession == "" {
		profession = "non transmise"
	}
	return []templates.SupportFact{{Name: "Profession", Value: profession}, {Name: "Identifiant national", Value: string(a.NationalID)}, {Name: "Compte", Value: state},
		{Name: "Dernière connexion", Value: last}, {Name: "Créé", Value: s.clock.exact(a.CreatedAt)}}
}

// grantView puts a right in words.
func (s *Server) grantView(g support.Grant) templates.SupportGrant {
	now := s.clock.now()
	v := templates.SupportGrant{Who: g.Who, WhoID: string(g.Grantee), Box: g.Mailbox.Label, BoxHref: path("support", "boxes", g.Mailbox.ID),
		Rights: g.Kind.Label() + "\u00a0: " + strings.Join(g.Rights.Labels(), ", "), Since: s.clock.exact(g.From), Until: "sans fin", By: g.Giver, Live: g.Live}
	if g.AccountID != "" {
		v.WhoHref = path("support", "people", g.AccountID)
	} else {
		v.Who = "Jamais connecté"
	}
	if v.By == "" {
		v.By = "l’opérateur"
	}
	if !g.Until.IsZero() {
		v.Until = s.clock.exact(g.Until)
	}
	switch {
	case g.Live:
		v.State = "en vigueur"
	case !g.RevokedAt.IsZero():
		v.State = "retiré le " + s.clock.exact(g.RevokedAt)
	case g.From.After(now):
		v.State = "à venir"
	default:
		v.State = "échu"
	}
	return v
}

// everySession stands for all of them where a session's id does.
const everySession = "all"

func (s *Server) supportRevoke(w http.ResponseWriter, r *http.Request) error {
	sc := scopeOf(r)
	id, err := param(r, "account")
	if err != nil {
		return err
	}
	why := session.Reason(r.PostForm.Get("why"))
	if r.PostForm.Get("session") == everySession {
		n, err := s.staff.Desk.RevokeAll(r.Context(), sc.staff.Actor, id, why)
		if err != nil {
			return err
		}
		s.supportNote(w, r, path("support", "people", id), plural(n, "session est fermée", "sessions sont fermées")+". La personne lira pourquoi à sa prochaine demande.", "ok")
		return nil
	}
	if err := s.staff.Desk.Revoke(r.Context(), sc.staff.Actor, id, r.PostForm.Get("session"), why); err != nil {
		return err
	}
	s.supportNote(w, r, path("support", "people", id), "La session est fermée. La personne lira pourquoi à sa prochaine demande.", "ok")
	return nil
}

// supportNote goes to a page with a sentence after an act.
func (s *Server) supportNote(w http.ResponseWriter, r *http.Request, to, say, kind string) {
	kept := scopeOf(r).kept
	redirect(w, r, withQuery(to, "note", keepIn(kept, &kept.notes, note{say: say, kind: kind}, s.clock.now().Add(noteLife))))
}

func (s *Server) supportMailbox(w http.ResponseWriter, r *http.Request) error {
	id, err := param(r, "box")
	if err != nil {
		return err
	}
	m, err := s.staff.Desk.Mailbox(r.Context(), scopeOf(r).staff.Actor, id)
	if err != nil {
		return err
	}
	v := templates.SupportMailboxView{SupportFrame: s.supportFrame(r, "Boîte", "home"), Label: m.Label, Address: m.Address.String(), Kind: m.Kind.Label()}
	for _, g := range m.Grants {
		v.Grants = append(v.Grants, s.grantView(g))
	}
	return s.render(w, r, http.StatusOK, templates.SupportMailboxPage(v))
}
