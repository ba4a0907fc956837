package mailbox

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/conversation"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/message"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

const (
	odile  = "255033799001138@patient.mssante.fr"
	gerard = "146026322000196@patient.mssante.fr"
)

// lay puts a letter of an exchange in a folder, minutes after the others.
func (w *world) lay(folder, from, to, subject string, minutes int, more ...string) uint32 {
	w.Helper()
	raw := fmt.Sprintf("From: %s\nTo: %s\nSubject: %s\nMessage-ID: <%s.%d@test>\n%sMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\nBonjour.\n",
		from, to, subject, strings.ReplaceAll(folder, " ", ""), minutes, strings.Join(append(more, ""), "\n"))
	raw = strings.ReplaceAll(raw, "\n", "\r\n")
	at := time.Date(2026, 3, 1, 10, minutes, 0, 0, time.UTC)
	postman := w.mail.For(mssante.Actor{SessionID: "postman"}, address(w, annes))
	_, uid, err := postman.Append(w.ctx, folder, nil, at, int64(len(raw)), strings.NewReader(raw))
	w.must(err)
	return uid
}

func (w *world) folders(names ...string) {
	for _, n := range names {
		_ = w.users.get(annes).Create(n, nil)
	}
}

func (w *world) exchanges(b *Box) []Exchange {
	w.Helper()
	x, err := b.Exchanges(w.ctx, Left{})
	w.must(err)
	return x.All
}

func TestExchanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.folders("Sent", "Archive", "Drafts", "Trash")
	w.lay("Sent", annes, odile, "Vos chiffres", 1)
	w.lay("INBOX", "Odile  Besançon de la Tour <"+odile+">", annes, "Re: Vos chiffres", 2)
	w.lay("INBOX", "Odile <"+odile+">", annes, "Encore", 7)
	w.lay("Archive", "G. Fontaine <"+gerard+">", annes, "Bonjour", 3)
	w.lay("Sent", annes, gerard, "[FIN]", 4, "X-MSS-MES: FIN")
	w.lay("INBOX", "Dr Petit <hugo@chu.test.mssante.fr>", annes, "De votre confrère", 5)
	w.lay("INBOX", "Dr Petit <hugo@chu.test.mssante.fr>", odile+", "+annes, "En copie", 6)
	w.lay("Drafts", annes, gerard, "Un brouillon", 8)
	w.lay("Trash", "Odile <"+odile+">", annes, "Jetée", 9)
	w.lay("INBOX", annes, odile, "[FIN]", 10) // anybody may write our name: this closes nothing
	b := w.open(anne, annes)
	all := w.exchanges(b)
	if len(all) != 2 {
		t.Fatalf("%d exchanges, want 2: %+v", len(all), all)
	}
	first, second := all[0], all[1]
	if first.Patient.String() != odile || first.State.Phase != conversation.WaitingForUs || first.Name != "Odile" || len(first.Letters) != 3 {
		t.Errorf("first: %+v", first)
	}
	if want := time.Date(2026, 3, 1, 10, 2, 0, 0, time.UTC); !first.State.Since.Equal(want) {
		t.Errorf("waits since %s, want the first letter not answered, %s", first.State.Since, want)
	}
	if second.State.Phase != conversation.Closed || second.Name != "G. Fontaine" || second.Last().Mark != conversation.Closing {
		t.Errorf("second: %+v", second)
	}
	if strings.Contains(first.ID, "255033799001138") || first.ID == second.ID {
		t.Errorf("ids %q %q", first.ID, second.ID)
	}
	if last := w.last(); last.Action != audit.ExchangeList || last.Count != 2 {
		t.Errorf("trail %+v", last)
	}
	one, _, err := b.Exchange(w.ctx, first.ID, Left{})
	w.must(err)
	if one.Patient != first.Patient {
		t.Errorf("the id of one opens another: %v", one.Patient)
	}
	if last := w.last(); last.Action != audit.ExchangeOpen || last.Target != first.ID || last.Outcome != "ok" {
		t.Errorf("trail %+v", last)
	}
	if _, _, err := b.Exchange(w.ctx, "aaaaaaaaaaaaaaaaaaaa", Left{}); !problem.Is(err, problem.Gone) {
		t.Errorf("an unknown id: %v", err)
	}
}

