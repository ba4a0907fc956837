package mailserver

import (
	"context"
	"errors"

	"github.com/emersion/go-imap/v2"
)

// Moved tells where letters went.
type Moved struct {
	Validity uint32            // UIDVALIDITY of the destination, 0 when the server does not say
	UIDs     map[uint32]uint32 // old UID → new UID, for those the server named
	// MarkedOnly: the server cannot remove single letters; they were copied and
	// the originals carry \Deleted until the server's own clean-up.
	MarkedOnly bool
}

// Move moves letters to another folder: MOVE, or where it is missing or broken
// COPY, \Deleted and UID EXPUNGE of exactly these letters. A plain EXPUNGE, which
// removes what colleagues marked in a shared mailbox, is never sent.
func (a *Account) Move(ctx context.Context, folder string, validity uint32, uids []uint32, to string) (Moved, error) {
	var out Moved
	err := a.change(ctx, func(c *conn) error {
		return c.do(ctx, a.s.o.CommandTimeout, budgetList, func() error {
			set, err := c.prepare(folder, validity, uids)
			if err != nil {
				return err
			}
			if folder == to {
				return nil
			}
			if set, err = c.existing(set); err != nil {
				return err
			}
			if c.has(imap.CapMove) {
				data, err := c.client.Move(set, to).Wait()
				if err == nil {
					out.Validity, out.UIDs = data.UIDValidity, pairs(data.SourceUIDs, data.DestUIDs)
					return nil
				}
				if !fallBack(err) {
					return err
				}
				if set, err = c.existing(set); err != nil { // what it moved before failing stays moved
					return err
				}
			}
			return c.copyAway(set, to, &out)
		})
	})
	return out, door(ctx, err, "moving letters")
}

// fallBack: a bare NO to MOVE (live: "Internal error") is tried by hand; a NO with
// a reason is an answer.
func fallBack(err error) bool {
	var no *imap.Error
	if !errors.As(err, &no) || no.Type == imap.StatusResponseTypeBye {
		return false
	}
	switch no.Code {
	case "", imap.ResponseCodeServerBug, imap.ResponseCodeCannot, imap.ResponseCodeClientBug:
		return true
	}
	return false
}

// existing keeps the letters that are still there; none is Gone.
func (c *conn) existing(set imap.UIDSet) (imap.UIDSet, error) {
	rows, err := c.flagRows(set)
	if err != nil {
		return nil, err
	}
	var out imap.UIDSet
	for _, r := range rows {
		if set.Contains(imap.UID(r.UID)) {
			out.AddNum(imap.UID(r.UID))
		}
	}
	if len(out) == 0 {
		return nil, errGone
	}
	return out, nil
}

func (c *conn) copyAway(set imap.UIDSet, to string, out *Moved) error {
	data, err := c.client.Copy(set, to).Wait()
	if err != nil {
		return err
	}
	out.Validity, out.UIDs = data.UIDValidity, pairs(data.SourceUIDs, data.DestUIDs)
	return c.remove(set, &out.MarkedOnly)
}

// remove marks letters deleted and expunges exactly them, where the server can.
func (c *conn) remove(set imap.UIDSet, markedOnly *bool) error {
	if err := c.store(set, imap.StoreFlagsAdd, []string{string(imap.FlagDeleted)}); err != nil {
		return err
	}
	if !c.has(imap.CapUIDPlus) {
		*markedOnly = true
		return nil
	}
	return c.client.UIDExpunge(set).Close()
}

// Expunge removes letters for good: exactly these. markedOnly as in Moved.
func (a *Account) Expunge(ctx context.Context, folder string, validity uint32, uids []uint32) (markedOnly bool, err error) {
	err = a.change(ctx, func(c *conn) error {
		return c.do(ctx, a.s.o.CommandTimeout, budgetList, func() error {
			set, err := c.prepare(folder, validity, uids)
			if err != nil {
				return err
			}
			if set, err = c.existing(set); err != nil {
				return err
			}
			return c.remove(set, &markedOnly)
		})
	})
	return markedOnly, door(ctx, err, "removing letters")
}

// pairs matches the two sets of COPYUID (RFC 4315 §3), which correspond in order.
func pairs(src, dst imap.NumSet) map[uint32]uint32 {
	from, to := spansOf(src), spansOf(dst)
	n := from.count()
	if n == 0 || n != to.count() || n > maxBulk {
		return nil
	}
	old, now := from.newest(0, maxBulk), to.newest(0, maxBulk)
	out := make(map[uint32]uint32, len(old))
	for i := range old {
		out[old[i]] = now[i]
	}
	return out
}
