package templates

import "time"

// Page is what the frame of every signed-in page needs.
type Page struct {
	Title    string // generic ('Lettre', 'Réception'): never clinical
	Nonce    string // CSP nonce of this response
	Banner   string // shown on every page when set (demo, training platform)
	BannerTo string // where the banner's link leads, "" for none
	Me       Me
	Boxes    []BoxLink
	Folders  []FolderLink
	// FoldersSay is what the folder list leaves out, "" when it is whole.
	FoldersSay string
	Section    string // "mail", "search", "sessions", "journal"
	Flash      *Flash
	Job        *Job // an act on many letters, nil for none
	Keys       bool // shortcuts on
	Nav        Nav
	Support    string // how to reach support, from configuration; "" when not told
}

// Nav holds the site's own addresses that the frame links to. An empty one is
// not shown.
type Nav struct {
	Home       string // the brand's link: first mailbox, its inbox
	Sessions   string // GET
	Journal    string // GET
	Situations string // GET: change the situation (shown when Me.Several)
	SignOut    string // POST, no field
	Write      string // POST, no field: begins a letter
	Directory  string // GET
	Space      string // GET: what takes the room of the mailbox at hand
	Room       *Room  // it is nearly full; nil when it is not, or nobody knows
	Folders    string // GET: makes, renames and removes folders of the mailbox at hand
	Patients   string // GET: exchanges with patients of the mailbox at hand
	Rules      string // GET: rules of the mailbox at hand
	// PatientsWaiting is how many of them wait for us, 0 when none or not known.
	PatientsWaiting int
}

// Me says who is signed in and for whom they act.
type Me struct {
	Name      string
	Work      string // profession in words
	Place     string
	SignedBy  string // 'Pro Santé Connect, carte CPS'
	Several   bool   // more than one situation: offer to change
	MailUntil time.Time
}

// BoxLink is one mailbox in the rail.
type BoxLink struct {
	ID, Label, Address, Kind string
	Unread                   int // -1 when unknown (server silent)
	Current, Shared, Failing bool
	Href                     string
}

// FolderLink is one folder in the rail.
type FolderLink struct {
	ID, Label, Role string
	Depth           int
	Unseen, Total   int
	Current         bool
	Href            string
}

// Flash is one sentence after an act, with its undo.
type Flash struct {
	Say    string
	Kind   string   // "ok", "warn"
	Undo   string   // sealed token; "" when there is nothing to undo
	UndoTo string   // POST target
	Next   string   // local path to come back to
	Row    uint32   // the list's row it is about, 0 for none
	Drafts []string // fields ref of the drafts an undo brings back, with do=restore
	Reopen string   // POST: brings back the one draft put away, and opens it
	GoOn   string   // of the draft kept when its page was left
}

// SignInView is the page before anybody is known.
type SignInView struct {
	Nonce, Banner, BannerTo string
	Say                     string // why the last session ended, or why sign-in failed
	SayKind                 string // "info", "warn", "error"
	Next                    string // local path
	Action                  string // POST target
}

// SituationsView lets a person pick the situation they act in.
type SituationsView struct {
	Page
	Choices []SituationChoice
	Next    string
	Action  string // POST target; fields situation (SituationChoice.Key) and next
}

// SituationChoice is one situation d'exercice.
type SituationChoice struct {
	Key, Work, Place, Mode string
	Current                bool
}

// ListView is a folder's page.
type ListView struct {
	Page
	BoxID, FolderID, FolderLabel string
	UIDValidity                  uint32
	Rows                         []Row
	// Drafting is the page of letters being written: two groups, one count, no filters.
	// Total counts both.
	Drafting                bool
	Drafts                  []DraftRow // being written in Pli, above those another program left
	SignatureHref           string     // where the signature is changed, on that page
	Total                   int
	First, Last             int
	PrevHref, NextHref      string
	RefreshHref             string
	Filter                  string // "", "unread", "flagged"
	FilterAll, FilterUnread string // hrefs
	FilterFlagged           string
	FilterToDo              string       // "" where letters cannot be marked dealt with
	Moves                   []FolderLink // where a selection may go
	CanTriage               bool
	Pages                   int
	Search                  *SearchBox
	Empty                   string // sentence of an empty page
	Selected                uint32 // uid open beside, 0 when none
	PageNumber              int    // 1-based page shown, 0 when unknown (anchored in the middle)
	// BulkTo is the POST target of a selection. Fields: ref (repeated, Row.Ref),
	// do (archive, bin, read, unread, star, unstar, move) and, for move, to
	// (FolderLink.ID of Moves).
	BulkTo string
	Live   Live
	Whole  Whole // the choice of every letter of the folder
	// JumpTo is the GET target of 'Aller à la page': field page. "" hides it.
	JumpTo string
	// Views is the choice between conversations and letters, nil where there is none.
	Views *ListViews
}

// Row is one letter in a list.
type Row struct {
	Current                            bool // the one open beside, where a uid alone does not tell
	UID                                uint32
	Href                               string
	Ref                                string // form value: folder/uidvalidity/uid
	Who, What                          string // sender (or recipient in Sent), what they are
	Subject, Snippet                   string
	When                               string // relative
	WhenISO                            string
	Unread, Flagged, Answered, Patient bool
	Unreadable, Processed              bool
	Attachments                        int
	Letters                            int    // of a conversation; 0 or 1 for a letter
	FolderLabel                        string // in search results
	Chips                              []Chip
}

// Chip is a small labelled mark; Kind picks its meaning: patient, doc, critical, state, plain.
type Chip struct{ Kind, Text string }

