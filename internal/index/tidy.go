package index

// tidy copies what lives into new memory once most of what is kept is of no letter.
func (ix *Index) tidy() {
	if ix.texts.wasteful() || ix.numbers.wasteful() || int(ix.rows.next) > 4*ix.letters+4*blockSize {
		ix.renew()
	}
}

func (ix *Index) renew() {
	was := old{rows: ix.rows, nodes: ix.hashes, texts: ix.texts, numbers: ix.numbers, persons: ix.persons, now: map[uint32]uint32{}}
	ix.rows, ix.byUID, ix.nodes, ix.hashes, ix.byHash = blocks[row]{}, table{}, blocks[node]{}, blocks[uint64]{}, table{}
	ix.texts, ix.numbers, ix.persons, ix.byPerson = arena[byte]{}, arena[uint32]{}, blocks[person]{}, table{}
	for b := range was.rows.all {
		for k := range was.rows.all[b] {
			if r := &was.rows.all[b][k]; r.uid != 0 {
				ix.takeOver(&was, r)
			}
		}
	}
	ix.again()
}

// old is what an index was made of.
type old struct {
	rows    blocks[row]
	nodes   blocks[uint64]
	texts   arena[byte]
	numbers arena[uint32]
	persons blocks[person]
	now     map[uint32]uint32 // people taken over already
}

// takeOver takes one letter over.
func (ix *Index) takeOver(was *old, from *row) {
	n := ix.rows.add()
	r := ix.rows.at(n)
	*r = *from
	people := int(r.from) + int(r.to) + int(r.cc)
	ids := append(ix.scratch[:0], was.numbers.get(r.ids, people+int(r.refs))...)
	for k := range ids {
		if k < people {
			ids[k] = ix.personAgain(was, ids[k])
			continue
		}
		ids[k] = ix.node(*was.nodes.at(ids[k]))
		ix.nodes.at(ids[k]).users++
	}
	r.own = ix.node(*was.nodes.at(r.own))
	ix.nodes.at(r.own).users++
	r.patient = ix.personAgain(was, r.patient)
	r.text, r.ids = ix.texts.put(was.texts.get(r.text, r.textLen())), ix.numbers.put(ids)
	ix.scratch = ids
	ix.byUID.add(ix.uidHash(n), n, ix.uidHash)
}

func (ix *Index) personAgain(was *old, i uint32) uint32 {
	if i == 0 || was.now[i] != 0 {
		return was.now[i]
	}
	p := *was.persons.at(i)
	p.text = ix.texts.put(was.texts.get(p.text, p.all()))
	n := ix.persons.add()
	*ix.persons.at(n) = p
	ix.byPerson.add(p.hash, n, ix.personHash)
	was.now[i] = n
	return n
}
