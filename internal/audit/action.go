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
	MailboxWatch     Action = "mailbox.watch" // a session began to be told of its mailbox's news
	FolderList       Action = "folder.list"
	FolderCreate     Action = "folder.create"
	FolderRename     Action = "folder.rename"
	FolderDelete     Action = "folder.delete"
	FolderSubscribe  Action = "folder.subscribe" // shown in other programs, or no more
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
	ExchangeTold     Action = "exchange.told"    // a patient whom no letter reached, told otherwise
	PatientINS       Action = "patient.ins"      // a patient's INS shown whole
	PatientIdentify  Action = "patient.identify" // an INS typed to write to a patient, its key and what it tells looked at
	FlagSet          Action = "flag.set"
	FlagClear        Action = "flag.clear"
	Undo             Action = "undo"
	RuleList         Action = "rule.list"
	RuleTry          Action = "rule.try" // a rule tried on the letters that are there
	RuleSave         Action = "rule.save"
	RuleDelete       Action = "rule.delete"
	RuleOrder        Action = "rule.order"
	RuleSwitch       Action = "rule.switch" // one rule, or all of them, applied or not
	AbsenceSet       Action = "absence.set"
	ReminderSet      Action = "reminder.set"    // a letter put aside until a date
	ReminderCancel   Action = "reminder.cancel" // taken back before
	ReminderDue      Action = "reminder.due"    // come back on its date
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
