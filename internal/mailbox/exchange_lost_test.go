package mailbox

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/conversation"
	"pli.example/pli/internal/message"
	"pli.example/pli/internal/mssante"
)

// report is what a server writes back of one recipient.
func report(subject, about, to, action, status string) string {
	return "Return-Path: <>\nFrom: Mail Delivery System <MAILER-DAEMON@smtp.test.example>\nTo: " + annes + "\nSubject: " + subject + "\nMessage-ID: <dsn." + about + ">\nMIME-Version: 1.0\n" +
		"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\nContent-Type: text/plain\n\nVoir.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; smtp.test.example\n\n" +
		"Final-Recipient: rfc822; " + to + "\nAction: " + action + "\nStatus: " + status + "\nDiagnostic-Code: smtp; 550 " + status + " voir\n\n--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <" + about + ">\n\n--b--\n"
}

func waits(x Exchanges) (n int) {
	for _, e := range x.All {
		if e.Waits() {
			n++
		}
	}
	return n
}

// lostLetters is an outbox that keeps what it hears: status by Message-ID and patient.
type lostLetters map[string]string

func (h lostLetters) left() Left {
	return Left{
		Lost: func(id string, p mssante.Address) (string, bool, bool) {
			status, ok := h[id+" "+p.String()]
			return status, ok, ok
		},
		Heard: func(_ context.Context, id string, p message.ReportRecipient) { h[id+" "+p.Address.String()] = p.Status },
	}
}

// A notice thrown away changes nothing, whatever its form: a closing that came back stays so.
func TestNoticeBinned(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.folders("Sent", "Trash")
	w.lay("INBOX", "Odile <"+odile+">", annes, "Question", 1)
	w.lay("Sent", annes, odile, "[FIN]", 2, "X-MSS-MES: FIN")
	w.put(annes, "INBOX", "Return-Path: <>\nFrom: Mon espace santé <no-reply@mes.test.example>\nTo: "+annes+"\nSubject: Message non distribué\nIn-Reply-To: <Sent.2@test>\n\nmessagerie fermée\n")
	b, left := w.open(anne, annes), lostLetters{}.left()
	for _, binned := range []bool{false, true} {
		x, err := b.Exchanges(w.ctx, left)
		w.must(err)
		if s := x.All[0].State; s.Phase != conversation.WaitingForUs || !s.LostClosing {
			t.Errorf("notice in the bin %v: %+v", binned, s)
		}
		l, err := b.List(w.ctx, ListQuery{Folder: b.folderID("INBOX")})
		w.must(err)
		for _, it := range l.Items {
			if it.Subject == "Message non distribué" {
				_, err := b.Bin(w.ctx, []Ref{it.Ref})
				w.must(err)
			}
		}
	}
}

