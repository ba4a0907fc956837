package mailbox

import (
	"testing"

	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/message"
)

// TestIndexPatientOf: a letter belongs to the exchange with the patient who wrote it, or
// the one patient we wrote it to, and to no other: two patients are never one conversation.
func TestIndexPatientOf(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.open(anne, annes)
	const one, two, colleague = "155089912345678@patient.mssante.fr", "255089912345678@patient.mssante.fr", "luc@lab.test.mssante.fr"
	for _, c := range []struct {
		name, from, to, cc string
		role               mailserver.Role
		want               string
	}{
		{"from a patient", one, annes, "", mailserver.RoleInbox, one},
		{"filed", one, annes, "", mailserver.RoleArchive, one},
		{"from a patient, in Sent", one, annes, "", mailserver.RoleSent, ""},
		{"ours", annes, one, colleague, mailserver.RoleSent, one},
		{"ours, the same twice", annes, one, one, mailserver.RoleSent, one},
		{"ours, to two patients", annes, one, two, mailserver.RoleSent, ""},
		{"under our name, in the inbox", annes, one, "", mailserver.RoleInbox, ""},
		{"a colleague's, a patient in copy", colleague, annes, one, mailserver.RoleInbox, ""},
		{"two authors", one + ", " + two, annes, "", mailserver.RoleInbox, ""},
		{"nobody's", "", annes, "", mailserver.RoleInbox, ""},
	} {
		e := message.Envelope{From: message.ParseAddressList(c.from), To: message.ParseAddressList(c.to), Cc: message.ParseAddressList(c.cc)}
		if got := b.patientOf(c.role, &e).String(); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
