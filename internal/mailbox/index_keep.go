package mailbox

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"pli.example/pli/internal/index"
)

// defaultIndexRoom is the memory of a node's indexes when nobody says: that of ten
// mailboxes of 120,000 letters.
const defaultIndexRoom = 256 << 20

// kept is the index of one mailbox as one session built it. It goes with the session.
type kept struct {
	ix   *index.Index
	turn chan struct{} // one request brings it up to date at a time
	stop context.CancelFunc
	ctx  context.Context // ends with the session, or when the node needs the memory

	mu       sync.Mutex
	used     time.Time
	building bool
	full     bool                 // larger than the node allows: it is not read to its end
	compared map[string]time.Time // folders without MODSEQ: when all marks were compared
	failed   time.Time            // when the last building broke off, zero for never
}

// keptOf gives what the session keeps of this mailbox; nil when there is nothing yet and
// begin is false. That of a session that ended is remembered nowhere.
func (b *Box) keptOf(begin bool) *kept {
	h, k := b.h, gatherKey{b.actor.SessionID, b.grant.Mailbox.ID}
	now := h.now()
	h.mu.Lock()
	defer h.mu.Unlock()
	i := h.indexes[k]
	if i == nil && begin {
		var key [16]byte
		copy(key[:], h.keys.MAC("index", []byte(k.box)))
		ctx, stop := context.WithCancel(context.Background())
		i = &kept{ix: index.New(index.Options{Key: key}), turn: make(chan struct{}, 1), ctx: ctx, stop: stop, compared: map[string]time.Time{}}
		if _, gone := h.dropped[k.session]; gone {
			stop()
		} else {
			h.indexes[k] = i
		}
	}
	if i != nil {
		i.mu.Lock()
		i.used = now
		i.mu.Unlock()
	}
	return i
}

// dropIndexes forgets those of a session. The caller holds h.mu.
func (h *House) dropIndexes(session string) {
	for k, i := range h.indexes {
		if k.session == session {
			i.stop()
			delete(h.indexes, k)
		}
	}
}

// IndexBytes is the memory of all indexes of this node.
func (h *House) IndexBytes() (n int64) {
	for _, i := range h.allKept() {
		n += i.ix.Bytes()
	}
	return n
}

// IndexLetters is how many letters the indexes of this node know.
func (h *House) IndexLetters() (n int) {
	for _, i := range h.allKept() {
		n += i.ix.Letters()
	}
	return n
}

// IndexBuilt is how long the last index built took, from its first question; 0 for none.
func (h *House) IndexBuilt() time.Duration { return time.Duration(h.indexBuilt.Load()) }

func (h *House) allKept() []*kept {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Collect(maps.Values(h.indexes))
}

// shed lets go of the indexes unused longest until the others fit in what the node
// allows. False: the one that grows does not fit alone.
func (h *House) shed(growing *kept) bool {
	for h.IndexBytes() > h.indexRoom {
		h.mu.Lock()
		var key gatherKey
		var oldest *kept
		for k, i := range h.indexes {
			if i != growing && (oldest == nil || i.lastUsed().Before(oldest.lastUsed())) {
				key, oldest = k, i
			}
		}
		if oldest != nil {
			oldest.stop()
			delete(h.indexes, key)
		}
		h.mu.Unlock()
		if oldest == nil {
			return false
		}
	}
	return true
}

func (i *kept) lastUsed() time.Time {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.used
}

// take waits for the turn to bring the index up to date.
func (i *kept) take(ctx context.Context) (leave func(), err error) {
	select {
	case i.turn <- struct{}{}:
		return func() { <-i.turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
