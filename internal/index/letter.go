package index

import (
	"bytes"
	"fmt"
	mathbits "math/bits"
	"slices"
	"strings"
	"time"

	"pli.example/pli/internal/message"
	"pli.example/pli/internal/mssante"
)

// Flags are the marks of a letter that are kept.
type Flags uint16

// The marks. Processed ("traité") is a keyword.
const (
	Seen Flags = 1 << iota
	Flagged
	Answered
	Draft
	Deleted
	Forwarded
	Processed
	Mixed  // not a mark: the letter says it is multipart/mixed, so it has files, most often
	strict // its conversation was too large: joined by its root alone
	short  // not all of its people or of its subject is kept

	marks = Seen | Flagged | Answered | Draft | Deleted | Forwarded | Processed
)

// Keywords Pli gives a meaning to (RFC 5788 registers the first).
const (
	KeywordForwarded = "$Forwarded"
	KeywordProcessed = "$Traite"
)

// ParseFlags keeps of a server's flags those the index knows.
func ParseFlags(flags []string) (f Flags) {
	for _, s := range flags {
		switch strings.ToLower(s) {
		case `\seen`:
			f |= Seen
		case `\flagged`:
			f |= Flagged
		case `\answered`:
			f |= Answered
		case `\draft`:
			f |= Draft
		case `\deleted`:
			f |= Deleted
		case strings.ToLower(KeywordForwarded):
			f |= Forwarded
		case strings.ToLower(KeywordProcessed):
			f |= Processed
		}
	}
	return f
}

// Letter is one letter as it is put in.
type Letter struct {
	UID                  uint32
	Flags                Flags // Mixed among them
	Received             time.Time
	Size                 int64 // octets
	MessageID, InReplyTo string
	References           []string // the root first, as written
	From, To, Cc         []message.Mailbox
	Subject              string // decoded
	// Patient: the letter belongs to the exchange with this patient, whatever its
	// Message-ID and References say. The zero value for any other letter.
	Patient mssante.Address
}

// Bounds of what one letter may bring (attack: a letter of ten thousand recipients,
// one that names every Message-ID it has seen).
const (
	maxIDs     = 51  // ids that join a letter to others: the root and the newest
	maxFrom    = 8   // authors
	maxPeople  = 60  // recipients of each field
	maxSubject = 250 // bytes
	maxName    = 120
	maxRaw     = 254 // of an address that is none
)

// row is a letter as it is kept.
type row struct {
	uid      uint32
	conv     uint32 // its conversation; 0 in a folder that stands aside
	next     uint32 // of the same conversation
	own      uint32 // node of its Message-ID
	received uint32 // seconds since 1970
	size     uint32
	patient  uint32 // person; 0 for none
	text     uint32 // where its subject stands in texts, the folded form first
	ids      uint32 // where its people and references stand in numbers

	flags           Flags
	folder          uint16
	subject, folded uint16 // lengths; folded 0: which letters are capitals stands behind instead
	from, to, cc    uint8
	refs            uint8
}

const rowBytes = 9*4 + 4*2 + 4

// seconds cuts a date to what a row holds.
func seconds(t time.Time) uint32 {
	return uint32(min(max(t.Unix(), 0), 1<<32-1))
}

// put writes what never changes of a letter into a row.
func (ix *Index) write(r *row, l *Letter) {
	subject := cut(l.Subject, maxSubject)
	folded := Fold(subject)
	r.uid, r.received, r.size = l.UID, seconds(l.Received), uint32(min(max(l.Size, 0), 1<<32-1))
	if r.flags = l.Flags & (marks | Mixed); l.beyond() {
		r.flags |= short
	}
	r.subject, r.folded = uint16(len(subject)), uint16(len(folded))
	if ascii(subject) && strings.EqualFold(folded, subject) { // they differ by case alone
		r.folded = 0
		r.text = ix.texts.put([]byte(folded), capitals(subject))
	} else {
		r.text = ix.texts.put([]byte(folded), []byte(subject))
	}
	ids := ix.scratch[:0]
	add := func(list []message.Mailbox, limit int) uint8 {
		list = list[:min(len(list), limit)]
		for i := range list {
			ids = append(ids, ix.person(&list[i]))
		}
		return uint8(len(list))
	}
	r.from, r.to, r.cc = add(l.From, maxFrom), add(l.To, maxPeople), add(l.Cc, maxPeople)
	own := l.MessageID
	if l.Patient.IsZero() {
		if own == "" {
			r.own = ix.node(ix.alone(l))
		} else {
			r.own = ix.node(ix.key.siphash("", own))
		}
		n := len(ids)
		for _, id := range references(l) {
			if node := ix.node(ix.key.siphash("", id)); node != r.own {
				ids = append(ids, node)
			}
		}
		r.refs = uint8(len(ids) - n)
	} else {
		p := l.Patient.Key()
		r.patient = ix.person(&message.Mailbox{Address: l.Patient, Valid: true})
		if own == "" {
			own = fmt.Sprint(ix.alone(l))
		}
		r.own = ix.node(ix.key.siphash("patient letter", p+"\x00"+own))
		ids = append(ids, ix.node(ix.key.siphash("patient", p)))
		r.refs = 1
	}
	for _, n := range ids[len(ids)-int(r.refs):] {
		ix.nodes.at(n).users++
	}
	ix.nodes.at(r.own).users++
	r.ids = ix.numbers.put(ids)
	ix.scratch = ids
}

