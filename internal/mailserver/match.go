package mailserver

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/emersion/go-imap/v2"

	"pli.example/pli/internal/mssante"
)

// Match is what a letter must be: every condition that is set must hold, and every
// text of each list; none at all is any letter. The keys are those of RFC 9051 §6.4.4.
type Match struct {
	Words       []string // in From, To, Cc or Subject
	Texts       []string // anywhere in the letter, its headers too
	Bodies      []string // in its text
	From        []string
	To          []string // in To or Cc
	Subject     []string
	Patient     []string // in From, To or Cc of a letter that names a patient's mailbox there
	Mixed       bool     // says that it is multipart/mixed: it has files, most often
	Unread      bool
	Flagged     bool
	NotAnswered bool      // nor forwarded, and no draft
	Since       time.Time // received that day or later: servers look at days, each in its own zone
	Before      time.Time // received before that day
}

// lists are the texts of a match, to look at them all.
func (m *Match) lists() []*[]string {
	return []*[]string{&m.Words, &m.Texts, &m.Bodies, &m.From, &m.To, &m.Subject, &m.Patient}
}

// check refuses what no IMAP string should carry, and what is too much.
func (m *Match) check() error {
	n := 0
	for _, list := range m.lists() {
		n += len(*list)
		for _, w := range *list {
			if w == "" || len(w) > maxWordBytes || !utf8.ValidString(w) || strings.ContainsFunc(w, func(r rune) bool { return r < ' ' || r == 0x7f }) {
				return fmt.Errorf("%w: search word", errValue)
			}
		}
	}
	if n > maxWords {
		return fmt.Errorf("%w: %d words", errValue, n)
	}
	return nil
}

// criteria is the question. Texts go to the library as data, quoted or as a literal
// of counted bytes.
func (m *Match) criteria() *imap.SearchCriteria {
	out := &imap.SearchCriteria{Text: m.Texts, Body: m.Bodies, Since: m.Since, Before: m.Before}
	for _, w := range m.Words {
		out.Or = append(out.Or, headerKeys(w))
	}
	for _, w := range m.From {
		out.Header = append(out.Header, imap.SearchCriteriaHeaderField{Key: "From", Value: w})
	}
	for _, w := range m.Subject {
		out.Header = append(out.Header, imap.SearchCriteriaHeaderField{Key: "Subject", Value: w})
	}
	for _, w := range m.To {
		out.Or = append(out.Or, [2]imap.SearchCriteria{headerHas("To", w), headerHas("Cc", w)})
	}
	for i, w := range m.Patient {
		if i == 0 {
			out.Or = append(out.Or, peopleHave("@"+string(mssante.PatientDomain)))
		}
		out.Or = append(out.Or, peopleHave(w))
	}
	if m.Mixed {
		out.Header = append(out.Header, imap.SearchCriteriaHeaderField{Key: "Content-Type", Value: "multipart/mixed"})
	}
	if m.Unread {
		out.NotFlag = append(out.NotFlag, imap.FlagSeen)
	}
	if m.Flagged {
		out.Flag = append(out.Flag, imap.FlagFlagged)
	}
	if m.NotAnswered {
		out.NotFlag = append(out.NotFlag, imap.FlagAnswered, imap.FlagForwarded, imap.FlagDraft)
	}
	return out
}

func headerHas(key, w string) imap.SearchCriteria {
	return imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{{Key: key, Value: w}}}
}

// headerKeys: the word is in From, To, Cc or Subject.
func headerKeys(w string) [2]imap.SearchCriteria {
	return [2]imap.SearchCriteria{
		{Or: [][2]imap.SearchCriteria{{headerHas("From", w), headerHas("Subject", w)}}},
		{Or: [][2]imap.SearchCriteria{{headerHas("To", w), headerHas("Cc", w)}}},
	}
}

func peopleHave(w string) [2]imap.SearchCriteria {
	return [2]imap.SearchCriteria{headerHas("From", w), {Or: [][2]imap.SearchCriteria{{headerHas("To", w), headerHas("Cc", w)}}}}
}

// plain keeps the longest ASCII run of each text, for a server that knows no other;
// false when one has none of two letters: that would find everything.
func (m Match) plain() (Match, bool) {
	changed := false
	for _, list := range m.lists() {
		out := make([]string, 0, len(*list))
		for _, w := range *list {
			run := longestASCII(w)
			if len(run) < 2 {
				return Match{}, false
			}
			changed = changed || run != w
			out = append(out, run)
		}
		*list = out
	}
	return m, changed
}

func longestASCII(w string) (best string) {
	for _, run := range strings.FieldsFunc(w, func(r rune) bool { return r >= utf8.RuneSelf }) {
		if len(run) > len(best) {
			best = run
		}
	}
	return best
}
