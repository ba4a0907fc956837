package web

import (
	"net/http"
	"strconv"
	"strings"

	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/rules"
	"pli.example/pli/templates"
)

// absencePage is the form of the absence reply.
func (s *Server) absencePage(w http.ResponseWriter, r *http.Request) error {
	b, err := s.box(r)
	if err != nil {
		return err
	}
	st, err := s.rules.LookAbsence(r.Context(), b)
	if err != nil {
		return err
	}
	a := st.Set.Absence
	v := templates.AbsenceForm{Version: st.Version, Runs: a.On}
	if a.On && (!st.Active || st.Altered) {
		v.Waiting = "Elle est écrite, mais la messagerie n’applique pas les règles de Pli en ce moment\u00a0: voyez la page des règles."
	}
	return s.showAbsence(w, r, b, http.StatusOK, a, v)
}

// absenceStore keeps what was typed, on or off.
func (s *Server) absenceStore(w http.ResponseWriter, r *http.Request) error {
	b, err := s.box(r)
	if err != nil {
		return err
	}
	f := r.PostForm
	a := rules.Absence{On: f.Get("do") == "on", From: rules.Day(f.Get("from")), Until: rules.Day(f.Get("until")), Subject: f.Get("subject"), Text: f.Get("text")}
	if a.Days, err = strconv.Atoi(strings.TrimSpace(f.Get("days"))); err != nil {
		a.Days = rules.DefaultDays
	}
	if s.outbox != nil { // it signs as letters written here do
		a.Label = s.outbox.From(r.Context(), b).Mailbox.Name
	}
	version := f.Get("version")
	say, err := s.rules.SetAbsence(r.Context(), b, version, a)
	if status, mends := mendable(err); mends {
		return s.showAbsence(w, r, b, status, a, templates.AbsenceForm{Version: s.versionNow(r, b, version, err), Error: problem.SayOf(err), Runs: f.Get("runs") == "1"})
	}
	n := note{say: "Réponse d’absence enregistrée, pas activée.", kind: "ok"}
	if a.On {
		n.say = "Réponse d’absence enregistrée et activée."
	}
	if err == nil && !b.Grant().Rights.Has(delegation.Triage) {
		return s.comeBack(w, r, rulesHref(b.Grant().Mailbox.ID, "absence"), n)
	}
	return s.ruled(w, r, n, say, err)
}

func (s *Server) showAbsence(w http.ResponseWriter, r *http.Request, b *mailbox.Box, status int, a rules.Absence, v templates.AbsenceForm) error {
	box := b.Grant().Mailbox.ID
	v.Page, v.Action, v.BackHref, v.BoxLabel = s.page(r, "Absence"), rulesHref(box, "absence"), rulesHref(box), boxLabel(b.Grant())
	if !b.Grant().Rights.Has(delegation.Triage) {
		v.BackHref = "" // the rules are not theirs to see
	}
	v.Page.Section, v.Page.Keys = "rules", false
	v.On, v.From, v.Until, v.Subject, v.Text = a.On, string(a.From), string(a.Until), a.Subject, a.Text
	if a.Subject == "" && a.Text == "" {
		v.Subject = "Absence"
	}
	if v.Days = strconv.Itoa(a.Days); a.Days == 0 {
		v.Days = strconv.Itoa(rules.DefaultDays)
	}
	v.Written = rules.Written(a.By, a.At, s.clock.loc)
	return s.render(w, r, status, templates.AbsencePage(v))
}
