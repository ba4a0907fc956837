package mailserver

import "github.com/emersion/go-imap/v2"

// spans is an ascending set of UIDs kept as ranges: a server may announce
// 1:4294967295, which nobody may expand.
type spans []span

type span struct{ lo, hi uint32 }

func spansOf(set imap.NumSet) spans {
	uids, ok := set.(imap.UIDSet)
	if !ok {
		return nil
	}
	out := make(spans, 0, len(uids))
	for _, r := range uids {
		lo, hi := uint32(r.Start), uint32(r.Stop)
		if lo > hi {
			lo, hi = hi, lo
		}
		if lo == 0 || len(out) > 0 && lo <= out[len(out)-1].hi {
			continue // "*", or a server that cannot count
		}
		out = append(out, span{lo, hi})
	}
	return out
}

func (s spans) count() uint64 {
	var n uint64
	for _, r := range s {
		n += uint64(r.hi-r.lo) + 1
	}
	return n
}

// below counts the members smaller than uid.
func (s spans) below(uid uint32) uint64 {
	var n uint64
	for _, r := range s {
		switch {
		case r.hi < uid:
			n += uint64(r.hi-r.lo) + 1
		case r.lo < uid:
			n += uint64(uid - r.lo)
		}
	}
	return n
}

// newest gives up to n members from the top, after skipping offset of them,
// highest first.
func (s spans) newest(offset uint64, n int) []uint32 {
	var out []uint32
	for i := len(s) - 1; i >= 0 && len(out) < n; i-- {
		size := uint64(s[i].hi-s[i].lo) + 1
		if offset >= size {
			offset -= size
			continue
		}
		top := s[i].hi - uint32(offset)
		offset = 0
		for uid := top; len(out) < n; uid-- {
			out = append(out, uid)
			if uid == s[i].lo {
				break
			}
		}
	}
	return out
}

func uidSet(uids []uint32) imap.UIDSet {
	var s imap.UIDSet
	for i := len(uids) - 1; i >= 0; i-- { // lists run newest first: ascending is cheap to insert
		s.AddNum(imap.UID(uids[i]))
	}
	return s
}