// LetterView is one letter, alone or beside its list.
type LetterView struct {
	Page
	List                               *ListView   // nil when shown alone
	Found                              *SearchView // instead of List: the search it was opened from
	BoxID, FolderID                    string
	FolderRole                         string // role of the letter's folder; "" means that of Page.Folders' current one
	Ref                                string
	UIDValidity, UID                   uint32
	Subject                            string
	From                               Sender
	To, Cc                             []Person
	When, WhenISO                      string
	Flagged, Unread, Answered, Patient bool
	Processed                          bool           // dealt with
	Remind                             []RemindChoice // moments a letter may come back
	BodyHref                           string         // iframe source; "" when there is no body
	BodyTitle                          string         // frame's accessible title
	PlainHref                          string         // the other form of the body
	PlainShown                         bool
	RemoteBlocked                      int
	Truncated                          bool
	Attachments                        []Attachment
	Nested                             []NestedLetter
	AllHref                            string // zip of everything
	SourceHref, PrintHref              string
	BackHref, PrevHref, NextHref       string
	BackSays                           string // where BackHref leads, "" for the list
	ExchangeHref                       string // the conversation with the one patient it is from or to
	Machine                            bool   // a server wrote it back: nobody answers that
	Moves                              []FolderLink
	CanTriage                          bool
	Notices                            []Notice
	Acts                               LetterActs
}

// LetterActs are the POST targets of the bar; each form sends ref (LetterView.Ref),
// Move also sends to (FolderLink.ID). An empty target hides its button.
type LetterActs struct{ Archive, Bin, Flag, Unflag, Unread, Move, Process, Unprocess, Remind string }

// Notice is one sentence above the body: integration failure, unreadable part, outside the trusted space …
type Notice struct{ Kind, Title, Text string } // Kind: info, warn, error

// Sender is the card of who wrote.
type Sender struct {
	Name, Address, Initials string
	Kind                    string // kind of mailbox in words
	Work                    string
	Verified                bool   // in the directory (step 1b)
	Trusted                 bool   // of the trusted space
	Warning                 string // name and address disagree, several From …
}

// Person is a recipient.
type Person struct{ Name, Address string }

// Attachment is one file of a letter.
type Attachment struct {
	Name, Type, Size          string // type and size in words
	Icon                      string // pdf, image, archive, text, letter, file
	DownloadHref, PreviewHref string // preview "" when there is none
	PreviewKind               string // pdf, image, text, letter; for image PreviewHref is the <img> source, shown in place
	Thumb                     bool   // a picture shown small without being asked for
	EmbedHref                 string // a PDF whose first page may stand below the letter, "" for none
}

// NestedLetter is a message/rfc822 opened in place.
type NestedLetter struct {
	Subject, From, When, BodyHref, Title string
	FileName, Size, DownloadHref         string // the letter as a file; DownloadHref "" hides it
	Attachments                          []Attachment
	Defects                              string
}

// PrintView is a letter made for paper.
type PrintView struct {
	Nonce       string
	Letter      LetterView
	PrintedBy   string
	PrintedAt   string
	BodyHref    string
	Attachments []Attachment
}

// ViewerView is the PDF page of its own, with its own CSP.
type ViewerView struct {
	Nonce, FileName, FileHref, BackHref, WorkerHref, ScriptHref string

	DownloadHref string // "" means FileHref serves the download too
	WholeHref    string // inside a letter's page: the first page only, and where all of it is
}

// TextPreviewView shows a text file in the page.
type TextPreviewView struct {
	Page
	FileName, Text, BackHref, DownloadHref string
	Truncated                              bool
}

// SessionsView lists the person's open sessions.
type SessionsView struct {
	Page
	Rows           []SessionRow
	Others         int    // open sessions but this one
	RevokeOthersTo string // POST; field others=1
}

// SessionRow is one browser session.
type SessionRow struct {
	ID, Agent, Since, Seen string
	Means                  string // "carte CPS", "e-CPS", "" when not known
	Did                    string // what was done last: "Lettre ouverte, Cabinet des Lilas", "" when not known
	Current                bool
	RevokeTo               string // POST; field id (SessionRow.ID)
}

// JournalView is the person's own trail.
type JournalView struct {
	Page
	Kinds    []JournalKind
	Rows     []JournalRow
	NextHref string
	Empty    string // sentence of an empty page
}

// JournalKind is one choice of what the journal shows.
type JournalKind struct {
	Label, Href string
	Current     bool
}

// JournalRow is one act, or the same one repeated.
type JournalRow struct {
	When, Who, Box, Act, Outcome string
	Letter                       string // "lettre du 3 mars", "" when the act is about no letter or its date is not known
	Times                        int    // how often, 1 for once
	Failed                       bool
}

// ErrorView is every failure a page can show.
type ErrorView struct {
	Page
	SignedIn           bool
	CallSupport        bool // somebody at support can mend this
	Status             int
	Heading, Say       string
	ActLabel, ActHref  string // the one next act
	AlsoLabel, AlsoURL string
	RequestID          string
}

// NoMailboxView says that nobody gave this person a mailbox yet.
type NoMailboxView struct {
	Page
	NationalID string
	Operator   string // who to call, from configuration
}

// BodyView is the whole document inside a letter's frame. HTML has been through
// the sanitiser: it is written as it is.
type BodyView struct {
	HTML  string
	Dark  bool   // follow the reader's dark scheme (plain text only: senders' HTML assumes white paper)
	Title string // generic, for the frame's document: 'Corps de la lettre'
}
