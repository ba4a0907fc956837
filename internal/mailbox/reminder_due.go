package mailbox

import (
	"context"
	"log/slog"
	"runtime/debug"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/metrics"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

// Letters come back through a person who may sort the mailbox and whose access to mail
// is alive: when they open a list, and by a loop while they are there. Nobody there,
// nothing moves: it is done at the next sign-in, and the page says so. The loop keeps
// no session alive: Credentials refuses who did nothing lately.

const (
	remindEvery = 20 * time.Second
	remindTime  = 30 * time.Second
	remindWait  = 400 * time.Millisecond // what a list may wait for letters that are due
	remindAgain = 5 * time.Minute        // after a mailbox failed
	remindLook  = 10 * time.Minute       // another node may have set a nearer date
	maxAttended = 5000
)

// attended is a mailbox a session looked at.
type attended struct {
	actor   mssante.Actor
	address mssante.Address
}

// AttendReminders brings back what is due in this mailbox, in the background, and
// remembers that its person is there. It waits a moment, so that the list asked for
// next already shows it. It is the date that moves letters: a list asked for says only
// that somebody is there through whom it can be done, as the loop would within
// remindEvery.
func (b *Box) AttendReminders(ctx context.Context) {
	h := b.h
	if h.db == nil || !b.grant.Rights.Has(delegation.Triage) {
		return
	}
	h.mu.Lock()
	if _, gone := h.dropped[b.actor.SessionID]; gone || h.closing {
		h.mu.Unlock()
		return
	}
	if len(h.attended) < maxAttended {
		h.attended[b.choiceKey()] = attended{b.actor, b.Address()}
	}
	at, known := h.nextDue[b.grant.Mailbox.ID]
	h.mu.Unlock()
	if known && h.now().Before(at) {
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		h.bringBack(context.WithoutCancel(ctx), b)
	}()
	wait := time.NewTimer(remindWait)
	defer wait.Stop()
	select {
	case <-done:
	case <-wait.C:
	case <-ctx.Done():
	}
}

// noteDue remembers when to look at a mailbox again; the zero time forgets.
func (h *House) noteDue(boxID string, at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if at.IsZero() {
		delete(h.nextDue, boxID)
		return
	}
	if len(h.nextDue) >= maxAttended {
		clear(h.nextDue)
	}
	h.nextDue[boxID] = at
}

// bringBack does what is due in a mailbox, once at a time.
func (h *House) bringBack(ctx context.Context, b *Box) {
	box := b.grant.Mailbox.ID
	_, _, _ = h.counting.Do("reminders\x00"+box, func() (any, error) {
		h.mu.Lock()
		if h.closing {
			h.mu.Unlock()
			return nil, nil
		}
		h.bulking.Add(1)
		h.mu.Unlock()
		defer h.bulking.Done()
		defer func() { // it may run on a goroutine of its own
			if v := recover(); v != nil {
				h.log.LogAttrs(ctx, slog.LevelError, "panic while bringing letters back", slog.String("kind", problem.PanicWords(v)), slog.String("stack", string(debug.Stack())))
				h.noteDue(box, h.now().Add(remindAgain))
			}
		}()
		ctx, cancel := context.WithTimeout(ctx, remindTime)
		defer cancel()
		h.noteDue(box, b.bringDue(ctx))
		return nil, nil
	})
}

// bringDue gives when to look again.
func (b *Box) bringDue(ctx context.Context) time.Time {
	all, err := b.reminders(ctx)
	now := b.h.now()
	if err != nil {
		return now.Add(remindAgain)
	}
	next := now.Add(remindLook)
	reached := false
	for _, k := range all {
		if due := time.Unix(k.Due, 0); due.After(now) {
			if due.Before(next) {
				next = due
			}
			continue
		}
		if !reached { // nobody there, or no server: nothing is asked, nothing is written
			if _, err := b.mail.Folders(ctx); err != nil {
				return now.Add(remindAgain)
			}
			reached = true
		}
		e := audit.Event{Action: audit.ReminderDue, Request: "MOVE back, due"}
		_, err := b.act(ctx, e, 1, func() (Outcome, error) { return b.comesBack(ctx, k, true) })
		if err == nil || problem.Is(err, problem.Gone) {
			continue
		}
		b.h.log.LogAttrs(ctx, slog.LevelWarn, "a reminder waits", slog.String("kind", problem.KindOf(err).String()))
		if next = now.Add(remindAgain); !problem.Is(err, problem.UpstreamRefused) {
			return next
		}
		// One letter that is refused does not keep the others.
	}
	return next
}

// RunReminders brings letters back while their people are there, until ctx ends.
func (h *House) RunReminders(ctx context.Context) error {
	tick := time.NewTicker(remindEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			h.RemindDue(ctx)
			h.reminding.Beat(h.now(), nil)
		}
	}
}

// Reminding tells of the loop's passes.
func (h *House) Reminding() *metrics.Pulse { return &h.reminding }

// RemindDue is one pass of the loop.
func (h *House) RemindDue(ctx context.Context) {
	now := h.now()
	todo := map[string]attended{}
	h.mu.Lock()
	for k, a := range h.attended {
		if at, known := h.nextDue[k.box]; !known || !now.Before(at) {
			todo[k.box] = a
		}
	}
	h.mu.Unlock()
	for box, a := range todo {
		if ctx.Err() != nil {
			return
		}
		b, err := h.Open(ctx, a.actor, a.address)
		if err != nil || !b.grant.Rights.Has(delegation.Triage) {
			h.unattend(box, a.actor.SessionID)
			continue
		}
		h.bringBack(ctx, b)
	}
}

func (h *House) unattend(box, session string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for k := range h.attended {
		if k.box == box && k.session == session {
			delete(h.attended, k)
		}
	}
}
