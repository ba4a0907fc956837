package mailserver

import (
	"container/list"
	"context"
	"sync"
	"time"
)

// lane is a fair queue for a bounded number of connections: permits in order of
// arrival, and the connections that rest between two uses.
type lane struct {
	mu      sync.Mutex
	cap     int
	used    int
	waiting list.List // of chan struct{}; closed when the permit is theirs
	idle    []*conn   // most recently used last
	ended   bool
}

func newLane(n int) *lane { return &lane{cap: n} }

// enter waits for a permit.
func (l *lane) enter(ctx context.Context) error { return l.enterOr(ctx, func() {}) }

// enterOr is enter; queued is called once it has to wait, and stands in the queue.
func (l *lane) enterOr(ctx context.Context, queued func()) error {
	l.mu.Lock()
	if l.ended {
		l.mu.Unlock()
		return errEnded
	}
	if l.used < l.cap && l.waiting.Len() == 0 {
		l.used++
		l.mu.Unlock()
		return nil
	}
	turn := make(chan struct{})
	place := l.waiting.PushBack(turn)
	l.mu.Unlock()
	queued()
	select {
	case <-turn:
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.ended {
			return errEnded // the permit died with the lane
		}
		return nil
	case <-ctx.Done():
		l.mu.Lock()
		defer l.mu.Unlock()
		select {
		case <-turn: // given just now: pass it on
			l.leaveLocked()
		default:
			l.waiting.Remove(place)
		}
		return ctx.Err()
	}
}

// crowded reports that somebody waits.
func (l *lane) crowded() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.waiting.Len() > 0
}

// tryEnter takes a permit only if one is free and nobody waits.
func (l *lane) tryEnter() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended || l.used >= l.cap || l.waiting.Len() > 0 {
		return false
	}
	l.used++
	return true
}

func (l *lane) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.leaveLocked()
}

func (l *lane) leaveLocked() {
	if first := l.waiting.Front(); first != nil {
		l.waiting.Remove(first)
		close(first.Value.(chan struct{}))
		return // the permit changes hands
	}
	l.used--
}

// popIdle takes the connection used last: the one most likely alive.
func (l *lane) popIdle() *conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(l.idle)
	if n == 0 {
		return nil
	}
	c := l.idle[n-1]
	l.idle = l.idle[:n-1]
	return c
}

// popOldest takes the connection idle longest.
func (l *lane) popOldest() *conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.idle) == 0 {
		return nil
	}
	c := l.idle[0]
	l.idle = l.idle[1:]
	return c
}

// rest keeps a connection for the next use; false when the lane has ended.
func (l *lane) rest(c *conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return false
	}
	l.idle = append(l.idle, c)
	return true
}

// take removes one given connection from the idle ones.
func (l *lane) take(c *conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, x := range l.idle {
		if x == c {
			l.idle = append(l.idle[:i], l.idle[i+1:]...)
			return true
		}
	}
	return false
}

func (l *lane) idleSince() (time.Time, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.idle) == 0 {
		return time.Time{}, false
	}
	return l.idle[0].restedAt, true
}

func (l *lane) inUse() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.used
}

// end wakes every waiter and refuses newcomers.
func (l *lane) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
	for e := l.waiting.Front(); e != nil; e = e.Next() {
		close(e.Value.(chan struct{}))
	}
	l.waiting.Init()
	l.idle = nil
}
