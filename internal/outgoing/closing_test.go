package outgoing

import (
	"strings"
	"sync"
	"testing"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/conversation"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/problem"
)

func closing(last string) CloseOptions {
	return CloseOptions{Exchange: "echange", Patient: Recipient{Name: "Odile Besançon", Address: patient}, LastID: last}
}

// ECO.2.2.8: a letter opens the exchange, one click closes it, twice the same click is one letter.
func TestCloseExchange(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	d := w.letter(box, patient)
	r, err := w.Send(w.ctx, box, d.ID, SendOptions{Version: d.Version})
	w.must(err)
	if r.Came != CameSent {
		t.Fatalf("%+v", r)
	}
	w.sentCopies(1)
	if !w.host.MayWrite(address(t, patient), address(t, anneBox)) {
		t.Fatal("the patient may not answer a letter")
	}
	var wg sync.WaitGroup
	for range 4 { // a hurried hand
		wg.Go(func() {
			r, err := w.CloseExchange(w.ctx, w.box(anne), closing(d.MessageID))
			if err != nil || r.Came != CameSent {
				t.Errorf("%+v %v", r, err)
			}
		})
	}
	wg.Wait()
	w.sentCopies(2)
	if w.host.MayWrite(address(t, patient), address(t, anneBox)) {
		t.Error("the patient may still answer")
	}
	l := w.parse(w.host.Newest(address(t, anneBox), "Sent"))
	for name, want := range map[string]string{"Subject": "[FIN]", "X-MSS-MES": "FIN", "In-Reply-To": "<" + d.MessageID + ">", "X-MSS-NIL": "PLI-TEST", "To": `=?UTF-8?Q?Odile_Besan=C3=A7on?= <` + patient + `>`} {
		if got := strings.TrimSpace(l.Header.Raw(name)); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if !conversation.Closes(l.Header.Raw("Subject")) {
		t.Error("the letter does not close")
	}
	if n := w.acts(audit.ExchangeClose, "ok"); n != 4 {
		t.Errorf("%d closings in the trail, want the four clicks", n)
	}
	if n := w.acts(audit.LetterSend, "ok"); n != 2 {
		t.Errorf("%d letters sent, want 2", n)
	}
	x, err := box.Exchanges(w.ctx, mailbox.Left{})
	w.must(err)
	if len(x.All) != 1 || x.All[0].State.Phase != conversation.Closed {
		t.Errorf("%+v", x)
	}
}

// A click that read the closing just before another set off is that other's: it never
// begins a second letter.
func TestCloseExchangeLateClick(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	c := closing("")
	before, err := w.closingDraft(w.ctx, box, c, address(t, patient), 0)
	w.must(err)
	r, err := w.CloseExchange(w.ctx, box, c)
	w.must(err)
	if r.Came != CameSent || before.State != Discarded {
		t.Fatalf("%+v %+v", r, before)
	}
	if over, err := w.closingOver(w.ctx, box, before, address(t, patient)); err != nil || over {
		t.Errorf("the letter that left is taken for one that did not: %v", err)
	}
}

// Before the copy is in Sent the exchange is closed already; nothing of a closing that
// did not leave stays for somebody to write in.
func TestCloseExchangeFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	w.host.Stop("smtp")
	r, err := w.CloseExchange(w.ctx, box, closing("a@b"))
	if err != nil || r.Came != CameKept || !strings.Contains(r.Say, "n’a pas été clos") {
		t.Fatalf("%+v %v", r, err)
	}
	all, err := w.List(w.ctx, box)
	w.must(err)
	if len(all) != 0 {
		t.Errorf("drafts left: %+v", all)
	}
	w.host.Start("smtp")
	r, err = w.CloseExchange(w.ctx, box, closing("a@b"))
	w.must(err)
	if r.Came != CameSent {
		t.Errorf("the new try: %+v", r)
	}
	w.sentCopies(1)
	left, err := w.Unfiled(w.ctx, box.Grant().Mailbox.ID)
	w.must(err)
	if len(left) != 1 || !left[0].Filed {
		t.Errorf("a letter filed still counts as unfiled: %+v", left)
	}
}

func TestUnfiled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	w.crash = func(point string) {
		if point == "concluded" {
			w.signed.Store(anne.SessionID, true) // the session ends: the copy waits for the next one
		}
	}
	r, err := w.CloseExchange(w.ctx, box, closing("a@b"))
	w.must(err)
	if r.Came != CameSent {
		t.Fatalf("%+v", r)
	}
	w.flying.Wait()
	left, err := w.Unfiled(w.ctx, box.Grant().Mailbox.ID)
	w.must(err)
	if len(left) != 1 || left[0].Subject != "[FIN]" || left[0].MES != "FIN" || len(left[0].To) != 1 || time.Since(left[0].At) > time.Minute {
		t.Fatalf("%+v", left)
	}
	w.signed.Delete(anne.SessionID)
	x, err := box.Exchanges(w.ctx, mailbox.Left{Unfiled: left})
	w.must(err)
	if len(x.All) != 1 || x.All[0].State.Phase != conversation.Closed || x.All[0].Name != "Odile Besançon" {
		t.Errorf("%+v", x)
	}
}

