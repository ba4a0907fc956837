package index

import "encoding/binary"

// What joins letters. A letter belongs with every letter that bears, or names as its
// In-Reply-To or among its References, an id that it bears or names itself: a
// conversation is what such steps reach. Only letters that are there count: one that
// is removed joins nothing any more, but what the references of others still join
// stays joined. Subjects join nothing. But:
//
//   - a letter of an exchange with a patient belongs to that exchange, and to nothing
//     else: nobody's Message-ID brings a letter in, or takes one out;
//   - an id borne by more than maxBearers different letters (other authors or
//     subjects) names none of them: devices send thousands with one;
//   - where that would join more than maxConversation letters, those with one root
//     (the first id they name, else their own) are a conversation each.
//
// The rule depends on the letters that are there and not on the order they came in.

// maxBearers: a list or a gateway may send a letter again under another subject.
const maxBearers = 3

// node is one id.
type node struct {
	conv  uint32
	next  uint32 // of the same conversation
	users uint32 // letters that bear or name it, wherever they are
	borne uint16 // letters of conversations that bear it, at most 65,535
	state uint16
}

const (
	nodeWide uint16 = 1 << iota // it joins too many letters: it joins none
	nodeVoid                    // different letters bear it

	nodeBytes = 16
)

// conv is one conversation.
type conv struct {
	first   uint32 // letter
	node    uint32 // the first of its ids
	letters uint32
	top     uint32 // its newest letter
	folders uint32 // a bit for each folder of its letters, numbers taken modulo 32
	moved   uint32 // not zero: it stands in changed
}

const convBytes = 24

func folderBit(folder uint16) uint32 { return 1 << (folder & 31) }

// node gives the number of an id, which is kept while a letter or a conversation has it.
func (ix *Index) node(hash uint64) uint32 {
	n := ix.lookup(hash)
	if n == 0 {
		n = ix.nodes.add()
		if h := ix.hashes.add(); h != n {
			panic("index: ids and their hashes are out of step")
		}
		*ix.hashes.at(n) = hash
		ix.byHash.add(hash, n, ix.hashOf)
	}
	return n
}

func (ix *Index) lookup(hash uint64) uint32 {
	return ix.byHash.find(hash, func(n uint32) bool { return *ix.hashes.at(n) == hash })
}

func (ix *Index) hashOf(n uint32) uint64 { return *ix.hashes.at(n) }

// forget drops an id nobody has any more.
func (ix *Index) forget(n uint32) {
	if x := ix.nodes.at(n); x.users == 0 && x.conv == 0 {
		ix.byHash.remove(ix.hashOf(n), n, ix.hashOf)
		ix.nodes.drop(n)
		ix.hashes.drop(n)
	}
}

// release says that a letter has an id no more.
func (ix *Index) release(n uint32) {
	ix.nodes.at(n).users--
	ix.forget(n)
}

// derived is an id made of another.
func (ix *Index) derived(domain string, from, with uint64) uint32 {
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:8], from)
	binary.LittleEndian.PutUint64(b[8:], with)
	return ix.node(ix.key.siphash(domain, string(b[:])))
}

// face tells letters that bear one Message-ID apart: authors and subject.
func (ix *Index) face(r *row) uint64 {
	who := ""
	if from, _, _ := ix.people(r); len(from) > 0 {
		who = string(binary.LittleEndian.AppendUint64(nil, ix.persons.at(from[0]).hash))
	}
	return ix.key.siphash("face", who+string(ix.subject(r)))
}

// borne is the id a letter goes by: its Message-ID, unless others bear it too.
func (ix *Index) borne(r *row) uint32 {
	if ix.nodes.at(r.own).state&nodeVoid == 0 {
		return r.own
	}
	return ix.derived("one of several", ix.hashOf(r.own), ix.face(r))
}

// joining gives the ids that join a letter to others, its own first.
func (ix *Index) joining(r *row) []uint32 {
	out := append(ix.scratch[:0], ix.borne(r))
	for _, n := range ix.refs(r) {
		if ix.nodes.at(n).state&nodeVoid == 0 {
			out = append(out, n)
		}
	}
	ix.scratch = out
	return out
}

