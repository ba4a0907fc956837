package directory

// digests is a set of numbers that takes eight bytes each where a map takes three
// times that: the lines of a whole country pass through it.
type digests struct {
	slots []uint64 // 0 = free; a power of two of them
	used  int
}

const firstSlots = 1 << 12

// add reports whether the number was there already.
func (s *digests) add(digest int64) (there bool) {
	if s.used*4 >= len(s.slots)*3 {
		s.grow()
	}
	return s.put(uint64(digest) | 1<<63) // a digest has 63 bits: never 0
}

func (s *digests) put(v uint64) (there bool) {
	mask := uint64(len(s.slots) - 1)
	for i := v & mask; ; i = (i + 1) & mask {
		switch s.slots[i] {
		case 0:
			s.slots[i] = v
			s.used++
			return false
		case v:
			return true
		}
	}
}

func (s *digests) grow() {
	old := s.slots
	s.slots, s.used = make([]uint64, max(firstSlots, 2*len(old))), 0
	for _, v := range old {
		if v != 0 {
			s.put(v)
		}
	}
}
