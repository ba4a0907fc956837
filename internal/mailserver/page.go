package mailserver

import (
	"cmp"
	"errors"
	"slices"

	"github.com/emersion/go-imap/v2"
)

// page finds which letters a page shows, with their flags and the counters. A
// folder selected already is brought up to date first, by a NOOP that is waited
// for: Dovecot answers a FETCH pipelined behind it from before the news (old news
// within q.MaxAge save that round trip). When the
// folder was made anew, or the announced number of letters drifted from the
// counted one, it is selected again.
func (c *conn) page(q Query, out *Listing) error {
	if done, err := c.pageAgain(q, out); done || err != nil {
		return err
	}
	maxAge := q.MaxAge
	for attempt := 0; ; attempt++ {
		*out = Listing{}
		if err := c.current(q.Folder, maxAge); err != nil {
			return err
		}
		counters := c.startCounters(q)
		var err error
		if q.Unread || q.Flagged || q.Without != "" {
			err = c.pageFiltered(q, out)
		} else {
			err = c.pageByPosition(q, out)
		}
		folders, folder, countErr := counters()
		if err != nil {
			return err
		}
		if countErr != nil && !said(countErr) {
			return countErr
		}
		counted := folder.UIDValidity != 0
		drifted := counted && (folder.UIDValidity != c.validity || folder.Messages != c.exists())
		switch {
		case drifted && maxAge > 0: // old news: the same again with those of now
			maxAge, attempt = 0, attempt-1
			continue
		case drifted && attempt == 0:
			c.folder = ""
			continue
		}
		if q.Validity != 0 && q.Validity != c.validity {
			return errGone
		}
		c.describe(q, out, folders, folder)
		return nil
	}
}

// describe says of which folder the page is, and how it stands.
func (c *conn) describe(q Query, out *Listing, folders []Folder, folder Folder) {
	out.Folders, out.Folder = folders, folder
	out.Folder.Name, out.Folder.UIDValidity, out.Folder.Selectable = q.Folder, c.validity, true
	out.Folder.Messages = c.exists()
	out.Keeps = q.Keyword != "" && c.stores([]string{q.Keyword}) == nil
}

// startCounters asks for the folders, or for this folder's counters.
func (c *conn) startCounters(q Query) func() ([]Folder, Folder, error) {
	if q.WithFolders {
		wait := c.startFolders()
		return func() ([]Folder, Folder, error) {
			folders, err := wait()
			for _, f := range folders {
				if f.Name == q.Folder {
					return folders, f, err
				}
			}
			return folders, Folder{}, err
		}
	}
	status := collect(c.client.Status(q.Folder, c.statusItems()).Wait)
	return func() ([]Folder, Folder, error) {
		st, err := status()
		if err != nil {
			return nil, Folder{}, err
		}
		return nil, Folder{Messages: value(st.NumMessages), Unseen: value(st.NumUnseen), UIDNext: uint32(st.UIDNext),
			UIDValidity: st.UIDValidity, HighestModSeq: st.HighestModSeq}, nil
	}
}

// pageByPosition lists by sequence range: no UID list ever, however large the
// folder. It asks once more when positions shifted meanwhile, or when a row is
// missing: go-imap takes another session's flag change, told unasked, for the
// row itself.
func (c *conn) pageByPosition(q Query, out *Listing) error {
	for attempt := 0; ; attempt++ {
		n := c.exists()
		lo, hi, err := c.positions(q, n, uint32(q.Size))
		if err != nil {
			return err
		}
		var set imap.SeqSet
		switch {
		case n == 0:
		case hi == n && q.Before == 0 && q.Page <= 1:
			set.AddRange(lo, 0) // to "*": what arrived meanwhile comes along
		case hi > 0:
			set.AddRange(lo, hi)
		}
		moved := c.meter.moved.Load()
		rows, newest, err := c.markedRows(set)
		if err != nil {
			return err
		}
		rows = trim(rows, lo, hi)
		now := c.exists()
		if attempt < 2 && (now != n || attempt == 0 && hi > 0 && len(rows) < int(hi-lo)+1 || !descending(rows)) {
			continue
		}
		out.Rows, out.Total = rows, now
		if len(rows) > 0 {
			out.First, out.Last = int(int64(now)-int64(rows[0].Seq))+1, int(int64(now)-int64(rows[len(rows)-1].Seq))+1
		}
		c.keepShown(rows, lo, hi, moved, newest)
		return nil
	}
}

// descending reports that letters lie in the order of their UIDs, as they do (RFC 9051
// §2.3.1.1) unless positions shifted while they were read.
func descending(rows []Row) bool {
	for i := 1; i < len(rows); i++ {
		if rows[i].UID >= rows[i-1].UID {
			return false
		}
	}
	return true
}

// trim keeps the rows of positions lo to hi, newest first.
func trim(rows []Row, lo, hi uint32) []Row {
	rows = slices.DeleteFunc(rows, func(r Row) bool { return r.Seq < lo || r.Seq > hi })
	slices.SortFunc(rows, func(x, y Row) int { return cmp.Compare(y.Seq, x.Seq) })
	return rows
}

