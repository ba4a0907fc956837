package web

import (
	"strings"

	"pli.example/pli/internal/message"
	"pli.example/pli/templates"
)

// maxNamed is how many recipients one sentence names.
const maxNamed = 5

// undelivered says to whom a letter did not come, why, and what to do: one sentence
// for all those who share a reason.
func undelivered(r message.Report, about string) templates.Notice {
	type group struct {
		why reason
		who []string
	}
	var groups []group
	for _, p := range r.Recipients {
		if p.Action != "failed" && (p.Action != "" || !strings.HasPrefix(p.Status, "5")) {
			continue
		}
		why, found := reasonOf(p), false
		for i := range groups {
			if groups[i].why == why {
				groups[i].who, found = append(groups[i].who, recipientWords(p)), true
			}
		}
		if !found {
			groups = append(groups, group{why, []string{recipientWords(p)}})
		}
	}
	if len(groups) == 0 {
		return templates.Notice{Kind: "error", Title: "Lettre non remise", Text: "Une lettre que vous avez envoyée n’a pas été remise, sans que le serveur dise à qui. " + unknownReason.act + about}
	}
	var said []string
	for _, g := range groups {
		said = append(said, "Votre lettre n’a pas été remise à "+namesWords(g.who)+"\u00a0: "+g.why.why+". "+g.why.act)
	}
	return templates.Notice{Kind: "error", Title: "Lettre non remise", Text: strings.Join(said, " ") + about}
}

// unverified says what a report claims that anybody may have written: nothing of it is
// affirmed, and nothing was noted of it.
func unverified(r message.Report) templates.Notice {
	var who []string
	for _, p := range r.Recipients {
		who = append(who, recipientWords(p))
	}
	to := ""
	if len(who) > 0 {
		to = " à " + namesWords(who)
	}
	say := "donne des nouvelles d’une lettre que vous avez envoyée"
	switch {
	case r.Kind == message.ReportIntegration:
		say = "dit que le document d’une de vos lettres n’a pas été classé par le logiciel du destinataire"
	case r.Kind == message.ReportDisposition && r.Error:
		say = "dit que votre lettre n’a pas pu être traitée"
	case r.Kind == message.ReportDisposition:
		say = "accuse réception d’une de vos lettres"
	case r.Failed():
		say = "dit que votre lettre n’a pas été remise" + to
	case len(r.Recipients) > 0 && r.Recipients[0].Action == "delayed":
		say = "dit que votre lettre attend encore d’être remise" + to
	case len(r.Recipients) > 0:
		say = "dit que votre lettre a été remise" + to
	}
	return templates.Notice{Kind: "warn", Title: "Avis non vérifié", Text: "Un avis non vérifié " + say +
		". Rien ne prouve qu’il vient d’un serveur ou du destinataire : Pli n’en a rien conclu. En cas de doute, demandez au destinataire s’il a reçu votre lettre."}
}

// stillOnItsWay is a report without a failure: late, or arrived.
func stillOnItsWay(r message.Report, about string) templates.Notice {
	var late, there []string
	for _, p := range r.Recipients {
		switch p.Action {
		case "delayed":
			late = append(late, recipientWords(p))
		case "delivered", "relayed", "expanded":
			there = append(there, recipientWords(p))
		}
	}
	switch {
	case len(late) > 0:
		return templates.Notice{Kind: "warn", Title: "Lettre en retard", Text: "Votre lettre attend encore d’être remise à " + namesWords(late) +
			"\u00a0: le serveur continue d’essayer. N’envoyez pas de double\u00a0; si c’est urgent, téléphonez." + about}
	case len(there) > 0:
		return templates.Notice{Kind: "info", Title: "Lettre remise", Text: "Votre lettre est arrivée chez " + namesWords(there) + "." + about}
	}
	return templates.Notice{Kind: "info", Title: "Rapport de remise", Text: "Le serveur donne des nouvelles d’une lettre que vous avez envoyée." + about}
}

func namesWords(who []string) string {
	if more := len(who) - maxNamed; more > 0 {
		return strings.Join(who[:maxNamed], ", ") + " et " + count(more) + " autres"
	}
	if n := len(who); n > 1 {
		return strings.Join(who[:n-1], ", ") + " et " + who[n-1]
	}
	return who[0]
}

// reason is why a server kept a letter back and what the sender can do, in words.
type reason struct{ why, act string }

var unknownReason = reason{"le serveur du destinataire l’a refusée", "Vérifiez l’adresse, puis renvoyez\u00a0; si le refus persiste, prévenez votre opérateur."}

// reasonOf reads the enhanced status code (RFC 3463), and the remote server's words
// where servers put one code for several causes.
func reasonOf(p message.ReportRecipient) reason {
	said := strings.ToLower(p.Diagnostic)
	status := p.Status
	if i := strings.IndexByte(status, '.'); i >= 0 {
		status = status[i+1:] // the class only says whether it is final
	}
	switch {
	case p.Address.IsPatient() && (status == "1.1" || strings.Contains(said, "patient non trouve")):
		return reason{"aucune messagerie Mon espace santé n’est ouverte à ce numéro INS", "Vérifiez l’identité du patient, ou joignez-le autrement\u00a0: il n’a peut-être pas activé, ou a fermé, sa messagerie."}
	case p.Address.IsPatient() && (strings.HasPrefix(status, "7.") || strings.HasPrefix(status, "2.1")):
		return reason{"sa messagerie Mon espace santé n’accepte pas cette lettre", "Le patient ne souhaite peut-être pas recevoir de lettres, ou l’échange est clos\u00a0: joignez-le autrement."}
	case status == "3.4" || status == "2.3" || strings.Contains(said, "message size") || strings.Contains(said, "too large"):
		return reason{"elle est trop volumineuse pour son serveur", "Renvoyez-la en plusieurs fois, ou avec des pièces plus légères."}
	case status == "1.1" || status == "1.0" || status == "1.6" || status == "1.3" || strings.Contains(said, "user unknown"):
		return reason{"cette adresse n’existe pas, ou n’existe plus", "Cherchez son adresse actuelle dans l’Annuaire Santé, puis renvoyez."}
	case status == "1.2" || status == "4.4" || status == "1.10":
		return reason{"le domaine de cette adresse est inconnu", "Vérifiez ce qui suit l’arobase, puis renvoyez."}
	case status == "2.2" || strings.Contains(said, "quota") || strings.Contains(said, "mailbox full"):
		return reason{"sa boîte est pleine", "Prévenez-le, et renvoyez quand il l’aura vidée."}
	case status == "2.1":
		return reason{"sa boîte est fermée ou suspendue", "Joignez-le autrement, et cherchez dans l’Annuaire Santé s’il en a une autre."}
	case strings.HasPrefix(status, "7."):
		return reason{"son serveur n’accepte pas cet envoi", "Il refuse peut-être ce qui vient d’un domaine hors de l’espace de confiance\u00a0: prévenez votre opérateur."}
	case strings.HasPrefix(status, "4."), strings.HasPrefix(status, "3."):
		return reason{"son serveur n’a pas pu être joint à temps", "Renvoyez-la\u00a0; si c’est urgent, téléphonez."}
	case strings.HasPrefix(status, "6."):
		return reason{"son serveur ne sait pas lire une des pièces jointes", "Renvoyez-la avec des fichiers PDF."}
	}
	return unknownReason
}

// recipientWords names a recipient; a patient's address is an identity number.
func recipientWords(p message.ReportRecipient) string {
	if p.Address.IsPatient() {
		return "un patient"
	}
	if !p.Address.IsZero() {
		return p.Address.String()
	}
	return "un destinataire"
}
