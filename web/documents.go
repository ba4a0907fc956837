package web

import (
	"container/list"
	"sync"
	"time"

	"pli.example/pli/internal/mailbox"
)

// documents keeps what the frames of letters just opened hold, so that the page and
// its frame read and clean a letter once. Letters never change (a UID under its
// UIDVALIDITY names the same bytes for ever), so nothing here is ever stale; it is
// the session's own, in memory, bounded, and gone with the session. Whoever asks
// was let into the mailbox first, by this request.
type documents struct {
	mu    sync.Mutex
	now   func() time.Time
	of    map[documentKey]*list.Element
	order *list.List // most recently used first
	bytes int
	ended map[string]time.Time // sessions that lost their mail lately: a request under way keeps nothing for them
}

type documentKey struct {
	session, box string
	ref          mailbox.Ref
	part         string // number of a letter carried inside, "" for the letter itself
	plain        bool
}

// documentKey of a letter of the mailbox that the request opened.
func (sc *scope) documentKey(ref mailbox.Ref, part string, plain bool) documentKey {
	return documentKey{session: sc.session.ID, box: sc.box.ID, ref: ref, part: part, plain: plain}
}

type document struct {
	key   documentKey
	until time.Time
	shown shown
}

// Bounds of the node's memory of documents.
const (
	maxDocument  = 512 << 10
	maxDocuments = 48 << 20
	documentLife = 15 * time.Minute
)

func newDocuments(now func() time.Time) *documents {
	return &documents{now: now, of: map[documentKey]*list.Element{}, order: list.New(), ended: map[string]time.Time{}}
}

// size is what a document costs, its own bookkeeping roughly included.
func (d *document) size() int { return len(d.shown.html) + 512 }

func (d *documents) find(k documentKey) (shown, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	e := d.of[k]
	if e == nil {
		return shown{}, false
	}
	doc := e.Value.(*document)
	if !d.now().Before(doc.until) {
		d.remove(e)
		return shown{}, false
	}
	d.order.MoveToFront(e)
	return doc.shown, true
}

func (d *documents) keep(k documentKey, v shown) {
	if len(v.html) > maxDocument {
		return
	}
	doc := &document{key: k, until: d.now().Add(documentLife), shown: v}
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, over := d.ended[k.session]; over {
		return
	}
	if e := d.of[k]; e != nil {
		d.remove(e)
	}
	d.of[k] = d.order.PushFront(doc)
	d.bytes += doc.size()
	for d.bytes > maxDocuments {
		d.remove(d.order.Back())
	}
}

func (d *documents) remove(e *list.Element) {
	doc := d.order.Remove(e).(*document)
	delete(d.of, doc.key)
	d.bytes -= doc.size()
}

// drop forgets a session's documents. It reads no more mail, so it gets no more.
func (d *documents) drop(session string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for k, e := range d.of {
		if k.session == session {
			d.remove(e)
		}
	}
	d.ended[session] = d.now()
}

// sweep lets go of what is too old to be of use.
func (d *documents) sweep() {
	now := d.now()
	d.mu.Lock()
	defer d.mu.Unlock()
	for e := d.order.Back(); e != nil; {
		before := e.Prev()
		if !now.Before(e.Value.(*document).until) {
			d.remove(e)
		}
		e = before
	}
	for id, at := range d.ended {
		if now.Sub(at) > endedLife {
			delete(d.ended, id)
		}
	}
}

// Documents tells how many bytes of opened letters the node holds: for metrics.
func (s *Server) Documents() int {
	s.documents.mu.Lock()
	defer s.documents.mu.Unlock()
	return s.documents.bytes
}
