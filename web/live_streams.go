package web

import (
	"sync"

	"pli.example/pli/internal/problem"
)

// Streams of this node. A page refused one asks now and then instead.
const (
	maxStreams    = 4000
	maxPerSession = 8 // one for each mailbox a browser has open, and those not yet known to be gone
	maxAsking     = 8 // of one session, for an answer given once: it keeps no place of a stream's
)

// streamTable counts the streams open, and ends them all when the node stops.
type streamTable struct {
	mu      sync.Mutex
	of      map[string]int // by session
	asking  map[string]int // by session: those that are told once
	n       int
	stop    chan struct{}
	stopped bool
}

func newStreamTable() *streamTable {
	return &streamTable{of: map[string]int{}, asking: map[string]int{}, stop: make(chan struct{})}
}

// enter takes a place; leave gives it back. stop is closed when the node stops.
func (t *streamTable) enter(session string) (stop <-chan struct{}, leave func(), err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stopped || t.n >= maxStreams || t.of[session] >= maxPerSession {
		return nil, nil, problem.New(problem.TooMany, "")
	}
	t.n++
	t.of[session]++
	return t.stop, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.n--
		if t.of[session]--; t.of[session] <= 0 {
			delete(t.of, session)
		}
	}, nil
}

// ask is enter for who is told once: it is what a page refused a stream does instead.
func (t *streamTable) ask(session string) (stop <-chan struct{}, leave func(), err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stopped || t.asking[session] >= maxAsking || len(t.asking) >= maxStreams {
		return nil, nil, problem.New(problem.TooMany, "")
	}
	t.asking[session]++
	return t.stop, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.asking[session]--; t.asking[session] <= 0 {
			delete(t.asking, session)
		}
	}, nil
}

// Streams counts the pages told of their mailbox's news now.
func (s *Server) Streams() int {
	s.streams.mu.Lock()
	defer s.streams.mu.Unlock()
	return s.streams.n
}

// EndStreams ends every stream, and lets none begin: a stop waits for answers under
// way, and these would have no end. Pages ask again a moment later.
func (s *Server) EndStreams() {
	s.streams.mu.Lock()
	defer s.streams.mu.Unlock()
	if !s.streams.stopped {
		s.streams.stopped = true
		close(s.streams.stop)
	}
}
