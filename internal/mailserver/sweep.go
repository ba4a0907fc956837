package mailserver

import (
	"cmp"
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
	Size     int    // default and at most 2,000; 100 at most where everything shares one connection
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
	sweepSize   = 2000
	sweepShared = 100      // letters at once where everything shares one connection
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
	if q.Size = min(q.Size, sweepSize); a.aside == a.commands { // clicks wait behind it
		q.Size = min(q.Size, sweepShared)
	}
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
func (c *conn) fetchSwept(set imap.NumSet, fields []string) ([]Swept, map[uint32]bool, error) {
	o := &imap.FetchOptions{UID: true, Flags: true, InternalDate: true, RFC822Size: true, BodySection: []*imap.FetchItemBodySection{
		{Specifier: imap.PartSpecifierHeader, HeaderFields: fields, Peek: true, Partial: &imap.SectionPartial{Size: sweepHeader}}}}
	out, left := newSweeping(), newSweeping() // what the catcher took, and what it left
	off := c.meter.catching()
	cmd := c.client.Fetch(set, o)
	done := make(chan error, 1)
	go func() {
		done <- c.guarded(func() error {
			err := left.collect(cmd)
			return cmp.Or(err, ignoreExpunged(cmd.Close()))
		})
	}()
	var err error
	for going := true; going; {
		select {
		case <-off.some:
		case err = <-done:
			going = false
		}
		out.caught(off.take(), set)
	}
	c.meter.catcher.CompareAndSwap(off, nil)
	out.merge(left)
	var cut imap.UIDSet
	if len(fields) > len(sweepShort()) {
		cut = out.cut
	}
	if err != nil || len(cut) == 0 {
		return out.rows, out.seen, err
	}
	return out.rows, out.seen, c.completeSwept(cut, out.rows)
}

// sweeping is letters as they come.
type sweeping struct {
	reader sweepReader
	rows   []Swept
	at     []uint32        // their positions
	seen   map[uint32]bool // positions
	cut    imap.UIDSet     // letters whose recipients push out the rest
	buf    []byte
}

func newSweeping() *sweeping {
	return &sweeping{reader: sweepReader{people: map[string][]message.Mailbox{}}, seen: map[uint32]bool{}}
}

// collect reads what the catcher left to the library.
func (w *sweeping) collect(cmd *imapclient.FetchCommand) (err error) {
	for m := cmd.Next(); m != nil; m = cmd.Next() {
		s, whole := Swept{}, false
		for item := m.Next(); item != nil; item = m.Next() {
			if b, ok := item.(imapclient.FetchItemDataBodySection); ok && b.Literal != nil {
				if w.buf, err = readLiteral(w.buf[:0], b.Literal); err != nil {
					return err
				}
				whole = true
				w.reader.read(&s, w.buf)
				continue
			}
			s.take(item)
		}
		if whole && s.UID != 0 { // else news of a letter's flags, told unasked
			w.add(m.SeqNum, s, len(w.buf))
		}
	}
	return nil
}

// caught reads what the catcher took, of the letters that were asked for.
func (w *sweeping) caught(got caught, set imap.NumSet) {
	flags := map[string][]string{}
	for _, r := range got.rows {
		if !holds(set, r) {
			continue
		}
		if _, known := flags[r.flags]; !known {
			flags[r.flags] = flagsOf(r.flags)
		}
		s := Swept{UID: r.uid, Flags: flags[r.flags], Received: r.received, Size: r.size}
		w.reader.read(&s, got.text[r.from:r.to])
		w.add(r.seq, s, r.to-r.from)
	}
}

func holds(set imap.NumSet, r caughtRow) bool {
	switch set := set.(type) {
	case imap.SeqSet:
		return set.Contains(r.seq)
	case imap.UIDSet:
		return set.Contains(imap.UID(r.uid))
	}
	return false
}

// add takes a letter; one that comes twice counts once.
func (w *sweeping) add(position uint32, s Swept, header int) {
	if w.seen[position] {
		return
	}
	if header >= sweepHeader {
		w.cut.AddNum(imap.UID(s.UID))
	}
	w.seen[position] = true
	w.rows, w.at = append(w.rows, s), append(w.at, position)
}

func (w *sweeping) merge(more *sweeping) {
	for i := range more.rows {
		w.add(more.at[i], more.rows[i], 0)
	}
	w.cut = append(w.cut, more.cut...)
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
