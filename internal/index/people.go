package index

import (
	"strings"

	"pli.example/pli/internal/message"
	"pli.example/pli/internal/mssante"
)

// person is an author or a recipient, kept once however many letters name them. What
// words are looked for in ends with the address nearly always, and begins with the name
// but for its capitals: these are not kept twice.
type person struct {
	hash                  uint64
	text                  uint32 // the name, or which of its letters are capitals; what is searched; the address
	name, address, folded uint16
	kind                  personKind
	form                  uint8
}

const (
	nameFolded  uint8 = 1 << iota // the name is the beginning of what is searched, but for capitals
	addressEnds                   // the address is its end
)

type personKind uint8

const (
	invalid personKind = iota // the address is what was written, no address
	valid
	doubtful // an address, and hidden characters were taken out of what was written
	patient
)

const personBytes = 24

// person gives the number of somebody, who is kept from then on.
func (ix *Index) person(m *message.Mailbox) uint32 {
	name, address, kind := cut(m.Name, maxName), cut(m.Raw, maxRaw), invalid
	if !m.Address.IsZero() {
		address, kind = m.Address.String(), doubtful
		if m.Valid {
			kind = valid
		}
		if m.Address.IsPatient() {
			kind = patient
		}
	}
	hash := ix.key.siphash("person", string(rune('0'+kind))+name+"\x00"+address)
	found := ix.byPerson.find(hash, func(i uint32) bool { return ix.persons.at(i).hash == hash })
	if found != 0 {
		return found
	}
	folded := Fold(strings.TrimSpace(name + " " + address))
	p := person{hash: hash, kind: kind, name: uint16(len(name)), address: uint16(len(address)), folded: uint16(len(folded))}
	first, last := []byte(name), []byte(address)
	if n := len(name); ascii(name) && n <= len(folded) && ascii(folded[:n]) && strings.EqualFold(folded[:n], name) {
		first, p.form = capitals(name), p.form|nameFolded
	}
	if strings.HasSuffix(folded, address) {
		last, p.form = nil, p.form|addressEnds
	}
	p.text = ix.texts.put(first, []byte(folded), last)
	i := ix.persons.add()
	*ix.persons.at(i) = p
	ix.byPerson.add(hash, i, ix.personHash)
	return i
}

func (ix *Index) personHash(i uint32) uint64 { return ix.persons.at(i).hash }

// mailbox gives somebody as a letter's header named them.
func (ix *Index) mailbox(i uint32) message.Mailbox {
	p := ix.persons.at(i)
	name, address := ix.written(p)
	m := message.Mailbox{Name: name}
	if p.kind == invalid {
		m.Raw = address
		return m
	}
	at := strings.LastIndexByte(address, '@')
	m.Address = mssante.Address{Local: address[:at], Domain: mssante.Domain(address[at+1:])}
	m.Raw, m.Valid = address, p.kind != doubtful
	return m
}

func (ix *Index) mailboxes(list []uint32) []message.Mailbox {
	out := make([]message.Mailbox, len(list))
	for i, n := range list {
		out[i] = ix.mailbox(n)
	}
	return out
}

// before is how much stands before what is searched, and all how much in all.
func (p *person) before() int {
	if p.form&nameFolded != 0 {
		return (int(p.name) + 7) / 8
	}
	return int(p.name)
}

func (p *person) all() int {
	if p.form&addressEnds != 0 {
		return p.before() + int(p.folded)
	}
	return p.before() + int(p.folded) + int(p.address)
}

// written gives the name and the address as they were.
func (ix *Index) written(p *person) (name, address string) {
	text, n := ix.texts.get(p.text, p.all()), p.before()
	address = string(text[len(text)-int(p.address):])
	if p.form&nameFolded == 0 {
		return string(text[:n]), address
	}
	return string(capitalized(text[n:n+int(p.name)], text[:n])), address
}

// foldedPerson is what words are looked for in.
func (ix *Index) foldedPerson(p *person) []byte {
	n := p.before()
	return ix.texts.get(p.text, n+int(p.folded))[n:]
}
