package web_test

import (
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/demo/people"
	"pli.example/pli/internal/mssante"
)

// A notice that gives our letter to a patient back names the patient and the letter, leads to
// their exchange, and offers no answer to a machine.
func TestNoticeLeadsToTheExchange(t *testing.T) {
	t.Parallel()
	k := writingKit(t)
	c := k.SignIn("martin")
	patient := mssante.PatientAddress(ins("besancon")).String()
	lay := func(folder, raw string) {
		k.Clock.Advance(time.Minute)
		k.World.Mail().Put(people.MartinBox, folder, nil, k.Clock.Now(), []byte(strings.ReplaceAll(raw, "\n", "\r\n")))
	}
	notice := func(subject, about string) {
		lay("INBOX", "Return-Path: <>\nFrom: Mail Delivery System <MAILER-DAEMON@smtp.example>\nTo: "+people.MartinBox.String()+"\nSubject: "+subject+"\nMessage-ID: <dsn-"+about+"@x>\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"+
			"--b\nContent-Type: text/plain\n\nx\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; smtp.example\n\nFinal-Recipient: rfc822; "+patient+"\nAction: failed\nStatus: 5.1.1\n\n--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <"+about+"@x>\n\n--b--\n")
	}
	lay("Sent", "From: "+people.MartinBox.String()+"\nTo: "+patient+"\nSubject: Votre bilan\nMessage-ID: <bilan@x>\n\nBonjour.\n")
	notice("Avis de retour", "bilan")
	exchange := exchangeAt(patientAt(t, c, patientsAt(t, c, 0), "waiting", "Odile Besançon"))
	d := doc(t, ok(t, c.Get(received(t, c, "Avis de retour"))))
	if got := d.Find("[data-testid=to-exchange]").AttrOr("href", ""); got != exchange {
		t.Errorf("it leads to %q, not to the exchange", got)
	}
	if got := d.Find(".notices").Text(); !strings.Contains(got, "n’a pas été remise à Odile Besançon") || !strings.Contains(got, "«\u00a0Votre bilan\u00a0»") {
		t.Errorf("it says %q", got)
	}
	if d.Find("[data-testid=act-reply]").Length()+d.Find("[data-testid=act-reply_all]").Length() != 0 || d.Find("[data-testid=act-forward]").Length() != 1 {
		t.Error("a machine is offered an answer, or nothing is passed on")
	}
	// Who has no exchange here is named by nobody: a link would lead nowhere.
	d = doc(t, ok(t, c.Get(received(t, c, "Message non distribué"))))
	if d.Find("[data-testid=to-exchange]").Length() != 0 || d.Find("[data-testid=act-reply]").Length() != 0 {
		t.Error("an exchange that is not there is offered")
	}
}
