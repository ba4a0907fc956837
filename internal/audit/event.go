package audit

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/seal"
)

// OutcomeOK is the outcome of what succeeded; any other is a problem kind's code.
const OutcomeOK = "ok"

// OutcomeAsked is the outcome of what is about to be done: written first, so that
// nothing is changed without a trace. A second row tells what came of it.
const OutcomeAsked = "asked"

// Event is one act to write down (ECO.4.1.2: author, instant, kind of action,
// request made to the server, its answer, failures included).
type Event struct {
	Actor   mssante.Actor
	Mailbox string // address acted upon, "" when none; a patient's is kept as an opaque key
	Action  Action
	Target  string // opaque: folder id, uid; never a name, never a folder's title
	Outcome string // "ok" (also when empty), "asked" or the code of a problem.Kind
	Request string // short fixed text of what was asked of the server, no content
	Detail  string // what may name somebody: sealed, found again only by equality
	Count   int    // letters, parts or rows concerned; 0 when it makes no sense
}

// Caps in bytes; longer fields are cut: a hostile name must not stop the trail.
const (
	maxField  = 256
	maxDetail = 4096
)

// entry is an event ready to be chained.
type entry struct {
	Event
	at        time.Time
	mailbox   string
	detailKey string
}

func (t *Trail) newEntry(e Event) entry {
	if e.Outcome == "" {
		e.Outcome = OutcomeOK
	}
	for _, f := range []*string{&e.Actor.SessionID, &e.Actor.AccountID, &e.Actor.Name, &e.Actor.Work, &e.Actor.ACR,
		(*string)(&e.Actor.NationalID), (*string)(&e.Action), &e.Target, &e.Outcome, &e.Request} {
		*f = clean(*f, maxField)
	}
	e.Detail = clean(e.Detail, maxDetail)
	e.Count = max(e.Count, 0)
	out := entry{Event: e, at: t.now(), mailbox: mailboxKey(t.keys, e.Mailbox)}
	if e.Detail != "" {
		out.detailKey = t.keys.Opaque("audit.detail", e.Detail)
	}
	return out
}

// mailboxKey is the column form of an address: professional ones in clear, for
// support to read; a patient's address is an INS, so only a key of it. What is
// no address at all was typed by somebody and gets a key too.
func mailboxKey(keys *seal.Keyring, s string) string {
	if s == "" {
		return ""
	}
	a, err := mssante.ParseAddress(s)
	switch {
	case err != nil:
		return "other:" + keys.Opaque("audit.mailbox", s)
	case a.IsPatient():
		return "patient:" + keys.Opaque("audit.mailbox", a.Key())
	}
	return a.Key()
}

// clean makes s valid UTF-8 without control characters, at most n bytes.
func clean(s string, n int) string {
	if len(s) > 4*n {
		s = s[:4*n]
	}
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return -1
		}
		return r
	}, s)
	for len(s) > n {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}
