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
	From    uint32        // only letters from this UID on; 0 is all
	Limit   int           // hits wanted, default 100
	Looking uint32        // letters looked at, at most, counted from the newest; 0 is all
	Within  time.Duration // time for this folder, default 10 s
}

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

func (a *Account) correspondence(ctx context.Context, c *conn, q Correspondence, until time.Time, out *Hits) error {
	in := func(key string) imap.SearchCriteria {
		return imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{{Key: key, Value: q.Holds}}}
	}
	criteria := &imap.SearchCriteria{Or: [][2]imap.SearchCriteria{{in("From"), {Or: [][2]imap.SearchCriteria{{in("To"), {Or: [][2]imap.SearchCriteria{{in("Cc"), in("Bcc")}}}}}}}}}
	if q.From > 1 {
		criteria.UID = []imap.UIDSet{{imap.UIDRange{Start: imap.UID(q.From), Stop: 0}}}
	}
	window := uint32(firstWindow)
	var top uint32
	var cut bool // hits of the last window were dropped
	for first := true; first || top > 0; first = false {
		left := until.Sub(a.s.o.Now())
		if left <= 0 {
			return nil
		}
		err := c.do(ctx, verbSearch, max(left, time.Second), budgetUIDs, func() error {
			if first {
				if err := c.selectFolder(q.Folder, a.aside != a.commands); err != nil {
					return err
				}
				if err := c.client.Noop().Wait(); err != nil {
					return err
				}
				top, out.Of, out.Validity = c.exists(), c.exists(), c.validity
				if q.From > 1 { // what came since: seldom more than a few
					window = max(top, 1)
				}
			}
			if top == 0 {
				return nil
			}
			low := uint32(1)
			if top > window {
				low = top - window + 1
			}
			var set imap.SeqSet
			set.AddRange(low, top)
			asked := *criteria
			asked.SeqNum = []imap.SeqSet{set}
			found, err := c.uidSearch(&asked)
			if err != nil {
				return err
			}
			wanted := q.Limit - len(out.UIDs)
			for _, uid := range found.newest(0, wanted) {
				out.Reached = uid
				if uid >= q.From { // "n:*" also means the last letter when n is beyond it
					out.UIDs = append(out.UIDs, uid)
				}
			}
			out.Found += int(min(found.count(), uint64(out.Of)))
			out.Looked += top - low + 1
			top = low - 1
			if cut = found.count() > uint64(wanted); cut || top == 0 {
				return nil
			}
			oldest, err := c.uidSearch(&imap.SearchCriteria{SeqNum: []imap.SeqSet{imap.SeqSetNum(low)}})
			for _, uid := range oldest.newest(0, 1) {
				out.Reached = uid
			}
			return err
		})
		if err != nil {
			return err
		}
		out.Complete = top == 0 && !cut
		if len(out.UIDs) >= q.Limit || q.Looking > 0 && out.Looked >= q.Looking {
			out.Enough = !out.Complete
			return nil
		}
		window = min(window*2, laterWindow)
	}
	return nil
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
