package rules

import (
	"crypto/rand"
	"encoding/hex"
	"strings"
)

// Bounds of a set.
const (
	MaxRules  = 50
	MaxValues = 20  // of one condition
	MaxName   = 80  // letters
	MaxWords  = 120 // letters of one value
	MaxFolder = 400 // octets
)

// Set is everything Pli does by itself to what arrives in a mailbox.
type Set struct {
	Rules   []Rule  `json:"rules,omitempty"` // in order
	Absence Absence `json:"absence,omitzero"`
}

// Rule acts on the letters that meet its conditions. Conditions left empty ask for
// nothing; of the values of one condition any will do. A rule that moves a letter is
// the last that sees it: a letter lies in one folder.
type Rule struct {
	ID   string `json:"id"` // opaque
	Name string `json:"name,omitempty"`
	Any  bool   `json:"any,omitempty"` // one condition is enough; else all of them

	From    []string `json:"from,omitempty"`    // addresses, or whole domains
	Subject []string `json:"subject,omitempty"` // words it holds
	To      []string `json:"to,omitempty"`      // addresses, in To or Cc
	Types   []string `json:"types,omitempty"`   // document types (X-MSS-CODECDA, ECO.2.4.1)
	Patient bool     `json:"patient,omitempty"` // from a patient's mailbox (ECO.3.1.1)

	Folder  string `json:"folder,omitempty"` // move there; the name on the server
	Seen    bool   `json:"seen,omitempty"`
	Flagged bool   `json:"flagged,omitempty"`
	Stop    bool   `json:"stop,omitempty"` // later rules do not see it

	Off bool   `json:"off,omitempty"` // kept, not applied
	By  string `json:"by,omitempty"`  // who wrote it last
	At  int64  `json:"at,omitempty"`  // when, Unix seconds
}

func newID() string {
	var b [9]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	return "r" + hex.EncodeToString(b[:])
}

// validID accepts what newID makes.
func validID(id string) bool {
	return len(id) == 19 && id[0] == 'r' && strings.Trim(id[1:], "0123456789abcdef") == ""
}

// Find gives a rule and its place, -1 for none.
func (s Set) Find(id string) (Rule, int) {
	for i, r := range s.Rules {
		if r.ID == id {
			return r, i
		}
	}
	return Rule{}, -1
}

// test is what the rule asks for, nil for nothing.
func (r Rule) test() test {
	var all []test
	if len(r.From) > 0 {
		all = append(all, senders(r.From))
	}
	if len(r.Subject) > 0 {
		all = append(all, headerTest{how: contains, fields: []string{"subject"}, keys: r.Subject})
	}
	if len(r.To) > 0 {
		all = append(all, addressTest{fields: []string{"to", "cc"}, keys: r.To})
	}
	if len(r.Types) > 0 {
		all = append(all, typeTest(r.Types))
	}
	if r.Patient {
		all = append(all, fromPatient())
	}
	switch {
	case len(all) == 0:
		return nil
	case len(all) == 1:
		return all[0]
	case r.Any:
		return anyOf(all)
	}
	return allOf(all)
}

// Matches reports whether a letter meets the rule's conditions, as the server will
// see it.
func (r Rule) Matches(l Letter) bool {
	t := r.test()
	return t != nil && t.match(l)
}