// enter takes a letter into the conversations.
func (ix *Index) enter(n uint32, r *row) {
	own := ix.nodes.at(r.own)
	own.borne = uint16(min(uint32(own.borne)+1, 1<<16-1))
	ix.join(n, r)
	if own.borne > maxBearers && own.state&nodeVoid == 0 {
		ix.doubt(r.own)
	}
}

// doubt looks whether an id is borne by too many different letters.
func (ix *Index) doubt(own uint32) {
	x := ix.nodes.at(own)
	if x.state&nodeWide != 0 {
		ix.anew = true
		return
	}
	faces := map[uint64]bool{}
	for n := ix.convs.at(x.conv).first; n != 0 && len(faces) <= maxBearers; {
		r := ix.rows.at(n)
		if r.own == own {
			faces[ix.face(r)] = true
		}
		n = r.next
	}
	if len(faces) > maxBearers {
		x.state |= nodeVoid
		ix.reorder(map[uint32]bool{x.conv: true})
	}
}

// join puts a letter into the conversation its ids lead to, and makes one of all they
// lead to.
func (ix *Index) join(n uint32, r *row) {
	ids := ix.joining(r)
	best, wide := uint32(0), false
	for _, id := range ids {
		x := ix.nodes.at(id)
		wide = wide || x.state&nodeWide != 0
		if x.conv != 0 && (best == 0 || ix.convs.at(x.conv).letters > ix.convs.at(best).letters) {
			best = x.conv
		}
	}
	if wide {
		ix.spread(ids)
		ix.byRoot(n, r)
		return
	}
	if best == 0 {
		best = ix.convs.add()
	}
	for _, id := range ids {
		x := ix.nodes.at(id)
		switch x.conv {
		case best:
		case 0:
			x.conv, x.next = best, ix.convs.at(best).node
			ix.convs.at(best).node = id
		default:
			ix.merge(best, x.conv)
		}
	}
	ix.attach(best, n, r)
	if int(ix.convs.at(best).letters) > ix.limit && r.patient == 0 {
		ix.spread(ids)
	}
}

func (ix *Index) attach(c, n uint32, r *row) {
	x := ix.convs.at(c)
	r.conv, r.next = c, x.first
	x.first = n
	x.letters++
	x.folders |= folderBit(r.folder)
	if x.top == 0 || ix.newer(n, x.top) {
		x.top = n
	}
	ix.touch(c)
}

// merge makes the letters and ids of one conversation those of another.
func (ix *Index) merge(into, from uint32) {
	x, y := ix.convs.at(into), ix.convs.at(from)
	for n := y.first; n != 0; {
		r := ix.rows.at(n)
		next := r.next
		r.conv, r.next = into, x.first
		x.first, n = n, next
	}
	for n := y.node; n != 0; {
		z := ix.nodes.at(n)
		next := z.next
		z.conv, z.next = into, x.node
		x.node, n = n, next
	}
	x.letters += y.letters
	x.folders |= y.folders
	if ix.newer(y.top, x.top) || x.top == 0 {
		x.top = y.top
	}
	ix.convs.drop(from)
	ix.ended = append(ix.ended, from)
	ix.touch(into)
}

// spread says that ids join too many letters, with all that their conversations hold.
func (ix *Index) spread(ids []uint32) {
	var letters []uint32
	for _, id := range append([]uint32(nil), ids...) {
		x := ix.nodes.at(id)
		if x.conv == 0 {
			x.state |= nodeWide
			continue
		}
		some, nodes := ix.dissolve(x.conv)
		for _, n := range nodes {
			ix.nodes.at(n).state |= nodeWide
		}
		letters = append(letters, some...)
	}
	for _, n := range letters {
		ix.byRoot(n, ix.rows.at(n))
	}
}