// beyond reports that more is written in it than is kept: a word may be there.
func (l *Letter) beyond() bool {
	if len(l.Subject) > maxSubject || len(l.From) > maxFrom || len(l.To) > maxPeople || len(l.Cc) > maxPeople {
		return true
	}
	for _, list := range [][]message.Mailbox{l.From, l.To, l.Cc} {
		for i := range list {
			if len(list[i].Name) > maxName || list[i].Address.IsZero() && len(list[i].Raw) > maxRaw {
				return true
			}
		}
	}
	return false
}

// alone stands for the Message-ID of a letter that has none: its copies have the same.
func (ix *Index) alone(l *Letter) uint64 {
	who := ""
	if len(l.From) > 0 {
		who = l.From[0].String()
	}
	return ix.key.siphash("alone", fmt.Sprint(l.Received.Unix(), " ", l.Size, " ", who, "\x00", l.Subject))
}

// references gives the ids that join a letter to others: the root, then the newest.
func references(l *Letter) []string {
	all := make([]string, 0, min(len(l.References), maxIDs)+1)
	if n := len(l.References); n > maxIDs-1 {
		all = append(append(all, l.References[0]), l.References[n-(maxIDs-2):]...)
	} else {
		all = append(all, l.References...)
	}
	if l.InReplyTo != "" {
		all = append(all, l.InReplyTo)
	}
	out := all[:0]
	for _, id := range all {
		if id != "" && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

func (ix *Index) people(r *row) (from, to, cc []uint32) {
	all := ix.numbers.get(r.ids, int(r.from)+int(r.to)+int(r.cc))
	return all[:r.from], all[r.from : r.from+r.to], all[int(r.from)+int(r.to):]
}

func (ix *Index) refs(r *row) []uint32 {
	n := int(r.from) + int(r.to) + int(r.cc)
	return ix.numbers.get(r.ids, n+int(r.refs))[n:]
}

// textLen is how long its subject is in texts.
func (r *row) textLen() int {
	if r.folded == 0 {
		return int(r.subject) + (int(r.subject)+7)/8
	}
	return int(r.subject) + int(r.folded)
}

// subject gives it as it was written.
func (ix *Index) subject(r *row) []byte {
	text := ix.texts.get(r.text, r.textLen())
	if r.folded > 0 {
		return text[r.folded:]
	}
	return capitalized(text[:r.subject], text[r.subject:])
}

// searched is the form of the subject that words are looked for in.
func (ix *Index) searched(r *row) []byte {
	if r.folded == 0 {
		return ix.texts.get(r.text, int(r.subject))
	}
	return ix.texts.get(r.text, int(r.folded))
}

// capitals marks which letters of an ASCII text are, a bit each.
func capitals(s string) []byte {
	out := make([]byte, (len(s)+7)/8)
	for i := range len(s) {
		if s[i]-'A' < 26 {
			out[i/8] |= 1 << (i % 8)
		}
	}
	return out
}

// capitalized is a folded text with its capitals.
func capitalized(folded, capitals []byte) []byte {
	out := bytes.Clone(folded)
	for i, bits := range capitals {
		for ; bits != 0; bits &= bits - 1 {
			out[8*i+mathbits.TrailingZeros8(bits)] -= 'a' - 'A'
		}
	}
	return out
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// cut shortens text to at most n bytes, whole characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xc0 == 0x80 {
		n--
	}
	return s[:n]
}
