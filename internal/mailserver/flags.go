package mailserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
)

// maxBulk bounds one change.
const maxBulk = 1000

// Flags gives the flags of letters that exist among uids.
type Flags map[uint32][]string

// SetFlags adds and removes flags on the given letters and tells the flags they
// had before, for undo. A keyword the folder cannot store is refused before
// anything changes.
func (a *Account) SetFlags(ctx context.Context, folder string, validity uint32, uids []uint32, add, remove []string) (Flags, error) {
	return a.setFlags(ctx, a.commands, folder, validity, uids, add, remove)
}

func (a *Account) setFlags(ctx context.Context, l *lane, folder string, validity uint32, uids []uint32, add, remove []string) (Flags, error) {
	before := make(Flags, len(uids))
	err := a.changeOn(ctx, l, func(c *conn) error {
		return c.do(ctx, verbStore, a.s.o.CommandTimeout, budgetList, func() error {
			set, err := c.prepare(folder, validity, uids)
			if err != nil {
				return err
			}
			if err := c.stores(add); err != nil {
				return err
			}
			rows, err := c.flagRows(set)
			if err != nil {
				return err
			}
			var there imap.UIDSet
			for _, r := range rows {
				if set.Contains(imap.UID(r.UID)) {
					before[r.UID] = r.Flags
					there.AddNum(imap.UID(r.UID))
				}
			}
			if len(there) == 0 {
				return errGone
			}
			if err := c.store(there, imap.StoreFlagsAdd, add); err != nil {
				return err
			}
			return c.store(there, imap.StoreFlagsDel, remove)
		})
	})
	return before, door(ctx, err, "changing flags")
}

// MarkSeen sets \Seen on one letter, in one question: the letter was just read, so
// what it had before is known.
func (a *Account) MarkSeen(ctx context.Context, folder string, validity, uid uint32) error {
	err := a.change(ctx, func(c *conn) error {
		return c.do(ctx, verbStore, a.s.o.CommandTimeout, budgetSmall, func() error {
			set, err := c.prepare(folder, validity, []uint32{uid})
			if err != nil {
				return err
			}
			return c.store(set, imap.StoreFlagsAdd, []string{string(imap.FlagSeen)})
		})
	})
	return door(ctx, err, "marking a letter read")
}

// prepare selects the folder for a change and checks what it is asked.
func (c *conn) prepare(folder string, validity uint32, uids []uint32) (imap.UIDSet, error) {
	if len(uids) == 0 || len(uids) > maxBulk {
		return nil, fmt.Errorf("%w: %d letters", errValue, len(uids))
	}
	var set imap.UIDSet
	for _, uid := range uids {
		if uid == 0 { // "*" on the wire
			return nil, fmt.Errorf("%w: uid 0", errValue)
		}
		set.AddNum(imap.UID(uid))
	}
	if err := c.selectFolder(folder, false); err != nil {
		return nil, err
	}
	if c.validity != validity {
		return nil, errGone
	}
	return set, nil
}

// stores reports whether the folder keeps these flags (PERMANENTFLAGS).
func (c *conn) stores(flags []string) error {
	for _, f := range flags {
		if f == "" || strings.ContainsAny(f, "(){ %*\"]\r\n\x00") || strings.LastIndexByte(f, '\\') > 0 {
			return fmt.Errorf("%w: flag", errValue)
		}
		if c.anyFlag || strings.HasPrefix(f, `\`) {
			continue
		}
		known := false
		for _, k := range c.flags {
			known = known || strings.EqualFold(string(k), f)
		}
		if !known {
			return errKeyword
		}
	}
	return nil
}

func (c *conn) store(set imap.UIDSet, op imap.StoreFlagsOp, flags []string) error {
	if len(flags) == 0 {
		return nil
	}
	s := &imap.StoreFlags{Op: op, Silent: true}
	for _, f := range flags {
		s.Flags = append(s.Flags, imap.Flag(f))
	}
	return ignoreExpunged(c.client.Store(set, s, nil).Close())
}

// Append adds a letter to a folder and gives its place when the server says it
// (UIDPLUS), 0 otherwise. Exactly size octets are read from r.
func (a *Account) Append(ctx context.Context, folder string, flags []string, received time.Time, size int64, r io.Reader) (validity, uid uint32, err error) {
	err = a.change(ctx, func(c *conn) error {
		return c.do(ctx, verbAppend, a.s.o.CommandTimeout+time.Duration(size/(64<<10))*time.Second, budgetSmall, func() error {
			o := &imap.AppendOptions{Time: received}
			for _, f := range flags {
				o.Flags = append(o.Flags, imap.Flag(f))
			}
			cmd := c.client.Append(folder, size, o)
			n, copyErr := io.Copy(cmd, io.LimitReader(r, size))
			closeErr := cmd.Close()
			if copyErr == nil && n < size {
				return fmt.Errorf("%w: %d octets of %d to append", errLost, n, size) // the line is out of step
			}
			data, err := cmd.Wait()
			if err != nil {
				return err
			}
			if err := errors.Join(copyErr, closeErr); err != nil {
				return err
			}
			validity, uid = data.UIDValidity, uint32(data.UID)
			return nil
		})
	})
	return validity, uid, door(ctx, err, "appending a letter")
}
