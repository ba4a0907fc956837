package outgoing

import (
	"context"
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/message"
	"pli.example/pli/internal/problem"
)

const other = "184037512345633@patient.mssante.fr"

// What stands behind the button: whose closing it is, by whom it is addressed, and that one
// nobody knows the fate of is settled first.
func TestClosingDraft(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	one, err := w.closingDraft(w.ctx, box, closing(""), address(t, patient), 0)
	w.must(err)
	c := closing("")
	c.Patient = Recipient{Name: "Paul", Address: other}
	two, err := w.closingDraft(w.ctx, box, c, address(t, other), 0)
	w.must(err)
	if one.ID == two.ID || two.Fields.To[0].Address != other {
		t.Errorf("the closing of one patient is another's: %+v", two.Fields.To)
	}
	c = closing("")
	c.Patient.Name = "Odile Besançon de la Tour"
	again, err := w.closingDraft(w.ctx, box, c, address(t, patient), 0)
	w.must(err)
	if again.ID != one.ID || again.Fields.To[0].Name != c.Patient.Name || again.Version == one.Version {
		t.Errorf("another label of the same patient: %+v", again.Fields.To)
	}
	s := w.doubt(t, "a@b")
	_, err = w.CloseExchange(w.ctx, box, closing("a@b"))
	if !problem.Is(err, problem.Conflict) || problem.SayOf(err) != sayDoubtful {
		t.Errorf("over a closing of unknown fate: %v", err)
	}
	left, err := w.Unfiled(w.ctx, box.Grant().Mailbox.ID)
	w.must(err)
	if len(left) != 1 || !left[0].UnderWay || left[0].Subject != "[FIN]" {
		t.Errorf("a closing nobody knows the fate of (%s) is not told: %+v", s.ID, left)
	}
}

// Attack: a [FIN] came back, the patient may still write, and the button says 'closed' of it.
func TestClosingThatCameBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	r, err := w.CloseExchange(w.ctx, box, closing("a@b"))
	w.must(err)
	w.flying.Wait()
	left, err := w.Left(w.ctx, box.Grant().Mailbox)
	w.must(err)
	if len(left.Unfiled) != 1 || r.Came != CameSent {
		t.Fatalf("%+v %+v", r, left.Unfiled)
	}
	id := left.Unfiled[0].MessageID
	if _, lost, known := left.Lost(id, address(t, patient)); lost || known {
		t.Error("lost before anybody said so")
	}
	left.Heard(w.ctx, id, message.ReportRecipient{Address: address(t, patient), Status: "5.2.1"})
	left.Heard(w.ctx, "autre@x", message.ReportRecipient{Address: address(t, other), Status: "5.1.1"}) // sent by another program
	left, err = w.Left(w.ctx, box.Grant().Mailbox)
	w.must(err)
	if status, lost, known := left.Lost(id, address(t, patient)); !lost || !known || status != "5.2.1" {
		t.Errorf("%q %v %v", status, lost, known)
	}
	if status, lost, known := left.Lost("autre@x", address(t, other)); !lost || !known || status != "5.1.1" {
		t.Errorf("a letter not ours: %q %v %v", status, lost, known)
	}
	r, err = w.CloseExchange(w.ctx, box, closing("a@b"))
	w.must(err)
	w.flying.Wait()
	if n := w.acts(audit.LetterSend, "ok"); n != 2 || r.Came != CameSent {
		t.Errorf("%d closings left, %s", n, r.Came)
	}
	for _, who := range []string{hugoBox, patient} { // a receipt is the recipient's to give
		w.must(w.Heard(w.ctx, box, message.Report{Kind: message.ReportDisposition, Disposition: "displayed", From: message.ParseAddressList(who), OriginalMessageID: id,
			Recipients: []message.ReportRecipient{{Address: address(t, patient)}}}))
		again, err := w.Left(w.ctx, box.Grant().Mailbox)
		w.must(err)
		if _, lost, _ := again.Lost(id, address(t, patient)); lost != (who == hugoBox) {
			t.Errorf("read, says %s: lost %v", who, lost)
		}
	}
}

// §3.4.2.2: a wrong key is said before a letter leaves, beside what the number tells.
func TestIdentityKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.Patient = Identity(o.Now) })
	tell := Identity(w.now)
	if got := tell(context.Background(), address(t, patient)); codes(got) != "ask patient_identity:"+patient {
		t.Errorf("a right key: %q", codes(got))
	}
	wrong := "255033799001107@patient.mssante.fr"
	got, err := w.Check(w.ctx, w.box(anne), w.letter(w.box(anne), wrong).ID)
	w.must(err)
	if !strings.Contains(codes(got), "ask patient_key:"+wrong) || !strings.Contains(codes(got), "ask patient_identity:"+wrong) {
		t.Errorf("a wrong key: %q", codes(got))
	}
}

// §3.4.2.2: a new letter to a patient asks who they are, open exchange or not; an answer to
// their own letter, and one begun in their exchange, does not.
func TestIdentityInAnOpenExchange(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.Patient = Identity(o.Now) })
	box := w.box(anne)
	asked := func(want bool, when string) {
		t.Helper()
		got, err := w.Check(w.ctx, box, w.letter(box, patient).ID)
		w.must(err)
		if strings.Contains(codes(got), "patient_identity") != want {
			t.Errorf("%s: %q", when, codes(got))
		}
	}
	lay := func(folder, from, to, subject string) {
		w.host.Put(address(t, anneBox), folder, nil, w.now(), []byte("From: "+from+"\r\nTo: "+to+"\r\nSubject: "+subject+"\r\nMessage-ID: <"+rand.Text()+"@x>\r\n\r\nBonjour\r\n"))
		w.advance(time.Minute)
		_, err := box.Exchanges(w.ctx, mailbox.Left{})
		w.must(err)
	}
	lay("Sent", anneBox, patient, "Lettre")
	asked(true, "who never wrote")
	lay("INBOX", patient, anneBox, "Question")
	asked(true, "who wrote")
	begun, err := w.New(w.ctx, box, Origin{Kind: ToPatient, To: []Recipient{{Address: patient}}, Subject: "Résultat"})
	w.must(err)
	if got, err := w.Check(w.ctx, box, begun.Draft.ID); err != nil || strings.Contains(codes(got), "patient_identity") {
		t.Errorf("begun in their exchange: %q %v", codes(got), err)
	}
	lay("Sent", anneBox, patient, "[FIN]")
	asked(true, "once it is closed")
}
