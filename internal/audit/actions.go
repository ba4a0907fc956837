package audit

// Actions lists every action this binary knows, by what it is about.
func Actions() []Action {
	return []Action{
		SignIn, SignInRefused, SignOut, SessionEnd, SessionRevoke, SituationPick, PreferenceSet,
		AccountCreate, AccountClose, AccountReopen, MailboxCreate, MailboxOpen, MailboxRefused, MailboxWatch, GrantAdd, GrantRevoke,
		FolderList, FolderCreate, FolderRename, FolderDelete, FolderSubscribe, LetterList, LetterOpen, LetterSource, LetterPrint, LetterMove, LetterArchive, LetterBin, LetterDelete,
		LetterSend, LetterRefused, LetterSettle, LetterCopy, DraftCreate, DraftOpen, DraftSave, DraftDelete,
		ExchangeList, ExchangeOpen, ExchangeClose, ExchangeTold, PatientINS, PatientIdentify,
		PartDownload, PartPreview, PartZip, Search, FlagSet, FlagClear, Undo, ReminderSet, ReminderCancel, ReminderDue, DirectorySearch,
		RuleList, RuleTry, RuleSave, RuleDelete, RuleOrder, RuleSwitch, AbsenceSet,
		SupportSignIn, SupportRefused, SupportSearch, SupportLook, TrailExport, TrailVerify, TrailPurge,
		TokenRefused, ConnectionFailed, DirectoryImport, TrustRefresh, TrustRefused,
	}
}
