package templates

import "strconv"

// SupportFrame is what every page of support staff needs. It has no mailbox and no
// person of care: another frame than practitioners'.
type SupportFrame struct {
	Title            string
	Banner, BannerTo string
	Agent, Work      string // who is signed in; "" before
	Section          string // "home", "deliveries", "trail"
	Say, SayKind     string // the sentence after an act
}

// SupportSignInView is the page before anybody of support is known, and after.
type SupportSignInView struct {
	SupportFrame
	Heading, Lead string
	CanSignIn     bool
	RequestID     string // of a refusal
}

// SupportErrorView is a failure on a page of support.
type SupportErrorView struct {
	SupportFrame
	Heading, Text, ActLabel, ActHref, RequestID string
}

// SupportFact is one line of a card: a word and what it is.
type SupportFact struct{ Name, Value string }

// SupportCard is the state of one thing the service rests on.
type SupportCard struct {
	Title, State string
	Kind         string // "ok", "warn"
	Facts        []SupportFact
	Say          string // the last error in words
	TestID       string
}

// SupportLoop is a background work.
type SupportLoop struct {
	Name, State, Last, Failures string
	Failing                     bool
}

// SupportHomeView is the state of the service.
type SupportHomeView struct {
	SupportFrame
	Words string
	Cards []SupportCard
	Loops []SupportLoop
	Chart SupportChart
}

// SupportChart is deliveries by day and outcome, drawn by the server. Heights are in
// units of the drawing.
type SupportChart struct {
	Bars  []SupportBar
	Top   string // the number the highest line stands for
	Says  string // the picture in a sentence
	Empty bool
}

// SupportBar is one day.
type SupportBar struct {
	Day, Label            string // "jeudi 19 novembre", and "19" or "" where there is no room
	Sent, Waiting, Failed int
	X, SentY, SentH       int
	WaitY, WaitH          int
	FailY, FailH          int
}

// SupportLink is a person or a mailbox found.
type SupportLink struct {
	Title, Sub, Href string
	Closed           bool
}

// SupportFoundView is what a search brought.
type SupportFoundView struct {
	SupportFrame
	Words     string
	People    []SupportLink
	Mailboxes []SupportLink
	Waiting   []SupportGrant
	More      bool
}

// SupportGrant is a right on a mailbox.
type SupportGrant struct {
	Who, WhoHref, WhoID string
	Box, BoxHref        string
	Rights              string // "titulaire", or "délégué : lire, trier"
	Since, Until, By    string
	State               string // "en vigueur", "retiré le …", "échu le …", "à venir"
	Live                bool
}

// SupportSession is a live session.
type SupportSession struct{ ID, Agent, Since, Seen, Note string }

// SupportPersonView is one account.
type SupportPersonView struct {
	SupportFrame
	Name       string
	Facts      []SupportFact
	Closed     bool
	Sessions   []SupportSession
	Reasons    []Choice
	RevokeTo   string
	Grants     []SupportGrant
	NationalID string
}

// SupportMailboxView is one mailbox and who may open it.
type SupportMailboxView struct {
	SupportFrame
	Label, Address, Kind string
	Grants               []SupportGrant
}

// SupportWrong is what a form could not take: said beside its field, the rest is kept.
type SupportWrong struct{ Field, Say string }

// SupportDelivery is one recipient of one letter: never who.
type SupportDelivery struct {
	When, Reference, Box, Sender, To, State, Since, Codes, Meaning string
	Patient, Failed                                                bool
}

// SupportDeliveriesView is a page of the ledger.
type SupportDeliveriesView struct {
	SupportFrame
	Box, From, To string
	States        []Choice
	Rows          []SupportDelivery
	NextHref      string
	Filtered      bool
	Wrong         SupportWrong
}

// SupportTrailRow is a row of the trail, without its sealed detail.
type SupportTrailRow struct {
	When, Who, Work, Act, Box, Outcome, Request string
	Failed                                      bool
}

// SupportTrailView is a page of the trail.
type SupportTrailView struct {
	SupportFrame
	Person, Box, From, To string
	Actions               []Choice
	Rows                  []SupportTrailRow
	NextHref              string
	Handle                string // of the search, for an export of the same
	Filtered              bool
	Wrong                 SupportWrong
}

func number(n int) string { return strconv.Itoa(n) }

func supportSection(current, section string) string {
	if current == section {
		return "page"
	}
	return ""
}

func supportFailedClass(failed bool) string {
	if failed {
		return "journal-failed"
	}
	return ""
}
