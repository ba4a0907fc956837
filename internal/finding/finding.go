package finding

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// State is how one thing was found.
type State string

// The states. Untried: something before it failed, or it cannot be tried from here.
const (
	OK      State = "ok"
	Warning State = "warning" // works, with something missing; does not fail the check
	Fault   State = "fault"
	Untried State = "untried"
)

// Label is the state in French, for the start of a line.
func (s State) Label() string {
	switch s {
	case OK:
		return "bien"
	case Warning:
		return "à voir"
	case Fault:
		return "FAUTE"
	}
	return "–"
}

// Finding is one line.
type Finding struct {
	Check string `json:"check"` // stable code, topic first: "imap.chain"
	State State  `json:"state"`
	Say   string `json:"say"`          // what is so
	Do    string `json:"do,omitempty"` // what to do about it
}

// Topic is the first part of the code.
func (f Finding) Topic() string {
	topic, _, _ := strings.Cut(f.Check, ".")
	return topic
}

// List is what was found, in the order it was looked at.
type List []Finding

// OK adds what is right.
func (l *List) OK(check, say string, args ...any) { l.add(check, OK, "", say, args) }

// Warn adds what works but should be looked at.
func (l *List) Warn(check, do, say string, args ...any) { l.add(check, Warning, do, say, args) }

// Fault adds what is wrong.
func (l *List) Fault(check, do, say string, args ...any) { l.add(check, Fault, do, say, args) }

// Untried adds what could not be looked at.
func (l *List) Untried(check, say string, args ...any) { l.add(check, Untried, "", say, args) }

// Rest adds as untried those of checks that nothing was said of: what a fault before
// them hides. The list of a room then always names the same things.
func (l *List) Rest(checks ...string) {
	for _, c := range checks {
		if !l.has(c) {
			l.Untried(c, "Non vérifié\u00a0: corrigez d’abord la faute qui précède.")
		}
	}
}

// Complete is Rest, and puts the lines in the order of checks: those a reader meets on
// the way in.
func (l *List) Complete(checks ...string) {
	l.Rest(checks...)
	slices.SortStableFunc(*l, func(a, b Finding) int {
		return cmp.Compare(slices.Index(checks, a.Check), slices.Index(checks, b.Check))
	})
}

func (l *List) has(check string) bool {
	for _, f := range *l {
		if f.Check == check {
			return true
		}
	}
	return false
}

func (l *List) add(check string, s State, do, say string, args []any) {
	if len(args) > 0 {
		say = fmt.Sprintf(say, args...)
	}
	*l = append(*l, Finding{Check: check, State: s, Say: OneLine(say), Do: do})
}

// Faults counts what is wrong.
func (l List) Faults() int {
	n := 0
	for _, f := range l {
		if f.State == Fault {
			n++
		}
	}
	return n
}

// maxSay bounds a sentence: it may quote a server.
const maxSay = 600

// OneLine makes a text safe for a terminal: no control characters, no overrides of
// direction, bounded.
func OneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case r < 0x20, r >= 0x7f && r < 0xa0, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0xfffd:
			return -1
		}
		return r
	}, s)
	if r := []rune(s); len(r) > maxSay {
		s = string(r[:maxSay]) + "…"
	}
	return s
}