// The four ways in which Mon espace santé gives a letter back (ENS §6): such a letter
// neither opens nor closes, and is marked.
func TestUndelivered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.folders("Sent")
	patients := map[string]string{} // by what is said of their letter
	for i, said := range []string{"closed", "unknown", "bad address", "too big", "late", "another"} {
		patients[said] = fmt.Sprintf("2550337990011%02d@patient.mssante.fr", 10+i)
		w.lay("Sent", annes, patients[said], "Résultat", 1+i)
	}
	about := func(i int) string { return fmt.Sprintf("Sent.%d@test", i) }
	w.put(annes, "INBOX", report("Message non distribué", about(1), patients["closed"], "failed", "5.2.1"))
	w.put(annes, "INBOX", report("Message non distribué", about(2), patients["unknown"], "failed", "5.1.1"))
	w.put(annes, "INBOX", "Return-Path: <>\nFrom: Mon espace santé <no-reply@mes.test.example>\nTo: "+annes+"\nSubject: Message non distribué\nIn-Reply-To: <"+about(3)+">\n\nadresse invalide\n")
	w.put(annes, "INBOX", report("Undelivered Mail Returned to Sender", about(4), patients["too big"], "failed", "5.3.4"))
	w.put(annes, "INBOX", report("Delayed Mail (still being retried)", about(5), patients["late"], "delayed", "4.4.1"))
	w.put(annes, "INBOX", report("Undelivered Mail Returned to Sender", about(6), "x@patient.mssante.fr", "failed", "5.1.1"))
	b, heard := w.open(anne, annes), lostLetters{}
	left := heard.left()
	for range 2 {
		x, err := b.Exchanges(w.ctx, left)
		w.must(err)
		if len(x.All) != 6 || x.Waiting() != 0 || x.Say != "" {
			t.Fatalf("%d exchanges, %d wait: %q", len(x.All), x.Waiting(), x.Say)
		}
		if waits(x) != 4 || !x.All[3].Waits() { // not counted, and not hidden: at the head
			t.Errorf("%d are shown as waiting", waits(x))
		}
		for said, patient := range patients {
			e := x.All[slices.IndexFunc(x.All, func(e Exchange) bool { return e.Patient.String() == patient })]
			lost := said != "late" && said != "another"
			if phase := e.State.Phase; (phase == conversation.NotOpened) != lost || (e.Last().Mark == conversation.Lost) != lost || (e.Last().Lost != nil) != lost {
				t.Errorf("%s: phase %d, %+v", said, phase, e.Last())
			}
			if said == "too big" && e.Last().Lost.Status != "5.3.4" {
				t.Errorf("why: %+v", e.Last().Lost)
			}
		}
	}
	if len(heard) != 4 || heard[about(4)+" "+patients["too big"]] != "5.3.4" {
		t.Errorf("the outbox heard of %v", heard)
	}
	w.lay("INBOX", "Odile <"+odile+">", annes, "Question", 60)
	if x, err := b.Exchanges(w.ctx, left); err != nil || x.Waiting() != 1 || x.All[0].Patient.String() != odile {
		t.Errorf("who waits does not come first: %d, %v", x.Waiting(), err)
	}
	left.Lost = func(id string, _ mssante.Address) (string, bool, bool) { return "5.1.1", id == about(5), true }
	x, err := b.Exchanges(w.ctx, left)
	w.must(err)
	if n := waits(x); n != 2 {
		t.Errorf("what the outbox knows does not count: %d wait", n)
	}
}

// A [FIN] that comes back leaves the exchange as it was: the patient waits, and may write.
func TestUndeliveredClosing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.folders("Sent")
	w.lay("Sent", annes, odile, "Lettre", 1)
	w.lay("INBOX", "Odile <"+odile+">", annes, "Question", 2)
	w.lay("Sent", annes, odile, "[FIN]", 3, "X-MSS-MES: FIN")
	b := w.open(anne, annes)
	if e := w.exchanges(b)[0]; e.State.Phase != conversation.Closed {
		t.Fatalf("%+v", e.State)
	}
	w.put(annes, "INBOX", report("Message non distribué", "Sent.3@test", strings.ToUpper(odile), "failed", "5.2.2"))
	e := w.exchanges(b)[0]
	if s := e.State; s.Phase != conversation.WaitingForUs || !s.Open || !s.LostClosing || !e.Last().Fin || e.Last().Mark != conversation.Lost {
		t.Errorf("%+v %+v", s, e.Last())
	}
}

// A closing whose answer is awaited is shown, and changes nothing yet.
func TestClosingUnderWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.lay("INBOX", "Odile <"+odile+">", annes, "Question", 2)
	u := Unfiled{MessageID: "fin@test", Subject: "[FIN]", MES: "FIN", To: []message.Mailbox{{Address: address(t, odile)}, {Address: address(t, gerard)}}, UnderWay: true}
	x, err := w.open(anne, annes).Exchanges(w.ctx, Left{Unfiled: []Unfiled{u}})
	w.must(err)
	if len(x.All) != 1 || x.All[0].State.Phase != conversation.WaitingForUs || !x.All[0].State.ClosingLeaves || len(x.All[0].Letters) != 2 {
		t.Errorf("%+v", x.All)
	}
}