// What was collected is brought up to date, whatever happened elsewhere.
func TestExchangesStayFresh(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.folders("Sent", "Archive")
	for i := range 5 {
		w.lay("INBOX", "Dr Petit <hugo@chu.test.mssante.fr>", annes, "Confrère", i)
	}
	asked := w.lay("INBOX", "Odile <"+odile+">", annes, "Question", 10)
	b := w.open(anne, annes)
	state := func(want conversation.Phase, letters int) {
		t.Helper()
		all := w.exchanges(b)
		if len(all) != 1 || all[0].State.Phase != want || len(all[0].Letters) != letters {
			t.Fatalf("%+v, want phase %d and %d letters", all, want, letters)
		}
	}
	state(conversation.WaitingForUs, 1)
	w.lay("Sent", annes, odile, "Réponse", 11)
	state(conversation.WaitingForPatient, 2)
	w.lay("INBOX", "Odile <"+odile+">", annes, "Merci", 12)
	state(conversation.WaitingForUs, 3)
	w.lay("Sent", annes, odile, "[FIN]", 13)
	state(conversation.Closed, 4)
	_, err := w.mail.For(anne, address(t, annes)).Expunge(w.ctx, "INBOX", w.validity("INBOX"), []uint32{asked})
	w.must(err)
	state(conversation.Closed, 3)
	w.lay("INBOX", "Odile <"+odile+">", annes, "Encore une question", 14)
	state(conversation.WaitingForUs, 4)
	if all := w.exchanges(b); !all[0].State.AfterClosing {
		t.Error("a letter after the closing is not shown as such")
	}
	w.house.Drop(anne.SessionID)
	if len(w.house.gathered) != 0 {
		t.Error("exchanges outlive their session")
	}
	_ = w.exchanges(b)
	if len(w.house.gathered) != 0 {
		t.Error("a request under way brings the exchanges of a session that ended back")
	}
}

func (w *world) validity(folder string) uint32 {
	f, err := w.mail.For(anne, address(w, annes)).Counters(w.ctx, folder)
	w.must(err)
	return f.UIDValidity
}

// A letter that left counts before its copy shows, and once.
func TestUnfiledCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.folders("Sent")
	w.lay("INBOX", "Odile <"+odile+">", annes, "Question", 1)
	b := w.open(anne, annes)
	left := Left{Unfiled: []Unfiled{{MessageID: "Sent.5@test", To: []message.Mailbox{{Address: address(t, odile)}}, Subject: "[FIN]", MES: "FIN", At: time.Date(2026, 3, 1, 10, 5, 0, 0, time.UTC)}}}
	x, err := b.Exchanges(w.ctx, left)
	w.must(err)
	if e := x.All[0]; e.State.Phase != conversation.Closed || len(e.Letters) != 2 || e.Last().UID != 0 {
		t.Errorf("%+v", e)
	}
	w.lay("Sent", annes, odile, "[FIN]", 5)
	x, err = b.Exchanges(w.ctx, left)
	w.must(err)
	if e := x.All[0]; len(e.Letters) != 2 || e.Last().UID == 0 {
		t.Errorf("the letter counts twice: %+v", e)
	}
}

func TestExchangesNeedTheRight(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.lay("INBOX", "Odile <"+odile+">", annes, "Question", 1)
	w.give(annes, zoe, delegation.Delegate, delegation.Read|delegation.Triage|delegation.Write|delegation.Send, "")
	b := w.open(zoe, annes)
	if _, err := b.Exchanges(w.ctx, Left{}); !problem.Is(err, problem.Denied) {
		t.Errorf("without the right: %v", err)
	}
	if last := w.last(); last.Action != audit.ExchangeList || last.Outcome != "denied" {
		t.Errorf("trail %+v", last)
	}
	if n, _, err := w.house.Awaiting(w.ctx, zoe, b.Grant(), Left{}); err == nil || n != -1 {
		t.Errorf("the counter tells %d without the right", n)
	}
	n, _, err := w.house.Awaiting(w.ctx, anne, w.open(anne, annes).Grant(), Left{})
	if err != nil || n != 1 {
		t.Errorf("counter %d %v", n, err)
	}
}

func TestPatientName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.folders("Sent")
	w.lay("INBOX", "255033799001138 <"+odile+">", annes, "Question", 1) // the number is no name
	w.lay("Sent", annes, "Mme O. Besançon <"+odile+">", "Réponse", 2)
	w.lay("INBOX", odile, annes, "Merci", 3)
	b := w.open(anne, annes)
	if all := w.exchanges(b); len(all) != 1 || all[0].Name != "Mme O. Besançon" {
		t.Errorf("%+v", all)
	}
	if i := slices.IndexFunc(w.exchanges(b), func(e Exchange) bool { return strings.Contains(e.Name, "2550") }); i >= 0 {
		t.Error("an identity number passes for a name")
	}
}

// A read receipt of the patient's mailbox is no word of the patient.
func TestReceiptsAreNoLetters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.folders("Sent")
	w.lay("Sent", annes, odile, "Résultat", 1)
	w.put(annes, "INBOX", "From: Odile <"+odile+">\nTo: "+annes+"\nSubject: Lu : Résultat\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n--b\nContent-Type: text/plain\n\nLu.\n--b\nContent-Type: message/disposition-notification\n\nFinal-Recipient: rfc822; "+odile+"\nDisposition: automatic-action/MDN-sent-automatically; displayed\n\n--b--\n")
	if all := w.exchanges(w.open(anne, annes)); len(all) != 1 || all[0].State.Phase != conversation.WaitingForPatient {
		t.Errorf("%+v", all)
	}
}
