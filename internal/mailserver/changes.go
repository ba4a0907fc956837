package mailserver

import (
	"context"

	"github.com/emersion/go-imap/v2"
)

// Known is what a reader knows of a folder: where it stood when it was read.
type Known struct {
	Folder string
	At     Folder // UIDValidity, UIDNext, HighestModSeq count
}

// Changes is what happened in a folder since.
type Changes struct {
	At    Folder // where it stands now: what the next question starts from
	Anew  bool   // another UIDVALIDITY: nothing that was known holds
	New   []Swept
	Flags map[uint32][]string // flags of letters that changed; of new ones too, perhaps
	// Blind: the server keeps no MODSEQ (RFC 7162): marks may have changed unseen, and
	// AllFlags alone tells.
	Blind bool
	// More: there are more new letters than are given; ask again from At.
	More bool
}

const (
	maxNews   = 1000 // new letters at once
	flagsOnce = 5000 // letters whose flags are asked in one question
)

// Changes asks what changed. That letters went is not told by a server without QRESYNC:
// when fewer are there than are known, UIDs says which.
func (a *Account) Changes(ctx context.Context, k Known) (Changes, error) {
	var out Changes
	l := a.laneFor(k.Folder)
	err := a.read(ctx, l, func(c *conn) error {
		return c.do(ctx, verbFetch, a.s.o.CommandTimeout, budgetUIDs, func() (err error) {
			out, err = c.changes(k, l != a.commands)
			return err
		})
	})
	return out, door(ctx, err, "looking for changes")
}

// laneFor: news of the inbox is asked where it is selected already. Other folders are
// looked at aside, unless that is busy: a download may take minutes.
func (a *Account) laneFor(folder string) *lane {
	if folder == "INBOX" || a.aside.inUse() >= a.aside.cap {
		return a.commands
	}
	return a.aside
}

func (c *conn) changes(k Known, aside bool) (out Changes, err error) {
	if err := c.selectFolder(k.Folder, aside); err != nil {
		return out, err
	}
	if out.At, err = c.place(k.Folder); err != nil {
		return out, err
	}
	if out.Anew = out.At.UIDValidity != k.At.UIDValidity; out.Anew {
		return out, nil
	}
	if out.At.UIDNext == 0 || out.At.UIDNext > k.At.UIDNext {
		if err := c.news(k, &out); err != nil {
			return out, err
		}
	}
	switch since := k.At.HighestModSeq; {
	case since == 0 || out.At.HighestModSeq < since: // none; or it counts anew, since it was rebuilt
		out.Blind = true
	case out.At.HighestModSeq != since && k.At.UIDNext > 1:
		return out, c.changedSince(k, &out)
	}
	return out, nil
}

// news reads the letters that came.
func (c *conn) news(k Known, out *Changes) error {
	older, err := c.countUpTo(max(k.At.UIDNext, 1) - 1)
	if err != nil {
		return err
	}
	high := c.exists()
	if high <= older {
		return nil
	}
	if high-older > maxNews {
		high, out.More = older+maxNews, true
	}
	if out.New, err = c.readSwept(older+1, high); err != nil {
		return err
	}
	if out.More { // go on from the last one read
		next := k.At.UIDNext
		for _, s := range out.New {
			next = max(next, s.UID+1)
		}
		if out.More = next > k.At.UIDNext; out.More { // else letters were announced that cannot be had
			out.At.UIDNext, out.At.HighestModSeq = next, k.At.HighestModSeq
		}
	}
	return nil
}

// changedSince asks for the flags that changed (RFC 7162 §3.1.4.1). A change told
// unasked in between may take a row's place without its UID: asked once more then, and
// again the next time if that is not enough.
func (c *conn) changedSince(k Known, out *Changes) error {
	var set imap.UIDSet
	set.AddRange(1, imap.UID(k.At.UIDNext-1))
	out.Flags = map[uint32][]string{}
	for range 3 {
		got, err := gather(c.client.Fetch(set, &imap.FetchOptions{UID: true, Flags: true, ModSeq: true, ChangedSince: k.At.HighestModSeq}))
		if err = ignoreExpunged(err); err != nil {
			return err
		}
		whole := true
		for _, f := range got {
			if f.uid == 0 {
				whole = false
				continue
			}
			out.Flags[f.uid] = f.flags
		}
		if whole {
			return nil
		}
	}
	out.At.HighestModSeq = k.At.HighestModSeq
	return nil
}

// UIDSet is the letters of a folder, as ranges.
type UIDSet struct{ in spans }

