package templates

// PatientsView is the exchanges of a mailbox with patients, by whose turn it is.
type PatientsView struct {
	Page
	BoxLabel string
	Groups   []PatientGroup
	Total    int
	Say      string // what was not looked at, "" when everything was
	Unsure   bool   // what was not looked at may change what is shown: said first
	// FindTo is the POST target of 'Écrire à un patient': field ins. "" hides the form.
	FindTo    string
	FindError string // why the number typed last cannot be one
	Typed     string
	Open      bool // the form is unfolded
	// SearchTo is the POST target of a name: field words. Sought is the name the page was
	// narrowed to, "" for all; Found how many exchanges bear it.
	SearchTo, Sought string
	Found            int
	AllHref          string // the page of all
	LettersTo        string // POST: the same words in all letters, field words
}

// PatientGroup is one of the three.
type PatientGroup struct {
	Key, Title string // waiting, awaited, closed
	Rows       []PatientRow
	More       int    // left out of the page
	Empty      string // sentence when there is none
}

// PatientRow is one exchange in a list. A patient is never shown by the address.
type PatientRow struct {
	Href, Name, INS string // INS masked
	ShowTo          string // POST: opens the exchange with the INS whole; "" when there is none to show
	Subject         string
	LastWho, Last   string // who spoke last ('Vous'), and the words
	When, WhenISO   string
	Wait            string // 'attend depuis 3 h', "" when nobody waits
	Letters         int
	Unread          bool
	Chips           []Chip
}

// ExchangeView is the letters of one exchange, oldest first.
type ExchangeView struct {
	Page
	BackHref            string
	Name, INS, INSWhole string // INSWhole only once it was asked for
	Tells               string // sex, month and year, as the INS tells
	ShowTo              string // POST; "" when there is no INS, or it is shown
	State, StateSay     string // State: open, todo, after, closed, contested, silent, lost, told
	LostTitle, LostSay  string // our last letter came back
	ContestedSay        string // a notice nobody can believe says that it did
	LeavingSay          string // a closing that nobody knows the fate of
	NearSay             string // a letter that has probably closed nothing
	Say                 string // letters that were not looked at
	Letters             []ExchangeLetterView
	Older               int    // letters shown by their line only
	AnswerTo, Answer    string // POST, no field; the button's words
	CloseTo, CloseSay   string // POST: fields last and who; what it does
	Last, Who           string
	// ToldTo: POST, fields seen (ToldLast) and who: the patient whom our last letter did not
	// reach was told otherwise. "" when it is not the case.
	ToldTo, ToldLast string
}

// ExchangeLetterView is one of them. Without BodyHref it is a line.
type ExchangeLetterView struct {
	Who, When, WhenISO, Subject, Snippet string
	Ours, Unread, Repeated               bool // Repeated: the subject is that of the letter before
	Href                                 string
	OpenSays                             string // on the link to Href, "" for 'Ouvrir la lettre'
	ReadHref                             string // of a line: the page with it read in its place, "" for none
	BodyHref, AllHref                    string
	Attachments                          []Attachment
	Files                                int
	Notices                              []Notice
	Chips                                []Chip
	Nested                               int
}

// IdentityView is who an INS says somebody is, before a letter is begun.
type IdentityView struct {
	Page
	INS, Tells, KeySay string // KeySay "" when the key is right
	Known              string // the name under which an exchange exists already
	KnownHref          string
	To, BackHref       string // POST: field name
	MendHref           string // to the field with the number in it, under a wrong key
	Name               string
}

func groupID(key string) string { return "groupe-" + key }

// LetterAnchor is where a letter stands in the page of several.
func LetterAnchor(i int) string { return "lettre-" + num(uint32(i+1)) }

// newest is where an exchange is entered: what was said last is what one came for.
const newest = "derniere"

func rowName(name string) string {
	if name == "" {
		return "Patient"
	}
	return name
}
