package web

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
	"pli.example/pli/templates"
)

// The count of patients who wait, beside the page and never in its way.
const (
	patientsLimit = 20 * time.Second // the first look at a large mailbox takes a while
	patientsRetry = 10 * time.Minute // after one that failed
	patientsTries = 8                // times one look goes on before the next page asks
)

// awaiting is the last count of one mailbox.
type awaiting struct {
	n      int
	at     time.Time
	known  bool
	asking bool
	failed bool
}

// countPatients keeps a count. more: it comes from a look that is not finished, so the
// next page asks again.
func (k *desk) countPatients(boxID string, n int, more bool, now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if more {
		now = now.Add(-counterLife)
	}
	k.awaiting[boxID] = awaiting{n: n, at: now, known: true, asking: k.awaiting[boxID].asking}
}

// patientsAsked ends a question, whatever came of it.
func (k *desk) patientsAsked(boxID string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	c := k.awaiting[boxID]
	c.asking = false
	k.awaiting[boxID] = c
}

// patientsFailed keeps the number known before, and asks no more for a while.
func (k *desk) patientsFailed(boxID string, now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	c := k.awaiting[boxID]
	c.asking, c.failed, c.at = false, true, now
	k.awaiting[boxID] = c
}

func (k *desk) claimPatients(boxID string, now time.Time) (ask, first bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	c := k.awaiting[boxID]
	life := counterLife
	if c.failed {
		life = patientsRetry
	}
	if c.asking || !c.at.IsZero() && now.Sub(c.at) < life {
		return false, false
	}
	first = c.at.IsZero()
	c.asking = true
	k.awaiting[boxID] = c
	return true, first
}

func (k *desk) patientsWaiting(boxID string) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.awaiting[boxID].n
}

// askPatients counts those of the open mailbox who wait for us, when the person may see
// them. done is told once, when this was the first look.
func (s *Server) askPatients(r *http.Request, waiting chan<- struct{}) (first bool) {
	sc := scopeOf(r)
	g, ok := sc.grantOf(sc.box)
	if !ok || sc.desk == nil || !g.Rights.Has(delegation.Read|delegation.Patients) {
		return false
	}
	ask, first := sc.desk.claimPatients(g.Mailbox.ID, s.clock.now())
	if !ask {
		return false
	}
	s.counting.Add(1)
	go s.countPatients(sc.desk, sc.session.Actor, g, sc.id, func() {
		if first {
			waiting <- struct{}{}
		}
	})
	return first
}

// countPatients outlives its request by at most patientsLimit.
func (s *Server) countPatients(k *desk, actor mssante.Actor, g delegation.Grant, request string, done func()) {
	defer s.counting.Done()
	defer done()
	defer k.patientsAsked(g.Mailbox.ID)
	defer func() {
		if v := recover(); v != nil {
			s.panics.Add(1)
			s.log.Error("panic", slog.String("request", request), slog.String("in", "patients"), slog.String("kind", problem.PanicWords(v)))
			k.patientsFailed(g.Mailbox.ID, s.clock.now())
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), patientsLimit)
	defer cancel()
	n, more, err := s.awaitingNow(ctx, actor, g)
	for tries := 0; err == nil && more && tries < patientsTries; tries++ { // a first look that time ended goes on here
		next, again, failed := s.awaitingNow(ctx, actor, g)
		if failed != nil {
			break
		}
		n, more = next, again
	}
	if err != nil {
		k.patientsFailed(g.Mailbox.ID, s.clock.now())
		return
	}
	k.countPatients(g.Mailbox.ID, n, more, s.clock.now())
}

func (s *Server) awaitingNow(ctx context.Context, actor mssante.Actor, g delegation.Grant) (n int, more bool, err error) {
	var left mailbox.Left
	if s.outbox != nil {
		if left, err = s.outbox.Left(ctx, g.Mailbox); err != nil {
			return -1, false, err
		}
	}
	return s.house.Awaiting(ctx, actor, g, left)
}

// withPatients puts the rail's entry on a page: that of the mailbox of the address, or
// of the one looked at last.
func (s *Server) withPatients(sc *scope, p *templates.Page) {
	if sc.desk == nil || sc.session == nil || sc.session.Mail != nil {
		return
	}
	boxID := ""
	if sc.box != nil {
		boxID = sc.box.ID
	} else {
		_, boxID = sc.desk.lastBox("")
	}
	for _, g := range sc.grants {
		if g.Mailbox.ID == boxID && g.Rights.Has(delegation.Read|delegation.Patients) {
			p.Nav.Patients, p.Nav.PatientsWaiting = path("mail", boxID, "patients"), sc.desk.patientsWaiting(boxID)
		}
	}
}
