package message

import (
	"strings"

	"pli.example/pli/internal/mssante"
)

// ReturnPath tells who submitted a letter, as the server that delivered it wrote at its
// head (RFC 5321 §4.4).
type ReturnPath int

// The kinds of return path.
const (
	PathUnsaid ReturnPath = iota // that server writes none
	PathNull                     // "<>": a server did, and nothing goes back (RFC 5321 §4.5.5)
	PathSender                   // somebody's address
)

// ReturnPath reads the first field of that name. A null one below a Received field is not
// the delivering server's: whoever wrote the letter may have put it there.
func (h Header) ReturnPath() ReturnPath {
	travelled := false
	for _, f := range h.Fields {
		switch {
		case strings.EqualFold(f.Name, "Received"):
			travelled = true
		case !strings.EqualFold(f.Name, "Return-Path"):
		case strings.TrimSpace(f.Raw()) != "<>":
			return PathSender
		case travelled:
			return PathUnsaid
		default:
			return PathNull
		}
	}
	return PathUnsaid
}

// Believed reports whether what a notice says of the recipient to, about a letter of the
// mailbox box, may count. This is the one place that decides it:
//
//   - a receipt is the recipient's to give, a failure to file a document too;
//   - a notice of delivery that carries the letter's envelope id is believed: only servers
//     on its way were told it (RFC 3461 §4.4), so nobody else can write it;
//   - so is one whose return path is null, whoever its From names (RFC 3464 §2: senders and
//     texts differ from server to server). In the trusted space what a person submits
//     carries the person's address there;
//   - where the delivering server writes no return path, one of the mailbox that gives
//     letters back (RFC 5321 §4.5.1) at our domain, the recipient's or the patients';
//   - any other is contested: it is shown, and decides nothing. The Message-ID proves
//     nothing, colleagues in copy know it, and anybody may write a From.
//
// A notice known by its subject alone is a Report of which only From and Path are known;
// to is zero when it names nobody.
func (r Report) Believed(to, box mssante.Address, envelopeID string) bool {
	switch {
	case r.Kind == ReportDisposition:
		return r.by(to)
	case r.Kind == ReportIntegration && r.by(to):
		return true
	case envelopeID != "" && r.EnvelopeID == envelopeID, r.Path == PathNull:
		return true
	case r.Path == PathSender || len(r.From) != 1 || r.From[0].hidden || !r.From[0].Valid:
		return false
	}
	a := r.From[0].Address
	local := strings.ToLower(a.Local)
	return (local == "mailer-daemon" || local == "postmaster") && (a.Domain == box.Domain || a.Domain == to.Domain || a.IsPatient())
}

// BelievedOfAll is Believed of everybody the notice names. Without a name, a failure to
// file a document is an ordinary letter of whoever could not.
func (r Report) BelievedOfAll(box mssante.Address, envelopeID string) bool {
	for _, p := range r.Recipients {
		if !r.Believed(p.Address, box, envelopeID) {
			return false
		}
	}
	return len(r.Recipients) > 0 || r.Kind == ReportIntegration || r.Believed(mssante.Address{}, box, envelopeID)
}

// by reports that the recipient wrote it, or for a patient the service that keeps their
// mailbox: no person's address of its domain.
func (r Report) by(to mssante.Address) bool {
	if len(r.From) != 1 || r.From[0].hidden || !r.From[0].Valid {
		return false
	}
	a := r.From[0].Address
	_, person := a.INS()
	return a.Equal(to) || to.IsPatient() && a.IsPatient() && !person
}
