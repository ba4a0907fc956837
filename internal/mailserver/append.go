package mailserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"

	"pli.example/pli/internal/problem"
)

const sayCopy = "La copie de la lettre n’a pas pu être préparée. La lettre elle-même n’a rien\u00a0: réessayez."

// AppendWith adds a letter to a folder, streamed by write, which must give exactly
// size octets with CRLF line ends. It gives the letter's place when the server
// says it (UIDPLUS), 0 otherwise. A large letter goes over the connection aside,
// so that no click waits for it. When the answer was lost the letter may be there
// all the same: ask FindMessageID before trying again.
func (a *Account) AppendWith(ctx context.Context, folder string, flags []string, received time.Time, size int64, write func(io.Writer) error) (validity, uid uint32, err error) {
	l := a.commands
	if size > maxBuffered {
		l = a.aside
	}
	var ours error // the writer's own failure: what go-imap makes of it is of no interest
	err = a.run(ctx, l, false, func(c *conn) error {
		return c.do(ctx, verbAppend, a.s.o.CommandTimeout+time.Duration(size/(64<<10))*time.Second, budgetSmall, func() error {
			if c.folder == folder && c.readOnly { // Courier adds nothing to a folder it was told to only look at
				if err := c.selectFolder(folder, false); err != nil {
					return err
				}
			}
			o := &imap.AppendOptions{Time: received}
			for _, f := range flags {
				o.Flags = append(o.Flags, imap.Flag(f))
			}
			cmd := c.client.Append(folder, size, o)
			w := &literal{w: cmd, left: size}
			err := write(w)
			if w.err == nil && (err != nil || w.left != 0) {
				if ours = err; err == nil {
					ours = fmt.Errorf("%w: %d octets missing", errSize, w.left)
				}
				c.kill(errLost) // a literal left open: the line is out of step
				_ = cmd.Close() // go-imap's own lock; nothing reaches the server any more
				return errLost
			}
			closeErr := cmd.Close()
			data, err := cmd.Wait()
			if err == nil {
				err = errors.Join(w.err, closeErr)
			}
			if err != nil {
				return err
			}
			validity, uid = data.UIDValidity, uint32(data.UID)
			return nil
		})
	})
	if ours != nil {
		var known *problem.Error
		if errors.As(ours, &known) {
			return 0, 0, ours
		}
		return 0, 0, problem.Wrapf(ours, problem.Internal, sayCopy, "writing a letter to append")
	}
	return validity, uid, door(ctx, err, "appending a letter")
}

// literal counts what is written to an APPEND and remembers the line's failure.
type literal struct {
	w    io.Writer
	left int64
	err  error
}

func (l *literal) Write(p []byte) (int, error) {
	if int64(len(p)) > l.left {
		l.left = -1
		return 0, errSize
	}
	n, err := l.w.Write(p)
	l.left -= int64(n)
	if err != nil {
		l.err = err
	}
	return n, err
}

// FindMessageID gives the letters of a folder that carry a Message-ID, newest
// first: the evidence that a copy is there already. The angle brackets may be
// missing. validity is the folder's.
func (a *Account) FindMessageID(ctx context.Context, folder, id string) (validity uint32, uids []uint32, err error) {
	id = strings.TrimSuffix(strings.TrimPrefix(id, "<"), ">")
	if id == "" || len(id) > 900 || strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r >= 0x7F || r == '<' || r == '>' }) {
		return 0, nil, door(ctx, fmt.Errorf("%w: message id", errValue), "looking for a letter")
	}
	criteria := &imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{{Key: "Message-ID", Value: "<" + id + ">"}}}
	err = a.read(ctx, a.aside, func(c *conn) error {
		return c.do(ctx, verbSearch, a.s.o.CommandTimeout, budgetUIDs, func() error {
			if err := c.open(folder, a.aside != a.commands); err != nil {
				return err
			}
			found, err := c.uidSearch(criteria)
			if err != nil {
				return err
			}
			validity, uids = c.validity, found.newest(0, maxBulk)
			return nil
		})
	})
	return validity, uids, door(ctx, err, "looking for a letter")
}
