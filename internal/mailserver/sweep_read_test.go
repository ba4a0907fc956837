package mailserver

import (
	"reflect"
	"testing"

	"pli.example/pli/internal/message"
)

// FuzzSweepRead: whatever a header says, nothing panics, and a header of plain fields
// reads as message.ParseHeader does.
func FuzzSweepRead(f *testing.F) {
	f.Add([]byte("From: a@b.fr\r\nTo: c@d.fr,\r\n e@f.fr\r\nSubject: =?utf-8?q?x?=\r\n y\r\nMessage-ID: <1@x>\r\nReferences: <2@x> <3@x>\r\n\r\n"))
	f.Add([]byte(" From: x\n:\n\nSubject : s\ncontent-type: Multipart/Mixed ; a=b\nFrom: a@b.fr\nFrom: c@d.fr\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		r := sweepReader{people: map[string][]message.Mailbox{}}
		var s, again Swept
		r.read(&s, raw)
		r.read(&again, raw)
		if !reflect.DeepEqual(s, again) {
			t.Errorf("two readings differ:\n%+v\n%+v", s, again)
		}
	})
}

func TestSweepRead(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{
		"From: =?utf-8?q?H=C3=A9l=C3=A8ne?= <a@b.fr>\r\nTo: c@d.fr,\r\n e@f.fr\r\nCc: \"x, y\" <g@h.fr>\r\nSubject: =?utf-8?q?x?=\r\n y\r\nMessage-ID:\r\n <1@x>\r\nIn-Reply-To: <3@x>\r\nReferences: <2@x>\r\n\t<3@x>\r\n\r\n",
		"FROM: a@b.fr\r\nfrom: c@d.fr\r\nsubject:\r\n\r\n",
		"Subject: \xe9t\xe9\r\nFrom:\r\nTo: undisclosed-recipients:;\r\n\r\n", "", "\r\n",
	} {
		_, want := message.ParseHeader([]byte(raw))
		var s Swept
		(&sweepReader{people: map[string][]message.Mailbox{}}).read(&s, []byte(raw))
		want.Warnings, want.Date = nil, s.Envelope.Date
		if !reflect.DeepEqual(s.Envelope, want) {
			t.Errorf("%q\n%+v\n%+v", raw, s.Envelope, want)
		}
	}
}
