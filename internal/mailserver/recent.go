package mailserver

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/emersion/go-imap/v2"

	"pli.example/pli/internal/message"
)

// Recent asks for the headers of the letters a folder received since a day.
type Recent struct {
	Folder string
	Since  time.Time     // its day, in the server's zone
	Fields []string      // header fields wanted
	Limit  int           // letters looked at, newest first; default 2,000
	Within time.Duration // default 10 s
}

// Heading is the header of one letter.
type Heading struct {
	UID      uint32
	Received time.Time
	Header   message.Header
	Envelope message.Envelope
}

// Headings are what was looked at.
type Headings struct {
	Validity uint32
	Letters  []Heading // newest first
	Of       int       // letters received since that day
	Complete bool      // all of them were looked at
}

const headingsAtOnce = 250

// Headings looks at recent letters, newest first, on the connection aside, until
// Limit or time ends it. Bodies are not touched.
func (a *Account) Headings(ctx context.Context, q Recent) (Headings, error) {
	if q.Limit <= 0 {
		q.Limit = 2000
	}
	if q.Within <= 0 {
		q.Within = 10 * time.Second
	}
	var out Headings
	until := a.s.o.Now().Add(q.Within)
	limit, cancel := context.WithTimeout(ctx, q.Within+time.Second)
	defer cancel()
	err := a.read(limit, a.aside, func(c *conn) error {
		out = Headings{}
		return a.headings(limit, c, q, until, &out)
	})
	if err != nil && len(out.Letters) > 0 && errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		err = nil // time is up: what was seen counts, and it says so
	}
	return out, door(ctx, err, "reading recent headers")
}

func (a *Account) headings(ctx context.Context, c *conn, q Recent, until time.Time, out *Headings) error {
	var found spans
	err := c.do(ctx, verbSearch, q.Within, budgetUIDs, func() error {
		if err := c.selectFolder(q.Folder, a.aside != a.commands); err != nil {
			return err
		}
		if err := c.client.Noop().Wait(); err != nil {
			return err
		}
		out.Validity = c.validity
		var err error
		found, err = c.uidSearch(&imap.SearchCriteria{Since: q.Since})
		return err
	})
	if err != nil {
		return err
	}
	out.Of = int(min(found.count(), uint64(c.exists())))
	for offset := 0; offset < min(out.Of, q.Limit); offset += headingsAtOnce {
		left := until.Sub(a.s.o.Now())
		if left <= 0 {
			return nil
		}
		some := found.newest(uint64(offset), min(headingsAtOnce, q.Limit-offset))
		if len(some) == 0 {
			break
		}
		err := c.do(ctx, verbFetch, max(left, time.Second), budgetList, func() error { return c.headings(some, q.Fields, out) })
		if err != nil {
			return err
		}
	}
	out.Complete = out.Of <= q.Limit
	return nil
}

func (c *conn) headings(uids []uint32, fields []string, out *Headings) error {
	got, err := gather(c.client.Fetch(uidSet(uids), &imap.FetchOptions{UID: true, InternalDate: true, BodySection: []*imap.FetchItemBodySection{
		{Specifier: imap.PartSpecifierHeader, HeaderFields: fields, Peek: true}}}))
	if err = ignoreExpunged(err); err != nil {
		return err
	}
	for i := len(got) - 1; i >= 0; i-- { // servers answer in ascending order
		f := got[i]
		if f.uid == 0 || len(f.sections) != 1 {
			continue
		}
		h := Heading{UID: f.uid, Received: f.received}
		raw := f.sections[0].bytes
		h.Header, h.Envelope = message.ParseHeader(bytes.Clone(raw[:min(len(raw), maxRowHeader)]))
		out.Letters = append(out.Letters, h)
	}
	return nil
}
