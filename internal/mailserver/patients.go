package mailserver

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
)

// Correspondence asks for the letters of a folder whose sender or recipients are
// addresses holding Holds ("@patient.mssante.fr"): a substring of the fields as
// written, so that the caller looks at the addresses again.
type Correspondence struct {
	Folder  string
	Holds   string
	Sought  Sought        // instead: what servers write back of letters they could not deliver
	From    uint32        // only letters from this UID on; 0 is all
	Below   uint32        // only letters below this UID; 0 is all
	Limit   int           // hits wanted, default 100
	Looking uint32        // letters looked at, at most, counted from the newest; 0 is all
	Within  time.Duration // time for this folder, default 10 s
	Window  uint32        // letters of the first question, for a server known to be slow; default 2,000
}

// Sought is which letters a Correspondence asks for. Three questions, each with its own limit:
// what answers one takes no place of another (attack: notices by the hundred push out patients
// who wait).
type Sought int

// The questions.
const (
	Letters  Sought = iota // to and from addresses holding Holds, reports left out
	Reports                // what machines write, by its form: multipart/report (RFC 6522)
	Returned               // what gives letters back by its words or its sender alone (ENS §6), reports left out
)

// Correspondence looks through the headers of one folder, on the connection aside, by
// windows from the newest on: until Looking, Limit or time ends it, as Hits tells.
func (a *Account) Correspondence(ctx context.Context, q Correspondence) (Hits, error) {
	if q.Limit <= 0 {
		q.Limit = 100
	}
	if q.Within <= 0 {
		q.Within = 10 * time.Second
	}
	if q.Holds == "" || len(q.Holds) > maxWordBytes || strings.ContainsFunc(q.Holds, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return Hits{}, door(ctx, fmt.Errorf("%w: part of an address", errValue), "looking for correspondence")
	}
	out := Hits{Folder: q.Folder}
	until := a.s.o.Now().Add(q.Within)
	limit, cancel := context.WithTimeout(ctx, q.Within+time.Second)
	defer cancel()
	err := a.read(limit, a.aside, func(c *conn) error {
		out = Hits{Folder: q.Folder}
		return a.correspondence(limit, c, q, until, &out)
	})
	if err != nil && out.Looked > 0 && errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		err = nil // time is up: what was found is shown, and how far it got
	}
	return out, door(ctx, err, "looking for correspondence")
}

// correspondence walks down a folder until Looking, Limit or time ends it.
func (a *Account) correspondence(ctx context.Context, c *conn, q Correspondence, until time.Time, out *Hits) error {
	w := walk{c: c, q: q, criteria: q.criteria(), out: out, window: firstWindow}
	if q.Window > 0 {
		w.window = q.Window
	}
	for first := true; first || w.top > 0; first = false {
		left := until.Sub(a.s.o.Now())
		if left <= 0 {
			return nil
		}
		err := c.do(ctx, verbSearch, max(left, time.Second), budgetUIDs, func() error {
			if first {
				if err := w.begin(a.aside != a.commands); err != nil {
					return err
				}
			}
			return w.step()
		})
		if err != nil {
			return err
		}
		out.Complete = w.top == 0 && !w.cut
		if len(out.UIDs) >= q.Limit || q.Looking > 0 && out.Looked >= q.Looking {
			out.Enough = !out.Complete
			return nil
		}
		w.window = min(w.window*2, laterWindow)
	}
	return nil
}

// criteria is the question. Reports are told by the one type of theirs, not by the word: a
// boundary of somebody's letter may hold that.
func (q Correspondence) criteria() *imap.SearchCriteria {
	in := func(key, value string) imap.SearchCriteria {
		return imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{{Key: key, Value: value}}}
	}
	report := in("Content-Type", "multipart/report")
	var any, not []imap.SearchCriteria
	switch q.Sought {
	case Reports:
		any = []imap.SearchCriteria{report}
	case Returned:
		any = []imap.SearchCriteria{in("From", "mailer-daemon"), in("From", "postmaster"), in("Subject", "undelivered"), in("Subject", "non distribu")}
		not = []imap.SearchCriteria{report}
	default:
		any = []imap.SearchCriteria{in("From", q.Holds), in("To", q.Holds), in("Cc", q.Holds), in("Bcc", q.Holds)}
		not = []imap.SearchCriteria{in("From", "mailer-daemon"+q.Holds), in("From", "postmaster"+q.Holds), report}
	}
	out := any[0]
	for _, x := range any[1:] {
		out = imap.SearchCriteria{Or: [][2]imap.SearchCriteria{{x, out}}}
	}
	out.Not = not
	low, high := imap.UID(max(q.From, 1)), imap.UID(0) // 0: the newest
	if q.Below > 0 {
		high = imap.UID(max(q.Below, 2) - 1)
	}
	if low > 1 || high > 0 {
		out.UID = []imap.UIDSet{{imap.UIDRange{Start: low, Stop: high}}}
	}
	return &out
}

