package audit

// Action is a stable code of what was done. The list is closed for writers; a
// reader keeps showing the code of an action it does not know (a newer node's).
type Action string

// The actions.
const (
	SignIn           Action = "signin"
	SignInRefused    Action = "signin.refused"
	SignOut          Action = "signout"
	SessionEnd       Action = "session.end"
	SessionRevoke    Action = "session.revoke"
	SituationPick    Action = "situation.pick"
	PreferenceSet    Action = "preference.set"
	AccountCreate    Action = "account.create"
	AccountClose     Action = "account.close"
	AccountReopen    Action = "account.reopen"
	MailboxCreate    Action = "mailbox.create"
	MailboxOpen      Action = "mailbox.open"
	MailboxRefused   Action = "mailbox.refused"
	FolderList       Action = "folder.list"
	FolderCreate     Action = "folder.create"
	LetterList       Action = "letter.list"
	LetterOpen       Action = "letter.open"
	LetterSource     Action = "letter.source"
	LetterPrint      Action = "letter.print"
	LetterMove       Action = "letter.move"
	LetterArchive    Action = "letter.archive"
	LetterBin        Action = "letter.bin"
	LetterDelete     Action = "letter.delete"
	LetterSend       Action = "letter.send"
	LetterRefused    Action = "letter.refused"
	LetterSettle     Action = "letter.settle"
	LetterCopy       Action = "letter.copy"
	DraftCreate      Action = "draft.create"
	DraftOpen        Action = "draft.open"
	DraftSave        Action = "draft.save"
	DraftDelete      Action = "draft.delete"
	PartDownload     Action = "part.download"
	PartPreview      Action = "part.preview"
	PartZip          Action = "part.zip"
	Search           Action = "search"
	ExchangeList     Action = "exchange.list"
	ExchangeOpen     Action = "exchange.open"
	ExchangeClose    Action = "exchange.close"
	PatientINS       Action = "patient.ins"      // a patient's INS shown whole
	PatientIdentify  Action = "patient.identify" // an INS typed to write to a patient, its key and what it tells looked at
	FlagSet          Action = "flag.set"
	FlagClear        Action = "flag.clear"
	Undo             Action = "undo"
	GrantAdd         Action = "grant.add"
	GrantRevoke      Action = "grant.revoke"
	TrailPurge       Action = "trail.purge"
	TrailVerify      Action = "trail.verify"
	TrailExport      Action = "trail.export"
	SupportSignIn    Action = "support.signin"
	SupportRefused   Action = "support.refused"
	SupportSearch    Action = "support.search"
	SupportLook      Action = "support.look"
	TokenRefused     Action = "token.refused"
	ConnectionFailed Action = "connection.failed"
	DirectorySearch  Action = "directory.search"
	DirectoryImport  Action = "directory.import"
	TrustRefresh     Action = "trust.refresh" // another white list in force
	TrustRefused     Action = "trust.refused" // a white list received, or saved, and turned down
)

// Label says the action in French; an unknown one shows its code.
func (a Action) Label() string {
	if label := a.known(); label != "" {
		return label
	}
	return string(a)
}

// Known reports whether this binary knows the action.
func (a Action) Known() bool { return a.known() != "" }

// known is a switch, not a map: no package state.
func (a Action) known() string {
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
	case FolderList:
		return "Dossiers affichés"
	case FolderCreate:
		return "Dossier créé"
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
	case PartDownload:
		return "Pièce jointe téléchargée"
	case PartPreview:
		return "Pièce jointe affichée"
	case PartZip:
		return "Pièces jointes téléchargées ensemble"
	case Search:
		return "Recherche"
	case ExchangeList:
		return "Échanges avec les patients affichés"
	case ExchangeOpen:
		return "Échange avec un patient affiché"
	case ExchangeClose:
		return "Échange avec un patient clos"
	case PatientINS:
		return "INS d’un patient affiché"
	case PatientIdentify:
		return "Identité d’un patient vérifiée avant de lui écrire"
	case FlagSet:
		return "Marque posée"
	case FlagClear:
		return "Marque retirée"
	case Undo:
		return "Action annulée"
	case GrantAdd:
		return "Droit accordé"
	case GrantRevoke:
		return "Droit retiré"
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
