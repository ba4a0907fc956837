package web

import (
	"net/http"

	"pli.example/pli/internal/conversation"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/templates"
)

// exchangeLetter maps one letter, read whole or as a line. One that cannot be read
// costs its own place only.
func (s *Server) exchangeLetter(r *http.Request, b *mailbox.Box, e mailbox.Exchange, l mailbox.ExchangeLetter, whole bool) templates.ExchangeLetterView {
	sc := scopeOf(r)
	v := templates.ExchangeLetterView{Who: orPatient(e.Name), When: s.clock.full(l.Received), WhenISO: s.clock.iso(l.Received), Subject: subjectWords(l.Subject),
		Snippet: l.Snippet, Ours: l.Ours, Unread: l.Unread, Files: l.Attachments, Chips: append(markChips(l), doubtChips(l)...)}
	if l.Ours {
		v.Who = boxLabel(b.Grant())
	}
	if l.Fin {
		v.Subject, whole = finWords(l), false
	}
	switch {
	case l.Mark == conversation.Leaving: // its chip says so
		return v
	case l.Gone:
		v.Chips = append(v.Chips, templates.Chip{Kind: "plain", Text: "partie, sa copie n’est plus dans Envoyés"})
		return v
	case l.UID == 0:
		v.Chips = append(v.Chips, templates.Chip{Kind: "plain", Text: "partie, copie en cours de classement"})
		return v
	}
	v.Href = letterHref(sc.box.ID, l.Ref)
	if !whole {
		return v
	}
	s.readInPlace(r, b, l.Ref, l.Ours, &v)
	return v
}

func orPatient(name string) string {
	if name == "" {
		return "Patient"
	}
	return name
}

// doubtChips: a notice nobody can believe says that a letter of ours came back.
func doubtChips(l mailbox.ExchangeLetter) []templates.Chip {
	if l.Doubt == nil || l.Mark == conversation.Lost {
		return nil
	}
	return []templates.Chip{{Kind: "plain", Text: "remise mise en doute par un avis non vérifié"}}
}

func markChips(l mailbox.ExchangeLetter) []templates.Chip {
	chip := func(kind, text string) []templates.Chip { return []templates.Chip{{Kind: kind, Text: text}} }
	switch l.Mark {
	case conversation.Closing:
		return chip("plain", "clôt l’échange")
	case conversation.Unanswerable:
		return chip("plain", "sans réponse possible")
	case conversation.NearClosing:
		return chip("plain", "n’a sans doute pas clos")
	case conversation.AfterClosing:
		return chip("patient", "écrite après la clôture")
	case conversation.Reopening:
		return chip("state", "rouvre l’échange")
	case conversation.Lost:
		return chip("plain", "non remise")
	case conversation.Leaving:
		return chip("plain", "pas encore partie, ou à confirmer dans Brouillons")
	}
	return nil
}
