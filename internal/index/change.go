package index

// Put takes letters in, in any order, those of one folder; what is known of a UID
// never changes but its marks. A folder that is not known is left alone.
func (ix *Index) Put(name string, letters []Letter) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	i := ix.find(name)
	if i < 0 {
		return
	}
	for k := range letters {
		l := &letters[k]
		if l.UID == 0 {
			continue
		}
		if n := ix.at(i, l.UID); n != 0 {
			ix.mark(ix.rows.at(n), l.Flags)
			continue
		}
		n := ix.rows.add()
		r := ix.rows.at(n)
		r.folder = uint16(i)
		ix.write(r, l)
		ix.byUID.add(ix.uidHash(n), n, ix.uidHash)
		ix.letters++
		ix.count(r, 1)
		if ix.folders[i].Kind != Aside {
			ix.enter(n, r)
		}
	}
}

// SetFlags says which marks a letter has now; a UID that is not known is none's.
func (ix *Index) SetFlags(name string, uid uint32, flags Flags) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	if i := ix.find(name); i >= 0 {
		if n := ix.at(i, uid); n != 0 {
			ix.mark(ix.rows.at(n), flags)
		}
	}
}

// Mark adds and takes marks.
func (ix *Index) Mark(name string, uids []uint32, add, take Flags) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	i := ix.find(name)
	if i < 0 {
		return
	}
	for _, uid := range uids {
		if n := ix.at(i, uid); n != 0 {
			r := ix.rows.at(n)
			ix.mark(r, r.flags&^take|add)
		}
	}
}

func (ix *Index) mark(r *row, flags Flags) {
	if flags&marks == r.flags&marks {
		return
	}
	ix.count(r, -1)
	r.flags = r.flags&^marks | flags&marks
	ix.count(r, 1)
	if r.conv != 0 {
		ix.touch(r.conv) // it may fit a list now
	}
}

// count adds a letter to its folder's counters, or takes it off.
func (ix *Index) count(r *row, by int) {
	f := &ix.folders[r.folder]
	f.Letters += by
	if r.flags&Seen == 0 {
		f.Unread += by
	}
	if r.flags&Flagged != 0 {
		f.Flagged += by
	}
}

// Remove takes letters of a folder out.
func (ix *Index) Remove(name string, uids ...uint32) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	i := ix.find(name)
	if i < 0 {
		return
	}
	all := make([]uint32, 0, len(uids))
	for _, uid := range uids {
		if n := ix.at(i, uid); n != 0 {
			all = append(all, n)
		}
	}
	ix.remove(all)
}

// Keep takes out the letters of a folder that are not there any more, and tells how
// many went. there is asked about each UID.
func (ix *Index) Keep(name string, there func(uid uint32) bool) int {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	i := ix.find(name)
	if i < 0 {
		return 0
	}
	var gone []uint32
	ix.each(func(n uint32, r *row) {
		if int(r.folder) == i && !there(r.uid) {
			gone = append(gone, n)
		}
	})
	ix.remove(gone)
	return len(gone)
}

// remove takes letters out, each named once or more.
func (ix *Index) remove(all []uint32) {
	touched := map[uint32]bool{}
	for _, n := range all {
		r := ix.rows.at(n)
		if r.uid == 0 {
			continue
		}
		ix.byUID.remove(ix.uidHash(n), n, ix.uidHash)
		ix.count(r, -1)
		ix.letters--
		if r.conv != 0 {
			ix.leave(n, r, touched)
		}
		ix.numbers.give(int(r.from) + int(r.to) + int(r.cc) + int(r.refs))
		ix.texts.give(r.textLen())
		r.uid = 0 // its number is given again once its conversation is put in order
	}
	ix.reorder(touched)
	for _, n := range all {
		if r := ix.rows.at(n); r.own != 0 {
			ix.release(r.own)
			for _, ref := range ix.refs(r) {
				ix.release(ref)
			}
			ix.rows.drop(n)
		}
	}
	ix.tidy()
}

// Move follows letters Pli itself moved: uids gives the new UID of each old one. Those
// the other folder shows already are only taken out here.
func (ix *Index) Move(name, to string, uids map[uint32]uint32) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	i, j := ix.find(name), ix.find(to)
	if i < 0 {
		return
	}
	var gone, entering []uint32
	touched := map[uint32]bool{}
	for old, now := range uids {
		n := ix.at(i, old)
		switch {
		case n == 0:
			continue
		case j < 0 || now == 0 || ix.at(j, now) != 0:
			gone = append(gone, n)
			continue
		}
		r := ix.rows.at(n)
		ix.byUID.remove(ix.uidHash(n), n, ix.uidHash)
		ix.count(r, -1)
		r.folder, r.uid = uint16(j), now
		ix.count(r, 1)
		ix.byUID.add(ix.uidHash(n), n, ix.uidHash)
		switch aside := ix.folders[j].Kind == Aside; {
		case aside && r.conv != 0:
			ix.leave(n, r, touched)
		case !aside && r.conv == 0:
			entering = append(entering, n)
		case r.conv != 0:
			ix.touch(r.conv)
			ix.convs.at(r.conv).folders |= folderBit(r.folder)
		}
	}
	ix.reorder(touched)
	for _, n := range entering {
		ix.enter(n, ix.rows.at(n))
	}
	ix.remove(gone)
}

// UIDs gives those known of a folder, in no order.
func (ix *Index) UIDs(name string) (out []uint32) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	if i := ix.find(name); i >= 0 {
		ix.each(func(_ uint32, r *row) {
			if int(r.folder) == i {
				out = append(out, r.uid)
			}
		})
	}
	return out
}

func (ix *Index) at(folder int, uid uint32) uint32 {
	return ix.byUID.find(uidHash(uint16(folder), uid), func(n uint32) bool {
		r := ix.rows.at(n)
		return r.uid == uid && int(r.folder) == folder
	})
}

func (ix *Index) uidHash(n uint32) uint64 {
	r := ix.rows.at(n)
	return uidHash(r.folder, r.uid)
}

// uidHash spreads UIDs, which servers give in order.
func uidHash(folder uint16, uid uint32) uint64 {
	h := (uint64(folder)<<32 | uint64(uid)) * 0x9e3779b97f4a7c15
	return h ^ h>>29
}
