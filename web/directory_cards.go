package web

import (
	"context"
	"log/slog"
	"net/http"

	"pli.example/pli/internal/directory"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/trust"
	"pli.example/pli/templates"
)

// cards tells whom the addresses of a page belong to, in one question. A directory
// that cannot be read leaves the page as it is.
func (s *Server) cards(ctx context.Context, addresses []mssante.Address) map[mssante.Address]templates.Card {
	if len(addresses) == 0 {
		return nil
	}
	found, err := s.directory.Cards(ctx, addresses)
	if err != nil {
		s.log.WarnContext(ctx, "cards", slog.String("error", cause(err)))
	}
	out := make(map[mssante.Address]templates.Card, len(found))
	for a, e := range found {
		out[a] = cardOf(e)
	}
	return out
}

func cardOf(e directory.Entry) templates.Card {
	c := templates.Card{Name: e.Name(), Work: shortWork(e), Place: e.Place(), Kind: e.Kind.Label(), Purpose: e.Purpose(), NoReply: e.NoReply}
	switch {
	case e.PersonID != "":
		c.Href = path("directory", "person", e.PersonID)
	case e.StructureID != "":
		c.Href = path("directory", "structure", e.StructureID)
	}
	return c
}

// shortWork is what somebody does in the few words a chip has room for: of a
// physician, the speciality.
func shortWork(e directory.Entry) string {
	if e.Speciality != "" {
		return e.Speciality
	}
	return e.Work()
}

// introduce puts on a letter's page what the directory and the white list know of who
// wrote it.
func (s *Server) introduce(r *http.Request, l *mailbox.Letter, v *templates.LetterView) {
	from := l.Envelope.From
	if len(from) == 0 || from[0].Address.IsZero() {
		return
	}
	a := from[0].Address
	v.From.Trusted = s.trust.Allows(a) == trust.Inside
	if e, known, err := s.directory.Card(r.Context(), a); err == nil && known {
		c := cardOf(e)
		c.On(&v.From)
		if e.PersonID != "" && v.From.Warning == "" && !sharesWord(v.From.Name, c.Name) {
			v.From.Warning = "L’annuaire attribue cette adresse à «\u00a0" + c.Name + "\u00a0», un autre nom que celui de la lettre."
		}
	}
	if n, outside := s.trustNotice(a); outside && l.Report == nil { // a server that reports writes from where it stands
		v.Notices = append([]templates.Notice{n}, v.Notices...)
	}
}

// introduceRows says in a list what its senders do, in one question for the page.
func (s *Server) introduceRows(r *http.Request, items []mailbox.Item, rows []templates.Row) {
	var all []mssante.Address
	for _, it := range items {
		if len(it.From) > 0 && !it.From[0].Address.IsZero() {
			all = append(all, it.From[0].Address)
		}
	}
	cards := s.cards(r.Context(), all)
	for i, it := range items {
		if i >= len(rows) || len(it.From) == 0 {
			continue
		}
		if c, known := cards[it.From[0].Address]; known {
			rows[i].What = firstOf(firstOf(c.Work, c.Place), rows[i].What)
		}
	}
}

// sharesWord reports a word of some length in common: "DR_Anne_KERBRAT" and "Dr Anne
// Kerbrat" do.
func sharesWord(a, b string) bool {
	words := placeWords(a)
	for w := range placeWords(b) {
		if words[w] {
			return true
		}
	}
	return false
}

// trustNotice is what stands over a letter whose sender is outside the trusted space.
// Without a list nothing is said: nobody knows.
func (s *Server) trustNotice(from mssante.Address) (templates.Notice, bool) {
	if from.IsZero() || s.trust.Allows(from) != trust.Outside {
		return templates.Notice{}, false
	}
	return templates.Notice{Kind: "warn", Title: "Expéditeur hors de l’espace de confiance MSSanté",
		Text: "Le domaine de cette adresse n’est pas dans la liste des domaines de confiance\u00a0: rien ne garantit qui a écrit. Ne répondez pas avec des données de santé et n’ouvrez une pièce jointe que si vous l’attendiez."}, true
}
