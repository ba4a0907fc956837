package mailserver

import (
	"slices"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// shownPage is a page of the selected folder as this connection listed it last. The next
// listing of it asks for the flags that changed since (RFC 7162 §3.1.4.1).
type shownPage struct {
	folder   string
	validity uint32
	lo, hi   uint32 // positions, good while moved stands still
	moved    uint64
	newest   uint64 // the greatest MODSEQ among its letters: later changes are beyond
	letters  []seenLetter
}

type seenLetter struct {
	uid   uint32
	flags []string // shared: read only
}

// keepShown remembers a page, positions lo to hi, unless something moved while it was
// read or the server keeps no MODSEQ.
func (c *conn) keepShown(rows []Row, lo, hi uint32, moved, newest uint64) {
	c.shown = nil
	if newest == 0 || hi == 0 || len(rows) != int(hi-lo)+1 || c.meter.moved.Load() != moved || !c.steady() {
		return
	}
	s := &shownPage{folder: c.folder, validity: c.validity, lo: lo, hi: hi, moved: moved, newest: newest, letters: make([]seenLetter, len(rows))}
	for i, r := range rows {
		s.letters[i] = seenLetter{r.UID, r.Flags}
		if i > 0 && slices.Equal(r.Flags, s.letters[i-1].flags) {
			s.letters[i].flags = s.letters[i-1].flags
		}
	}
	c.shown = s
}

// pageAgain lists the page listed last once more, in one flight: the counters, the
// flags that changed since, and a NOOP behind them. When that NOOP brings no news, what
// was answered before it is how the folder stands; when it does, false: page then asks
// behind the news.
func (c *conn) pageAgain(q Query, out *Listing) (bool, error) {
	s := c.shown
	if s == nil || !s.answers(q, c) {
		return false, nil
	}
	n := c.exists()
	lo, hi, err := c.positions(q, n, uint32(q.Size)) // asks nothing: no anchor
	if err != nil || lo != s.lo || hi != s.hi {
		return false, err
	}
	var counters func() ([]Folder, Folder, error)
	var folders []Folder
	var folder Folder
	var got []fetched
	var changed *imapclient.FetchCommand
	calm, err := c.undisturbed(func() {
		counters = c.startCounters(q)
		var set imap.SeqSet
		set.AddRange(lo, hi)
		changed = c.client.Fetch(set, &imap.FetchOptions{UID: true, Flags: true, ModSeq: true, ChangedSince: s.newest})
	}, func() (told int, err error) {
		got, err = gather(changed)
		var countErr error
		if folders, folder, countErr = counters(); err == nil {
			err = countErr
		}
		return len(got), err
	})
	if err != nil || !calm || folder.UIDValidity != c.validity || folder.Messages != n || !s.take(got) {
		c.shown = nil
		return false, err
	}
	*out = Listing{Total: n, First: int(n-hi) + 1, Last: int(n-lo) + 1, Rows: make([]Row, len(s.letters))}
	for i, l := range s.letters {
		out.Rows[i] = Row{UID: l.uid, Seq: hi - uint32(i), Flags: l.flags}
	}
	c.describe(q, out, folders, folder)
	return true, nil
}

// answers reports that the page asked for may be this one.
func (s *shownPage) answers(q Query, c *conn) bool {
	return s.folder == q.Folder && c.folder == q.Folder && !c.readOnly && s.validity == c.validity && s.moved == c.meter.moved.Load() &&
		(q.Validity == 0 || q.Validity == c.validity) && q.Before == 0 && q.After == 0 && !q.Unread && !q.Flagged && q.Without == ""
}

// take brings the page up to date; false when what the server told does not fit it.
func (s *shownPage) take(got []fetched) bool {
	for _, f := range got {
		if f.seq < s.lo || f.seq > s.hi || !f.marked || f.modseq == 0 || s.letters[s.hi-f.seq].uid != f.uid {
			return false
		}
		s.letters[s.hi-f.seq].flags, s.newest = f.flags, max(s.newest, f.modseq)
	}
	return true
}

// undisturbed sends the commands that begin sends and a NOOP behind them, in one
// packet, and takes their answers; take tells how many FETCH answers it was given. calm:
// the server told nothing else, the NOOP's own news among it, so all the answers are of
// the moment of the NOOP. Dovecot puts the news of a flight behind its answers, other
// servers where they come: either way they are told before the NOOP is done.
func (c *conn) undisturbed(begin func(), take func() (told int, err error)) (calm bool, err error) {
	moved, fetched := c.meter.moved.Load(), c.meter.fetched.Load()
	var noop *imapclient.Command
	c.meter.together(func() {
		begin()
		noop = c.client.Noop()
	})
	told, err := take()
	noopErr := noop.Wait()
	if err != nil && !said(err) {
		return false, err
	}
	if noopErr != nil {
		return false, noopErr
	}
	if err != nil || c.meter.moved.Load() != moved || c.meter.fetched.Load() != fetched+uint64(told) {
		return false, nil // a refusal too is for page to judge
	}
	c.syncedAt = c.now()
	return true, nil
}
