package outgoing

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"strings"
	"sync"
	"testing"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/demo/mailhost"
	"pli.example/pli/internal/ledger"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/message"
	"pli.example/pli/internal/problem"
)

func (w *world) send(box *mailbox.Box, d Draft) Result {
	w.Helper()
	r, err := w.Send(w.ctx, box, d.ID, SendOptions{Version: d.Version})
	w.must(err)
	return r
}

// What leaves is what was authorised: the octets whose hash is in the trail, with
// the person and the level of their session.
func TestSend(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	d := w.letter(box, hugoBox)
	content := noise(700_000)
	w.attach(box, d, "Échographie Mme Besançon.pdf", append([]byte("%PDF-1.7\n"), content...))
	s, err := w.Save(w.ctx, box, d.ID, Edit{Version: d.Version, Fields: Fields{To: d.Fields.To, Bcc: []Recipient{{Address: "secret@medecin.mssante.fr"}},
		Subject: "Échographie", HTML: "<p>Ci-joint l’écho.</p>", DeliveryReceipt: true, ReadReceipt: true, NoReply: true}})
	w.must(err)
	w.must(w.Leave(w.ctx, box, d.ID))
	r, err := w.Send(w.ctx, box, d.ID, SendOptions{Version: s.Version})
	w.must(err)
	if r.Came != CameSent || len(r.Recipients) != 2 || !r.Recipients[0].Accepted || !r.Recipients[1].Accepted {
		t.Fatalf("%+v", r)
	}
	w.sentCopies(1)
	raw := w.host.Newest(address(t, hugoBox), "INBOX")
	l := w.parse(raw)
	for name, want := range map[string]string{"Subject": "Échographie", "X-MSS-NIL": "PLI-TEST", "Bcc": "", "Sender": "", "X-MSS-MES": "", "X-Pli-Draft": "",
		"Message-ID": "<" + d.MessageID + ">", "From": "Dr_Anne_MARTIN <" + anneBox + ">"} {
		if got := l.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if l.Header.Get("Disposition-Notification-To") == "" {
		t.Error("no receipt was asked for")
	}
	files := l.Root.Body().Attachments
	if len(files) != 1 || files[0].FileName != "Échographie Mme Besançon.pdf" || files[0].Type != "application/pdf" {
		t.Fatalf("%v", files)
	}
	var got bytes.Buffer
	w.must(files[0].Decode(&got))
	if !bytes.Equal(got.Bytes()[9:], content) {
		t.Error("the file changed on the way")
	}
	// The octets after what the servers put in front are those of the trail.
	_, sent, _ := bytes.Cut(raw, []byte("\r\nDate: "))
	sum := sha256.Sum256(append([]byte("Date: "), sent...))
	rows, err := w.trail.Recent(w.ctx, audit.Filter{Action: audit.LetterSend})
	w.must(err)
	asked := rows[len(rows)-1].Event
	if asked.Request != "SUBMIT sha256:"+hex.EncodeToString(sum[:]) || asked.Actor.ACR != "eidas1" || asked.Outcome != audit.OutcomeAsked || rows[0].Event.Outcome != "ok" {
		t.Errorf("%+v", rows)
	}
	copied := w.parse(w.host.Newest(address(t, anneBox), "Sent"))
	if copied.Header.Get("Bcc") == "" {
		t.Error("the copy in Sent does not tell the blind recipient")
	}
	if n := w.host.Count(address(t, anneBox), "Drafts"); n != 0 {
		t.Errorf("%d copies left in Drafts", n)
	}
	var kept int
	w.must(w.db.Read().QueryRow(`SELECT (SELECT count(*) FROM draft_chunks) + (SELECT count(*) FROM letters WHERE length(frozen) > 0)`).Scan(&kept))
	if kept != 0 {
		t.Errorf("%d pieces of the letter are still here", kept)
	}
	for i, want := range []string{"1 1 0", "0 1 0", "0 0 0"} {
		days := i * 20
		w.advance(time.Duration(days) * 24 * time.Hour)
		w.must(w.Sweep(w.ctx))
		var got string
		w.must(w.db.Read().QueryRow(`SELECT (SELECT count(*) FROM drafts) || ' ' || (SELECT count(*) FROM letters) || ' ' || (SELECT count(*) FROM draft_files)`).Scan(&got))
		if got != want {
			t.Errorf("after %d days: %s, want %s", days, got, want)
		}
		w.advance(-time.Duration(days) * 24 * time.Hour)
	}
	story, err := w.o.Ledger.Of(w.ctx, r.LetterID)
	w.must(err)
	if len(story) != 2 || story[0].State != ledger.Submitted && story[0].State != ledger.Delivered || story[0].Copied.IsZero() {
		t.Errorf("%+v", story)
	}
	if _, err := w.trail.Verify(w.ctx); err != nil {
		t.Error(err)
	}
}

// However many clicks, tabs and windows: one letter.
func TestSendOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	d := w.letter(w.box(anne), hugoBox)
	another := New(w.o) // another node on the same database: nothing in memory is shared
	var all sync.WaitGroup
	var mu sync.Mutex
	came := map[Came]int{}
	for i := range 40 {
		o := w.Outbox
		if i%2 == 1 {
			o = another
		}
		box := w.box(anne)
		all.Go(func() {
			r, err := o.Send(w.ctx, box, d.ID, SendOptions{Version: d.Version})
			mu.Lock()
			defer mu.Unlock()
			if came[r.Came]++; err != nil && !problem.Is(err, problem.Conflict) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if came[CameSent] == 0 {
		t.Errorf("%v", came)
	}
	w.sentCopies(1)
	another.flying.Wait()
	if r, err := w.Send(w.ctx, w.box(anne), d.ID, SendOptions{Version: d.Version}); err != nil || r.Came != CameSent {
		t.Errorf("a click long after: %+v %v", r, err)
	}
	if w.arrived(hugoBox) != 1 || w.acts(audit.LetterSend, audit.OutcomeAsked) != 1 {
		t.Errorf("%d letters arrived, %d submissions", w.arrived(hugoBox), w.acts(audit.LetterSend, audit.OutcomeAsked))
	}
}

// Sending and discarding, or saving, at the same time: the letter that leaves is one
// the person saw, and a discarded one never leaves.
func TestSendRaces(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for i := range 6 {
		d := w.letter(w.box(anne), hugoBox)
		before := w.arrived(hugoBox)
		var all sync.WaitGroup
		var r Result
		var gone error
		sendBox, otherBox := w.box(anne), w.box(anne)
		all.Go(func() { r, _ = w.Send(w.ctx, sendBox, d.ID, SendOptions{Version: d.Version}) })
		all.Go(func() {
			if i%2 == 0 {
				gone = w.Discard(w.ctx, otherBox, d.ID)
			} else {
				_, gone = w.Save(w.ctx, otherBox, d.ID, edit(d.Version, "w", 9, "autre texte"))
			}
		})
		all.Wait()
		w.flying.Wait()
		if left := w.arrived(hugoBox) - before; (r.Came == CameSent) != (left == 1) {
			t.Errorf("%s, but %d letters left", r.Came, left)
		}
		if i%2 == 0 && gone == nil && r.Came == CameSent {
			t.Error("discarded and sent")
		}
		if strings.Contains(string(w.host.Newest(address(t, hugoBox), "INBOX")), "autre texte") {
			t.Error("what nobody saw was sent")
		}
	}
}

func TestSendOfAnOldPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	d := w.letter(box, hugoBox)
	f := w.attach(box, d, "a.txt", []byte("a"))
	for _, c := range []struct {
		name string
		o    SendOptions
		say  string
	}{
		{"older text", SendOptions{Version: d.Version - 1}, sayStale},
		{"a file the page does not show", SendOptions{Version: d.Version, Files: []string{}}, sayFiles},
		{"a file that is gone", SendOptions{Version: d.Version, Files: []string{f.ID, "autre"}}, sayFiles},
	} {
		if _, err := w.Send(w.ctx, box, d.ID, c.o); problem.SayOf(err) != c.say {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if r, err := w.Send(w.ctx, box, d.ID, SendOptions{Version: d.Version, Files: []string{f.ID}}); err != nil || r.Came != CameSent {
		t.Errorf("%+v %v", r, err)
	}
}

// A failure keeps the draft and tells each recipient's fate.
func TestSendRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	d := w.letter(box, hugoBox, "inconnu.au.bataillon@medecin.mssante.fr")
	r := w.send(box, d)
	if r.Came != CameKept || !strings.Contains(r.Say, "inconnu.au.bataillon") || !strings.Contains(r.Say, "vers personne") {
		t.Fatalf("%+v", r)
	}
	if f := r.Recipients; len(f) != 2 || f[0].Code != "" || !strings.Contains(f[0].Say, "personne ne l’a reçue") || !strings.HasPrefix(f[1].Code, "550") || !strings.Contains(f[1].Say, "n’existe pas") {
		t.Errorf("%+v", f)
	}
	if w.arrived(hugoBox) != 0 || w.state(box, d.ID) != Open || w.acts(audit.LetterRefused, "") != 1 {
		t.Error("the letter left, or the draft is not as it was")
	}
	all, err := w.List(w.ctx, box)
	w.must(err)
	if !strings.Contains(all[0].LastError, "inconnu.au.bataillon") {
		t.Errorf("the list says %q", all[0].LastError)
	}
	// Mended, it leaves.
	s, err := w.Save(w.ctx, box, d.ID, Edit{Version: d.Version, Fields: Fields{To: d.Fields.To[:1], Subject: "s", Text: "t"}})
	w.must(err)
	if r, err := w.Send(w.ctx, box, d.ID, SendOptions{Version: s.Version}); err != nil || r.Came != CameSent {
		t.Errorf("%+v %v", r, err)
	}
}

func TestSendServerDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	d := w.letter(box, hugoBox)
	w.host.Stop(mailhost.ServiceSMTP)
	if r := w.send(box, d); r.Came != CameKept || !strings.Contains(r.Say, "gardée") {
		t.Fatalf("%+v", r)
	}
	w.host.Start(mailhost.ServiceSMTP)
	if r := w.send(box, d); r.Came != CameSent {
		t.Fatalf("%+v", r)
	}
	if w.arrived(hugoBox) != 1 {
		t.Error("not once")
	}
}

// A session that ended sends nothing, and loses nothing.
func TestSendAfterTheSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	d := w.letter(box, hugoBox)
	w.signed.Store(anne.SessionID, true)
	if r := w.send(box, d); r.Came != CameKept {
		t.Fatalf("%+v", r)
	}
	if w.state(box, d.ID) != Open {
		t.Error("the draft is not as it was")
	}
}

// The copy in Sent is tried until it is there; the letter never leaves again for it.
func TestSentCopyIsRetried(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	d := w.letter(box, hugoBox)
	w.attach(box, d, "a.bin", noise(100_000))
	w.host.Stop(mailhost.ServiceIMAP)
	if r := w.send(box, d); r.Came != CameSent {
		t.Fatalf("%+v", r)
	}
	w.flying.Wait()
	for range 3 {
		w.advance(2 * time.Hour)
		w.tend(w.ctx)
	}
	w.host.Start(mailhost.ServiceIMAP)
	w.restart() // the files are still here, sealed
	w.Attend(w.ctx, w.box(anne))
	w.flying.Wait()
	if w.host.Count(address(t, anneBox), "Sent") != 0 {
		t.Error("tried before its time")
	}
	w.advance(2 * time.Hour)
	for range 3 {
		w.Attend(w.ctx, w.box(anne))
		w.tend(w.ctx)
	}
	w.sentCopies(1)
	if w.arrived(hugoBox) != 1 {
		t.Errorf("%d letters arrived", w.arrived(hugoBox))
	}
	l := w.parse(w.host.Newest(address(t, anneBox), "Sent"))
	if files := l.Root.Body().Attachments; len(files) != 1 || files[0].FileName != "a.bin" {
		t.Errorf("the copy's files: %v", files)
	}
}

// The operator files a copy itself: none is added.
func TestSentCopyIsThereAlready(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	d := w.letter(box, hugoBox)
	w.Outbox.crash = func(point string) {
		if point == "concluded" {
			w.host.Put(address(t, anneBox), "Sent", nil, w.now(), []byte("Message-ID: <"+d.MessageID+">\r\n\r\nx\r\n"))
		}
	}
	w.send(box, d)
	w.sentCopies(1)
}

// Between the final dot and the answer nobody can know: a person or evidence tells.
func TestUnknown(t *testing.T) {
	t.Parallel()
	deaf := func(w *world) (*mailbox.Box, Draft) {
		box := w.box(anne)
		d := w.letter(box, hugoBox)
		w.Outbox.crash = func(point string) {
			w.fault.Load().deaf.Store(point == "before the dot" || point == "answered" && w.fault.Load().deaf.Load())
		}
		r := w.send(box, d)
		w.Outbox.crash = func(string) {}
		w.fault.Store(&faults{})
		if r.Came != CameUnknown || r.Say != sayUnknown || w.state(box, d.ID) != Unknown {
			w.Fatalf("%+v", r)
		}
		return box, d
	}
	quiet := func(w *world, box *mailbox.Box, d Draft) { // nothing happens by itself
		w.Helper()
		w.advance(48 * time.Hour)
		w.Attend(w.ctx, box)
		w.tend(w.ctx)
		w.flying.Wait()
		w.must(w.Sweep(w.ctx))
		w.restart()
		w.Attend(w.ctx, w.box(anne))
		w.flying.Wait()
		if w.state(w.box(anne), d.ID) != Unknown || w.arrived(hugoBox) != 1 {
			w.Fatalf("%s, %d arrived", w.state(w.box(anne), d.ID), w.arrived(hugoBox))
		}
		if _, err := w.Send(w.ctx, w.box(anne), d.ID, SendOptions{Version: d.Version}); !problem.Is(err, problem.Conflict) {
			w.Errorf("'Envoyer' on a letter of unknown fate: %v", err)
		}
		if err := w.Discard(w.ctx, w.box(anne), d.ID); !problem.Is(err, problem.Conflict) {
			w.Errorf("discarded: %v", err)
		}
	}
	t.Run("it left", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		box, d := deaf(w)
		quiet(w, box, d)
		r, err := w.Settle(w.ctx, w.box(anne), d.ID, ItLeft)
		w.must(err)
		w.sentCopies(1)
		if r.Came != CameSent || w.state(w.box(anne), d.ID) != Sent || w.arrived(hugoBox) != 1 || w.acts(audit.LetterSettle, "ok") != 1 {
			t.Errorf("%+v", r)
		}
	})
	t.Run("again", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		box, d := deaf(w)
		quiet(w, box, d)
		first := w.host.Newest(address(t, hugoBox), "INBOX")
		var all sync.WaitGroup
		for range 5 {
			box := w.box(anne)
			all.Go(func() { _, _ = w.Settle(w.ctx, box, d.ID, SendAgain) })
		}
		all.Wait()
		w.sentCopies(1)
		if w.arrived(hugoBox) != 2 || w.acts(audit.LetterSend, audit.OutcomeAsked) != 2 {
			t.Fatalf("%d letters", w.arrived(hugoBox))
		}
		cut := func(raw []byte) string { _, b, _ := bytes.Cut(raw, []byte("\r\nDate: ")); return string(b) }
		if cut(first) != cut(w.host.Newest(address(t, hugoBox), "INBOX")) {
			t.Error("other octets than those authorised")
		}
	})
	t.Run("found in Sent", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		box, d := deaf(w)
		w.host.Put(address(t, anneBox), "Sent", nil, w.now(), []byte("Message-ID: <"+d.MessageID+">\r\n\r\nx\r\n"))
		w.advance(time.Hour)
		w.Attend(w.ctx, box)
		w.settles("evidence", func() bool { return w.state(box, d.ID) == Sent })
		w.sentCopies(1)
	})
	for name, raw := range map[string]string{
		"an answer":  "From: x@y.mssante.fr\r\nMessage-ID: <r@y>\r\nIn-Reply-To: <ID>\r\nSubject: Re\r\n\r\nMerci\r\n",
		"only noise": "From: x@y.mssante.fr\r\nMessage-ID: <r@y>\r\nSubject: devinette\r\n\r\n<ID>\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			box, d := deaf(w)
			w.host.Put(address(t, anneBox), "INBOX", nil, w.now(), []byte(strings.ReplaceAll(raw, "ID>", d.MessageID+">")[:]))
			w.advance(time.Hour)
			w.Attend(w.ctx, box)
			w.flying.Wait()
			if got := w.state(box, d.ID); (got == Sent) != (name == "an answer") {
				t.Errorf("%s", got)
			}
		})
	}
	t.Run("a notice is opened", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		box, d := deaf(w)
		w.must(w.Heard(w.ctx, box, message.Report{OriginalMessageID: "autre@x"}))
		if w.state(box, d.ID) != Unknown {
			t.Error("somebody else's notice settled it")
		}
		w.must(w.Heard(w.ctx, box, message.Report{Kind: message.ReportDelivery, From: message.ParseAddressList("mailer-daemon@smtp.example"), OriginalMessageID: d.MessageID, Recipients: []message.ReportRecipient{{Address: address(t, hugoBox), Action: "delivered", Status: "2.0.0"}}}))
		if w.state(box, d.ID) != Sent {
			t.Error("the notice settled nothing")
		}
		w.sentCopies(1)
	})
}

