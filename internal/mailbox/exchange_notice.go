package mailbox

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"pli.example/pli/internal/conversation"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/message"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

// noticesAtOnce bounds the notices one look opens: a flood of them waits.
const noticesAtOnce = 40

// notice is what a server wrote back of a letter it could not deliver.
type notice struct {
	received time.Time
	read     bool   // opened: what follows is known
	about    string // Message-ID of the letter, "" when it concerns no patient
	lost     []message.ReportRecipient
	tries    int
	nobody   bool // it names no recipient: it means the only one there was
	claim    bool // it is believed only of a letter that left under its envelope id
	envelope string
}

// isNotice reports a letter to be opened as a notice of delivery. Not every one is a report
// by its form: Mon espace santé's texts are known by their subject alone (ENS §6).
func isNotice(r *mailserver.Row, role mailserver.Role) bool {
	if role == mailserver.RoleSent || r.Has(`\Deleted`) || r.Has(`\Draft`) {
		return false
	}
	if report, ok := message.ReportOf(r.Envelope, r.Structure, nil); ok {
		return report.Kind == message.ReportDelivery
	}
	from := r.Envelope.From
	return saysUndelivered(r.Envelope.Subject) && !(len(from) == 1 && isINS(from[0].Address))
}

func isINS(a mssante.Address) bool {
	_, ok := a.INS()
	return ok
}

// saysUndelivered reads the subjects of Postfix and of Mon espace santé.
func saysUndelivered(subject string) bool {
	s := strings.ToLower(strings.TrimSpace(subject))
	return strings.HasPrefix(s, "message non distribu") || strings.HasPrefix(s, "undelivered mail returned to sender")
}

// askNotices finds the newest notices of a folder. It moves nothing of what is known of the
// patients' letters: neither since when none is missing, nor whether the look at them ended.
// What time leaves out is asked about later.
func (l *gathering) askNotices(ctx context.Context, f mailserver.Folder, s *sight) error {
	q := l.question(f, gatherNotices, gatherLooked, l.more)
	q.Notices = true
	switch {
	case s.known == nil:
	case f.UIDNext != s.known.at.UIDNext:
		q.From = s.known.at.UIDNext
	case s.next.noticesBelow > 0 && !s.next.noticePace.stuck():
		q.Below = s.next.noticesBelow
	default:
		return nil
	}
	q.Window = s.next.noticePace.window
	hits, err := l.b.mail.Correspondence(ctx, q)
	switch {
	case ctx.Err() != nil || problem.Is(err, problem.SignInNeeded):
		return err
	case err != nil || hits.Validity != s.validity || hits.Looked == 0: // later: they may say that a letter was lost
		if q.Below == 0 {
			s.next.noticesBelow = math.MaxUint32
		}
		s.next.noticePace.missed(l.b.h.now())
		return nil
	}
	s.next.noticePace.went()
	s.notices = append(s.notices, hits.UIDs...)
	slices.SortFunc(s.notices, func(x, y uint32) int { return cmp.Compare(y, x) })
	s.notices = slices.Compact(s.notices)
	s.notices = s.notices[:min(len(s.notices), gatherNotices)]
	switch {
	case !hits.Complete && !hits.Enough:
		s.next.noticesBelow = hits.Reached
	case q.From == 0:
		s.next.noticesBelow = 0
	}
	return nil
}

// readNotices opens those that were not yet. One that cannot be opened is tried again.
func (l *gathering) readNotices(ctx context.Context, folder string, s *sight) {
	opened := 0
	for uid, n := range s.next.notices {
		if n.read || opened == noticesAtOnce || opened > 0 && l.b.h.now().After(l.first) {
			continue
		}
		opened++
		letter, err := l.b.letter(ctx, Ref{folder, s.validity, uid})
		if err != nil {
			if ctx.Err() != nil {
				return
			}
			n.tries++
			n.read = n.tries == 3
			s.next.notices[uid] = n
			continue
		}
		n = noticeOf(letter, l.b.Address())
		if n.about == "" {
			delete(s.next.notices, uid)
			continue
		}
		s.next.notices[uid] = n
	}
}

// noticeOf reads whom of a letter's patients a server gave up; box is our mailbox.
func noticeOf(l *Letter, box mssante.Address) notice {
	r := message.Report{Kind: message.ReportDelivery, From: l.Envelope.From, Path: l.Header.ReturnPath()} // by its subject alone
	if l.Report != nil {
		r = *l.Report
	}
	n := notice{received: l.Received, read: true, envelope: r.EnvelopeID, claim: !r.Believed(mssante.Address{Domain: mssante.PatientDomain}, box, "")}
	named := false
	for _, p := range r.Recipients {
		named = named || !p.Address.IsZero()
		if p.Action == "failed" || p.Action == "" && strings.HasPrefix(p.Status, "5") {
			if p.Address.IsPatient() {
				n.lost = append(n.lost, p)
			}
			n.nobody = n.nobody || p.Address.IsZero()
		}
	}
	n.nobody = !named && (n.nobody || len(r.Recipients) == 0 && saysUndelivered(l.Subject))
	if len(n.lost) == 0 && !n.nobody {
		return n
	}
	n.about = r.OriginalMessageID
	if n.about == "" && len(l.Nested) > 0 { // a large one: only heads were fetched
		n.about = l.Nested[0].Envelope.MessageID
	}
	if n.about == "" {
		n.about = l.Envelope.InReplyTo
	}
	return n
}

// fates tells what became of our letters: what notices say, unless the outbox knows. What
// cannot be believed contests that a letter arrived, and decides nothing.
func fates(ctx context.Context, notices []notice, left Left) func(g *gathered, patient mssante.Address) conversation.Fate {
	by := map[string][]notice{}
	for _, n := range notices {
		if n.about != "" {
			by[n.about] = append(by[n.about], n)
		}
	}
	return func(g *gathered, patient mssante.Address) conversation.Fate {
		g.Lost, g.Doubt = nil, nil
		if g.leaving {
			return conversation.UnderWay
		}
		if g.MessageID == "" {
			return conversation.Arrived
		}
		var why, said *message.ReportRecipient
		for _, n := range by[g.MessageID] {
			about := n.of(g, patient)
			switch {
			case about == nil:
			case n.claim && (left.Submitted == nil || !left.Submitted(ctx, g.MessageID, n.envelope)):
				said = about
			case why == nil || why.Status == "":
				why = about
			}
		}
		if left.Lost != nil {
			if status, lost, known := left.Lost(g.MessageID, patient); known && !lost {
				return conversation.Arrived
			} else if lost && why == nil {
				why = &message.ReportRecipient{Address: patient, Status: status}
			}
		}
		switch {
		case why != nil:
			g.Lost = why
			return conversation.Undelivered
		case said != nil:
			g.Doubt = said
			return conversation.Contested
		}
		return conversation.Arrived
	}
}

// of is what the notice says of a patient, recipient of our letter g; nil for nothing.
func (n notice) of(g *gathered, patient mssante.Address) *message.ReportRecipient {
	if i := slices.IndexFunc(n.lost, func(p message.ReportRecipient) bool { return p.Address.Equal(patient) }); i >= 0 {
		return &n.lost[i]
	}
	if n.nobody && len(g.To) == 1 {
		return &message.ReportRecipient{Address: patient}
	}
	return nil
}
