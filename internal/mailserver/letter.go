package mailserver

import (
	"context"
	"time"

	"github.com/emersion/go-imap/v2"
)

// Caps of what opening a letter brings into memory.
const (
	maxTextFetch = 1<<20 + 512<<10 // encoded octets of one text part
	maxTexts     = 20              // text parts of one letter
	maxHeader    = 256 << 10
	newsAge      = 2 * time.Second // a list shown this recently need not be asked again for news
	maxUnread    = 256 << 10       // head of a big letter nobody can describe
)

// Opened is a letter as far as a page needs it. A small one comes whole; of a
// large one, the header and the texts.
type Opened struct {
	Row
	Whole []byte            // the raw letter, nil when it is large; shared: do not write
	Cut   bool              // Whole is only the head of the letter
	Head  []byte            // raw header of a large letter
	Texts map[string][]byte // part number → encoded body of a large letter's texts, at most maxTextFetch
	Heads map[string][]byte // part number of a message/rfc822 → its raw header
	Older uint32            // UID of the neighbour that arrived just before, 0 for none
	Newer uint32
}

// OpenLetter reads one letter; always PEEK: reading marks nothing.
func (a *Account) OpenLetter(ctx context.Context, folder string, validity, uid uint32) (*Opened, error) {
	o, err := a.openLetter(ctx, letterKey{folder, validity, uid})
	return o, door(ctx, err, "opening a letter")
}

func (a *Account) openLetter(ctx context.Context, key letterKey) (*Opened, error) {
	row, err := a.ensureRow(ctx, key)
	if err != nil {
		return nil, err
	}
	o := &Opened{Row: *row}
	raw, cached := a.cache.letter(key)
	wanted := a.small(key, row) && !cached
	err = a.read(ctx, a.commands, func(c *conn) error {
		return c.do(ctx, verbFetch, a.s.o.CommandTimeout, 2*row.Size*b2i(wanted)+budgetSmall, func() error {
			return a.fetchOpened(c, key, o, wanted)
		})
	})
	if err != nil {
		return nil, err
	}
	switch {
	case cached:
		o.Whole = raw
	case wanted:
		a.cache.putLetter(key, o.Whole)
		if a.s.cache.over() {
			a.s.shed()
		}
	case row.Structure == nil:
		return o, a.fetchHead(ctx, key, o)
	default:
		return o, a.fetchTexts(ctx, key, o)
	}
	return o, nil
}

// small letters are fetched whole and read here; so are those the server cannot
// describe, up to a larger size.
func (a *Account) small(key letterKey, row *Row) bool {
	return row.Size <= maxSmall || row.Size <= maxSalvaged && a.cache.isBad(key)
}

// Content gives what is needed to find a part of a letter: the whole letter when
// it is small, its row with the structure otherwise. Nothing is asked of the
// server when the letter was just opened.
func (a *Account) Content(ctx context.Context, folder string, validity, uid uint32) (*Opened, error) {
	key := letterKey{folder, validity, uid}
	row, err := a.ensureRow(ctx, key)
	if err != nil {
		return nil, door(ctx, err, "reading a letter")
	}
	o := &Opened{Row: *row}
	if !a.small(key, row) {
		return o, nil
	}
	raw, ok := a.cache.letter(key)
	if !ok {
		if raw, err = a.wholeLetter(ctx, key, row.Size); err != nil {
			return nil, door(ctx, err, "reading a letter")
		}
		a.cache.putLetter(key, raw)
	}
	o.Whole = raw
	return o, nil
}

