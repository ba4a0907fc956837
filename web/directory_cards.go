package web

import (
	"context"
	"log/slog"

	"pli.example/pli/internal/directory"
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

// trustNotice is what stands over a letter whose sender is outside the trusted space.
// Without a list nothing is said: nobody knows.
func (s *Server) trustNotice(from mssante.Address) (templates.Notice, bool) {
	if from.IsZero() || s.trust.Allows(from) != trust.Outside {
		return templates.Notice{}, false
	}
	return templates.Notice{Kind: "warn", Title: "Expéditeur hors de l’espace de confiance MSSanté",
		Text: "Le domaine de cette adresse n’est pas dans la liste des domaines de confiance\u00a0: rien ne garantit qui a écrit. Ne répondez pas avec des données de santé et n’ouvrez une pièce jointe que si vous l’attendiez."}, true
}