// senderOf gives a report under another sender, with the return path a server would write.
func senderOf(path, from, raw string) string {
	_, rest, _ := strings.Cut(raw, "\nFrom: ")
	_, rest, _ = strings.Cut(rest, "\n")
	return path + "From: " + from + "\n" + rest
}

const (
	fromServer = "Return-Path: <>\n"
	fromPirate = "Return-Path: <pirate@chu.test.mssante.fr>\n"
)

// What became of a closing is told by whoever carried it. A report anybody may have written
// decides nothing, keeps nothing, and is said: the exchange stands with those to look at
// (attack: a colleague in copy knows the Message-ID, and may write any From); a server's
// counts whatever it calls itself.
func TestForgedNotice(t *testing.T) {
	t.Parallel()
	const exchange = "Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@chu.test.mssante.fr>"
	for _, c := range []struct {
		path, from string
		believed   bool
	}{
		{"", "MAILER-DAEMON <pirate@chu.test.mssante.fr>", false},
		{fromPirate, "MAILER-DAEMON <mailer-daemon@chu.test.mssante.fr>", false},
		{fromPirate, "postmaster@nimporte.quoi.invalid", false},
		{fromPirate, "x <x@patient.mssante.fr>", false},
		{"", "postmaster@nimporte.quoi.invalid", false},
		{fromServer, exchange, true},
		{fromServer, "Mon espace santé <no-reply@mes.test.example>", true},
		{fromServer, "\"Mail Delivery System\" <>", true},
		{fromServer, "Mail Delivery Subsystem <no-reply@smtp.test.example>", true},
		{"", "MAILER-DAEMON@medecin.test.mssante.fr", true},
	} {
		w := newWorld(t)
		w.folders("Sent")
		w.lay("INBOX", "Odile <"+odile+">", annes, "Question", 1)
		w.lay("Sent", annes, odile, "[FIN]", 2, "X-MSS-MES: FIN")
		w.put(annes, "INBOX", senderOf(c.path, c.from, report("Message non distribué", "Sent.2@test", odile, "failed", "5.2.2")))
		heard := lostLetters{}
		x, err := w.open(anne, annes).Exchanges(w.ctx, heard.left())
		w.must(err)
		e := x.All[0]
		last := e.Last()
		if !e.Waits() || x.Waiting() != 1 || len(heard) != 0 != c.believed {
			t.Errorf("%q %s: %+v, heard %v", c.path, c.from, e.State, heard)
		}
		if c.believed && (e.State.Phase != conversation.WaitingForUs || !e.State.LostClosing || last.Doubt != nil || last.Lost == nil || !e.State.Contested.IsZero()) {
			t.Errorf("%q %s is not believed: %+v", c.path, c.from, e)
		}
		if !c.believed && (e.State.Phase != conversation.Closed || !e.State.ContestedClosing || last.Doubt == nil || last.Doubt.Status != "5.2.2" || last.Lost != nil || e.Letters[0].Doubt != nil) {
			t.Errorf("%q %s: %+v", c.path, c.from, e)
		}
	}
}

// The envelope id of a letter is told to the servers that carry it alone: its notice counts
// whoever seems to have written it, in the page of an exchange as when it is opened.
func TestNoticeOfOurEnvelope(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.folders("Sent")
	w.lay("Sent", annes, odile, "[FIN]", 2, "X-MSS-MES: FIN")
	raw := senderOf(fromPirate, "odd@smtp.test.example", report("Message non distribué", "Sent.2@test", odile, "failed", "5.2.2"))
	w.put(annes, "INBOX", strings.Replace(raw, "Reporting-MTA: dns; smtp.test.example\n", "Reporting-MTA: dns; smtp.test.example\nOriginal-Envelope-Id: ours\n", 1))
	b := w.open(anne, annes)
	for envelope, want := range map[string]conversation.Mark{"ours": conversation.Lost, "another": conversation.Closing} {
		x, err := b.Exchanges(w.ctx, Left{Submitted: func(_ context.Context, id, said string) bool { return id == "Sent.2@test" && said == envelope }})
		w.must(err)
		if got := x.All[0].Last().Mark; got != want {
			t.Errorf("submitted as %q: mark %d", envelope, got)
		}
	}
}