// walk is one look through a folder, window by window from the newest letter asked on.
type walk struct {
	c           *conn
	q           Correspondence
	criteria    *imap.SearchCriteria
	out         *Hits
	top, window uint32 // the next window ends at top
	cut         bool   // hits of the last window were dropped
}

// begin opens the folder and finds where to start.
func (w *walk) begin(aside bool) error {
	if err := w.c.open(w.q.Folder, aside); err != nil {
		return err
	}
	w.top, w.out.Of, w.out.Validity = w.c.exists(), w.c.exists(), w.c.validity
	if w.q.Below > 0 { // positions follow UIDs: as many letters stand below
		below, err := w.c.uidSearch(&imap.SearchCriteria{UID: []imap.UIDSet{{imap.UIDRange{Start: 1, Stop: imap.UID(max(w.q.Below, 2) - 1)}}}})
		if err != nil {
			return err
		}
		w.top = uint32(min(below.count(), uint64(w.top)))
		w.out.Complete = w.top == 0
	}
	if w.q.From > 1 && w.q.Window == 0 { // what came since: seldom more than a few
		w.window = max(w.top, 1)
	}
	return nil
}

// step asks about one window.
func (w *walk) step() error {
	if w.top == 0 {
		return nil
	}
	low := uint32(1)
	if w.top > w.window {
		low = w.top - w.window + 1
	}
	var set imap.SeqSet
	set.AddRange(low, w.top)
	asked := *w.criteria
	asked.SeqNum = []imap.SeqSet{set}
	found, err := w.c.uidSearch(&asked)
	if err != nil {
		return err
	}
	wanted := w.q.Limit - len(w.out.UIDs)
	for _, uid := range found.newest(0, wanted) {
		w.out.Reached = uid
		if uid >= w.q.From { // "n:*" also means the last letter when n is beyond it
			w.out.UIDs = append(w.out.UIDs, uid)
		}
	}
	w.out.Found += int(min(found.count(), uint64(w.out.Of)))
	w.out.Looked += w.top - low + 1
	w.top = low - 1
	if w.cut = found.count() > uint64(wanted); w.cut || w.top == 0 {
		return nil
	}
	oldest, err := w.c.uidSearch(&imap.SearchCriteria{SeqNum: []imap.SeqSet{imap.SeqSetNum(low)}})
	for _, uid := range oldest.newest(0, 1) {
		if w.out.Reached = uid; uid <= w.q.From {
			w.top = 0 // nothing below was asked about
		}
	}
	return err
}

// oldestDay is where NewestBelow begins: no mailbox of the trusted space is older.
var oldestDay = time.Date(2005, 1, 1, 0, 0, 0, 0, time.UTC)

// NewestBelow gives an instant after which every letter of a folder below a UID came:
// none is newer. Servers tell days, each in its own zone, so it is up to two days late.
// UIDs follow the order of filing, so that of dates is asked for; by halves.
func (a *Account) NewestBelow(ctx context.Context, folder string, validity, uid uint32) (time.Time, error) {
	if uid <= 1 {
		return oldestDay, nil
	}
	low, high := 0, int(a.s.o.Now().Sub(oldestDay)/(24*time.Hour))+2 // days: some since low, none since high
	err := a.read(ctx, a.aside, func(c *conn) error {
		return c.do(ctx, verbSearch, a.s.o.CommandTimeout, budgetUIDs, func() error {
			if err := c.selectFolder(folder, a.aside != a.commands); err != nil {
				return err
			}
			if c.validity != validity {
				return errGone
			}
			for high-low > 1 {
				middle := (low + high) / 2
				found, err := c.uidSearch(&imap.SearchCriteria{UID: []imap.UIDSet{{imap.UIDRange{Start: 1, Stop: imap.UID(uid - 1)}}}, Since: oldestDay.AddDate(0, 0, middle)})
				if err != nil {
					return err
				}
				if found.count() > 0 {
					low = middle
				} else {
					high = middle
				}
			}
			return nil
		})
	})
	return oldestDay.AddDate(0, 0, low+2), door(ctx, err, "looking for the newest below")
}
