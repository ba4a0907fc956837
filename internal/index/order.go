package index

import (
	"cmp"
	"slices"
)

// rank is where a conversation stands among the others: by its newest letter.
type rank struct {
	at uint32
	id uint64
}

func (a rank) compare(b rank) int {
	if a.at != b.at {
		return cmp.Compare(b.at, a.at) // the newest first
	}
	return cmp.Compare(b.id, a.id)
}

func (ix *Index) rank(c uint32) rank {
	x := ix.convs.at(c)
	r := ix.rows.at(x.top)
	id := ix.goesBy(r)
	if r.flags&strict != 0 { // letters of one Message-ID may stand in several
		id ^= ix.hashOf(x.node)
	}
	return rank{r.received, id}
}

// goesBy is the hash of the id a letter goes by, see borne.
func (ix *Index) goesBy(r *row) uint64 {
	h := ix.hashOf(r.own)
	if ix.nodes.at(r.own).state&nodeVoid != 0 {
		h ^= ix.face(r)
	}
	return h
}

func (ix *Index) newer(n, than uint32) bool {
	if than == 0 {
		return true
	}
	x, y := ix.rows.at(n), ix.rows.at(than)
	if x.received != y.received {
		return x.received > y.received
	}
	return ix.goesBy(x) > ix.goesBy(y)
}

// touch notes that a conversation may stand elsewhere now.
func (ix *Index) touch(c uint32) {
	if x := ix.convs.at(c); x.moved == 0 {
		x.moved = 1
		ix.changed = append(ix.changed, c)
	}
}

// settle puts the conversations in order, in all and in the lists as last asked for.
func (ix *Index) settle() {
	if ix.anew {
		ix.again()
	}
	if len(ix.changed)+len(ix.ended) == 0 {
		return
	}
	out := make([]uint64, ix.convs.next/64+1) // a bit for each that goes from where it stands
	for _, list := range [][]uint32{ix.changed, ix.ended} {
		for _, c := range list {
			out[c/64] |= 1 << (c % 64)
		}
	}
	moved := make([]ranked, 0, len(ix.changed))
	for _, c := range ix.changed {
		if x := ix.convs.at(c); x.letters > 0 && x.moved != 0 {
			x.moved = 0
			moved = append(moved, ranked{c, ix.rank(c)})
		}
	}
	slices.SortFunc(moved, func(x, y ranked) int { return x.rank.compare(y.rank) })
	ix.changed, ix.ended = ix.changed[:0], ix.ended[:0]
	if cap(ix.changed)+cap(ix.ended) > 16*blockSize {
		ix.changed, ix.ended = nil, nil
	}
	ix.order = ix.replace(ix.order, out, moved)
	for i := range ix.pages {
		p := &ix.pages[i]
		if p.convs == nil {
			continue
		}
		here := make([]ranked, 0, len(moved))
		for _, m := range moved {
			if ix.fits(ix.convs.at(m.c), p.of) {
				here = append(here, m)
			}
		}
		p.convs = ix.replace(p.convs, out, here)
	}
}

type ranked struct {
	c    uint32
	rank rank
}

// replace takes some conversations out of a list and puts others where they stand, in
// place.
func (ix *Index) replace(list []uint32, out []uint64, in []ranked) []uint32 {
	stay := list[:0]
	for _, c := range list {
		if out[c/64]&(1<<(c%64)) == 0 {
			stay = append(stay, c)
		}
	}
	all := append(stay, make([]uint32, len(in))...)
	end, to := len(stay), len(all)
	for _, m := range slices.Backward(in) {
		at, _ := slices.BinarySearchFunc(all[:end], m.rank, func(c uint32, r rank) int { return ix.rank(c).compare(r) })
		copy(all[to-(end-at):to], all[at:end])
		to -= end - at + 1
		all[to] = m.c
		end = at
	}
	return all
}

// page is a list of conversations as last asked for.
type page struct {
	of    asked
	convs []uint32 // nil: never asked for
}

// asked is what chooses the conversations of a list.
type asked struct {
	folder  int // -1 for all
	unread  bool
	flagged bool
	todo    bool
}

// listed gives the conversations of a list, newest first.
func (ix *Index) listed(a asked) []uint32 {
	ix.settle()
	if a == (asked{folder: -1}) {
		return ix.order
	}
	for i := range ix.pages {
		if p := &ix.pages[i]; p.of == a && p.convs != nil {
			return p.convs
		}
	}
	convs := []uint32{}
	for _, c := range ix.order {
		if ix.fits(ix.convs.at(c), a) {
			convs = append(convs, c)
		}
	}
	ix.pages[1] = ix.pages[0]
	ix.pages[0] = page{a, slices.Clip(convs)}
	return convs
}

// fits: one letter of the conversation is in the folder, one there is as asked.
func (ix *Index) fits(c *conv, a asked) bool {
	if a.folder >= 0 && c.folders&folderBit(uint16(a.folder)) == 0 {
		return false
	}
	for n := c.first; n != 0; {
		r := ix.rows.at(n)
		if n = r.next; a.folder >= 0 && int(r.folder) != a.folder {
			continue
		}
		if (!a.unread || r.flags&Seen == 0) && (!a.flagged || r.flags&Flagged != 0) && (!a.todo || r.flags&Processed == 0) && r.flags&Deleted == 0 {
			return true
		}
	}
	return false
}
