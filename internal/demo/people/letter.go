package people

import (
	"fmt"
	"sort"
	"strings"
	"time"

	"pli.example/pli/internal/mssante"
)

// SeedLetter is one letter lying in one folder of one mailbox when the demo
// starts. A letter between two people of the cast gives several: the copies
// share Raw and Message-ID.
type SeedLetter struct {
	ID       string // stable name of the letter: "vial-biologie"
	Purpose  string // why it is here, for whoever reads the code or a failing test
	Mailbox  mssante.Address
	Folder   string   // "INBOX", "Sent", "Archive"… decoded
	Flags    []string // IMAP flags: \Seen, \Flagged, \Answered, $Forwarded…
	Received time.Time
	Raw      []byte // CRLF line ends, but for the letters that break rules
}

// contact is a sender or recipient as a header names them.
type contact struct {
	name string
	mssante.Address
}

// draft is a letter as the letters_*.go files write it.
type draft struct {
	id, purpose    string
	from           string // key of a contact
	to, cc         string // keys, space separated
	subject        string
	day            int    // days before today, 0 or less
	clock          string // "08:42"
	re             string // id of the letter answered: gives References
	fwd            bool   // re is forwarded, not answered: no threading headers
	text           string
	html           string
	files          []file
	header         []string // further header fields, already encoded
	charset        string   // utf-8 when empty
	encoding       string   // quoted-printable when empty; base64, 8bit, 7bit
	flowed         bool
	headerEncoding string // "q" (default) or "b"
	marks          string // "martin unread flagged; petit answered; benali in Archive; haddad none"
	raw            func(l *composer, d draft) []byte
}

// composer turns drafts into bytes, remembering what was written for threading.
type composer struct {
	today    time.Time
	contacts map[string]contact
	hosted   map[string]mssante.Address // key of contact → mailbox of the demo
	sent     map[string]sentLetter
	out      []SeedLetter
}

type sentLetter struct {
	messageID string
	refs      []string
	raw       []byte
	subject   string
	at        time.Time
}

func newComposer(now time.Time) *composer {
	// Before nine, "this morning" would lie in the future: the day starts yesterday.
	today := now
	if now.Hour() < 9 {
		today = now.AddDate(0, 0, -1)
	}
	c := &composer{today: today, contacts: contacts(), sent: map[string]sentLetter{}, hosted: map[string]mssante.Address{}}
	for key, who := range c.contacts {
		for _, box := range Mailboxes() {
			if box.Address.Equal(who.Address) {
				c.hosted[key] = who.Address
			}
		}
	}
	return c
}

func (c *composer) at(day int, clock string) time.Time {
	var h, m int
	if _, err := fmt.Sscanf(clock, "%d:%d", &h, &m); err != nil {
		panic("people: clock " + clock)
	}
	t := c.today
	return time.Date(t.Year(), t.Month(), t.Day()+day, h, m, (h*7+m*13)%60, 0, t.Location())
}

func (c *composer) contact(key string) contact {
	who, ok := c.contacts[key]
	if !ok {
		panic("people: no contact " + key)
	}
	return who
}

// add writes the letters and lays them in their folders.
func (c *composer) add(drafts ...draft) {
	for _, d := range drafts {
		at := c.at(d.day, d.clock)
		id := fmt.Sprintf("<%s.%s@%s>", at.UTC().Format("20060102150405"), d.id, c.contact(d.from).Domain)
		s := sentLetter{messageID: id, subject: d.subject, at: at}
		if d.re != "" {
			parent, ok := c.sent[d.re]
			if !ok {
				panic("people: " + d.id + " answers an unwritten letter: " + d.re)
			}
			if !d.fwd {
				s.refs = append(append([]string(nil), parent.refs...), parent.messageID)
			}
		}
		c.sent[d.id] = s
		if d.raw != nil {
			s.raw = d.raw(c, d)
		} else {
			s.raw = c.compose(d)
		}
		c.sent[d.id] = s
		c.lay(d, s)
	}
}

// lay files the letter with its sender, its recipients and wherever marks say.
func (c *composer) lay(d draft, s sentLetter) {
	folders := map[string]string{}
	if _, ok := c.hosted[d.from]; ok {
		folders[d.from] = "Sent"
	}
	for _, key := range strings.Fields(d.to + " " + d.cc) {
		if _, ok := c.hosted[key]; ok {
			folders[key] = "INBOX"
		}
	}
	marks := map[string][]string{}
	for part := range strings.SplitSeq(d.marks, ";") {
		if f := strings.Fields(part); len(f) > 0 {
			marks[f[0]] = f[1:]
			if _, ok := folders[f[0]]; !ok {
				folders[f[0]] = "INBOX"
			}
		}
	}
	keys := make([]string, 0, len(folders))
	for key := range folders {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	for _, key := range keys {
		folder, flags, ok := folders[key], []string{`\Seen`}, true
		words := marks[key]
		for i, w := range words {
			switch w {
			case "unread":
				flags = flags[1:]
			case "flagged":
				flags = append(flags, `\Flagged`)
			case "answered":
				flags = append(flags, `\Answered`)
			case "forwarded":
				flags = append(flags, "$Forwarded")
			case "draft":
				flags = append(flags, `\Draft`)
			case "none":
				ok = false
			case "in":
				folder = strings.ReplaceAll(words[i+1], "_", " ")
			}
		}
		if !ok {
			continue
		}
		c.out = append(c.out, SeedLetter{ID: d.id, Purpose: d.purpose, Mailbox: c.hosted[key], Folder: folder,
			Flags: flags, Received: s.at.Add(3 * time.Second), Raw: s.raw})
	}
}

// Letters gives everything that lies in the mailboxes when the demo starts,
// oldest first, the same for the same now.
func Letters(now time.Time) []SeedLetter {
	c := newComposer(now)
	for _, write := range []func(*composer){
		cardiologyLetters, laboratoryLetters, nursingLetters, hospitalLetters, therapyLetters, pharmacyLetters,
		patientLetters, practiceLetters, socialLetters, publicLetters, reportLetters, mimeLetters, oddLetters, hostileLetters, brokenLetters, draftLetters,
	} {
		write(c)
	}
	sort.SliceStable(c.out, func(i, j int) bool { return c.out[i].Received.Before(c.out[j].Received) })
	return c.out
}

// Mailbox is a mailbox the demo's mail server hosts.
type Mailbox struct {
	Address mssante.Address
	Kind    mssante.MailboxKind
	Label   string
	Folders []string // beyond the standard ones
}

// Mailboxes lists the mailboxes of the cast, each once.
func Mailboxes() []Mailbox {
	var out []Mailbox
	seen := map[string]bool{}
	for _, p := range Cast() {
		for _, g := range p.Mailboxes {
			if seen[g.Address.Key()] {
				continue
			}
			seen[g.Address.Key()] = true
			m := Mailbox{Address: g.Address, Kind: g.Kind, Label: g.Label}
			switch {
			case g.Address.Equal(MartinBox):
				m.Folders = []string{"Réunions", "Formation", "Formation/DPC", "Patients/À revoir"}
			case g.Address.Equal(PharmacieBox):
				m.Folders = []string{"Ordonnances"}
			}
			out = append(out, m)
		}
	}
	return append(out, Mailbox{Address: BiolabBox, Kind: mssante.KindApplicative, Label: "Laboratoire Bioloire"})
}
