package mailbox

import (
	"slices"
	"time"

	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mssante"
)

// Returned is which letter of ours to a patient a notice gives back.
type Returned struct {
	Patient mssante.Address
	Name    string // as the exchange shows it; "" when no label gives one
	Subject string // of our letter, "" when it is not known
}

// returnedWait is how long a page waits for the look at patients that a counter may be at.
const returnedWait = 250 * time.Millisecond

// Returned finds the exchange a notice belongs to, in what this session has already
// gathered: it asks no server. False for any other letter, for one about a patient with
// whom no exchange is known, and for whoever may not see patients.
func (b *Box) Returned(l *Letter) (Returned, bool) {
	from := l.Envelope.From
	if l.Report == nil && len(from) == 1 && isINS(from[0].Address) || !b.grant.Rights.Has(delegation.Patients) {
		return Returned{}, false
	}
	n := noticeOf(l, b.Address())
	if len(n.lost) == 0 && !n.nobody {
		return Returned{}, false
	}
	letters, ok := b.gatheredSoFar()
	if !ok {
		return Returned{}, false
	}
	var out Returned
	if len(n.lost) > 0 {
		out.Patient = n.lost[0].Address
	}
	for _, g := range letters {
		if n.about == "" || !g.Ours || g.MessageID != n.about {
			continue
		}
		if out.Patient.IsZero() && len(g.patients) == 1 {
			out.Patient = g.patients[0]
		}
		if slices.ContainsFunc(g.patients, out.Patient.Equal) {
			out.Subject = g.Subject
		}
	}
	var with []gathered
	for _, g := range letters {
		if slices.ContainsFunc(g.patients, out.Patient.Equal) {
			with = append(with, g)
		}
	}
	var shown []ExchangeLetter
	for _, g := range once(with) {
		shown = append(shown, g.ExchangeLetter)
	}
	out.Name = nameIn(out.Patient, shown)
	return out, len(with) > 0
}

// gatheredSoFar gives the patients' letters this session knows of the mailbox; false when
// it never looked, or looks right now and takes its time.
func (b *Box) gatheredSoFar() (all []gathered, ok bool) {
	b.h.mu.Lock()
	c := b.h.gathered[gatherKey{b.actor.SessionID, b.grant.Mailbox.ID}]
	b.h.mu.Unlock()
	if c == nil {
		return nil, false
	}
	limit := time.NewTimer(returnedWait)
	defer limit.Stop()
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-limit.C:
		return nil, false
	}
	for _, f := range c.folders {
		for _, g := range f.letters {
			all = append(all, g)
		}
	}
	return all, true
}
