package web

import (
	"html"
	"strings"

	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/mssante"
)

// signature closes a new letter: who writes, what they are, where, and the number
// by which the registers know them. In another's mailbox it is the mailbox that
// signs: From says already who really wrote.
func (s *Server) signature(sc *scope, b *mailbox.Box) string {
	cur := sc.session
	sit := situation(cur)
	var lines []string
	if b.Grant().Mailbox.Kind == mssante.KindNominative && ownFirst(b.Grant()) == 0 {
		lines = append(lines, cur.Practitioner.DisplayName(sit))
		if w := railWork(sit); w != "" {
			lines = append(lines, w)
		}
		if p := sit.Place(); p != "" {
			lines = append(lines, p)
		}
		if n, ok := cur.Practitioner.NationalID.RPPS(); ok {
			lines = append(lines, "RPPS "+n.String())
		}
	} else {
		lines = append(lines, cur.Practitioner.DisplayName(sit), boxLabel(b.Grant()))
	}
	out := []string{"", "—"} // a line of rest between the text and who signs
	for _, l := range lines {
		if l = strings.TrimSpace(l); l != "" {
			out = append(out, html.EscapeString(l))
		}
	}
	return strings.Join(out, "<br>")
}
