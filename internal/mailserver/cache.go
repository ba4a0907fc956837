package mailserver

import (
	"container/list"
	"sync"
	"sync/atomic"
)

// Caps per account. What is cached never changes for a given (folder,
// UIDVALIDITY, UID): RFC 9051 §2.3.1.1.
const (
	maxRows     = 2000      // forty pages: going back and forth costs no second reading
	maxLetters  = 4         // small letters, so that page, frame and images cost one fetch
	maxSmall    = 256 << 10 // bytes of a letter fetched whole
	maxBadUIDs  = 500
	rowOverhead = 600
)

// letterKey names a letter for ever.
type letterKey struct {
	folder        string
	validity, uid uint32
}

// budget is the node's allowance for caches, in bytes.
type budget struct {
	max  int64
	used atomic.Int64
}

func (b *budget) over() bool { return b.used.Load() > b.max }

// cache holds what one account already fetched: rows, a few small letters, and
// which letters have a structure the parser cannot read.
type cache struct {
	b       *budget
	mu      sync.Mutex
	rows    lru[*Row]
	letters lru[[]byte]
	bad     lru[struct{}]
	bytes   int64
	ended   bool // nothing is kept any more: the node no longer counts this account
}

func newCache(b *budget) *cache {
	return &cache{b: b, rows: newLRU[*Row](maxRows), letters: newLRU[[]byte](maxLetters), bad: newLRU[struct{}](maxBadUIDs)}
}

func (c *cache) row(k letterKey) (*Row, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rows.get(k)
}

func (c *cache) putRow(k letterKey, r *Row) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return
	}
	c.account(c.rows.put(k, r, int64(r.weight())))
}

func (c *cache) letter(k letterKey) ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.letters.get(k)
}

func (c *cache) putLetter(k letterKey, raw []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return
	}
	c.account(c.letters.put(k, raw, int64(len(raw))))
}

func (c *cache) isBad(k letterKey) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, bad := c.bad.get(k)
	return bad
}

func (c *cache) putBad(k letterKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return
	}
	c.account(c.bad.put(k, struct{}{}, 64))
}

func (c *cache) account(delta int64) {
	c.bytes += delta
	c.b.used.Add(delta)
}

func (c *cache) size() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bytes
}

// clear forgets everything for good: the session ended. What an act still under
// way brings later is not kept.
func (c *cache) clear() {
	c.mu.Lock()
	c.ended = true
	c.mu.Unlock()
	c.empty()
}

// empty forgets everything: the node needs the memory.
func (c *cache) empty() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.account(-c.bytes)
	c.rows, c.letters, c.bad = newLRU[*Row](maxRows), newLRU[[]byte](maxLetters), newLRU[struct{}](maxBadUIDs)
}

// lru keeps at most max entries, the least recently used go first.
type lru[V any] struct {
	max   int
	order *list.List
	byKey map[letterKey]*list.Element
}

type lruEntry[V any] struct {
	key    letterKey
	value  V
	weight int64
}

func newLRU[V any](max int) lru[V] {
	return lru[V]{max: max, order: list.New(), byKey: make(map[letterKey]*list.Element)}
}

func (l *lru[V]) get(k letterKey) (v V, ok bool) {
	e, ok := l.byKey[k]
	if !ok {
		return v, false
	}
	l.order.MoveToFront(e)
	return e.Value.(*lruEntry[V]).value, true
}

// put stores v and gives the change in bytes held.
func (l *lru[V]) put(k letterKey, v V, weight int64) (delta int64) {
	if e, ok := l.byKey[k]; ok {
		old := e.Value.(*lruEntry[V])
		delta = weight - old.weight
		old.value, old.weight = v, weight
		l.order.MoveToFront(e)
		return delta
	}
	l.byKey[k] = l.order.PushFront(&lruEntry[V]{k, v, weight})
	delta = weight
	for l.order.Len() > l.max {
		last := l.order.Back()
		gone := l.order.Remove(last).(*lruEntry[V])
		delete(l.byKey, gone.key)
		delta -= gone.weight
	}
	return delta
}
