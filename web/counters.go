package web

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

// Counters of the other mailboxes: asked for beside the page, never in its way.
const (
	counterLife  = time.Minute            // older than this, a page view asks again
	counterWait  = 120 * time.Millisecond // what the first page of a session may wait for them
	counterLimit = 8 * time.Second
	counterBoxes = 12 // mailboxes counted for one person at a time
)

func (k *desk) counter(boxID string) (counter, bool) {
	if k == nil {
		return counter{}, false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	c, ok := k.unread[boxID]
	return c, ok && !c.at.IsZero() && !c.failing
}

func (k *desk) count(boxID string, unread int, now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.unread[boxID] = counter{unread: unread, at: now}
}

// claim says whether the caller should ask for the counter now, and whether it was
// never known.
func (k *desk) claim(boxID string, now time.Time) (ask, first bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	c := k.unread[boxID]
	if c.asking || !c.at.IsZero() && now.Sub(c.at) < counterLife {
		return false, false
	}
	first = c.at.IsZero()
	c.asking = true
	k.unread[boxID] = c
	return true, first
}

func (k *desk) countFailed(boxID string, now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	c := k.unread[boxID]
	c.asking, c.failing, c.at = false, true, now
	k.unread[boxID] = c
}

// askCounters starts looking at the other mailboxes of the person and waits a
// moment for those never seen, so that the first page already tells. It runs under
// a user's act only: no timer keeps a token alive.
func (s *Server) askCounters(r *http.Request) {
	sc := scopeOf(r)
	now := s.clock.now()
	waiting := make(chan struct{}, counterBoxes+1)
	firsts, asked := 0, 0
	if s.askPatients(r, waiting) {
		firsts++
	}
	for _, g := range sc.grants {
		if sc.box != nil && g.Mailbox.ID == sc.box.ID || asked >= counterBoxes {
			continue
		}
		ask, first := sc.desk.claim(g.Mailbox.ID, now)
		if !ask {
			continue
		}
		asked++
		if first {
			firsts++
		}
		s.counting.Add(1)
		go s.countOne(sc.desk, sc.session.Actor, g, sc.id, func() {
			if first {
				waiting <- struct{}{}
			}
		})
	}
	limit := time.NewTimer(counterWait)
	defer limit.Stop()
	for range firsts {
		select {
		case <-waiting:
		case <-limit.C:
			return
		case <-r.Context().Done():
			return
		}
	}
}

// countOne outlives its request by at most counterLimit.
func (s *Server) countOne(k *desk, actor mssante.Actor, g delegation.Grant, request string, done func()) {
	defer s.counting.Done()
	defer done()
	defer func() {
		if v := recover(); v != nil {
			s.panics.Add(1)
			s.log.Error("panic", slog.String("request", request), slog.String("in", "counters"), slog.String("kind", problem.PanicWords(v)))
			k.countFailed(g.Mailbox.ID, s.clock.now())
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), counterLimit)
	defer cancel()
	for _, c := range s.house.Counts(ctx, actor, []delegation.Grant{g}) {
		if c.Failing || c.Unread < 0 {
			k.countFailed(g.Mailbox.ID, s.clock.now())
			continue
		}
		k.count(g.Mailbox.ID, c.Unread, s.clock.now())
	}
}
