package web

import (
	"net/http"

	"pli.example/pli/templates"
)

// sessionsPage lists the person's open sessions, the current one first said.
func (s *Server) sessionsPage(w http.ResponseWriter, r *http.Request) error {
	cur := scopeOf(r).session
	list, err := s.sessions.List(r.Context(), cur.Actor.AccountID)
	if err != nil {
		return err
	}
	v := templates.SessionsView{Page: s.page(r, "Sessions")}
	v.Page.Section = "sessions"
	for _, x := range list {
		v.Rows = append(v.Rows, templates.SessionRow{ID: x.ID, Agent: x.Agent, Since: s.clock.full(x.CreatedAt),
			Seen: s.clock.full(x.SeenAt), Current: x.ID == cur.ID, RevokeTo: "/sessions/revoke"})
	}
	return s.render(w, r, http.StatusOK, templates.SessionsPage(v))
}

// sessionRevoke ends one of the person's own sessions; the manager refuses any
// other. Ending the current one leads to the sign-in page.
func (s *Server) sessionRevoke(w http.ResponseWriter, r *http.Request) error {
	sc := scopeOf(r)
	if err := s.sessions.Revoke(r.Context(), sc.session.Actor, r.PostForm.Get("id")); err != nil {
		return err
	}
	h := sc.desk.keepNote(note{say: "La session est fermée\u00a0: ce navigateur n’a plus accès à vos lettres.", kind: "ok"}, s.clock.now())
	redirect(w, r, withQuery("/sessions", "note", h))
	return nil
}
