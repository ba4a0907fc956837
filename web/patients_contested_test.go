package web_test

import (
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/demo/people"
	"pli.example/pli/internal/mssante"
)

// Attack: a colleague writes by hand that a [FIN] was given back. No page affirms it; the
// exchange stays with those to look at, says why, and can be closed once more.
func TestClosingContested(t *testing.T) {
	t.Parallel()
	k := writingKit(t)
	c := k.SignIn("martin")
	at := patientsAt(t, c, 0)
	exchange := exchangeAt(patientAt(t, c, at, "waiting", "Odile Besançon"))
	lay := func(folder, raw string) {
		k.Clock.Advance(time.Minute)
		k.World.Mail().Put(people.MartinBox, folder, nil, k.Clock.Now(), []byte(strings.ReplaceAll(raw, "\n", "\r\n")))
	}
	patient := mssante.PatientAddress(ins("besancon")).String()
	lay("Sent", "From: "+people.MartinBox.String()+"\nTo: "+patient+"\nSubject: [FIN]\nX-MSS-MES: FIN\nMessage-ID: <fin@x>\n\nAu revoir.\n")
	lay("INBOX", "Return-Path: <pirate@chu.test.mssante.fr>\nFrom: Mail Delivery System <MAILER-DAEMON@chu.test.mssante.fr>\nTo: "+people.MartinBox.String()+"\nSubject: Remise contestée\nMessage-ID: <dsn@x>\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"+
		"--b\nContent-Type: text/plain\n\nx\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; smtp.example\n\nFinal-Recipient: rfc822; "+patient+"\nAction: failed\nStatus: 5.2.2\n\n--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <fin@x>\n\n--b--\n")
	a := ok(t, c.Get(exchange))
	noIdentity(t, a)
	d := doc(t, a)
	if got := d.Find("[data-testid=exchange-contested]").Text(); !strings.Contains(got, "Un avis non vérifié dit que votre lettre de clôture n’a pas été remise") || d.Find("[data-testid=exchange-lost]").Length() != 0 {
		t.Errorf("said: %q", got)
	}
	if s := d.Find("[data-testid=exchange-state]").AttrOr("data-state", ""); s != "contested" || d.Find("[data-testid=exchange-close]").Length() != 1 {
		t.Errorf("state %q", s)
	}
	if got := d.Find("[data-testid=exchange-letter]").Last().Text(); !strings.Contains(got, "remise mise en doute par un avis non vérifié") {
		t.Errorf("the letter: %q", got)
	}
	if got := patientAt(t, c, at, "waiting", "Odile Besançon").Text(); !strings.Contains(got, "avis non vérifié") {
		t.Errorf("the row: %q", got)
	}
	if got := doc(t, ok(t, c.Get(hrefOf(t, c, inboxOf(t, c), "Remise contestée")))).Find(".notices").Text(); !strings.Contains(got, "Un avis non vérifié dit que votre lettre n’a pas été remise à Odile Besançon") || strings.Contains(got, "boîte est pleine") {
		t.Errorf("the page of the notice: %q", got)
	}
	a = c.Post(exchange+"/close", values("last", d.Find("input[name=last]").AttrOr("value", ""), "who", d.Find("input[name=who]").AttrOr("value", "")))
	if got := flashAt(t, c, a).Text(); !strings.Contains(got, "Conversation close") {
		t.Errorf("the button says %q", got)
	}
	d = doc(t, ok(t, c.Get(exchange)))
	if s := d.Find("[data-testid=exchange-state]").AttrOr("data-state", ""); s != "closed" || d.Find("[data-testid=exchange-close]").Length() != 0 {
		t.Errorf("closed anew: %q", s)
	}
}
