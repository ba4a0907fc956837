package index

import (
	"strings"

	"pli.example/pli/internal/message"
	"pli.example/pli/internal/mssante"
)

// person is an author or a recipient, kept once however many letters name them.
type person struct {
	hash                  uint64
	text                  uint32 // name, address, then both folded
	name, address, folded uint16
	kind                  personKind
}

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
	i := ix.persons.add()
	*ix.persons.at(i) = person{hash: hash, kind: kind, name: uint16(len(name)), address: uint16(len(address)), folded: uint16(len(folded)),
		text: ix.texts.put([]byte(name), []byte(address), []byte(folded))}
	ix.byPerson.add(hash, i, ix.personHash)
	return i
}

func (ix *Index) personHash(i uint32) uint64 { return ix.persons.at(i).hash }

// mailbox gives somebody as a letter's header named them.
func (ix *Index) mailbox(i uint32) message.Mailbox {
	p := ix.persons.at(i)
	text := string(ix.texts.get(p.text, int(p.name)+int(p.address)))
	m := message.Mailbox{Name: text[:p.name]}
	address := text[p.name:]
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

// folded is what words are looked for in.
func (ix *Index) foldedPerson(p *person) []byte {
	n := int(p.name) + int(p.address)
	return ix.texts.get(p.text, n+int(p.folded))[n:]
}
