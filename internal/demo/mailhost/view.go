package mailhost

import (
	"errors"

	"github.com/emersion/go-imap/v2"
)

// view is one session's sight of a selected folder: what its client was told.
type view struct {
	box      *box
	folder   *folder
	readOnly bool
	seen     []*letter // index + 1 is the client's sequence number
	next     imap.UID  // first UID not yet told
	mod      uint64    // changes of flags told up to here
	saved    imap.UIDSet
	changed  chan struct{}
}

func (b *box) open(f *folder, readOnly bool) *view {
	v := &view{box: b, folder: f, readOnly: readOnly, seen: append([]*letter(nil), f.letters...), next: f.uidNext, mod: f.mod, changed: make(chan struct{}, 1)}
	f.views[v] = struct{}{}
	return v
}

// item is a letter a command speaks of, with what the client knows it by.
type item struct {
	seq uint32
	l   *letter
}

// items resolves a set against what the client knows ("*" is its last letter).
func (v *view) items(set imap.NumSet) []item {
	var in func(item) bool
	switch s := set.(type) {
	case imap.SeqSet:
		in = func(it item) bool {
			for _, r := range s {
				if between(it.seq, r.Start, r.Stop, uint32(len(v.seen))) {
					return true
				}
			}
			return false
		}
	case imap.UIDSet:
		if imap.IsSearchRes(s) {
			s = v.saved
		}
		var last uint32
		if n := len(v.seen); n > 0 {
			last = uint32(v.seen[n-1].uid)
		}
		in = func(it item) bool {
			for _, r := range s {
				if between(uint32(it.l.uid), uint32(r.Start), uint32(r.Stop), last) {
					return true
				}
			}
			return false
		}
	}
	var out []item
	for i, l := range v.seen {
		if it := (item{uint32(i + 1), l}); in(it) {
			out = append(out, it)
		}
	}
	return out
}

func between(n, start, stop, last uint32) bool {
	if start == 0 {
		start = last
	}
	if stop == 0 {
		stop = last
	}
	if start > stop {
		start, stop = stop, start
	}
	return n >= start && n <= stop
}

var errGone = errors.New("mailbox deleted")