// The octets must be the authorised ones: a file altered after the click stops the
// letter before its final dot.
func TestOtherOctetsNeverLeave(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	d := w.letter(box, hugoBox)
	f := w.attach(box, d, "a.bin", noise(ChunkSize))
	w.Outbox.crash = func(point string) {
		if point != "recorded" {
			return
		}
		evil, err := w.keys.Seal(sealChunk, make([]byte, ChunkSize), chunkAAD(d.AuthorID, d.ID, f.ID, 0)) // by somebody who has the keys
		w.must(err)
		w.must(w.db.Write(w.ctx, func(tx *sql.Tx) error {
			_, err := tx.Exec(`UPDATE draft_chunks SET blob = ? WHERE file_id = ?`, evil, f.ID)
			return err
		}))
	}
	if r := w.send(box, d); r.Came != CameKept || w.arrived(hugoBox) != 0 {
		t.Errorf("%+v, %d arrived", r, w.arrived(hugoBox))
	}
}

// A delegate writes in the mailbox's name; the trail and the letter tell who.
func TestDelegate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.give(anneBox, zoe.NationalID, delegation.Delegate, delegation.Read|delegation.Write|delegation.Send)
	box := w.box(zoe)
	if f := w.From(w.ctx, box); f.Person != "Zoé Petit, secrétariat pour Anne Martin" || f.Mailbox.Address.String() != anneBox {
		t.Errorf("%+v", f)
	}
	if r := w.send(box, w.letter(box, hugoBox)); r.Came != CameSent {
		t.Fatalf("%+v", r)
	}
	l := w.parse(w.host.Newest(address(t, hugoBox), "INBOX"))
	if l.Header.Get("From") != "Anne_MARTIN <"+anneBox+">" || !strings.Contains(l.Header.Get("Sender"), "Zoé Petit, secrétariat pour") {
		t.Errorf("From %q, Sender %q", l.Header.Get("From"), l.Header.Get("Sender"))
	}
	rows, err := w.trail.Recent(w.ctx, audit.Filter{Action: audit.LetterSend})
	w.must(err)
	if rows[0].Event.Actor.NationalID != zoe.NationalID {
		t.Errorf("%+v", rows[0].Event.Actor)
	}
}
