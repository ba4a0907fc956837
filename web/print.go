package web

import (
	"net/http"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/templates"
)

// print is a letter made for paper: who printed it and when stands on it.
func (s *Server) print(w http.ResponseWriter, r *http.Request) error {
	b, at, err := s.letterAt(r)
	if err != nil {
		return err
	}
	l, err := b.Letter(r.Context(), at, mailbox.LetterOptions{As: audit.LetterPrint})
	if err != nil {
		return err
	}
	return whenSettled(r.Context(), nil, func(d *document) (*prepared, look) {
		v, saw := s.letterView(r, b, l, d)
		v.When = s.clock.exact(l.Received) // paper outlives "hier"
		return s.prepareHTML(w, r, templates.PrintPage(templates.PrintView{Nonce: scopeOf(r).nonce, Letter: v,
			PrintedBy: v.Page.Me.Name, PrintedAt: s.clock.exact(s.clock.now()), BodyHref: v.BodyHref, Attachments: v.Attachments})), saw
	}).answer(w, http.StatusOK)
}
