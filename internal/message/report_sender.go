package message

import (
	"strings"

	"pli.example/pli/internal/mssante"
)

// FromServer reports that who wrote a letter is no person: the mailbox that gives letters
// back (RFC 5321 §4.5.1, RFC 3464 §2), whose name no person's mailbox has in the trusted
// space, or the patients' domain itself. A mere name or subject is anybody's to write.
func FromServer(from []Mailbox) bool {
	if len(from) != 1 || from[0].hidden {
		return false
	}
	a := from[0].Address
	if a.IsPatient() {
		_, person := a.INS()
		return !person
	}
	local, _, _ := strings.Cut(from[0].Raw, "@")
	if !a.IsZero() {
		local = a.Local
	}
	return strings.EqualFold(local, "mailer-daemon") || strings.EqualFold(local, "postmaster")
}

// Believed reports whether what the report says of a recipient may count: a receipt is
// theirs to give, a failure a server's; or it carries the envelope id of the letter, which
// only servers on its way were told (RFC 3461 §4.4). The Message-ID alone proves nothing:
// colleagues in copy know it (attack: a report written by hand reopens what was closed).
func (r Report) Believed(to mssante.Address, envelopeID string) bool {
	switch {
	case envelopeID != "" && r.EnvelopeID == envelopeID && r.Kind == ReportDelivery:
		return true
	case r.Kind != ReportDisposition:
		return FromServer(r.From)
	case len(r.From) != 1 || !r.From[0].Valid:
		return false
	}
	return r.From[0].Address.Equal(to) || to.IsPatient() && r.From[0].Address.IsPatient() && FromServer(r.From)
}