// A second closing ends what an unverified notice contests of the first; so does binning it.
func TestContestedEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.folders("Sent", "Trash")
	w.lay("Sent", annes, odile, "[FIN]", 2, "X-MSS-MES: FIN")
	w.lay("Sent", annes, gerard, "[FIN]", 3, "X-MSS-MES: FIN")
	w.put(annes, "INBOX", senderOf(fromPirate, "x@chu.test.mssante.fr", report("Message non distribué", "Sent.2@test", odile, "failed", "5.2.2")))
	notice := w.put(annes, "INBOX", senderOf(fromPirate, "x@chu.test.mssante.fr", report("Message non distribué", "Sent.3@test", gerard, "failed", "5.2.2")))
	b := w.open(anne, annes)
	x, err := b.Exchanges(w.ctx, Left{})
	w.must(err)
	if x.Waiting() != 2 {
		t.Fatalf("%d wait", x.Waiting())
	}
	w.lay("Sent", annes, odile, "[FIN]", 4, "X-MSS-MES: FIN")
	l, err := b.List(w.ctx, ListQuery{Folder: b.folderID("INBOX")})
	w.must(err)
	for _, it := range l.Items {
		if it.UID == notice {
			_, err := b.Bin(w.ctx, []Ref{it.Ref})
			w.must(err)
		}
	}
	x, err = b.Exchanges(w.ctx, Left{})
	w.must(err)
	if x.Waiting() != 0 || waits(x) != 0 {
		t.Errorf("%d wait: %+v", x.Waiting(), x.All)
	}
}

// A patient told otherwise of a letter that came back waits no more: not in the group, not in
// the counter. What comes or leaves after that letter does.
func TestToldOtherwise(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.folders("Sent")
	w.lay("Sent", annes, odile, "Résultat", 1)
	w.lay("Sent", annes, gerard, "Lettre", 2)
	w.lay("INBOX", "Gérard <"+gerard+">", annes, "Question", 3)
	w.lay("Sent", annes, gerard, "Réponse", 4)
	w.put(annes, "INBOX", report("Message non distribué", "Sent.1@test", odile, "failed", "5.1.1"))
	w.put(annes, "INBOX", report("Message non distribué", "Sent.4@test", gerard, "failed", "5.2.1"))
	b, told := w.open(anne, annes), map[string]time.Time{}
	left := Left{Told: func(id string, p mssante.Address) (time.Time, bool) {
		at, ok := told[id+" "+p.String()]
		return at, ok
	}}
	look := func(what string, count, shown int) {
		t.Helper()
		x, err := b.Exchanges(w.ctx, left)
		w.must(err)
		if x.Waiting() != count || waits(x) != shown {
			t.Errorf("%s: %d counted, %d shown as waiting", what, x.Waiting(), waits(x))
		}
	}
	look("before", 1, 2)
	told["Sent.1@test "+gerard] = time.Now() // of another patient's letter
	look("another's", 1, 2)
	told["Sent.1@test "+odile], told["Sent.4@test "+gerard] = time.Now(), time.Now()
	look("told", 0, 0)
	w.lay("Sent", annes, odile, "Encore", 5)
	w.put(annes, "INBOX", report("Message non distribué", "Sent.5@test", odile, "failed", "5.1.1"))
	look("another letter came back", 0, 1)
	w.lay("INBOX", "Gérard <"+gerard+">", annes, "Encore", 6)
	look("the patient wrote", 1, 2)
}