// Nothing but the button sends [FIN], whatever a draft says it is.
func TestNobodyTypesTheMagicWord(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	for _, subject := range []string{"[FIN]", "[fin]", "Re : [FIN]", "[FIN] merci", "［ＦＩＮ］", " [FIN] ", "Tr : [FIN]", "FIN", "XDM/1.0/DDM+[FIN]"} {
		d := w.letter(box, patient)
		s, err := w.Save(w.ctx, box, d.ID, Edit{Version: d.Version, Fields: Fields{To: d.Fields.To, Subject: subject, Text: "Au revoir."}})
		w.must(err)
		r, err := w.Send(w.ctx, box, d.ID, SendOptions{Version: s.Version, Confirmed: []string{"reserved_subject"}})
		w.must(err)
		if r.Came != CameAsked || !strings.Contains(codes(r.Remarks), "block reserved_subject") || !strings.Contains(r.Remarks[0].Say, "Clore la conversation") {
			t.Errorf("%q: %s %q", subject, r.Came, codes(r.Remarks))
		}
	}
	// A draft that is a closing is sent by the button alone.
	d, err := w.closingDraft(w.ctx, box, closing("a@b"), address(t, patient), 0)
	w.must(err)
	if r, err := w.Send(w.ctx, box, d.ID, SendOptions{Version: d.Version}); !problem.Is(err, problem.Conflict) {
		t.Errorf("%s %v", r.Came, err)
	}
	if w.host.Count(address(t, anneBox), "Sent") != 0 {
		t.Error("a [FIN] left")
	}
}

func TestCloseExchangeRights(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for _, rights := range []delegation.Rights{delegation.Read | delegation.Write | delegation.Send, delegation.Read | delegation.Write | delegation.Patients} {
		w.give(anneBox, zoe.NationalID, delegation.Delegate, rights)
		if _, err := w.CloseExchange(w.ctx, w.box(zoe), closing("a@b")); !problem.Is(err, problem.Denied) {
			t.Errorf("%s: %v", rights, err)
		}
	}
	o := closing("a@b")
	o.Patient.Address = hugoBox
	if _, err := w.CloseExchange(w.ctx, w.box(anne), o); !problem.Is(err, problem.Invalid) {
		t.Errorf("a colleague: %v", err)
	}
	o = closing("a@b")
	o.Account = "somebody-else"
	if _, err := w.CloseExchange(w.ctx, w.box(anne), o); !problem.Is(err, problem.Conflict) {
		t.Errorf("another person's page: %v", err)
	}
}

// §3.4.2.2: who a letter to a patient is for is asked about, unless it was confirmed or is the
// one who wrote.
func TestIdentity(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.Patient = Identity(o.Now) })
	box := w.box(anne)
	d := w.letter(box, patient)
	got, err := w.Check(w.ctx, box, d.ID)
	w.must(err)
	if codes(got) != "ask patient_identity:"+patient || !strings.Contains(got[0].Say, "née en mars 1955") || !strings.Contains(got[0].Say, "siècle supposé") || strings.Contains(got[0].Say, "255033799001108") {
		t.Errorf("%q %+v", codes(got), got)
	}
	b, err := w.New(w.ctx, box, Origin{Kind: ToPatient, To: []Recipient{{Address: patient}}, Subject: "Résultat"})
	w.must(err)
	s, err := w.Save(w.ctx, box, b.Draft.ID, Edit{Version: b.Draft.Version, Fields: Fields{To: b.Draft.Fields.To, Subject: "Résultat", Text: "Tout va bien."}})
	w.must(err)
	if got, err := w.Check(w.ctx, box, s.ID); err != nil || len(got) != 0 {
		t.Errorf("confirmed, asked again: %q %v", codes(got), err)
	}
	_, err = w.Save(w.ctx, box, s.ID, Edit{Version: s.Version, Fields: Fields{To: []Recipient{{Address: "184037512345633@patient.mssante.fr"}}, Subject: "Résultat", Text: "Tout va bien."}})
	w.must(err)
	if got, err := w.Check(w.ctx, box, s.ID); err != nil || !strings.Contains(codes(got), "ask patient_identity:184037512345633") {
		t.Errorf("another patient in their place: %q %v", codes(got), err)
	}
}

// An answer to a patient whose subject reads as a closing takes another.
func TestAnswerToFin(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.Patient = Identity(o.Now) })
	raw := "From: Odile <" + patient + ">\r\nTo: " + anneBox + "\r\nSubject: Re: [FIN]\r\nMessage-ID: <x@y>\r\n\r\nBonjour\r\n"
	w.host.Put(address(t, anneBox), "INBOX", nil, w.now(), []byte(raw))
	box := w.box(anne)
	x, err := box.Exchanges(w.ctx, mailbox.Left{})
	w.must(err)
	b, err := w.New(w.ctx, box, Origin{Kind: Answer, Ref: x.All[0].Last().Ref, Plain: true})
	w.must(err)
	if b.Draft.Fields.Subject != afterClosing {
		t.Errorf("subject %q", b.Draft.Fields.Subject)
	}
	if got, err := w.Check(w.ctx, box, b.Draft.ID); err != nil || strings.Contains(codes(got), "patient_identity") {
		t.Errorf("who wrote is asked about: %q %v", codes(got), err)
	}
}
