package mailbox

import (
	"fmt"
	"testing"

	"pli.example/pli/internal/conversation"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/message"
)

// A patient who writes under the subject of a notice writes a letter (attack on oneself:
// "Message non distribué, que faire ?" is never answered).
func TestPatientIsNoNotice(t *testing.T) {
	t.Parallel()
	for from, want := range map[string]bool{odile: false, "no-reply@patient.mssante.fr": true, "Mon espace santé <no-reply@mes.test.example>": true} {
		r := &mailserver.Row{Envelope: message.Envelope{From: message.ParseAddressList(from), Subject: "Message non distribué, que faire ?"}}
		if got := isNotice(r, mailserver.RoleInbox); got != want {
			t.Errorf("from %s: a notice %v", from, got)
		}
	}
}

// A notice that names nobody means the only recipient there was: of several, nobody knows
// whom.
func TestNoticeOfNobody(t *testing.T) {
	t.Parallel()
	fate := fates(t.Context(), []notice{{read: true, about: "a@x", nobody: true}}, Left{})
	g := gathered{}
	g.MessageID, g.To = "a@x", message.ParseAddressList(odile)
	if got := fate(&g, address(t, odile)); got != conversation.Undelivered {
		t.Errorf("the only one: %d", got)
	}
	g.To = message.ParseAddressList(odile + ", " + gerard)
	if got := fate(&g, address(t, odile)); got != conversation.Arrived {
		t.Errorf("one of two: %d", got)
	}
}

// One look opens so many notices, the next goes on.
func TestNoticesAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range noticesAtOnce + 5 {
		w.lay("INBOX", "postmaster@smtp.test.example", annes, fmt.Sprint("Message non distribué ", i), i)
	}
	b := w.open(anne, annes)
	for _, want := range []bool{true, false} {
		x, err := b.Exchanges(w.ctx, Left{})
		w.must(err)
		if x.Unfinished != want {
			t.Errorf("unfinished %v, want %v", x.Unfinished, want)
		}
	}
}
