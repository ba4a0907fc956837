package templates

// Card is what the directory knows of an address, for a page that shows it.
type Card struct {
	Name    string // as a page calls the holder
	Work    string // profession and speciality in words
	Place   string // structure and town
	Kind    string // kind of mailbox in words
	Purpose string // which mailbox for what
	Href    string // the person's or structure's page, "" for none
	NoReply bool
}

// On puts what the directory knows on a sender's card. The name stays the one that
// stood in the letter: a name that differs must be seen.
func (c Card) On(s *Sender) {
	s.Verified = true
	if s.Work == "" {
		s.Work = joined(c.Work, c.Place)
	}
	if s.Kind == "" {
		s.Kind = c.Kind
	}
	if c.NoReply {
		s.Kind = joined(c.Kind, "ne lit pas les réponses")
	}
}

// DirectoryView is the search page, before and after a search.
type DirectoryView struct {
	Page
	Action          string // POST
	Words           string
	Filters         DirectoryFilters
	Error           string // why the words cannot be searched with
	Searched        bool
	Entries         []DirectoryEntry
	Total           int
	More            bool
	Forgiven        bool
	PrevHref        string
	NextHref        string
	PageSays        string
	State           string // how old the data is, in a sentence
	StateWarn       bool
	DepartmentError string
	WriteTo         string // where a letter to one of them begins, "" for nowhere
}

// DirectoryFilters are the choices beside the words.
type DirectoryFilters struct {
	Department               string
	Professions, Specialties []Choice
	Kinds                    []Choice
	Open                     bool // one of them is set
}

// Choice is one option of a list.
type Choice struct {
	Value, Label string
	Chosen       bool
}

// DirectoryEntry is one mailbox in a list.
type DirectoryEntry struct {
	Name, Work, Place, Street, Address, Kind, Purpose string
	Href, StructureHref                               string
	NoReply, Past, Outside, Paperless                 bool
	Identifier                                        string // "RPPS 1000 7001 372", to tell homonyms apart
}

// DirectoryPageView is the page of a person or of a structure.
type DirectoryPageView struct {
	Page
	Heading, Sub string
	Facts        []Fact
	Mailboxes    []DirectoryEntry
	BoxesTitle   string
	People       []DirectoryEntry
	More         bool
	BackHref     string
	WriteTo      string
	State        string
}

// Fact is one line of what is known.
type Fact struct{ Label, Value, Href string }
