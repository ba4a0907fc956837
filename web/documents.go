package web

import (
	"container/list"
	"context"
	"sync"
	"time"

	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/problem"
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

// document is one letter's: likely at once, settled soon after.
type document struct {
	key   documentKey
	until time.Time     // guarded by documents, as bytes is
	bytes int           // as counted
	done  chan struct{} // closed once shown is what may be served
	full  chan struct{} // closed once packed is there, or never will be

	ended  sync.Once // closes full
	mu     sync.Mutex
	shown  shown // until done: what it will likely be, to make a page of
	err    error
	packed []byte // until full, nil; the frame's whole document, compressed; nil for none
}

func newDocument(key documentKey, likely shown) *document {
	return &document{key: key, shown: likely, done: make(chan struct{}), full: make(chan struct{})}
}

// wait gives the document as it may be served. The reader who leaves waits no more.
func (d *document) wait(ctx context.Context) (shown, error) {
	select {
	case <-d.done:
		return d.shown, d.err
	case <-ctx.Done():
		return shown{}, problem.Wrap(ctx.Err(), problem.Timeout, "")
	}
}

// waitPacked gives the frame's document as it was compressed ahead, nil when it was
// not: whoever asks makes it then.
func (d *document) waitPacked(ctx context.Context) []byte {
	select {
	case <-d.full:
		return d.packed
	case <-ctx.Done():
		return nil
	}
}

// settle sets what may be served, the first time. One that failed is not packed.
func (d *document) settle(v shown, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	select {
	case <-d.done: // it failed while it was packed: what may be served stays
	default:
		d.shown, d.err = v, err
		close(d.done)
	}
	if err != nil {
		d.ended.Do(func() { close(d.full) })
	}
}

// look is what a page took from a document.
type look struct {
	of  *document // nil: the letter has no text to show
	saw shown
}

func (d *document) look() look {
	d.mu.Lock()
	defer d.mu.Unlock()
	return look{d, d.shown}
}

// changed waits until the document is settled and tells whether a page made of what
// was seen must be made again.
func (l look) changed(ctx context.Context) (bool, error) {
	if l.of == nil {
		return false, nil
	}
	v, err := l.of.wait(ctx)
	return err == nil && !v.same(l.saw), err
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
func (v shown) size() int { return len(v.html) + 512 }

// find gives the document of k, nil for none.
func (d *documents) find(k documentKey) *document {
	d.mu.Lock()
	defer d.mu.Unlock()
	e := d.of[k]
	if e == nil {
		return nil
	}
	doc := e.Value.(*document)
	if !d.now().Before(doc.until) {
		d.remove(e)
		return nil
	}
	d.order.MoveToFront(e)
	return doc
}

// keep remembers a document just begun, when it is small enough.
func (d *documents) keep(doc *document) {
	if len(doc.shown.html) > maxDocument {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, over := d.ended[doc.key.session]; over {
		return
	}
	if e := d.of[doc.key]; e != nil {
		d.remove(e)
	}
	doc.until = d.now().Add(documentLife)
	d.of[doc.key] = d.order.PushFront(doc)
	d.count(doc, doc.shown.size())
}

// settle sets what a document is in the end; one that failed is forgotten.
func (d *documents) settle(doc *document, v shown, err error) {
	doc.settle(v, err)
	d.mu.Lock()
	defer d.mu.Unlock()
	e := d.of[doc.key]
	if e == nil || e.Value.(*document) != doc {
		return
	}
	if err != nil || len(v.html) > maxDocument {
		d.remove(e)
		return
	}
	d.count(doc, v.size())
}

// pack sets the frame's compressed document, nil for none.
func (d *documents) pack(doc *document, packed []byte) {
	doc.ended.Do(func() {
		doc.packed = packed
		close(doc.full)
	})
	d.mu.Lock()
	defer d.mu.Unlock()
	if e := d.of[doc.key]; e != nil && e.Value.(*document) == doc {
		d.count(doc, doc.bytes+len(packed))
	}
}

func (d *documents) count(doc *document, bytes int) {
	d.bytes += bytes - doc.bytes
	doc.bytes = bytes
	for d.bytes > maxDocuments && d.order.Len() > 0 {
		d.remove(d.order.Back())
	}
}

func (d *documents) remove(e *list.Element) {
	doc := d.order.Remove(e).(*document)
	delete(d.of, doc.key)
	d.bytes -= doc.bytes
	doc.bytes = 0
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