// byRoot puts a letter with those of its root alone.
func (ix *Index) byRoot(n uint32, r *row) {
	ids := ix.joining(r)
	root := ids[0]
	if len(ids) > 1 {
		root = ids[1]
	}
	id := ix.derived("root", ix.hashOf(root), 0)
	x := ix.nodes.at(id)
	if x.conv == 0 {
		x.conv = ix.convs.add()
		x.next, ix.convs.at(x.conv).node = 0, id
	}
	r.flags |= strict
	ix.attach(x.conv, n, r)
}

// dissolve takes a conversation apart and gives its letters and ids.
func (ix *Index) dissolve(c uint32) (letters, nodes []uint32) {
	x := ix.convs.at(c)
	for n := x.first; n != 0; {
		r := ix.rows.at(n)
		letters = append(letters, n)
		n, r.conv, r.next = r.next, 0, 0
		r.flags &^= strict
	}
	for n := x.node; n != 0; {
		z := ix.nodes.at(n)
		nodes = append(nodes, n)
		n, z.conv, z.next = z.next, 0, 0
	}
	ix.convs.drop(c)
	ix.ended = append(ix.ended, c)
	return letters, nodes
}

// leave notes that a letter goes out of its conversation; reorder then does it.
func (ix *Index) leave(_ uint32, r *row, touched map[uint32]bool) {
	own := ix.nodes.at(r.own)
	own.borne--
	if r.flags&strict != 0 || own.state&nodeVoid != 0 || own.borne >= 1<<16-2 {
		ix.anew = true
	}
	touched[r.conv] = true
}

// reorder finds again what joins the letters of some conversations.
func (ix *Index) reorder(touched map[uint32]bool) {
	var letters, nodes []uint32
	for c := range touched {
		if ix.convs.at(c).letters > 0 {
			l, n := ix.dissolve(c)
			letters, nodes = append(letters, l...), append(nodes, n...)
		}
	}
	for _, n := range letters {
		if r := ix.rows.at(n); ix.converses(r) {
			ix.join(n, r)
		}
	}
	for _, n := range nodes {
		ix.forget(n)
	}
}

// converses: the letter is there, in a folder whose letters make conversations.
func (ix *Index) converses(r *row) bool {
	return r.uid != 0 && ix.folders[r.folder].Kind != Aside
}

// again finds all conversations anew.
func (ix *Index) again() {
	ix.anew = false
	ix.convs, ix.order, ix.changed, ix.ended, ix.pages = blocks[conv]{}, nil, nil, nil, [2]page{}
	for n := uint32(1); n < ix.nodes.next; n++ {
		x := ix.nodes.at(n)
		x.conv, x.next, x.state, x.borne = 0, 0, 0, 0
	}
	counts := map[uint32]int{}
	ix.each(func(_ uint32, r *row) {
		r.conv, r.next, r.flags = 0, 0, r.flags&^strict
		if own := ix.nodes.at(r.own); ix.converses(r) {
			own.borne = uint16(min(uint32(own.borne)+1, 1<<16-1))
			if own.borne > maxBearers {
				counts[r.own]++
			}
		}
	})
	if len(counts) > 0 {
		ix.voids(counts)
	}
	ix.each(func(n uint32, r *row) {
		if ix.converses(r) {
			ix.join(n, r)
		}
	})
	for n := uint32(1); n < ix.nodes.next; n++ {
		if ix.nodes.at(n).users == 0 && *ix.hashes.at(n) != 0 {
			ix.forget(n)
		}
	}
}

// voids marks, of the ids that many letters bear, those whose letters differ.
func (ix *Index) voids(many map[uint32]int) {
	faces := map[uint32]map[uint64]bool{}
	ix.each(func(_ uint32, r *row) {
		if many[r.own] == 0 || !ix.converses(r) || len(faces[r.own]) > maxBearers {
			return
		}
		if faces[r.own] == nil {
			faces[r.own] = map[uint64]bool{}
		}
		faces[r.own][ix.face(r)] = true
	})
	for n, f := range faces {
		if len(f) > maxBearers {
			ix.nodes.at(n).state |= nodeVoid
		}
	}
}
