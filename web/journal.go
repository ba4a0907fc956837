package web

import (
	"net/http"
	"strconv"

	"pli.example/pli/internal/audit"
	"pli.example/pli/templates"
)

const journalPage = 50

// journal shows the person their own rows of the trail.
func (s *Server) journal(w http.ResponseWriter, r *http.Request) error {
	sc := scopeOf(r)
	before, _ := strconv.ParseInt(r.URL.Query().Get("before"), 10, 64) // not a number: the newest
	rows, err := s.audit.Recent(r.Context(), audit.Filter{AccountID: sc.session.Actor.AccountID, Before: max(before, 0), Limit: journalPage})
	if err != nil {
		return err
	}
	v := templates.JournalView{Page: s.page(r, "Journal")}
	v.Page.Section = "journal"
	labels := map[string]string{}
	for _, g := range sc.grants {
		labels[g.Mailbox.Address.Key()] = boxLabel(g)
	}
	for _, row := range rows {
		v.Rows = append(v.Rows, s.journalRow(row, labels))
	}
	if len(rows) == journalPage {
		v.NextHref = "/journal?before=" + strconv.FormatInt(rows[len(rows)-1].Seq, 10)
	}
	return s.render(w, r, http.StatusOK, templates.JournalPage(v))
}

func (s *Server) journalRow(row audit.Row, labels map[string]string) templates.JournalRow {
	e := row.Event
	out := templates.JournalRow{When: s.clock.exact(row.At), Who: e.Actor.Name, Box: labels[e.Mailbox], Act: e.Action.Label(), Outcome: outcomeWords(e.Outcome)}
	if out.Box == "" {
		out.Box = e.Mailbox
	}
	if e.Count > 1 {
		out.Act += " (" + count(e.Count) + ")"
	}
	return out
}

func outcomeWords(code string) string {
	switch code {
	case audit.OutcomeOK, "":
		return "fait"
	case audit.OutcomeAsked:
		return "demandé"
	case "denied", "not_found":
		return "refusé"
	case "gone":
		return "lettre absente"
	case "upstream_refused":
		return "refusé par le serveur"
	case "upstream_down", "timeout":
		return "serveur injoignable"
	case "sign_in_needed":
		return "session terminée"
	}
	return "échoué"
}
