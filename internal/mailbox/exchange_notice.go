package mailbox

import (
	"context"
	"slices"
	"strings"
	"time"

	"pli.example/pli/internal/conversation"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/message"
	"pli.example/pli/internal/mssante"
)

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
