package templates

// SearchBox is the search form's state. It posts words (a line as a person types it) and
// everywhere=1; the whole form also posts the fields of SearchFields.
type SearchBox struct {
	Action     string // POST; GET shows the form alone
	Words      string
	Everywhere bool
	Unasked    bool          // ticked, though the person did not: posted as unasked=1
	Fields     *SearchFields // nil in a list: words alone
}

// SearchFields are the conditions beside words, by the names they are posted under:
// from, to, subject, body, patient, since, until, folder, files=1, documents=1,
// unread=1, unanswered=1, starred=1, sort. drop names one to take away.
type SearchFields struct {
	From, To, Subject, Body, Patient              string
	Since, Until                                  string // 2026-10-01
	Files, Documents, Unread, Unanswered, Starred bool
	Folder                                        string // FolderLink.ID
	Folders                                       []FolderLink
	Sort                                          string
	Sorts                                         []SearchSort
	Chips                                         []SearchChip // what is set, in words
	Open                                          bool
}

// SearchSort is an order to choose.
type SearchSort struct{ Value, Text string }

// SearchChip is one condition that is set; posting drop=Name takes it away.
type SearchChip struct{ Name, Text string }

// SearchView shows results across folders.
type SearchView struct {
	Page
	BoxID string
	Box   SearchBox
	Asked bool   // something was looked for
	Error string // why what was typed cannot be looked for
	Rows  []Row
	SearchProgress
	Moves  []FolderLink
	CanAct bool
	BulkTo string // as ListView.BulkTo
	Many   Whole  // the choice of all that was found
	Saved  SavedSearches
}

// SearchProgress is how much was found and how far the texts were read: what changes
// while reading goes on.
type SearchProgress struct {
	Total              int
	More               bool
	Say                string // how far it got
	OnTo               string // POST, to read on in the texts; "" when there are none to read
	StopHref, Self     string
	Empty              string
	Texts              bool // they are looked into
	TextsAsked         bool // because the person said so; else few were found without
	Whole, Going, Done bool
	Read               string // "depuis le 3 mars 2025, 12 000 lettres sur 100 000"
	PageNumber, Pages  int
	PrevHref, NextHref string
}

// SavedSearches are those the person keeps for this mailbox.
type SavedSearches struct {
	List   []SavedSearch
	SaveTo string // POST name, to keep the one shown; "" when there is none to keep
	To     string // POST: open=id or remove=id
	Error  string
	Name   string // as typed, when it was refused
}

// SavedSearch is one of them.
type SavedSearch struct{ ID, Name string }
