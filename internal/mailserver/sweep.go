package mailserver

import (
	"context"
	"errors"
	"io"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"pli.example/pli/internal/message"
)

// Swept is one letter as a sweep reads it: what tells who wrote to whom, about what,
// and what it answers. No structure is asked for: nothing in it can be crafted to
// break the answer.
type Swept struct {
	UID      uint32
	Flags    []string
	Envelope message.Envelope
	Mixed    bool  // multipart/mixed: it has files, most often
	Received int64 // seconds since 1970
	Size     int64 // octets
}

// SweepQuery asks for the next letters of a folder, newest first.
type SweepQuery struct {
	Folder   string
	Validity uint32 // 0: the first time; else another UIDVALIDITY is Gone
	Below    uint32 // letters at positions up to this one; 0: all. SweepChunk.Below
	Size     int    // default 500, at most 1,000
}

// SweepChunk is what one question gave.
type SweepChunk struct {
	// At is the folder as it stood before anything was read: what happens from then on
	// Changes tells.
	At   Folder
	Rows []Swept
	// Below is where to go on: positions only fall as letters are removed, so that a
	// letter may come twice but none is passed over. 0: nothing is left.
	Below uint32
}

const (
	sweepSize   = 500
	maxSweep    = 1000
	sweepHeader = 24 << 10 // of one letter's fields: ten thousand recipients cost no more
)

// sweepFields are read of each letter. The short ones are asked for again alone when
// the long ones push them out of sweepHeader.
func sweepFields() []string {
	return append(sweepShort(), "TO", "CC")
}

func sweepShort() []string {
	return []string{"MESSAGE-ID", "IN-REPLY-TO", "REFERENCES", "FROM", "SUBJECT", "CONTENT-TYPE"}
}

// Sweep reads some letters of a folder on the connection aside. It holds the
// connection for one question only: downloads and searches come in between.
func (a *Account) Sweep(ctx context.Context, q SweepQuery) (SweepChunk, error) {
	if q.Size <= 0 {
		q.Size = sweepSize
	}
	q.Size = min(q.Size, maxSweep)
	var out SweepChunk
	for size := q.Size; ; size = max(size/8, 1) { // an answer that breaks off: fewer at once, down to the letter that does it
		err := a.read(ctx, a.aside, func(c *conn) error {
			return c.do(ctx, verbFetch, a.s.o.CommandTimeout, budgetUIDs, func() (err error) {
				out, err = c.sweep(q, size, a.aside != a.commands)
				return err
			})
		})
		if !crafted(err) || size == 1 {
			if top := max(q.Below, out.At.Messages); crafted(err) && top > 0 && ctx.Err() == nil {
				return SweepChunk{At: out.At, Below: top - 1}, nil // this one letter is left out
			}
			return out, door(ctx, err, "sweeping a folder")
		}
	}
}

func (c *conn) sweep(q SweepQuery, size int, aside bool) (out SweepChunk, err error) {
	if err := c.selectFolder(q.Folder, aside); err != nil {
		return out, err
	}
	if q.Validity == 0 {
		if out.At, err = c.place(q.Folder); err != nil {
			return out, err
		}
	} else if q.Validity != c.validity {
		return out, errGone
	}
	high := c.exists()
	if q.Below > 0 {
		high = min(high, q.Below)
	}
	if high == 0 {
		return out, nil
	}
	low := uint32(1)
	if high > uint32(size) {
		low = high - uint32(size) + 1
	}
	out.Rows, err = c.readSwept(low, high)
	out.Below = low - 1
	return out, err
}

// place asks where the selected folder stands. Of a selected folder some servers tell
// what this connection saw last, others what is: it is brought up to date before and
// after, so that nothing is counted that cannot be read.
func (c *conn) place(folder string) (Folder, error) {
	if err := c.client.Noop().Wait(); err != nil {
		return Folder{}, err
	}
	st, err := c.client.Status(folder, c.statusItems()).Wait()
	if err != nil {
		return Folder{}, err
	}
	if err := c.client.Noop().Wait(); err != nil {
		return Folder{}, err
	}
	c.syncedAt = c.now()
	return Folder{Name: folder, Selectable: true, Messages: value(st.NumMessages), Unseen: value(st.NumUnseen), UIDNext: uint32(st.UIDNext),
		UIDValidity: c.validity, HighestModSeq: st.HighestModSeq}, nil
}