func b2i(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// ensureRow gives the row of one letter, fetched if no list showed it yet.
func (a *Account) ensureRow(ctx context.Context, key letterKey) (*Row, error) {
	if row, ok := a.cache.row(key); ok {
		return row, nil
	}
	uids := []uint32{key.uid}
	structure := !a.cache.isBad(key)
	err := a.read(ctx, a.commands, func(c *conn) error {
		_, err := a.fetchRows(ctx, c, key.folder, key.validity, uids, structure)
		return err
	})
	if err != nil && !crafted(err) {
		return nil, err
	}
	if crafted(err) || a.cache.isBad(key) {
		if err := a.salvage(ctx, key.folder, key.validity, uids); err != nil {
			return nil, err
		}
	}
	if row, ok := a.cache.row(key); ok {
		return row, nil
	}
	return nil, errGone
}

// fetchOpened asks flags, body and neighbours in one flight. The neighbours
// are asked by the position last seen; if it moved, once more.
func (a *Account) fetchOpened(c *conn, key letterKey, o *Opened, body bool) error {
	if err := c.current(key.folder, newsAge); err != nil {
		return err
	}
	if c.validity != key.validity {
		return errGone
	}
	set := imap.UIDSetNum(imap.UID(key.uid))
	options := &imap.FetchOptions{UID: true, Flags: true}
	if body {
		options.BodySection = []*imap.FetchItemBodySection{{Peek: true}}
	}
	asked := c.client.Fetch(set, options)
	fetch := collect(func() ([]fetched, error) { return gather(asked) })
	guess := a.position(key)
	near := collect(func() (map[uint32]uint32, error) { return c.neighbours(guess) })
	got, err := fetch()
	around, nearErr := near()
	if err != nil {
		return err
	}
	if nearErr != nil && !said(nearErr) {
		return nearErr
	}
	found := false
	for _, f := range got {
		if f.uid != key.uid {
			continue
		}
		found, o.Seq, o.Flags = true, f.seq, f.flags
		if body && len(f.sections) > 0 {
			o.Whole = f.sections[0].bytes
		}
	}
	if !found || body && (o.Whole == nil || c.madeUp(o.Whole)) {
		o.Whole = nil
		return errGone
	}
	return c.placeAmong(o, around)
}

// placeAmong finds the neighbours. Positions shift while we ask: only a range that
// names the letter itself, and whoever stands on each side of it, is believed.
func (c *conn) placeAmong(o *Opened, around map[uint32]uint32) error {
	for attempt := 0; attempt < 3; attempt++ {
		older, newer := around[o.Seq-1] != 0 || o.Seq <= 1, around[o.Seq+1] != 0 || o.Seq >= c.exists()
		if around[o.Seq] == o.UID && older && newer {
			o.Older, o.Newer = around[o.Seq-1], around[o.Seq+1]
			return nil
		}
		if attempt > 0 { // the position itself is old news
			if err := c.current(c.folder, 0); err != nil {
				return err
			}
			rows, err := c.flagRows(imap.UIDSetNum(imap.UID(o.UID)))
			if err != nil {
				return err
			}
			if len(rows) == 0 {
				return errGone
			}
			o.Seq = rows[0].Seq
		}
		var err error
		if around, err = c.neighbours(o.Seq); err != nil && !said(err) {
			return err
		}
	}
	return nil // a folder too busy to tell: no neighbours this time
}

// neighbours gives the UIDs at seq and on both sides of it.
func (c *conn) neighbours(seq uint32) (map[uint32]uint32, error) {
	if seq == 0 {
		return nil, nil
	}
	var set imap.SeqSet
	set.AddRange(max(seq, 2)-1, max(min(seq+1, c.exists()), seq))
	got, err := gather(c.client.Fetch(set, &imap.FetchOptions{UID: true}))
	out := make(map[uint32]uint32, 3)
	for _, f := range got {
		out[f.seq] = f.uid
	}
	return out, err
}

// position is where the letter was when last listed, 0 when it never was.
func (a *Account) position(key letterKey) uint32 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.seqs[key]
}

func (a *Account) remember(folder string, validity uint32, rows []Row) {
	seqs := make(map[letterKey]uint32, len(rows))
	for _, r := range rows {
		seqs[letterKey{folder, validity, r.UID}] = r.Seq
	}
	a.mu.Lock()
	a.seqs = seqs
	a.mu.Unlock()
}
