package mailbox

import (
	"fmt"
	"strings"
	"testing"

	"pli.example/pli/internal/conversation"
	"pli.example/pli/internal/problem"
)

const oneDay = 24 * 60 // minutes

// withOdile gives the exchange with Odile, nil when none is shown.
func withOdile(all []Exchange) *Exchange {
	for i := range all {
		if all[i].Patient.String() == odile {
			return &all[i]
		}
	}
	return nil
}

// An exchange that was closed does not wait for us again because our own letters of that
// time are beyond what is kept of Sent: all folders tell of one period.
func TestExchangesTellOfOnePeriod(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.folders("Sent")
	w.lay("INBOX", "Odile <"+odile+">", annes, "Question", 0)
	w.lay("Sent", annes, odile, "Réponse", 1)
	w.lay("Sent", annes, odile, "[FIN]", 2, "X-MSS-MES: FIN")
	b := w.open(anne, annes)
	closed := w.exchanges(b)
	for i := range gatherLetters {
		w.lay("Sent", annes, gerard, fmt.Sprint("Suivi ", i), 3+i)
	}
	x, err := b.Exchanges(w.ctx, Left{})
	w.must(err)
	if e := withOdile(x.All); e != nil {
		t.Errorf("a closed exchange stands in phase %d with %d letters", e.State.Phase, len(e.Letters))
	}
	if n := x.Waiting(); n != 0 {
		t.Errorf("%d exchanges wait for us", n)
	}
	if len(x.All) != 1 || x.All[0].State.Phase != conversation.WaitingForPatient || len(x.All[0].Letters) != gatherLetters {
		t.Errorf("the other one: %d exchanges", len(x.All))
	}
	if !strings.Contains(x.Say, "1 échange plus ancien n’est pas montré") || !strings.Contains(x.Say, "depuis le 01/03/2026") {
		t.Errorf("says %q", x.Say)
	}
	if _, _, err := b.Exchange(w.ctx, closed[0].ID, Left{}); !problem.Is(err, problem.Gone) || !strings.Contains(problem.SayOf(err), "plus ancien") {
		t.Errorf("opened: %v", err)
	}
	w.lay("INBOX", "Odile <"+odile+">", annes, "Encore", gatherLetters+9)
	if e := withOdile(w.exchanges(b)); e == nil || e.State.Phase != conversation.WaitingForUs || e.State.Open {
		t.Errorf("who wrote since: %+v", e)
	}
}

// The other way round, at the first look: the patient's question is beyond what is kept
// of the inbox, our letter before it is not.
func TestExchangesTellOfOnePeriodAtFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.folders("Sent")
	w.lay("Sent", annes, odile, "Lettre", -500*oneDay)
	w.lay("INBOX", "Odile <"+odile+">", annes, "Question urgente", -499*oneDay)
	for i := range gatherLetters {
		w.lay("INBOX", "G <"+gerard+">", annes, fmt.Sprint("Suivi ", i), (i-498)*oneDay)
	}
	x, err := w.open(anne, annes).Exchanges(w.ctx, Left{})
	w.must(err)
	if e := withOdile(x.All); e != nil {
		t.Errorf("a patient who waits stands in phase %d", e.State.Phase)
	}
	if !strings.Contains(x.Say, "1 échange plus ancien n’est pas montré") {
		t.Errorf("says %q", x.Say)
	}
	if len(x.All) != 1 || x.All[0].State.Phase != conversation.WaitingForUs {
		t.Errorf("the other one: %d exchanges", len(x.All))
	}
}

// Letters filed late stand at the end of their folder whatever their date: what is kept
// of it covers no period by itself.
func TestExchangesOfAFolderFiledOutOfOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.folders("Sent")
	w.lay("INBOX", "Odile <"+odile+">", annes, "Question", -2*oneDay)
	w.lay("Sent", annes, odile, "[FIN]", -oneDay, "X-MSS-MES: FIN")
	for i := range gatherLetters {
		w.lay("Sent", annes, gerard, fmt.Sprint("Ancien suivi ", i), (i-500)*oneDay)
	}
	x, err := w.open(anne, annes).Exchanges(w.ctx, Left{})
	w.must(err)
	if e := withOdile(x.All); e != nil {
		t.Errorf("a closed exchange stands in phase %d", e.State.Phase)
	}
}

// Notices by the hundred take no patient's place, and end no look at patients' letters
// (attack: whoever writes as a postmaster hides those who wait).
func TestNoticesTakeNoPlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.folders("Sent")
	w.lay("INBOX", "Odile <"+odile+">", annes, "Question urgente", 1)
	for i := range gatherLetters {
		from := "Mail Delivery System <MAILER-DAEMON@smtp.test.example>"
		if i%2 == 0 { // those of the patients' domain neither
			from = "postmaster@patient.mssante.fr"
		}
		w.lay("INBOX", from, annes, fmt.Sprint("Successful Mail Delivery Report ", i), (2+i)*oneDay)
	}
	b := w.open(anne, annes)
	whole := 0
	for look := 0; whole < 2; look++ {
		x, err := b.Exchanges(w.ctx, Left{})
		w.must(err)
		if len(x.All) != 1 || x.Waiting() != 1 || look == 20 {
			t.Fatalf("look %d: %d exchanges, %d wait, unfinished %v: %q", look, len(x.All), x.Waiting(), x.Unfinished, x.Say)
		}
		if !x.Unfinished && x.Say == "" { // a look that ran out of time goes on at the next
			whole++
		}
	}
}
