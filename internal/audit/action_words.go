package audit

import "cmp"

// Label says the action in French; an unknown one shows its code.
func (a Action) Label() string {
	if label := a.known(); label != "" {
		return label
	}
	return string(a)
}

// Known reports whether this binary knows the action.
func (a Action) Known() bool { return a.known() != "" }

func (a Action) known() string {
	return cmp.Or(a.ofAccount(), a.ofLetter(), a.ofWriting(), a.ofRules(), a.ofService())
}

// ofAccount: who comes in, and to what. The five are switches, not a map: no package
// state.
func (a Action) ofAccount() string {
	switch a {
	case SignIn:
		return "Connexion"
	case SignInRefused:
		return "Connexion refusée"
	case SignOut:
		return "Déconnexion"
	case SessionEnd:
		return "Fin de session"
	case SessionRevoke:
		return "Session révoquée"
	case SituationPick:
		return "Choix de la situation d’exercice"
	case PreferenceSet:
		return "Préférence modifiée"
	case AccountCreate:
		return "Compte créé"
	case AccountClose:
		return "Compte fermé"
	case AccountReopen:
		return "Compte rouvert"
	case MailboxCreate:
		return "Boîte déclarée"
	case MailboxOpen:
		return "Boîte ouverte"
	case MailboxRefused:
		return "Accès à une boîte refusé"
	case MailboxWatch:
		return "Boîte suivie en direct"
	case GrantAdd:
		return "Droit accordé"
	case GrantRevoke:
		return "Droit retiré"
	}
	return ""
}

// ofLetter: what is read, found and sorted.
func (a Action) ofLetter() string {
	switch a {
	case FolderList:
		return "Dossiers affichés"
	case FolderCreate:
		return "Dossier créé"
	case FolderRename:
		return "Dossier renommé"
	case FolderDelete:
		return "Dossier supprimé"
	case FolderSubscribe:
		return "Dossier montré ou non dans les autres logiciels"
	case LetterList:
		return "Liste de lettres affichée"
	case LetterOpen:
		return "Lettre ouverte"
	case LetterSource:
		return "Source de la lettre affichée"
	case LetterPrint:
		return "Lettre imprimée"
	case LetterMove:
		return "Lettre déplacée"
	case LetterArchive:
		return "Lettre classée"
	case LetterBin:
		return "Lettre mise à la corbeille"
	case LetterDelete:
		return "Lettre supprimée définitivement"
	case PartDownload:
		return "Pièce jointe téléchargée"
	case PartPreview:
		return "Pièce jointe affichée"
	case PartZip:
		return "Pièces jointes téléchargées ensemble"
	case Search:
		return "Recherche"
	case FlagSet:
		return "Marque posée"
	case FlagClear:
		return "Marque retirée"
	case Undo:
		return "Action annulée"
	case ReminderSet:
		return "Lettre mise en rappel"
	case ReminderCancel:
		return "Rappel annulé"
	case ReminderDue:
		return "Lettre revenue d’un rappel"
	case ExchangeList:
		return "Échanges avec les patients affichés"
	case ExchangeOpen:
		return "Échange avec un patient affiché"
	case ExchangeClose:
		return "Échange avec un patient clos"
	case ExchangeTold:
		return "Patient prévenu autrement"
	case PatientINS:
		return "INS d’un patient affiché"
	case PatientIdentify:
		return "Identité d’un patient vérifiée avant de lui écrire"
	}
	return ""
}

// ofWriting: what is written and sent.
func (a Action) ofWriting() string {
	switch a {
	case LetterSend:
		return "Lettre envoyée"
	case LetterRefused:
		return "Lettre refusée à l’envoi"
	case LetterSettle:
		return "Envoi incertain tranché"
	case LetterCopy:
		return "Copie classée dans Envoyés"
	case DraftCreate:
		return "Brouillon commencé"
	case DraftOpen:
		return "Brouillon ouvert"
	case DraftSave:
		return "Brouillon enregistré"
	case DraftDelete:
		return "Brouillon supprimé"
	}
	return ""
}

// ofRules: what the server does by itself.
func (a Action) ofRules() string {
	switch a {
	case RuleList:
		return "Règles affichées"
	case RuleTry:
		return "Règle essayée sur les lettres reçues"
	case RuleSave:
		return "Règle enregistrée"
	case RuleDelete:
		return "Règle supprimée"
	case RuleOrder:
		return "Ordre des règles changé"
	case RuleSwitch:
		return "Règles activées ou suspendues"
	case AbsenceSet:
		return "Réponse d’absence réglée"
	}
	return ""
}

// ofService: the trail itself, support, and the lines out.
func (a Action) ofService() string {
	switch a {
	case TrailPurge:
		return "Journal purgé en fin de conservation"
	case TrailVerify:
		return "Journal vérifié"
	case TrailExport:
		return "Journal exporté"
	case SupportSignIn:
		return "Connexion du support"
	case SupportRefused:
		return "Connexion du support refusée"
	case SupportSearch:
		return "Recherche par le support"
	case SupportLook:
		return "Consultation par le support"
	case TokenRefused:
		return "Jeton refusé par le serveur"
	case ConnectionFailed:
		return "Connexion au serveur impossible"
	case DirectorySearch:
		return "Recherche dans l’annuaire"
	case DirectoryImport:
		return "Import de l’annuaire"
	case TrustRefresh:
		return "Liste blanche actualisée"
	case TrustRefused:
		return "Liste blanche refusée"
	}
	return ""
}

// OutcomeLabel says in French how an act went.
func OutcomeLabel(code string) string {
	switch code {
	case OutcomeOK, "":
		return "fait"
	case OutcomeAsked:
		return "demandé"
	case "denied", "not_found":
		return "refusé"
	case "gone":
		return "lettre absente"
	case "upstream_refused":
		return "refusé par le serveur"
	case "upstream_down", "timeout":
		return "serveur injoignable"
	case "sign_in_needed":
		return "session terminée"
	}
	return "échoué"
}
