package web

import (
	"net/http"

	"pli.example/pli/internal/problem"
	"pli.example/pli/templates"
)

// situations lets the person say in which of their situations they act.
func (s *Server) situations(w http.ResponseWriter, r *http.Request) error {
	cur := scopeOf(r).session
	v := templates.SituationsView{Page: s.page(r, "Situation d’exercice"), Next: nextPage(r.URL.Query().Get("next")), Action: "/situations"}
	for _, x := range cur.Practitioner.Situations {
		v.Choices = append(v.Choices, templates.SituationChoice{
			Key: x.Key, Work: x.Work(), Place: x.Place(), Mode: modeWords(x.ModeCode), Current: x.Key == cur.Situation,
		})
	}
	return s.render(w, r, http.StatusOK, templates.SituationsPage(v))
}

func (s *Server) pickSituation(w http.ResponseWriter, r *http.Request) error {
	cur := scopeOf(r).session
	key := r.PostForm.Get("situation")
	for _, x := range cur.Practitioner.Situations {
		if x.Key != key || key == "" {
			continue
		}
		if err := s.sessions.PickSituation(r.Context(), cur.ID, key); err != nil {
			return err
		}
		if err := s.accounts.SetPreference(r.Context(), cur.Actor.AccountID, "situation", key); err != nil {
			return err
		}
		redirect(w, r, nextPage(r.PostForm.Get("next"))) // home opens the mailbox of this situation
		return nil
	}
	return problem.New(problem.Invalid, "Cette situation d’exercice n’est pas parmi les vôtres\u00a0: rien n’a changé. Choisissez-en une de la liste.")
}

func modeWords(code string) string {
	switch code {
	case "L":
		return "Libéral"
	case "S":
		return "Salarié"
	case "B":
		return "Bénévole"
	}
	return ""
}
