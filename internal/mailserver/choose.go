package mailserver

import (
	"context"
	"fmt"
	"time"

	"github.com/emersion/go-imap/v2"
)

// Choice asks which letters of a folder are meant by "all of them", as it stood
// when somebody looked at it.
type Choice struct {
	Folder   string
	Validity uint32 // UIDVALIDITY of the look
	Upto     uint32 // no letter with a higher UID; 0 for all there are now
	Unread   bool
	Flagged  bool
	With     string    // a keyword they carry, "" for any
	Without  string    // a keyword they lack, "" for any
	Larger   int64     // more octets than this, 0 for any
	Before   time.Time // received before that day, zero for any
	Deleted  bool      // those marked deleted too
}

// Chosen is the answer.
type Chosen struct {
	UIDs  Ranges
	Whole bool // false: the set was too scattered to be kept whole, its oldest letters are left out
}

// Choose asks on the connection aside, in one question. Letters already marked
// deleted are among them only when that is asked. A folder made anew since the look is Gone.
func (a *Account) Choose(ctx context.Context, q Choice) (Chosen, error) {
	var out Chosen
	err := a.read(ctx, a.aside, func(c *conn) error {
		return c.do(ctx, verbSearch, a.s.o.CommandTimeout, budgetUIDs, func() error {
			if err := c.open(q.Folder, a.aside != a.commands); err != nil {
				return err
			}
			if c.validity != q.Validity {
				return errGone
			}
			if c.exists() == 0 {
				out = Chosen{Whole: true}
				return nil
			}
			found, err := c.uidSearch(q.criteria())
			if err != nil {
				return err
			}
			if found.count() > uint64(c.exists()) {
				return fmt.Errorf("%w: more letters found than there are", errGarbled)
			}
			out.UIDs, out.Whole = rangesOf(found)
			if q.Upto > 0 {
				out.UIDs = out.UIDs.upTo(q.Upto) // "*" may answer a range above all there is
			}
			return nil
		})
	})
	return out, door(ctx, err, "choosing letters")
}

func (q Choice) criteria() *imap.SearchCriteria {
	out := &imap.SearchCriteria{}
	if !q.Deleted {
		out.NotFlag = append(out.NotFlag, imap.FlagDeleted)
	}
	if q.Upto > 0 {
		out.UID = []imap.UIDSet{{imap.UIDRange{Start: 1, Stop: imap.UID(q.Upto)}}}
	}
	out.Larger, out.Before = q.Larger, q.Before
	if q.Unread {
		out.NotFlag = append(out.NotFlag, imap.FlagSeen)
	}
	if q.Flagged {
		out.Flag = append(out.Flag, imap.FlagFlagged)
	}
	if q.With != "" {
		out.Flag = append(out.Flag, imap.Flag(q.With))
	}
	if q.Without != "" {
		out.NotFlag = append(out.NotFlag, imap.Flag(q.Without))
	}
	return out
}

// Slow is the same mailbox by its connection aside: for changes of many letters,
// piece by piece, which must not stand in a click's way.
type Slow struct{ a *Account }

// Slow gives it.
func (a *Account) Slow() Slow { return Slow{a} }

// SetFlags is Account.SetFlags.
func (s Slow) SetFlags(ctx context.Context, folder string, validity uint32, uids []uint32, add, remove []string) (Flags, error) {
	return s.a.setFlags(ctx, s.a.aside, folder, validity, uids, add, remove)
}

// Move is Account.Move.
func (s Slow) Move(ctx context.Context, folder string, validity uint32, uids []uint32, to string) (Moved, error) {
	return s.a.move(ctx, s.a.aside, folder, validity, uids, to)
}

// Expunge is Account.Expunge; gone are the letters it removed.
func (s Slow) Expunge(ctx context.Context, folder string, validity uint32, uids []uint32) (gone []uint32, markedOnly bool, err error) {
	return s.a.expunge(ctx, s.a.aside, folder, validity, uids)
}
