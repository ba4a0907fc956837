package web

import (
	"maps"
	"strings"
	"sync"
	"time"

	"pli.example/pli/internal/support"
)

// staffMemory is what this node keeps for each agent: what they looked for, never in
// an address, and the sentence after an act. All of it can be thrown away.
type staffMemory struct {
	mu  sync.Mutex
	now func() time.Time
	of  map[string]*staffKept
}

// staffKept is one agent's.
type staffKept struct {
	mu         sync.Mutex
	used       time.Time
	searches   []held[string]
	deliveries []held[support.DeliveryQuery]
	trails     []held[support.TrailQuery]
	notes      []held[note]
}

const (
	maxStaff      = 1000
	staffKeptLife = 12 * time.Hour // never less than a session
)

func newStaffMemory(now func() time.Time) *staffMemory {
	return &staffMemory{now: now, of: map[string]*staffKept{}}
}

func (m *staffMemory) open(sessionID string) *staffKept {
	m.mu.Lock()
	defer m.mu.Unlock()
	k := m.of[sessionID]
	if k == nil {
		if len(m.of) >= maxStaff { // sessions end, and are swept; a thousand agents are no agents
			clear(m.of)
		}
		k = &staffKept{}
		m.of[sessionID] = k
	}
	k.used = m.now()
	return k
}

func (m *staffMemory) drop(sessionID string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.of, sessionID)
}

func (m *staffMemory) sweep() {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	maps.DeleteFunc(m.of, func(_ string, k *staffKept) bool { return now.Sub(k.used) > staffKeptLife })
}

// keepIn stores a value and gives its handle as an address carries it.
func keepIn[T any](k *staffKept, list *[]held[T], v T, until time.Time) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	var h string
	*list, h = keep(*list, v, until, maxSearches)
	return strings.ToLower(h)
}

func findIn[T any](k *staffKept, list *[]held[T], handle string, now time.Time) (T, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return find(*list, strings.ToUpper(handle), now)
}

func (k *staffKept) note(handle string, now time.Time) (note, bool) {
	if handle == "" {
		return note{}, false
	}
	return findIn(k, &k.notes, handle, now)
}
