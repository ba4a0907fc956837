package web

import (
	"crypto/rand"
	"maps"
	"sync"
	"time"

	"pli.example/pli/internal/directory"
	"pli.example/pli/internal/mailbox"
)

// desks is what this node keeps in memory for each open session: the words of
// recent searches and the INS typed to write to a patient (never in a URL), the sentence after an act, the last counters
// of other mailboxes, the folders and the mailbox looked at last. All of it can be
// thrown away; all of it goes when the session ends.
type desks struct {
	mu  sync.Mutex
	now func() time.Time
	of  map[string]*desk
	// ended are the sessions that ended lately: a request admitted just before must
	// not bring its desk back.
	ended map[string]time.Time
}

type desk struct {
	mu         sync.Mutex
	used       time.Time
	searches   []held[search]
	notes      []held[note]
	directory  []held[directory.Query]
	identities []held[meant]
	names      []held[soughtPatient]
	awaiting   map[string]awaiting     // by mailbox id: patients who wait for us
	unread     map[string]counter      // by mailbox id
	folders    map[string]folderList   // by mailbox id
	last       string                  // mailbox looked at last
	lastIn     map[string]string       // the same by situation
	met        map[string]*metPatients // by mailbox id
	tokens     [][32]byte              // digests of the acts taken back
	rooms      map[string]roomSeen     // by mailbox id: how full

	behinds []behind // where drafts were begun, the newest last

	view      string // what folders show, as the person chose; "" for no choice
	viewKnown bool
}

// folderList is a mailbox's folders as last listed.
type folderList struct {
	views []mailbox.FolderView
	say   string // what the listing leaves out, "" for nothing
}

type held[T any] struct {
	handle string
	until  time.Time
	value  T
}

// search is one stored query and, once it ran, what it found.
type search struct {
	boxID string
	query mailbox.Query
	run   *searchRun
}

// note is the sentence shown after an act, with its sealed undo.
type note struct {
	boxID, say, kind, undo string
	undoTo                 string   // where the undo is posted, "" for that of letters
	row                    uint32   // of the letter that came back, 0 for none
	sent                   bool     // a letter left: said whole where the list behind it cannot be shown
	drafts                 []string // put away by the act, to bring back with undo
	reopen                 string   // the one draft put away from its own page
	goOn                   string   // the draft kept when its page was left
	search                 string   // the saved search put away
}

type counter struct {
	unread  int
	at      time.Time
	asking  bool
	failing bool
}

// Bounds of one session's memory.
const (
	maxSearches    = 20
	maxNotes       = 20
	searchLife     = 4 * time.Hour // never more than a session
	noteLife       = 10 * time.Minute
	maxDesks       = 20_000
	maxFolderLists = 30
	maxSituations  = 50
	deskIdleLife   = 4 * time.Hour
	deskSweep      = time.Minute
	endedLife      = 10 * time.Minute // longer than any request under way at the end
)

func newDesks(now func() time.Time) *desks {
	return &desks{now: now, of: map[string]*desk{}, ended: map[string]time.Time{}}
}

func newDesk() *desk {
	return &desk{unread: map[string]counter{}, awaiting: map[string]awaiting{}, folders: map[string]folderList{}, lastIn: map[string]string{}}
}

// open gives the session's desk, making it at first use. That of a session that
// ended is good for one request and remembered nowhere.
func (d *desks) open(sessionID string) *desk {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, over := d.ended[sessionID]; over {
		return newDesk()
	}
	now := d.now()
	k := d.of[sessionID]
	if k == nil {
		if len(d.of) >= maxDesks {
			d.evictLocked(now)
		}
		k = newDesk()
		d.of[sessionID] = k
	}
	k.used = now
	return k
}

// evictLocked drops what was idle for longer than any session lives, or the
// oldest one when all are fresh.
func (d *desks) evictLocked(now time.Time) {
	oldest, oldestAt := "", now
	for id, k := range d.of {
		if now.Sub(k.used) > deskIdleLife {
			delete(d.of, id)
			continue
		}
		if !k.used.After(oldestAt) {
			oldest, oldestAt = id, k.used
		}
	}
	if len(d.of) >= maxDesks {
		delete(d.of, oldest)
	}
}

// drop forgets the desk of a session that ended.
func (d *desks) drop(sessionID string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.of, sessionID)
	if len(d.ended) >= maxDesks {
		d.sweepLocked()
	}
	if len(d.ended) >= maxDesks { // twenty thousand ends in ten minutes: nobody's clicks
		clear(d.ended)
	}
	d.ended[sessionID] = d.now()
}

// forget empties the desk of a session that lives on.
func (d *desks) forget(sessionID string) {
	d.mu.Lock()
	delete(d.of, sessionID)
	d.mu.Unlock()
}

// sweep lets go of what is too old to be of use.
func (d *desks) sweep() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sweepLocked()
}

func (d *desks) sweepLocked() {
	now := d.now()
	maps.DeleteFunc(d.of, func(_ string, k *desk) bool { return now.Sub(k.used) > deskIdleLife })
	maps.DeleteFunc(d.ended, func(_ string, at time.Time) bool { return now.Sub(at) > endedLife })
}

func (d *desks) len() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.of)
}

func keep[T any](list []held[T], v T, until time.Time, limit int) ([]held[T], string) {
	h := held[T]{handle: rand.Text()[:20], until: until, value: v}
	list = append(list, h)
	if len(list) > limit {
		list = append(list[:0], list[len(list)-limit:]...)
	}
	return list, h.handle
}

func find[T any](list []held[T], handle string, now time.Time) (T, bool) {
	for _, h := range list {
		if h.handle == handle && now.Before(h.until) {
			return h.value, true
		}
	}
	var zero T
	return zero, false
}

func (k *desk) keepSearch(s search, now time.Time) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	var h string
	k.searches, h = keep(k.searches, s, now.Add(searchLife), maxSearches)
	return h
}

func (k *desk) search(handle string, now time.Time) (search, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return find(k.searches, handle, now)
}

func (k *desk) keepNote(n note, now time.Time) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	var h string
	k.notes, h = keep(k.notes, n, now.Add(noteLife), maxNotes)
	return h
}

func (k *desk) note(handle string, now time.Time) (note, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return find(k.notes, handle, now)
}
