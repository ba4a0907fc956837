package mailserver

import (
	"context"
	"time"

	"github.com/emersion/go-imap/v2"
)

// capFuzzy says that the server keeps an index of the texts (RFC 6203).
const capFuzzy imap.Cap = "SEARCH=FUZZY"

// maxWindowHits bounds what one window gives: a word that every letter holds.
const maxWindowHits = 2000

// Window asks about some letters of a folder, from a position downwards: one question
// of a search through texts, which whoever asks may end after any of them.
type Window struct {
	Folder   string
	Validity uint32 // 0: the first time; else another UIDVALIDITY is Gone
	Below    uint32 // letters at positions up to this one; 0: all. WindowHits.Below
	Size     uint32 // letters to look at; 0: all that are left, which takes as long as it takes
	Match    Match
	Within   time.Duration // default: that of a command
}

// WindowHits is what one window gave.
type WindowHits struct {
	Validity    uint32
	UIDs        []uint32      // newest first, at most maxWindowHits
	Cut         bool          // there were more
	Looked      uint32        // letters looked at
	Of          uint32        // letters in the folder now
	Below       uint32        // where to go on: positions only fall as letters are removed, so that none is passed over. 0: nothing is left
	Oldest      time.Time     // when the oldest letter looked at was received; zero when nothing is left
	Took        time.Duration // of the question itself
	FullText    bool          // the server keeps an index of the texts: no windows are needed
	Approximate bool          // as Hits
}

// SearchWindow asks one question on the connection aside and gives the connection back:
// downloads come in between.
func (a *Account) SearchWindow(ctx context.Context, w Window) (WindowHits, error) {
	if w.Within <= 0 {
		w.Within = a.s.o.CommandTimeout
	}
	if err := w.Match.check(); err != nil {
		return WindowHits{}, door(ctx, err, "searching")
	}
	var out WindowHits
	err := a.read(ctx, a.aside, func(c *conn) error {
		return c.do(ctx, verbSearch, w.Within, budgetUIDs, func() (err error) {
			out, err = c.window(w, a.aside != a.commands, a.s.o.Now)
			return err
		})
	})
	return out, door(ctx, err, "searching")
}

func (c *conn) window(w Window, aside bool, now func() time.Time) (out WindowHits, err error) {
	if err := c.selectFolder(w.Folder, aside); err != nil {
		return out, err
	}
	if w.Validity == 0 {
		if err := c.client.Noop().Wait(); err != nil { // what came since the folder was selected
			return out, err
		}
	} else if w.Validity != c.validity {
		return out, errGone
	}
	out.Validity, out.Of, out.FullText = c.validity, c.exists(), c.has(capFuzzy)
	top := out.Of
	if w.Below > 0 {
		top = min(top, w.Below)
	}
	if top == 0 {
		return out, nil
	}
	low := uint32(1)
	if w.Size > 0 && top > w.Size {
		low = top - w.Size + 1
	}
	began := now()
	found, approximate, err := c.searchWindow(w.Match, low, top)
	if err != nil {
		return out, err
	}
	out.Took = now().Sub(began)
	out.UIDs, out.Approximate = found.newest(0, maxWindowHits), approximate
	out.Cut = found.count() > uint64(len(out.UIDs))
	out.Looked, out.Below = top-low+1, low-1
	if low > 1 {
		out.Oldest, err = c.receivedAt(low)
	}
	return out, err
}

// receivedAt tells when the letter at a position was received; zero when it went.
func (c *conn) receivedAt(position uint32) (time.Time, error) {
	got, err := c.client.Fetch(imap.SeqSetNum(position), &imap.FetchOptions{UID: true, InternalDate: true}).Collect()
	if err = ignoreExpunged(err); err != nil {
		return time.Time{}, err
	}
	for _, m := range got {
		if m.SeqNum == position && !m.InternalDate.IsZero() {
			return m.InternalDate, nil
		}
	}
	return time.Time{}, nil
}
