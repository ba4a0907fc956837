package mailserver

import (
	"slices"

	"github.com/emersion/go-imap/v2"
)

// Range is the UIDs from Lo to Hi, both included.
type Range struct{ Lo, Hi uint32 }

// Ranges is a set of UIDs, ascending and apart: what stands for thousands of
// letters in a few bytes. The zero value is empty.
type Ranges []Range

// maxRanges bounds a set kept in memory: eight bytes each. A choice of every other
// letter of a folder of 100,000 fits.
const maxRanges = 60_000

// RangesOf makes a set of UIDs in any order; 0 is none.
func RangesOf(uids []uint32) Ranges {
	sorted := slices.Clone(uids)
	slices.Sort(sorted)
	var out Ranges
	for _, uid := range sorted {
		out = out.with(uid)
	}
	return out
}

// with adds a UID that is not below the last one.
func (r Ranges) with(uid uint32) Ranges {
	n := len(r)
	switch {
	case uid == 0, n > 0 && uid <= r[n-1].Hi:
		return r
	case n > 0 && uid == r[n-1].Hi+1:
		r[n-1].Hi = uid
		return r
	}
	return append(r, Range{uid, uid})
}

// Join adds UIDs above all those of r, as a server gives them to letters it takes
// in; those that are not are merged the long way.
func (r Ranges) Join(uids []uint32) Ranges {
	if len(uids) == 0 {
		return r
	}
	more := RangesOf(uids)
	if n := len(r); n == 0 || len(more) > 0 && more[0].Lo > r[n-1].Hi {
		for _, m := range more {
			if n := len(r); n > 0 && r[n-1].Hi+1 == m.Lo {
				r[n-1].Hi = m.Hi
				continue
			}
			r = append(r, m)
		}
		return r
	}
	return merged(append(slices.Clone(r), more...))
}

func merged(all Ranges) Ranges {
	slices.SortFunc(all, func(x, y Range) int { return int(int64(x.Lo) - int64(y.Lo)) })
	var out Ranges
	for _, m := range all {
		if n := len(out); n > 0 && (m.Lo <= out[n-1].Hi || m.Lo == out[n-1].Hi+1) {
			out[n-1].Hi = max(out[n-1].Hi, m.Hi)
			continue
		}
		out = append(out, m)
	}
	return out
}

// Count is how many UIDs there are.
func (r Ranges) Count() int {
	n := uint64(0)
	for _, s := range r {
		n += uint64(s.Hi-s.Lo) + 1
	}
	return int(n)
}

// Take gives the n lowest UIDs, ascending, and what is left without them. r itself
// does not change.
func (r Ranges) Take(n int) (uids []uint32, left Ranges) {
	for i, s := range r {
		for uid := s.Lo; ; uid++ {
			if len(uids) == n {
				return uids, append(Ranges{{uid, s.Hi}}, r[i+1:]...)
			}
			uids = append(uids, uid)
			if uid == s.Hi {
				break
			}
		}
	}
	return uids, nil
}

// rangesOf keeps a server's answer, as many ranges as are kept; whole is false when
// that is not all of them. The highest are kept: the newest letters.
func rangesOf(s spans) (r Ranges, whole bool) {
	from := max(len(s)-maxRanges, 0)
	for _, x := range s[from:] {
		r = append(r, Range{x.lo, x.hi})
	}
	return r, from == 0
}

// and adds what one more question found; a server that finds more letters than
// there are (exists) is not believed.
func (r Ranges) and(found spans, exists uint32) Ranges {
	if found.count() > uint64(exists) {
		return r
	}
	more, _ := rangesOf(found)
	all := merged(append(more, r...))
	return all[max(len(all)-maxRanges, 0):]
}

// upTo keeps the UIDs of at most top.
func (r Ranges) upTo(top uint32) Ranges {
	var out Ranges
	for _, s := range r {
		if s.Lo > top {
			break
		}
		out = append(out, Range{s.Lo, min(s.Hi, top)})
	}
	return out
}

// imapSet is the set as the protocol writes it.
func (r Ranges) imapSet() imap.UIDSet {
	var set imap.UIDSet
	for _, s := range r {
		set.AddRange(imap.UID(s.Lo), imap.UID(s.Hi))
	}
	return set
}

// And is the letters of either set.
func (r Ranges) And(more Ranges) Ranges { return merged(append(slices.Clone(r), more...)) }
