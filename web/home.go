package web

import (
	"net/http"

	"pli.example/pli/internal/delegation"
	"pli.example/pli/templates"
)

// home leads to the first mailbox, or says that there is none.
func (s *Server) home(w http.ResponseWriter, r *http.Request) error {
	sc := scopeOf(r)
	for _, g := range sc.grants {
		if g.Rights.Has(delegation.Read) {
			redirect(w, r, path("mail", g.Mailbox.ID))
			return nil
		}
	}
	return s.render(w, r, http.StatusOK, templates.NoMailboxPage(templates.NoMailboxView{Page: s.page(r, "Aucune boîte"),
		NationalID: string(sc.session.Practitioner.NationalID), Operator: s.operator}))
}
