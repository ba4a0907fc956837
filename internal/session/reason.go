package session

import "time"

// Reason says why a session, or its access to mail, ended. Stable codes: they
// are stored and written in the trail.
type Reason string

// The reasons.
const (
	Idle     Reason = "idle"     // no act of the person for Clocks.Idle
	Absolute Reason = "absolute" // Clocks.Absolute since sign-in
	SignOut  Reason = "signout"  // the person clicked
	Revoked  Reason = "revoked"  // closed from another browser, or by support
	Provider Reason = "provider" // Pro Santé Connect refused to go on
	Mail     Reason = "mail"     // the refresh token came to its end unused
	Rotated  Reason = "rotated"  // a refresh was cut off; its token cannot be used twice
	Lost     Reason = "lost"     // our keys no longer open what was sealed
	Replaced Reason = "replaced" // somebody signed in again in this browser

	Dismissed Reason = "operator" // a session of support, closed by the operator

	// Closed by support, for a reason the person reads: a closed list, so that nothing
	// about anybody is typed into it.
	SupportAsked  Reason = "support.asked"  // the person asked for it
	SupportLost   Reason = "support.lost"   // their computer or card is lost or stolen
	SupportOdd    Reason = "support.odd"    // use that is not like them
	SupportUpkeep Reason = "support.upkeep" // work on the service
)

// SupportReasons are the reasons support may give.
func SupportReasons() []Reason {
	return []Reason{SupportAsked, SupportLost, SupportOdd, SupportUpkeep}
}

// Covers reports that whoever is before the screen may not be the person: what stands in an
// open page is covered until they are back.
func (r Reason) Covers() bool { return r == SupportLost }

// Label says a reason to support, in a few words; the code of one not known.
func (r Reason) Label() string {
	switch r {
	case SupportAsked:
		return "À la demande de la personne"
	case SupportLost:
		return "Poste, carte ou mobile perdu ou volé"
	case SupportOdd:
		return "Usage inhabituel à vérifier avec la personne"
	case SupportUpkeep:
		return "Intervention sur le service"
	case Idle:
		return "Sans activité"
	case Absolute:
		return "Durée maximale atteinte"
	case SignOut:
		return "Par un clic de la personne"
	case Revoked:
		return "Fermée depuis un autre poste"
	case Provider:
		return "Fermée par le fournisseur d’identité"
	case Mail:
		return "Accès aux lettres expiré"
	case Rotated:
		return "Renouvellement interrompu"
	case Lost:
		return "Clés du service changées"
	case Replaced:
		return "Remplacée par une nouvelle connexion"
	case Dismissed:
		return "Fermée par l’opérateur"
	}
	return string(r)
}

// Say is the sentence for the person: what happened, what was not lost, what to do.
func (r Reason) Say() string {
	const again = " Identifiez-vous de nouveau pour reprendre."
	switch r {
	case Idle:
		return "Votre session s’est fermée faute d’activité, pour protéger vos lettres sur ce poste. " +
			"Rien n’est perdu\u00a0: vos lettres sont toujours dans votre boîte." + again
	case Absolute:
		return "Votre session a atteint sa durée maximale. Rien n’est perdu." + again
	case SignOut:
		return "Vous êtes déconnecté."
	case Revoked:
		return "Cette session a été fermée depuis un autre poste (page «\u00a0Mes sessions\u00a0») ou par votre support. " +
			"Rien n’est perdu." + again
	case Provider:
		return "Pro Santé Connect a mis fin à votre session. Rien n’est perdu." + again
	case Mail:
		return "Votre session Pro Santé Connect a expiré faute d’activité\u00a0: l’accès aux lettres est fermé. " +
			"Rien n’est perdu." + again
	case Rotated:
		return "Le renouvellement de votre session Pro Santé Connect a été interrompu et ne peut pas être repris. " +
			"Rien n’est perdu." + again
	case Replaced:
		return "Une nouvelle connexion a remplacé cette session dans ce navigateur. Rien n’est perdu." + again
	case SupportAsked:
		return "Votre support a fermé cette session, à votre demande. Rien n’est perdu." + again
	case SupportLost:
		return "Votre support a fermé cette session, parce qu’un poste, une carte ou un mobile a été déclaré perdu ou volé. " +
			"Rien n’est perdu. Si ce n’était pas vous, appelez-le." + again
	case SupportOdd:
		return "Votre support a fermé cette session, parce que son usage était inhabituel. Rien n’est perdu. " +
			"Appelez-le si vous ne savez pas pourquoi." + again
	case SupportUpkeep:
		return "Votre support a fermé cette session pour une intervention sur le service. Rien n’est perdu." + again
	case Lost:
		return "Votre session n’a pas pu être retrouvée après une mise à jour du service. Rien n’est perdu." + again
	}
	return "Votre session est terminée." + again
}

// Ended remembers how a session, or its access to mail, came to its end.
type Ended struct {
	Reason Reason
	At     time.Time
}

// sayNobody is for a request with no session at all.
const sayNobody = "Vous n’êtes pas connecté. Identifiez-vous pour retrouver vos lettres."
