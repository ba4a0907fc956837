package web

import (
	"slices"

	"pli.example/pli/internal/audit"
	"pli.example/pli/templates"
)

// journalKind is a kind of act a person may look for in their journal.
type journalKind struct {
	code, label, empty string
	actions            []audit.Action // nil: all of them
}

func (k journalKind) has(a audit.Action) bool {
	return k.actions == nil || slices.Contains(k.actions, a)
}

// journalKinds are the choices, the whole journal first.
func journalKinds() []journalKind {
	return []journalKind{
		{"", "Tout", "Vos actes paraîtront ici, le plus récent en tête.", nil},
		{"reading", "Lecture", "Les lettres que vous ouvrez paraîtront ici.", []audit.Action{audit.LetterOpen, audit.LetterSource, audit.LetterPrint,
			audit.PartDownload, audit.PartPreview, audit.PartZip, audit.Search, audit.LetterList, audit.FolderList, audit.MailboxWatch}},
		{"filing", "Classement", "Les lettres que vous classez ou marquez paraîtront ici.", []audit.Action{audit.LetterMove, audit.LetterArchive, audit.LetterBin,
			audit.LetterDelete, audit.FlagSet, audit.FlagClear, audit.Undo, audit.FolderCreate, audit.FolderRename, audit.FolderDelete, audit.FolderSubscribe,
			audit.ReminderSet, audit.ReminderCancel, audit.ReminderDue}},
		{"rules", "Règles", "Les règles et réponses d’absence que vous réglez paraîtront ici.", []audit.Action{audit.RuleList, audit.RuleTry, audit.RuleSave, audit.RuleDelete,
			audit.RuleOrder, audit.RuleSwitch, audit.AbsenceSet}},
		{"patients", "Patients", "Vos échanges avec les patients paraîtront ici.", []audit.Action{audit.ExchangeList, audit.ExchangeOpen, audit.ExchangeClose, audit.ExchangeTold, audit.PatientINS, audit.PatientIdentify}},
		{"writing", "Envois", "Les lettres que vous envoyez paraîtront ici.", []audit.Action{audit.LetterSend, audit.LetterRefused, audit.LetterSettle, audit.LetterCopy}},
		{"drafts", "Brouillons", "Les lettres que vous préparez paraîtront ici.", []audit.Action{audit.DraftCreate, audit.DraftOpen, audit.DraftSave, audit.DraftDelete}},
		{"session", "Connexions", "Vos connexions paraîtront ici.", []audit.Action{audit.SignIn, audit.SignInRefused, audit.SignOut, audit.SessionEnd, audit.SessionRevoke,
			audit.SituationPick, audit.TokenRefused, audit.ConnectionFailed}},
		{"rights", "Droits", "Les droits donnés, retirés ou refusés paraîtront ici.", []audit.Action{audit.GrantAdd, audit.GrantRevoke, audit.MailboxOpen, audit.MailboxRefused,
			audit.MailboxCreate, audit.AccountCreate, audit.AccountClose, audit.AccountReopen, audit.PreferenceSet, audit.SupportLook}},
	}
}

// kindOf is the kind a code names, all of them for an unknown one.
func kindOf(code string) journalKind {
	all := journalKinds()
	for _, k := range all {
		if k.code == code {
			return k
		}
	}
	return all[0]
}

func journalChoices(current journalKind) []templates.JournalKind {
	var out []templates.JournalKind
	for _, k := range journalKinds() {
		href := "/journal"
		if k.code != "" {
			href += "?kind=" + k.code
		}
		out = append(out, templates.JournalKind{Label: k.label, Href: href, Current: k.code == current.code})
	}
	return out
}
