package web

import (
	"net/http"
	"strings"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/session"
	"pli.example/pli/templates"
)

// maxSignIns is how many rows of the trail are looked through for how sessions were
// opened: more than a person opens while one lasts.
const maxSignIns = 100

// sessionsPage lists the person's open sessions, the current one first.
func (s *Server) sessionsPage(w http.ResponseWriter, r *http.Request) error {
	cur := scopeOf(r).session
	list, err := s.sessions.List(r.Context(), cur.Actor.AccountID)
	if err != nil {
		return err
	}
	means, err := s.signInMeans(r, cur)
	if err != nil {
		return err
	}
	did, err := s.lastActs(r, cur)
	if err != nil {
		return err
	}
	v := templates.SessionsView{Page: s.page(r, "Sessions"), RevokeOthersTo: "/sessions/revoke"}
	v.Page.Section = "sessions"
	for _, x := range list {
		row := templates.SessionRow{ID: x.ID, Agent: x.Agent, Since: s.clock.full(x.CreatedAt), Means: meansWords(means[x.ID]),
			Seen: s.clock.full(x.SeenAt), Did: did[x.ID], Current: x.ID == cur.ID, RevokeTo: "/sessions/revoke"}
		if row.Current {
			v.Rows = append([]templates.SessionRow{row}, v.Rows...)
			continue
		}
		v.Rows = append(v.Rows, row)
		v.Others++
	}
	return s.render(w, r, http.StatusOK, templates.SessionsPage(v))
}

// signInMeans tells with what each session was opened: the trail has it of all of
// them, in the request of their sign-in.
func (s *Server) signInMeans(r *http.Request, cur *session.Session) (map[string]string, error) {
	rows, err := s.audit.Recent(r.Context(), audit.Filter{AccountID: cur.Actor.AccountID, Action: audit.SignIn, Limit: maxSignIns})
	if err != nil {
		return nil, err
	}
	means := map[string]string{}
	for _, row := range rows {
		if _, mode, ok := strings.Cut(row.Event.Request, " "); ok {
			means[row.Event.Actor.SessionID] = mode
		}
	}
	means[cur.ID] = cur.Practitioner.AuthMode
	return means, nil
}

// maxLastActs rows of the trail are looked through for what was done last in each
// session; one idle for longer shows its hour alone.
const maxLastActs = 500

// lastActs tells what was done last in each session, but for looking at lists: two
// browsers of one kind are told apart by it.
func (s *Server) lastActs(r *http.Request, cur *session.Session) (map[string]string, error) {
	rows, err := s.audit.Recent(r.Context(), audit.Filter{AccountID: cur.Actor.AccountID, Limit: maxLastActs})
	if err != nil {
		return nil, err
	}
	labels, did := boxLabels(scopeOf(r)), map[string]string{}
	for _, row := range rows {
		e := row.Event
		if id := e.Actor.SessionID; did[id] == "" && !listing(e.Action) && e.Outcome == audit.OutcomeOK {
			did[id] = e.Action.Label()
			if box := labels[e.Mailbox]; box != "" {
				did[id] += ", " + box
			}
		}
	}
	return did, nil
}

// boxLabels are the names of the person's mailboxes, by address.
func boxLabels(sc *scope) map[string]string {
	labels := map[string]string{}
	for _, g := range sc.grants {
		labels[g.Mailbox.Address.Key()] = boxLabel(g)
	}
	return labels
}

// meansWords is how a person proved who they are, "" when the provider does not say.
func meansWords(mode string) string {
	switch strings.ToUpper(strings.TrimSpace(mode)) {
	case "CARD":
		return "carte CPS"
	case "MOBILE":
		return "e-CPS"
	}
	return ""
}

// sessionRevoke ends one of the person's own sessions, or all but this one; the
// manager refuses any other. Ending the current one leads to the sign-in page.
func (s *Server) sessionRevoke(w http.ResponseWriter, r *http.Request) error {
	sc := scopeOf(r)
	say := "La session est fermée\u00a0: ce navigateur n’a plus accès à vos lettres."
	if r.PostForm.Get("others") == "1" {
		n, err := s.revokeOthers(r, sc.session)
		if err != nil {
			return err
		}
		switch n {
		case 0:
			say = "Aucune autre session n’était ouverte."
		case 1:
			say = "L’autre session est fermée\u00a0: ce navigateur n’a plus accès à vos lettres."
		default:
			say = count(n) + "\u00a0autres sessions sont fermées\u00a0: ces navigateurs n’ont plus accès à vos lettres."
		}
	} else if err := s.sessions.Revoke(r.Context(), sc.session.Actor, r.PostForm.Get("id")); err != nil {
		return err
	}
	h := sc.desk.keepNote(note{say: say, kind: "ok"}, s.clock.now())
	redirect(w, r, withQuery("/sessions", "note", h))
	return nil
}

// revokeOthers counts the sessions it ended. A list holds a hundred at most: it is
// asked again until nothing is left to end.
func (s *Server) revokeOthers(r *http.Request, cur *session.Session) (ended int, err error) {
	for range 10 {
		list, err := s.sessions.List(r.Context(), cur.Actor.AccountID)
		if err != nil {
			return ended, err
		}
		before := ended
		for _, x := range list {
			if x.ID == cur.ID {
				continue
			}
			if err := s.sessions.Revoke(r.Context(), cur.Actor, x.ID); err != nil {
				return ended, err
			}
			ended++
		}
		if ended == before {
			break
		}
	}
	return ended, nil
}
