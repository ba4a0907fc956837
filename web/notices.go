package web

import (
	"net/http"
	"regexp"
	"strings"

	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/message"
	"pli.example/pli/templates"
)

// notices are the sentences above a letter: what a report means, affirmed when it can be
// believed, and what could not be read.
func notices(l *mailbox.Letter, back mailbox.Returned, believed bool) []templates.Notice {
	var out []templates.Notice
	if l.Report != nil {
		r := withReason(*l.Report, l.Plains)
		if strings.TrimSpace(r.OriginalSubject) == "" {
			r.OriginalSubject = back.Subject
		}
		n := reportNotice(r)
		if !believed {
			n = unverified(r)
		}
		if back.Name != "" && len(r.Recipients) == 1 {
			n.Text = strings.Replace(n.Text, " à un patient", " à "+back.Name, 1)
		}
		out = append(out, n)
	}
	if l.Unreadable {
		out = append(out, templates.Notice{Kind: "warn", Title: "Lettre au format inhabituel",
			Text: "Le serveur n’a pas su la décrire. Ce qui suit est ce qui a pu être lu\u00a0; la source est complète."})
	}
	if l.Cut {
		out = append(out, templates.Notice{Kind: "warn", Title: "Seul le début de cette lettre est montré",
			Text: "Elle est trop volumineuse pour être lue ici en entier. Sa source, complète, peut être téléchargée."})
	}
	if d := defects(l.Defects); d != "" {
		out = append(out, templates.Notice{Kind: "info", Title: "Lettre mal formée", Text: d})
	}
	return out
}

// fromMachine: what a server wrote back is nobody's to answer.
func fromMachine(l *mailbox.Letter) bool {
	if l.Report != nil && l.Report.Kind == message.ReportDelivery {
		return true
	}
	if len(l.Envelope.From) != 1 {
		return false
	}
	a := l.Envelope.From[0].Address // a postmaster may be a person, when no report says otherwise
	_, person := a.INS()
	return a.IsPatient() && !person || strings.EqualFold(a.Local, "mailer-daemon")
}

// believes reports whether the report in a letter may be affirmed: one verdict for its page,
// the exchange and the fate of a colleague's letter, see message.Report.Believed.
func (s *Server) believes(r *http.Request, g delegation.Grant, l *mailbox.Letter) bool {
	switch {
	case l.Report == nil:
		return true
	case s.outbox == nil:
		return l.Report.BelievedOfAll(g.Mailbox.Address, "")
	}
	return s.outbox.Believes(r.Context(), g.Mailbox, *l.Report)
}

func defects(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return "Elle a été lue malgré des défauts\u00a0: " + strings.Join(list, ", ") + "."
}

// integrationReason is the line in which establishments that send no receipt tell
// why a document was not filed.
var integrationReason = regexp.MustCompile(`(?i)erreur détectée[ \x{a0}]*:[ \x{a0}]*([^\r\n]{3,160})`)

// withReason fills in the reason that only the letter's own words give.
func withReason(r message.Report, texts []mailbox.Text) message.Report {
	if r.Kind != message.ReportIntegration || r.Label != "" {
		return r
	}
	for _, t := range texts {
		if m := integrationReason.FindStringSubmatch(t.Text); m != nil {
			r.Label = strings.TrimRight(strings.TrimSpace(m[1]), ".")
			break
		}
	}
	return r
}

// reportNotice says in words what a machine reported about a letter sent earlier.
func reportNotice(r message.Report) templates.Notice {
	about := ""
	if s := strings.TrimSpace(r.OriginalSubject); s != "" {
		about = " Elle concerne la lettre «\u00a0" + s + "\u00a0»."
	}
	switch r.Kind {
	case message.ReportIntegration:
		why := r.Label
		if why == "" {
			why = "motif non précisé"
		}
		return templates.Notice{Kind: "error", Title: "Document non intégré par le logiciel du destinataire",
			Text: "La lettre est arrivée, mais son document n’a pas été classé dans le dossier du patient\u00a0: " + why + ". Corrigez puis renvoyez, ou prévenez le destinataire." + about}
	case message.ReportDisposition:
		if r.Error {
			return templates.Notice{Kind: "warn", Title: "Accusé d’échec", Text: "Le destinataire n’a pas pu traiter votre lettre. Prévenez-le, par téléphone si c’est urgent." + about}
		}
		if r.Disposition == "displayed" {
			return templates.Notice{Kind: "info", Title: "Accusé de lecture", Text: "Votre lettre a été affichée chez son destinataire." + about}
		}
		return templates.Notice{Kind: "info", Title: "Accusé", Text: "Le destinataire accuse réception de votre lettre." + about}
	}
	if !r.Failed() {
		return stillOnItsWay(r, about)
	}
	return undelivered(r, about)
}
