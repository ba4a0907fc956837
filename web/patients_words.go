package web

import (
	"unicode"
	"unicode/utf8"

	"pli.example/pli/internal/conversation"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/mssante"
)

func answerWords(st conversation.State) string {
	switch {
	case st.Phase == conversation.WaitingForUs:
		return "Répondre"
	case st.Phase == conversation.Closed, st.Phase == conversation.NotOpened:
		return "Écrire de nouveau"
	}
	return "Écrire"
}

// patientWords name the person of an exchange in a sentence, as the matricule tells:
// nobody is called a man for want of knowing.
func patientWords(a mssante.Address) (who, it string) {
	ins, _ := a.INS()
	switch ins.Sex() {
	case "féminin":
		return "la patiente", "elle"
	case "masculin":
		return "le patient", "il"
	}
	return "cette personne", "elle"
}

func upperFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

// stateWords says where an exchange stands, in a sentence.
func (s *Server) stateWords(e mailbox.Exchange) (state, say string) {
	st := e.State
	who, it := patientWords(e.Patient)
	if !e.Told.IsZero() {
		return "told", "Noté " + s.clock.full(e.Told) + "\u00a0: " + who + " a eu l’information autrement que par votre lettre, qui est revenue. L’échange n’est plus à traiter\u00a0; une nouvelle lettre le remettra en cours."
	}
	switch st.Phase {
	case conversation.WaitingForUs:
		since := upperFirst(who) + " attend depuis " + s.clock.span(st.Since) + "."
		switch {
		case st.AfterClosing:
			return "after", since + " " + upperFirst(it) + " a écrit après la clôture\u00a0: une réponse est peut-être attendue. Lui écrire rouvre l’échange\u00a0; sinon, vous pouvez le clore de nouveau."
		case st.Open:
			return "todo", since + " L’échange est ouvert."
		}
		return "todo", since
	case conversation.WaitingForPatient:
		say = "Échange ouvert\u00a0: " + who + " peut répondre. Vous lui avez écrit " + s.clock.full(st.Since) + "."
		if st.NoReply {
			say = "Échange ouvert\u00a0: votre dernière lettre n’autorise pas de réponse, mais " + who + " peut encore répondre aux précédentes."
		}
		return "open", say
	case conversation.NotOpened:
		return "lost", "Aucune de vos lettres n’est arrivée\u00a0: " + who + " n’a rien reçu et ne peut pas répondre."
	}
	if st.ClosedAt.IsZero() {
		return "silent", "Lettre sans réponse possible\u00a0: " + who + " ne peut pas y répondre. Une lettre ordinaire ouvrirait l’échange."
	}
	if st.ContestedClosing {
		return "contested", "Échange peut-être clos\u00a0: un avis non vérifié dit que votre lettre de clôture, partie " + s.clock.full(st.ClosedAt) + ", n’a pas été remise."
	}
	return "closed", "Échange clos " + s.clock.full(st.ClosedAt) + "\u00a0: " + who + " ne peut plus répondre. Lui écrire de nouveau le rouvre."
}

// mayClose: there is something to close, or a closing that may not have arrived, and none
// under way.
func mayClose(st conversation.State) bool {
	return (st.Phase != conversation.Closed || st.ContestedClosing) && st.Phase != conversation.NotOpened && !st.ClosingLeaves
}

// lostWords say that our last letter came back, why, and what that leaves open.
func lostWords(e mailbox.Exchange) (title, say string) {
	if e.State.Lost.IsZero() {
		return "", ""
	}
	why := unknownReason
	for _, l := range e.Letters {
		if l.Mark == conversation.Lost && l.Lost != nil {
			why = reasonOf(*l.Lost)
		}
	}
	if e.State.LostClosing {
		say = "Votre lettre de clôture n’a pas été remise\u00a0: " + why.why + ". L’échange n’est donc pas clos par elle. "
		if mayClose(e.State) {
			say += "Pour clore, cliquez de nouveau sur «\u00a0Clore la conversation\u00a0». "
		}
		return "Clôture non remise", say + why.act
	}
	return "Lettre non remise", "Votre dernière lettre n’a pas été remise\u00a0: " + why.why + ". " + why.act
}

// contestedWords say what a notice nobody can believe tells of our last letter, and the two
// ways to be done with it.
func contestedWords(e mailbox.Exchange) string {
	if e.State.Contested.IsZero() {
		return ""
	}
	why := unknownReason
	for _, l := range e.Letters {
		if l.Doubt != nil {
			why = reasonOf(*l.Doubt)
		}
	}
	what, act := "votre dernière lettre", "joignez le patient autrement, ou écrivez-lui de nouveau"
	if e.State.ContestedClosing {
		what, act = "votre lettre de clôture", "cliquez de nouveau sur «\u00a0Clore la conversation\u00a0»\u00a0: une seconde clôture ne gêne personne"
	}
	return "Un avis non vérifié dit que " + what + " n’a pas été remise\u00a0: " + why.why + ". Rien ne prouve qu’il vient d’un serveur, et Pli n’en a rien conclu. En cas de doute, " + act + ". Sinon, supprimez cet avis."
}

func lowerFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(r)) + s[n:]
}