// readSwept reads positions low to high, newest first. A row that another session's
// flag change took the place of (see pageByPosition) is asked for once more.
func (c *conn) readSwept(low, high uint32) ([]Swept, error) {
	var set imap.SeqSet
	set.AddRange(low, high)
	rows, seen, err := c.fetchSwept(set, sweepFields())
	if err != nil {
		return rows, err
	}
	var missing imap.SeqSet
	for n := low; n <= high && len(seen) < int(high-low)+1; n++ {
		if !seen[n] {
			missing.AddNum(n)
		}
	}
	if len(missing) > 0 && c.exists() >= high {
		more, _, err := c.fetchSwept(missing, sweepFields())
		if err != nil {
			return rows, err
		}
		rows = append(rows, more...)
	}
	return rows, nil
}

// fetchSwept fetches and reads letters as they come, and tells which positions did.
func (c *conn) fetchSwept(set imap.NumSet, fields []string) (rows []Swept, seen map[uint32]bool, err error) {
	o := &imap.FetchOptions{UID: true, Flags: true, InternalDate: true, RFC822Size: true, BodySection: []*imap.FetchItemBodySection{
		{Specifier: imap.PartSpecifierHeader, HeaderFields: fields, Peek: true, Partial: &imap.SectionPartial{Size: sweepHeader}}}}
	cmd := c.client.Fetch(set, o)
	reader := sweepReader{people: map[string][]message.Mailbox{}}
	seen = make(map[uint32]bool)
	var cut imap.UIDSet
	buf := make([]byte, 0, 4<<10)
	for m := cmd.Next(); m != nil; m = cmd.Next() {
		s, whole := Swept{}, false
		for item := m.Next(); item != nil; item = m.Next() {
			if b, ok := item.(imapclient.FetchItemDataBodySection); ok && b.Literal != nil {
				if buf, err = readLiteral(buf[:0], b.Literal); err != nil {
					return rows, seen, err
				}
				whole = true
				reader.read(&s, buf)
				continue
			}
			s.take(item)
		}
		if !whole || s.UID == 0 {
			continue // news of a letter's flags, told unasked
		}
		if len(buf) >= sweepHeader && len(fields) > len(sweepShort()) {
			cut.AddNum(imap.UID(s.UID))
		}
		seen[m.SeqNum] = true
		rows = append(rows, s)
	}
	if err = ignoreExpunged(cmd.Close()); err != nil || len(cut) == 0 {
		return rows, seen, err
	}
	return rows, seen, c.completeSwept(cut, rows)
}

// completeSwept reads again, without recipients, the letters that have too many.
func (c *conn) completeSwept(cut imap.UIDSet, rows []Swept) error {
	short, _, err := c.fetchSwept(cut, sweepShort())
	for _, s := range short {
		for i := range rows {
			if rows[i].UID == s.UID {
				s.Envelope.To, s.Envelope.Cc = rows[i].Envelope.To, rows[i].Envelope.Cc
				rows[i].Envelope, rows[i].Mixed = s.Envelope, s.Mixed
			}
		}
	}
	return err
}

func (s *Swept) take(item imapclient.FetchItemData) {
	switch item := item.(type) {
	case imapclient.FetchItemDataUID:
		s.UID = uint32(item.UID)
	case imapclient.FetchItemDataFlags:
		for _, f := range item.Flags {
			s.Flags = append(s.Flags, string(f))
		}
	case imapclient.FetchItemDataInternalDate:
		s.Received = item.Time.Unix()
	case imapclient.FetchItemDataRFC822Size:
		s.Size = item.Size
	}
}

// readLiteral reads all of it into b.
func readLiteral(b []byte, l imap.LiteralReader) ([]byte, error) {
	for n := l.Size(); int64(len(b)) < n; {
		if len(b) == cap(b) {
			b = append(b, make([]byte, min(n-int64(len(b)), 32<<10))...)[:len(b)]
		}
		k, err := l.Read(b[len(b):cap(b)])
		b = b[:len(b)+k]
		if errors.Is(err, io.EOF) && int64(len(b)) < n {
			return b, errors.Join(errLost, io.ErrUnexpectedEOF) // go-imap takes a closed line for the end of the literal
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return b, errors.Join(errLost, err)
		}
	}
	return b, nil
}
