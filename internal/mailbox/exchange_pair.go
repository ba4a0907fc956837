package mailbox

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode"

	"pli.example/pli/internal/conversation"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/message"
	"pli.example/pli/internal/mssante"
)

// gathered is one letter to or from patients, as it was found.
type gathered struct {
	ExchangeLetter
	patients []mssante.Address // whom it is from, or those of its recipients who are patients
	size     int64
	leaving  bool // not known to have left
}

// gatheredOf reads a row; false when it belongs to no exchange: a notice of a server or
// of a patient's mailbox, a colleague's letter with a patient in copy, a draft. A letter
// that came to the inbox under our own name is not ours: anybody may write that (attack:
// a [FIN] of somebody else hides a patient who waits).
func (b *Box) gatheredOf(folder string, role mailserver.Role, validity uint32, r *mailserver.Row) (gathered, bool) {
	env := r.Envelope
	if len(env.From) != 1 || !env.From[0].Valid || r.Has(`\Deleted`) || r.Has(`\Draft`) {
		return gathered{}, false
	}
	if _, notice := message.ReportOf(env, r.Structure, nil); notice {
		return gathered{}, false
	}
	from := env.From[0].Address
	g := gathered{ExchangeLetter: ExchangeLetter{Item: item(folder, validity, r), MessageID: env.MessageID}, size: r.Size}
	switch {
	case from.IsPatient() && role != mailserver.RoleSent:
		g.patients = []mssante.Address{from}
	case from.Equal(b.Address()) && role != mailserver.RoleInbox:
		g.Ours = true
		for _, m := range slices.Concat(env.To, env.Cc, env.Bcc) {
			if m.Address.IsPatient() && !slices.ContainsFunc(g.patients, m.Address.Equal) {
				g.patients = append(g.patients, m.Address)
			}
		}
		g.Item.To = slices.Concat(env.To, env.Cc, env.Bcc)
	}
	g.of = conversation.Letter{ID: env.MessageID, InReplyTo: env.InReplyTo, At: r.Received, Ours: g.Ours,
		Subject: r.Header.Raw("Subject"), Shown: env.Subject, MES: r.Header.Raw(mssante.HeaderMES)}
	g.NoReply, g.Fin = g.of.NoReply(), g.of.Closing()
	return g, len(g.patients) > 0
}

// pairs sorts letters by patient and derives where each exchange stands; those whose
// letters since an instant do not tell it come apart.
func (b *Box) pairs(ctx context.Context, x gatheredAll, left Left) (out, older []Exchange) {
	by := map[string][]gathered{}
	who := map[string]mssante.Address{}
	for _, g := range x.letters {
		for _, p := range g.patients {
			by[p.Key()], who[p.Key()] = append(by[p.Key()], g), p
		}
	}
	for _, u := range left.Unfiled {
		g := unfiled(u)
		for _, m := range u.To {
			p := m.Address
			if (u.Filed || u.UnderWay) && len(by[p.Key()]) == 0 {
				continue // somebody threw the whole exchange away, or none began yet
			}
			if p.IsPatient() && !slices.ContainsFunc(by[p.Key()], func(x gathered) bool { return x.Ours && x.MessageID == u.MessageID }) {
				by[p.Key()], who[p.Key()] = append(by[p.Key()], g), p
			}
		}
	}
	fate := fates(ctx, x.notices, left)
	for key, all := range by {
		all = once(all)
		for i := range all {
			if all[i].Ours {
				all[i].of.Fate = fate(&all[i], who[key])
			}
		}
		if e, told := b.pair(who[key], all, x.since); told {
			out = append(out, e)
		} else {
			older = append(older, e)
		}
	}
	return out, older
}

func unfiled(u Unfiled) gathered {
	g := gathered{ExchangeLetter: ExchangeLetter{Ours: true, MessageID: u.MessageID, Gone: u.Filed}}
	g.To = u.To
	g.Subject, g.Received, g.Snippet = u.Subject, u.At, message.Snippet(u.Text, 200)
	g.of = conversation.Letter{ID: u.MessageID, InReplyTo: u.InReplyTo, At: u.At, Ours: true, Subject: u.Subject, Shown: u.Subject, MES: u.MES}
	g.NoReply, g.Fin, g.leaving = g.of.NoReply(), g.of.Closing(), u.UnderWay
	return g
}

// once drops the copies of a letter that lies in several folders, and keeps the
// earliest: a copy made later closes nothing again. Two letters of a patient are one
// only when nothing tells them apart.
func once(all []gathered) []gathered {
	slices.SortStableFunc(all, func(x, y gathered) int { return x.Received.Compare(y.Received) })
	var out []gathered
	for _, g := range all {
		if g.MessageID != "" && slices.ContainsFunc(out, func(x gathered) bool {
			return x.MessageID == g.MessageID && x.Ours == g.Ours && (g.Ours || x.Folder != g.Folder && x.size == g.size)
		}) {
			continue
		}
		out = append(out, g)
	}
	return out
}

func (b *Box) pair(patient mssante.Address, all []gathered, since time.Time) (Exchange, bool) {
	e := Exchange{ID: b.h.ExchangeID(b.grant.Mailbox.ID, patient), Patient: patient}
	values := make([]conversation.Letter, len(all))
	for i, g := range all {
		values[i] = g.of
	}
	var told bool
	e.State, told = conversation.DeriveSince(values, since)
	for n, i := range conversation.Order(values) {
		l := all[i].ExchangeLetter
		l.Mark = e.State.Marks[n]
		e.Letters = append(e.Letters, l)
		if l.Unread && !l.Ours {
			e.Unread++
		}
	}
	e.Name = nameIn(patient, e.Letters)
	return e, told
}

// nameIn is the newest label the patient's mailbox gave, else the one we wrote to.
func nameIn(patient mssante.Address, letters []ExchangeLetter) string {
	written := ""
	for _, l := range slices.Backward(letters) {
		people := l.To
		if !l.Ours {
			people = l.From
		}
		for _, m := range people {
			if !m.Address.Equal(patient) {
				continue
			}
			name := PatientName(m)
			if name != "" && !l.Ours {
				return name
			}
			written = orElse(written, name)
		}
	}
	return written
}

func orElse(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// PatientName is a patient's label as it was written, one string; "" when there is none
// or when it only repeats the address or holds as many digits as an identity number,
// however they are set apart.
func PatientName(m message.Mailbox) string {
	name := strings.TrimSpace(m.Name)
	digits := 0
	bare := strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			digits++
		}
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '@' {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
	if strings.Contains(bare, "@") || digits >= 12 || m.Address.Local != "" && strings.Contains(bare, strings.ToLower(m.Address.Local)) {
		return ""
	}
	return name
}
