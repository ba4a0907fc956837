package outgoing

import (
	"context"
	"testing"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/conversation"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/problem"
)

// exchange opens one: a letter left, the patient may answer it.
func (w *world) exchange(t *testing.T) Draft {
	t.Helper()
	box := w.box(anne)
	d := w.letter(box, patient)
	r, err := w.Send(w.ctx, box, d.ID, SendOptions{Version: d.Version})
	w.must(err)
	if r.Came != CameSent {
		t.Fatalf("%+v", r)
	}
	w.flying.Wait()
	return d
}

// Attack: the operator is slow, the page no longer waits, then the closing fails. A [FIN]
// left open among the drafts is written in, or takes a file away.
func TestClosingFailsUnheard(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	d := w.exchange(t)
	ctx, cancel := context.WithCancel(w.ctx)
	w.crash = func(point string) {
		if point == "ledger" {
			cancel()
			time.Sleep(50 * time.Millisecond)
			w.host.Stop("smtp")
		}
	}
	r, err := w.CloseExchange(ctx, box, closing(d.MessageID))
	if err != nil || r.Came != CameFlying {
		t.Fatalf("%s %v", r.Came, err)
	}
	w.flying.Wait()
	w.crash = func(string) {}
	all, err := w.List(w.ctx, box)
	w.must(err)
	for _, s := range all {
		t.Errorf("in Brouillons: %q %s", s.Subject, s.State)
	}
	w.host.Start("smtp")
	r, err = w.CloseExchange(w.ctx, box, closing(d.MessageID))
	if err != nil || r.Came != CameSent {
		t.Errorf("the new try: %s %v", r.Came, err)
	}
}

// A closing is at no time a draft that somebody may open, bring back, write in or join to.
func TestClosingIsNoDraft(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	c, err := w.closingDraft(w.ctx, box, closing("a@b"), address(t, patient), 0)
	w.must(err)
	_, opened := w.Get(w.ctx, box, c.ID)
	restored := w.Restore(w.ctx, box, c.ID)
	_, saved := w.Save(w.ctx, box, c.ID, Edit{Version: c.Version, Fields: Fields{To: c.Fields.To, Subject: "Votre traitement", Text: "Continuez."}})
	_, joined := w.StartUpload(w.ctx, box, c.ID, "resultat.txt", 7)
	for what, err := range map[string]error{"opened": opened, "brought back": restored, "written in": saved, "joined to": joined} {
		if !problem.Is(err, problem.Gone) && !problem.Is(err, problem.Conflict) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if all, err := w.List(w.ctx, box); err != nil || len(all) != 0 {
		t.Errorf("in Brouillons: %+v %v", all, err)
	}
}

// unheard does f while the operator's answer is lost.
func (w *world) unheard(f func()) {
	w.crash = func(point string) {
		w.fault.Load().deaf.Store(point == "before the dot" || point == "answered" && w.fault.Load().deaf.Load())
	}
	f()
	w.flying.Wait()
	w.fault.Load().deaf.Store(false)
	w.crash = func(string) {}
}

// doubt closes the exchange without hearing the operator's answer, and gives the closing.
func (w *world) doubt(t *testing.T, last string) Summary {
	t.Helper()
	var r Result
	var err error
	w.unheard(func() { r, err = w.CloseExchange(w.ctx, w.box(anne), closing(last)) })
	w.must(err)
	all, err := w.List(w.ctx, w.box(anne))
	w.must(err)
	if r.Came != CameUnknown || len(all) != 1 || all[0].State != Unknown {
		t.Fatalf("%s %+v", r.Came, all)
	}
	return all[0]
}

// Attack: a closing of unknown fate is sent again days later, over what the patient wrote
// since, dated before it. It left or it did not; the button makes another.
func TestClosingIsNeverSentAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	d := w.exchange(t)
	s := w.doubt(t, d.MessageID)
	w.advance(48 * time.Hour)
	at := w.acts(audit.LetterSend, "ok")
	if r, err := w.Settle(w.ctx, w.box(anne), s.ID, SendAgain); !problem.Is(err, problem.Conflict) {
		t.Fatalf("sent again: %+v %v", r, err)
	}
	r, err := w.Settle(w.ctx, w.box(anne), s.ID, NotLeft)
	w.must(err)
	if all, err := w.List(w.ctx, w.box(anne)); err != nil || len(all) != 0 || r.Came != CameKept || r.Say != sayGivenUp {
		t.Errorf("said not to have left: %s %+v %v", r.Came, all, err)
	}
	if n := w.acts(audit.LetterSend, "ok"); n != at {
		t.Errorf("%d letters left meanwhile", n-at)
	}
	if _, err := w.Settle(w.ctx, w.box(anne), s.ID, NotLeft); !problem.Is(err, problem.Gone) {
		t.Errorf("said twice: %v", err)
	}
	r, err = w.CloseExchange(w.ctx, w.box(anne), closing(d.MessageID))
	w.must(err)
	w.flying.Wait()
	l := w.parse(w.host.Newest(address(t, anneBox), "Sent"))
	old, err := w.draft(w.ctx, w.db.Read(), w.box(anne), s.ID)
	w.must(err)
	if r.Came != CameSent || l.Envelope.Subject != "[FIN]" || l.Envelope.MessageID == old.MessageID || w.now().Sub(l.Envelope.Date) > time.Hour {
		t.Errorf("the button: %s %q %s %s", r.Came, l.Envelope.Subject, l.Envelope.MessageID, l.Envelope.Date)
	}
	// Any other letter is sent again as ever, and never put away: its text is somebody's.
	d = w.letter(w.box(anne), patient)
	w.unheard(func() { _, err = w.Send(w.ctx, w.box(anne), d.ID, SendOptions{Version: d.Version}) })
	w.must(err)
	if _, err := w.Settle(w.ctx, w.box(anne), d.ID, NotLeft); !problem.Is(err, problem.Invalid) {
		t.Errorf("an ordinary letter was given up: %v", err)
	}
	if r, err := w.Settle(w.ctx, w.box(anne), d.ID, SendAgain); err != nil || r.Came != CameSent {
		t.Errorf("an ordinary letter is not sent again: %s %v", r.Came, err)
	}
}

func TestClosingSaidToHaveLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	d := w.exchange(t)
	s := w.doubt(t, d.MessageID)
	r, err := w.Settle(w.ctx, w.box(anne), s.ID, ItLeft)
	w.must(err)
	w.flying.Wait()
	x, err := w.box(anne).Exchanges(w.ctx, mailbox.Left{})
	w.must(err)
	if r.Came != CameSent || len(x.All) != 1 || x.All[0].State.Phase != conversation.Closed {
		t.Errorf("%s %+v", r.Came, x.All)
	}
}

// Attack: the copy of a [FIN] is thrown away, the page offers the button again, and the
// button says 'closed' having sent nothing.
func TestClosingAgainOnceItsCopyIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	d := w.exchange(t)
	for range 2 {
		r, err := w.CloseExchange(w.ctx, box, closing(d.MessageID))
		if err != nil || r.Came != CameSent {
			t.Fatalf("%s %v", r.Came, err)
		}
		w.flying.Wait()
	}
	if n := w.acts(audit.LetterSend, "ok"); n != 2 {
		t.Fatalf("%d letters to the patient, want the first and one closing", n)
	}
	x, err := box.Exchanges(w.ctx, mailbox.Left{})
	w.must(err)
	last := x.All[0].Last()
	_, err = w.mail.For(box.Actor(), address(t, anneBox)).Expunge(w.ctx, "Sent", last.UIDValidity, []uint32{last.UID})
	w.must(err)
	for range 2 {
		r, err := w.CloseExchange(w.ctx, w.box(anne), closing(d.MessageID))
		if err != nil || r.Came != CameSent {
			t.Errorf("the button: %s %v", r.Came, err)
		}
		w.flying.Wait()
	}
	x, err = w.box(anne).Exchanges(w.ctx, mailbox.Left{})
	w.must(err)
	if n := w.acts(audit.LetterSend, "ok"); n != 3 || x.All[0].State.Phase != conversation.Closed {
		t.Errorf("%d letters to the patient, want one more; phase %d", n, x.All[0].State.Phase)
	}
}

// A [FIN] thrown out of Sent closed the exchange all the same; an exchange thrown away
// whole does not come back for it.
func TestClosingCountsWithoutItsCopy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	d := w.exchange(t)
	_, err := w.CloseExchange(w.ctx, box, closing(d.MessageID))
	w.must(err)
	w.flying.Wait()
	for _, want := range []int{1, 0} {
		x, err := w.box(anne).Exchanges(w.ctx, mailbox.Left{})
		w.must(err)
		last := x.All[0].Last()
		_, err = w.mail.For(box.Actor(), address(t, anneBox)).Expunge(w.ctx, "Sent", last.UIDValidity, []uint32{last.UID})
		w.must(err)
		left, err := w.Unfiled(w.ctx, box.Grant().Mailbox.ID)
		w.must(err)
		x, err = w.box(anne).Exchanges(w.ctx, mailbox.Left{Unfiled: left})
		w.must(err)
		if len(x.All) != want || want == 1 && (x.All[0].State.Phase != conversation.Closed || len(x.All[0].Letters) != 2 || !x.All[0].Last().Gone) {
			t.Fatalf("want %d exchanges: %+v", want, x.All)
		}
	}
}

// B7: letters to colleagues that wait for their copy hide no closing.
func TestUnfiledBehindMany(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	w.crash = func(point string) {
		if point == "concluded" {
			w.signed.Store(anne.SessionID, true)
		}
	}
	_, err := w.CloseExchange(w.ctx, box, closing("a@b"))
	w.must(err)
	w.flying.Wait()
	w.signed.Delete(anne.SessionID)
	w.advance(time.Minute)
	d := w.letter(box, hugoBox)
	_, err = w.Send(w.ctx, box, d.ID, SendOptions{Version: d.Version})
	w.must(err)
	w.flying.Wait()
	w.exec(`INSERT INTO letters (id, draft_id, mailbox_id, account_id, session_id, version, state, frozen, sha256, size, message_key, outcome, started_at, patients)
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i <= 1000)
		SELECT l.id || n.i, l.draft_id || n.i, l.mailbox_id, l.account_id, l.session_id, 1, 'accepted', x'01', l.sha256, 1, '', x'', l.started_at + n.i, l.patients FROM letters l, n WHERE l.draft_id = ?`, d.ID)
	left, err := w.Unfiled(w.ctx, box.Grant().Mailbox.ID)
	if err != nil || len(left) != 1 || left[0].Subject != "[FIN]" {
		t.Errorf("%+v %v", left, err)
	}
}
