package index

// rows of one kind live in blocks that never move: nothing is copied as a mailbox is
// read, and a small one takes little. Number 0 is never used: it means none.
const (
	blockBits = 8
	blockSize = 1 << blockBits
)

type blocks[T any] struct {
	all  []*[blockSize]T
	next uint32 // first number never given
	free []uint32
}

func (b *blocks[T]) at(i uint32) *T { return &b.all[i>>blockBits][i&(blockSize-1)] }

// add gives a zero value and its number.
func (b *blocks[T]) add() uint32 {
	if n := len(b.free); n > 0 {
		i := b.free[n-1]
		b.free = b.free[:n-1]
		return i
	}
	if b.next == 0 {
		b.next = 1
	}
	i := b.next
	if int(i>>blockBits) == len(b.all) {
		b.all = append(b.all, new([blockSize]T))
	}
	b.next++
	return i
}

// drop clears a value; its number will be given again.
func (b *blocks[T]) drop(i uint32) {
	var zero T
	*b.at(i) = zero
	b.free = append(b.free, i)
}

func (b *blocks[T]) bytes(each int) int64 {
	return int64(len(b.all))*int64(blockSize*each+8) + int64(cap(b.free))*4
}

// arena keeps runs of values that never grow, such as texts. A run stands in one page.
const pageSize = 1 << 13

type arena[T any] struct {
	pages [][]T
	last  int // used of the last page
	dead  int // values of runs given back
	live  int
}

// put copies a run of at most pageSize values and tells where it stands.
func (a *arena[T]) put(run ...[]T) uint32 {
	n := 0
	for _, r := range run {
		n += len(r)
	}
	if len(a.pages) == 0 || a.last+n > pageSize {
		if k := len(a.pages); k > 0 {
			a.dead += pageSize - a.last
		}
		a.pages = append(a.pages, make([]T, pageSize))
		a.last = 0
	}
	at := uint32(len(a.pages)-1)*pageSize + uint32(a.last)
	page := a.pages[len(a.pages)-1]
	for _, r := range run {
		copy(page[a.last:], r)
		a.last += len(r)
	}
	a.live += n
	return at
}

func (a *arena[T]) get(at uint32, n int) []T {
	if n == 0 {
		return nil
	}
	i := int(at % pageSize)
	return a.pages[at/pageSize][i : i+n : i+n]
}

func (a *arena[T]) give(n int) { a.live, a.dead = a.live-n, a.dead+n }

// wasteful: half of it is of letters that are gone.
func (a *arena[T]) wasteful() bool { return a.dead > a.live+4*pageSize }

func (a *arena[T]) bytes(each int) int64 {
	return int64(len(a.pages))*int64(pageSize*each+24) + int64(cap(a.pages)-len(a.pages))*24
}

// table finds a number by a hash, with what is hashed kept elsewhere. Linear probing;
// taking out moves back what followed, so that no grave is left.
type table struct {
	slots []uint32
	used  int
}

// find gives the number whose value has the hash and fits, 0 for none.
func (t *table) find(hash uint64, fits func(uint32) bool) uint32 {
	if len(t.slots) == 0 {
		return 0
	}
	mask := uint64(len(t.slots) - 1)
	for i := hash & mask; t.slots[i] != 0; i = (i + 1) & mask {
		if fits(t.slots[i]) {
			return t.slots[i]
		}
	}
	return 0
}

// add puts a number that is not there; hashOf gives the hash of any that is.
func (t *table) add(hash uint64, n uint32, hashOf func(uint32) uint64) {
	if (t.used+1)*4 > len(t.slots)*3 {
		old := t.slots
		t.slots = make([]uint32, max(16, 2*len(old)))
		for _, x := range old {
			if x != 0 {
				t.place(hashOf(x), x)
			}
		}
	}
	t.place(hash, n)
	t.used++
}

func (t *table) place(hash uint64, n uint32) {
	mask := uint64(len(t.slots) - 1)
	i := hash & mask
	for t.slots[i] != 0 {
		i = (i + 1) & mask
	}
	t.slots[i] = n
}

// remove takes a number out.
func (t *table) remove(hash uint64, n uint32, hashOf func(uint32) uint64) {
	if len(t.slots) == 0 {
		return
	}
	mask := uint64(len(t.slots) - 1)
	i := hash & mask
	for t.slots[i] != n {
		if t.slots[i] == 0 {
			return
		}
		i = (i + 1) & mask
	}
	t.used--
	for j := i; ; {
		t.slots[i] = 0
		for {
			j = (j + 1) & mask
			if t.slots[j] == 0 {
				return
			}
			home := hashOf(t.slots[j]) & mask
			if (j-home)&mask >= (j-i)&mask { // it may stand at i
				break
			}
		}
		t.slots[i], i = t.slots[j], j
	}
}