// positions turns the page asked for into sequence numbers, lo to hi.
func (c *conn) positions(q Query, n, size uint32) (lo, hi uint32, err error) {
	switch {
	case q.Before > 0:
		hi, err = c.countUpTo(q.Before - 1)
	case q.After > 0:
		var older uint32
		older, err = c.countUpTo(q.After)
		hi = uint32(min(uint64(older)+uint64(size), uint64(n)))
	default:
		skip := uint64(max(q.Page, 1)-1) * uint64(size)
		if n > 0 && skip >= uint64(n) {
			skip = uint64((n - 1) / size * size) // beyond the last page: the last page
		}
		hi = n - uint32(skip)
	}
	if err != nil || hi == 0 {
		return 1, 0, err
	}
	hi = min(hi, n)
	lo = 1
	if hi > size {
		lo = hi - size + 1
	}
	return lo, hi, nil
}

// countUpTo counts the letters with a UID of at most uid: the position of an
// anchor, found even when the anchor itself is gone.
func (c *conn) countUpTo(uid uint32) (uint32, error) {
	if uid == 0 || c.exists() == 0 {
		return 0, nil
	}
	criteria := &imap.SearchCriteria{UID: []imap.UIDSet{{imap.UIDRange{Start: 1, Stop: imap.UID(uid)}}}}
	if c.has(imap.CapESearch) {
		data, err := c.client.UIDSearch(criteria, &imap.SearchOptions{ReturnCount: true}).Wait()
		if err != nil {
			return 0, err
		}
		return data.Count, nil
	}
	data, err := c.client.UIDSearch(criteria, nil).Wait()
	if err != nil {
		return 0, err
	}
	return uint32(min(spansOf(data.All).count(), uint64(c.exists()))), nil
}

// pageFiltered lists among the letters that carry, or lack, a flag.
func (c *conn) pageFiltered(q Query, out *Listing) error {
	criteria := &imap.SearchCriteria{}
	if q.Unread {
		criteria.NotFlag = append(criteria.NotFlag, imap.FlagSeen)
	}
	if q.Flagged {
		criteria.Flag = append(criteria.Flag, imap.FlagFlagged)
	}
	if q.Without != "" {
		criteria.NotFlag = append(criteria.NotFlag, imap.Flag(q.Without))
	}
	found, err := c.uidSearch(criteria)
	if err != nil {
		return err
	}
	total := found.count()
	offset := uint64(max(q.Page, 1)-1) * uint64(q.Size)
	switch {
	case q.Before > 0:
		offset = total - found.below(q.Before)
	case q.After > 0:
		newer := total - found.below(q.After+1)
		offset = newer - min(newer, uint64(q.Size))
	}
	uids := found.newest(offset, q.Size)
	out.Total = uint32(min(total, uint64(c.exists())))
	if len(uids) == 0 {
		return nil
	}
	rows, err := c.flagRows(uidSet(uids))
	if err != nil {
		return err
	}
	sortByUID(rows)
	out.Rows, out.First, out.Last = rows, int(offset)+1, int(offset)+len(rows)
	return nil
}

// uidSearch searches the selected folder; the answer stays ranges.
func (c *conn) uidSearch(criteria *imap.SearchCriteria) (spans, error) {
	var o *imap.SearchOptions
	if c.has(imap.CapESearch) {
		o = &imap.SearchOptions{ReturnAll: true}
	}
	data, err := c.client.UIDSearch(criteria, o).Wait()
	if err != nil {
		return nil, err
	}
	return spansOf(data.All), nil
}

// flagRows fetches UID and FLAGS.
func (c *conn) flagRows(set imap.NumSet) ([]Row, error) {
	rows, _, err := c.fetchMarks(set, &imap.FetchOptions{UID: true, Flags: true})
	return rows, err
}

// markedRows is flagRows; newest is the greatest MODSEQ among the letters, 0 when the
// server does not tell that of each.
func (c *conn) markedRows(set imap.NumSet) (rows []Row, newest uint64, err error) {
	return c.fetchMarks(set, &imap.FetchOptions{UID: true, Flags: true, ModSeq: c.has(imap.CapCondStore)})
}

func (c *conn) fetchMarks(set imap.NumSet, o *imap.FetchOptions) (rows []Row, newest uint64, err error) {
	if set.String() == "" {
		return nil, 0, nil
	}
	got, err := gather(c.client.Fetch(set, o))
	if err = ignoreExpunged(err); err != nil {
		return nil, 0, err
	}
	rows = make([]Row, 0, len(got))
	told := true
	for _, f := range got {
		if f.uid != 0 {
			rows = append(rows, Row{UID: f.uid, Seq: f.seq, Flags: f.flags})
		}
		told, newest = told && f.modseq != 0, max(newest, f.modseq)
	}
	if !told {
		newest = 0
	}
	return rows, newest, nil
}

// ignoreExpunged: some letters of a range were removed meanwhile; the others came.
func ignoreExpunged(err error) error {
	var no *imap.Error
	if errors.As(err, &no) && no.Code == codeExpungeIssued {
		return nil
	}
	return err
}

func sortByUID(rows []Row) {
	slices.SortFunc(rows, func(x, y Row) int { return cmp.Compare(y.UID, x.UID) })
}
