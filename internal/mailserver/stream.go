package mailserver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

const (
	maxBuffered = 512 << 10       // a body up to this is read at once on the command lane
	stallLimit  = 2 * time.Minute // a reader who stops reading loses the connection
	streamLimit = time.Hour
)

// Body gives the encoded body of a part as the server sends it, or the whole raw
// letter for path "". size is the expected number of octets, 0 when unknown. A
// large body streams on the connection aside in constant memory; the caller
// must Close it. Always PEEK.
func (a *Account) Body(ctx context.Context, folder string, validity, uid uint32, path string, size int64) (io.ReadCloser, error) {
	key := letterKey{folder, validity, uid}
	part, ok := sectionPath(path)
	if !ok && path != "" {
		return nil, door(ctx, errPart, "reading a part")
	}
	if raw, ok := a.cache.letter(key); ok && path == "" {
		return io.NopCloser(bytes.NewReader(raw)), nil
	}
	if size > 0 && size <= maxBuffered {
		got, err := a.sections(ctx, key, []*imap.FetchItemBodySection{{Part: part, Peek: true,
			Partial: &imap.SectionPartial{Size: maxBuffered}}})
		if err == nil && len(got) != 1 {
			err = errPart
		}
		if err != nil {
			return nil, door(ctx, err, "reading a part")
		}
		if int64(len(got[0].bytes)) < maxBuffered {
			return io.NopCloser(bytes.NewReader(got[0].bytes)), nil
		} // the server was wrong about the size
	}
	s, err := a.stream(ctx, key, part)
	if err != nil {
		return nil, door(ctx, err, "reading a part")
	}
	return s, nil
}

// stream is a body being read from the connection aside, held until Close or the
// last octet.
type stream struct {
	ctx    context.Context
	a      *Account
	c      *conn
	cmd    *imapclient.FetchCommand
	lit    imap.LiteralReader
	left   int64
	stall  *time.Timer
	stop   func() bool
	once   sync.Once
	err    error
	failed bool
}

func (a *Account) stream(ctx context.Context, key letterKey, part []int) (*stream, error) {
	if err := a.aside.enter(ctx); err != nil {
		return nil, err
	}
	for again := true; ; again = false {
		c, err := a.connection(ctx, a.aside)
		if err != nil {
			a.aside.leave()
			return nil, err
		}
		s := &stream{ctx: ctx, a: a, c: c}
		err = c.do(ctx, verbFetch, a.s.o.CommandTimeout, budgetSmall, func() error { return s.begin(key, part) })
		if err == nil {
			s.run()
			return s, nil
		}
		lost := c.dead.Load() && c.reused && errors.Is(err, errLost)
		a.put(a.aside, c)
		if !lost || !again || ctx.Err() != nil {
			a.aside.leave()
			return nil, err
		}
	}
}

// begin sends the FETCH and stops at the literal.
func (s *stream) begin(key letterKey, part []int) error {
	readOnly := s.a.aside != s.a.commands
	if err := s.c.selectFolder(key.folder, readOnly); err != nil {
		return err
	}
	if s.c.validity != key.validity {
		return errGone
	}
	s.cmd = s.c.client.Fetch(imap.UIDSetNum(imap.UID(key.uid)), &imap.FetchOptions{UID: true,
		BodySection: []*imap.FetchItemBodySection{{Part: part, Peek: true}}})
	seen := false
	for m := s.cmd.Next(); m != nil; m = s.cmd.Next() {
		for item := m.Next(); item != nil; item = m.Next() {
			switch item := item.(type) {
			case imapclient.FetchItemDataUID:
				seen = seen || uint32(item.UID) == key.uid
			case imapclient.FetchItemDataBodySection:
				if item.Literal != nil && seen {
					s.lit, s.left = item.Literal, item.Literal.Size()
					return nil
				}
			}
		}
	}
	if err := s.cmd.Close(); err != nil {
		return err
	}
	if seen {
		return errPart
	}
	return errGone
}

func (s *stream) run() {
	s.c.meter.allow(s.left + budgetSmall)
	ctx, cancel := context.WithTimeout(s.ctx, streamLimit)
	stop := context.AfterFunc(ctx, func() { s.c.kill(ctx.Err()) })
	s.stop = func() bool { defer cancel(); return stop() }
	s.stall = time.AfterFunc(stallLimit, func() { s.c.kill(context.DeadlineExceeded) })
}

// Read gives the body's octets. A line that dies before the announced size is an
// error, never an end: a truncated document must not look whole.
func (s *stream) Read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	s.stall.Reset(stallLimit)
	if err := s.ctx.Err(); err != nil { // the reader gave up: never a whole body, however fast it comes
		s.err = door(s.ctx, err, "reading a part")
		s.finish(false)
		return 0, s.err
	}
	n, err := s.lit.Read(p)
	s.left -= int64(n)
	switch {
	case s.left <= 0 && (err == nil || err == io.EOF):
		if err == nil {
			err = s.tail()
		}
		s.finish(true)
		s.err = io.EOF
		if err != nil && err != io.EOF {
			s.err = door(s.ctx, s.c.why(err), "reading a part")
		}
		if n > 0 && s.err == io.EOF {
			return n, nil
		}
		return n, s.err
	case err != nil:
		s.failed = true // it must not be read again: go-imap's read loop goes on
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		s.err = door(s.ctx, s.c.why(fmt.Errorf("%w: %w", errLost, err)), "reading a part")
		s.finish(false)
		return n, s.err
	}
	return n, nil
}

// tail lets go-imap see the end of the literal.
func (s *stream) tail() error {
	var one [1]byte
	if n, err := s.lit.Read(one[:]); n > 0 || err == nil {
		return fmt.Errorf("%w: literal longer than announced", errGarbled)
	} else if err != io.EOF {
		return err
	}
	return nil
}

// Close gives the connection up; what was not read is not waited for.
func (s *stream) Close() error {
	s.finish(false)
	if s.err == nil {
		s.err = io.ErrClosedPipe
	}
	return nil
}

// finish returns the connection when the body was read to its end, else closes it.
func (s *stream) finish(whole bool) {
	s.once.Do(func() {
		s.stall.Stop()
		s.stop()
		if !whole {
			s.c.kill(errLost)
			if !s.failed { // go-imap's read loop waits until the literal was read, or failed
				_, _ = io.Copy(io.Discard, s.lit)
			}
		} else {
			_ = s.c.do(s.ctx, verbNone, s.a.s.o.CommandTimeout, budgetSmall, s.cmd.Close)
		}
		s.a.put(s.a.aside, s.c)
		s.a.aside.leave()
	})
}

// sectionPath reads "1.2.3"; "" is no part.
func sectionPath(path string) ([]int, bool) {
	if path == "" || len(path) > 400 {
		return nil, false
	}
	var out []int
	for f := range strings.SplitSeq(path, ".") {
		n, err := strconv.ParseUint(f, 10, 31)
		if err != nil || n == 0 || len(out) >= maxDepth || f[0] == '+' {
			return nil, false
		}
		out = append(out, int(n))
	}
	return out, true
}

func pathOf(part []int) string {
	var b strings.Builder
	for i, n := range part {
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(strconv.Itoa(n))
	}
	return b.String()
}
