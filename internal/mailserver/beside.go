package mailserver

import (
	"context"

	"github.com/emersion/go-imap/v2"
)

// Beside is the page of a folder and where a letter stands in that folder.
type Beside struct {
	Listing
	Older, Newer uint32 // UIDs of the letter's neighbours, 0 for none
}

// OpenBeside opens a letter and lists a page of its folder, both asked for in one
// flight where that can be: a letter that fits in memory, a page named by its number.
// opened gets the letter as OpenLetter gives it, once, while the page may still be on
// its way: then without neighbours, which come with the page. Without a letter there is
// no page.
func (a *Account) OpenBeside(ctx context.Context, folder string, validity, uid uint32, q Query, opened func(*Opened, error)) (Beside, error) {
	t := together{a: a, key: letterKey{folder, validity, uid}, q: q, opened: opened}
	if t.may() {
		err := a.read(ctx, a.commands, func(c *conn) error { return t.fly(ctx, c) })
		switch {
		case t.clean && err == nil && len(a.fill(folder, validity, t.out.Rows)) == 0:
			a.remember(folder, validity, t.out.Rows)
			if a.s.cache.over() {
				a.s.shed()
			}
			return t.out, nil
		case err != nil && !t.told:
			err = door(ctx, err, "opening a letter")
			opened(nil, err)
			return Beside{}, err
		}
	}
	// One after the other, which knows what to do when something moved meanwhile.
	o, err := a.OpenLetter(ctx, folder, validity, uid)
	if !t.told {
		opened(o, err)
	}
	if err != nil {
		return Beside{}, err
	}
	l, err := a.Rows(ctx, q)
	return Beside{l, o.Older, o.Newer}, err
}

// together is a letter and a page in one flight.
type together struct {
	a      *Account
	key    letterKey
	q      Query
	opened func(*Opened, error)

	row   *Row
	told  bool // the letter was
	out   Beside
	clean bool // out is whole, and nothing moved while it was asked for
}

func (t *together) may() bool {
	var known bool
	t.row, known = t.a.cache.row(t.key)
	_, had := t.a.cache.letter(t.key)
	q := &t.q
	q.Size = pageSize(q.Size)
	return known && !had && t.a.small(t.key, t.row) && q.Folder == t.key.folder && q.Before == 0 && q.After == 0 && !q.Unread && !q.Flagged && q.Without == "" && q.WithFolders
}

// fly sends everything at once and takes the answers as they come.
func (t *together) fly(ctx context.Context, c *conn) error {
	if t.told { // a second try, after the line was lost: the page is asked for alone
		return nil
	}
	return c.do(ctx, verbFetch, t.a.s.o.CommandTimeout, 2*t.row.Size+budgetUIDs, func() error {
		if err := c.current(t.key.folder, newsAge); err != nil {
			return err
		}
		if c.validity != t.key.validity {
			return errGone
		}
		n := c.exists()
		lo, hi, err := c.positions(t.q, n, uint32(t.q.Size))
		if err != nil || hi == 0 {
			return err
		}
		letter := collect(func() ([]fetched, error) {
			return gather(c.client.Fetch(imap.UIDSetNum(imap.UID(t.key.uid)), &imap.FetchOptions{UID: true, Flags: true,
				BodySection: []*imap.FetchItemBodySection{{Peek: true}}}))
		})
		counters := c.startCounters(t.q)
		var set imap.SeqSet
		set.AddRange(max(lo, 2)-1, min(hi+1, n)) // one more at both ends: a neighbour
		rows := collect(func() ([]Row, error) { return c.flagRows(set) })
		o, letterErr := t.take(letter())
		folders, folder, countErr := counters()
		page, rowsErr := rows()
		for _, err := range []error{letterErr, countErr, rowsErr} {
			if err != nil {
				return err
			}
		}
		if o == nil || c.exists() != n || folder.Messages != n || folder.UIDValidity != c.validity {
			return nil
		}
		t.shape(o, n, lo, hi, page)
		t.out.Folders, t.out.Folder = folders, folder
		t.out.Folder.Name, t.out.Folder.Selectable = t.q.Folder, true
		t.out.Keeps = t.q.Keyword != "" && c.stores([]string{t.q.Keyword}) == nil
		return nil
	})
}

// take tells the letter; nil when it is not there whole.
func (t *together) take(got []fetched, err error) (*Opened, error) {
	if err != nil {
		return nil, err
	}
	o := &Opened{Row: *t.row}
	for _, f := range got {
		if f.uid == o.UID && len(f.sections) > 0 {
			o.Seq, o.Flags, o.Whole = f.seq, f.flags, f.sections[0].bytes
		}
	}
	if o.Whole == nil {
		return nil, nil
	}
	t.a.cache.putLetter(t.key, o.Whole)
	t.told = true
	t.opened(o, nil)
	return o, nil
}

// shape keeps the page, positions lo to hi of n, and finds the letter's neighbours in it.
func (t *together) shape(o *Opened, n, lo, hi uint32, rows []Row) {
	found := false
	for _, r := range rows {
		switch r.Seq {
		case o.Seq - 1:
			t.out.Older = r.UID
		case o.Seq:
			found = r.UID == o.UID
		case o.Seq + 1:
			t.out.Newer = r.UID
		}
	}
	wanted := min(hi+1, n) - max(lo, 2) + 2
	t.out.Rows = trim(rows, lo, hi)
	t.out.Total, t.out.First, t.out.Last = n, int(n-hi)+1, int(n-lo)+1
	t.clean = found && uint32(len(rows)) == wanted
}