// Has reports that a letter is among them.
func (s UIDSet) Has(uid uint32) bool {
	low, high := 0, len(s.in)
	for low < high {
		if mid := (low + high) / 2; s.in[mid].hi < uid {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low < len(s.in) && s.in[low].lo <= uid
}

// Len is how many they are.
func (s UIDSet) Len() int { return int(min(s.in.count(), 1<<31)) }

// Without gives, newest first, at most n of those that known does not hold.
func (s UIDSet) Without(known map[uint32]bool, n int) (out []uint32) {
	for i := len(s.in) - 1; i >= 0; i-- {
		for uid := s.in[i].hi; len(out) < n; uid-- {
			if !known[uid] {
				out = append(out, uid)
			}
			if uid == s.in[i].lo || int(s.in[i].hi-uid) > len(known)+n {
				break
			}
		}
	}
	return out
}

// UIDs gives those of all letters of a folder: one question, answered in ranges.
func (a *Account) UIDs(ctx context.Context, folder string, validity uint32) (UIDSet, error) {
	var out UIDSet
	l := a.laneFor(folder)
	err := a.read(ctx, l, func(c *conn) error {
		return c.do(ctx, verbSearch, a.s.o.CommandTimeout, budgetUIDs, func() error {
			if err := c.at(folder, validity, l != a.commands); err != nil {
				return err
			}
			if c.exists() == 0 {
				out = UIDSet{}
				return nil
			}
			found, err := c.uidSearch(&imap.SearchCriteria{})
			out = UIDSet{found}
			return err
		})
	})
	return out, door(ctx, err, "listing letters")
}

// SweptOf reads given letters, at most 500; those that are gone are left out.
func (a *Account) SweptOf(ctx context.Context, folder string, validity uint32, uids []uint32) ([]Swept, error) {
	if len(uids) == 0 {
		return nil, nil
	}
	var out []Swept
	l := a.laneFor(folder)
	err := a.read(ctx, l, func(c *conn) error {
		return c.do(ctx, verbFetch, a.s.o.CommandTimeout, budgetUIDs, func() (err error) {
			if err := c.at(folder, validity, l != a.commands); err != nil {
				return err
			}
			out, _, err = c.fetchSwept(uidSet(uids[:min(len(uids), 500)]), sweepFields())
			return err
		})
	})
	return out, door(ctx, err, "reading letters")
}

// AllFlags gives the flags of every letter of a folder, for a server that keeps no
// MODSEQ; a letter that is not among them is gone. It asks by parts, others come in
// between.
func (a *Account) AllFlags(ctx context.Context, folder string, validity uint32) (map[uint32][]string, error) {
	out := map[uint32][]string{}
	for from := imap.UID(1); ; {
		var more bool
		l := a.laneFor(folder)
		err := a.read(ctx, l, func(c *conn) error {
			return c.do(ctx, verbFetch, a.s.o.CommandTimeout, budgetUIDs, func() (err error) {
				if err := c.at(folder, validity, l != a.commands); err != nil {
					return err
				}
				from, more, err = c.someFlags(from, out)
				return err
			})
		})
		if err != nil || !more {
			return out, door(ctx, err, "reading flags")
		}
	}
}

// someFlags reads the flags of the next letters from a UID on.
func (c *conn) someFlags(from imap.UID, into map[uint32][]string) (next imap.UID, more bool, err error) {
	older, err := c.countUpTo(uint32(from) - 1)
	if err != nil || older >= c.exists() {
		return from, false, err
	}
	low, high := older+1, min(older+flagsOnce, c.exists())
	for range 3 {
		var set imap.SeqSet
		set.AddRange(low, high)
		got, err := c.flagRows(set)
		if err != nil {
			return from, false, err
		}
		for _, r := range got {
			into[r.UID] = r.Flags
			next = max(next, imap.UID(r.UID)+1)
		}
		if len(got) >= int(high-low)+1 || c.exists() < high { // none was lost to news told unasked
			break
		}
	}
	if next <= from {
		return from, false, nil
	}
	return next, high < c.exists(), nil
}

// at selects a folder, which must be the one that is known, and takes its news.
func (c *conn) at(folder string, validity uint32, aside bool) error {
	if err := c.open(folder, aside); err != nil {
		return err
	}
	if c.validity != validity {
		return errGone
	}
	return nil
}

// FolderListAt is FolderList with one folder opened, or brought up to date, first: of a
// large one that is not open its counters cost a whole opening, and of one that is open
// servers may tell what this connection saw last.
func (a *Account) FolderListAt(ctx context.Context, folder string) (FolderList, error) {
	var out FolderList
	err := a.read(ctx, a.commands, func(c *conn) error {
		return c.do(ctx, verbList, a.s.o.CommandTimeout, budgetList, func() (err error) {
			if c.folder == folder && !c.readOnly {
				var calm bool
				if out, calm, err = c.calmListing(); calm || err != nil {
					return err
				}
			}
			if err := c.current(folder, 0); err != nil && !said(err) { // refused: the listing tells
				return err
			}
			out, err = c.startListing()()
			return err
		})
	})
	if err != nil {
		return FolderList{}, door(ctx, err, "listing folders")
	}
	return out, nil
}
