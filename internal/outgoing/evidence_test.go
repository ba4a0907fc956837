package outgoing

import (
	"testing"

	"pli.example/pli/internal/ledger"
	"pli.example/pli/internal/message"
)

// A colleague's letter: what a server says of it counts whatever the server calls itself,
// what anybody may have written is contested and covers nothing that is known.
func TestWhatNoticesSay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	for _, c := range []struct {
		path     message.ReturnPath
		from     string
		envelope bool
		action   string
		want     ledger.Kind
	}{
		{message.PathNull, "Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@chu.mssante.fr>", false, "failed", ledger.Bounced},
		{message.PathNull, "\"Mail Delivery System\" <>", false, "delayed", ledger.Delayed},
		{message.PathSender, "Mail Delivery System <MAILER-DAEMON@nimporte.invalid>", false, "failed", ledger.Contested},
		{message.PathSender, "mailer-daemon@chu-touraine.mssante.fr", false, "failed", ledger.Contested},
		{message.PathUnsaid, "mailer-daemon@chu-touraine.mssante.fr", false, "failed", ledger.Bounced},
		{message.PathSender, "mailer-daemon@chu-touraine.mssante.fr", false, "delivered", ledger.Submitted},
		{message.PathSender, "odd@chu-touraine.mssante.fr", true, "failed", ledger.Bounced},
	} {
		d := w.letter(box, hugoBox)
		r, err := w.Send(w.ctx, box, d.ID, SendOptions{Version: d.Version, Files: []string{}})
		w.must(err)
		w.flying.Wait()
		d, err = w.Get(w.ctx, box, d.ID)
		w.must(err)
		said := message.Report{Kind: message.ReportDelivery, Path: c.path, From: message.ParseAddressList(c.from), OriginalMessageID: d.MessageID,
			Recipients: []message.ReportRecipient{{Address: address(t, hugoBox), Action: c.action, Status: "5.1.1", Diagnostic: "mots"}}}
		if c.envelope {
			said.EnvelopeID = r.LetterID
		}
		if believed := w.Believes(w.ctx, box.Grant().Mailbox, said); believed != (c.want != ledger.Contested && c.want != ledger.Submitted) {
			t.Errorf("%s: its own page believes it: %v", c.from, believed)
		}
		w.must(w.Heard(w.ctx, box, said))
		rows, err := w.o.Ledger.Of(w.ctx, r.LetterID)
		w.must(err)
		if len(rows) != 1 || rows[0].State != c.want || c.want == ledger.Contested && rows[0].Event.Text != "" {
			t.Errorf("%s %s: %+v", c.from, c.action, rows)
		}
		if c.envelope { // that of another letter proves nothing
			said.OriginalMessageID = "autre@x"
			if w.Believes(w.ctx, box.Grant().Mailbox, said) {
				t.Error("an envelope id of another letter is believed")
			}
		}
	}
}
