package web_test

import (
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/demo/people"
	"pli.example/pli/internal/mssante"
)

// Attack: the copy of a [FIN] is put in the bin, as a tidy person does. The page must not
// say 'open' of an exchange the patient cannot answer, nor the button 'closed' of nothing.
func TestClosingInTheBin(t *testing.T) {
	t.Parallel()
	k := writingKit(t)
	c := k.SignIn("martin")
	at := patientsAt(t, c, 0)
	exchange := exchangeAt(patientAt(t, c, at, "waiting", "Odile Besançon"))
	d := doc(t, ok(t, c.Get(exchange)))
	last, who := d.Find("input[name=last]").AttrOr("value", ""), d.Find("input[name=who]").AttrOr("value", "")
	c.Post(exchange+"/close", values("last", last, "who", who))
	binClosing(t, c, exchange)
	d = doc(t, ok(t, c.Get(exchange)))
	if s := d.Find("[data-testid=exchange-state]").AttrOr("data-state", ""); s != "closed" || d.Find("[data-testid=exchange-close]").Length() != 0 {
		t.Errorf("with its copy in the bin the state is %q", s)
	}
	if got := d.Text(); !strings.Contains(got, "sa copie n’est plus dans Envoyés") {
		t.Errorf("the page does not say where the closing is: %s", d.Find("[data-testid=exchange-letter]").Last().Text())
	}
	a := c.Post(exchange+"/close", values("last", last, "who", who))
	if got := flashAt(t, c, a).Text(); !strings.Contains(got, "déjà clos") {
		t.Errorf("the button says %q", got)
	}
	if rows, err := k.App.Audit.Recent(t.Context(), audit.Filter{Action: audit.ExchangeClose}); err != nil || len(rows) != 1 {
		t.Errorf("trail %+v %v", rows, err)
	}
}

// A [FIN] given back by the patient's operator: the page says so, and the button is there.
func TestClosingGivenBack(t *testing.T) {
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
	if s := doc(t, ok(t, c.Get(exchange))).Find("[data-testid=exchange-state]").AttrOr("data-state", ""); s != "closed" {
		t.Fatalf("state %q", s)
	}
	lay("INBOX", "Return-Path: <>\nFrom: Mail Delivery System <MAILER-DAEMON@smtp.example>\nTo: "+people.MartinBox.String()+"\nSubject: Undelivered Mail Returned to Sender\nMessage-ID: <dsn@x>\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"+
		"--b\nContent-Type: text/plain\n\nx\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; smtp.example\n\nFinal-Recipient: rfc822; "+patient+"\nAction: failed\nStatus: 5.2.1\n\n--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <fin@x>\n\n--b--\n")
	a := ok(t, c.Get(exchange))
	noIdentity(t, a)
	d := doc(t, a)
	if got := d.Find("[data-testid=exchange-lost]").Text(); !strings.Contains(got, "Clôture non remise") || !strings.Contains(got, "n’accepte pas cette lettre") {
		t.Errorf("said: %q", got)
	}
	if d.Find("[data-testid=exchange-close]").Length() != 1 || d.Find("[data-testid=exchange-state]").AttrOr("data-state", "") != "todo" {
		t.Errorf("the exchange is not open: %s", d.Find("[data-testid=exchange-state]").Text())
	}
	if got := d.Find("[data-testid=exchange-letter]").Last().Text(); !strings.Contains(got, "non remise") || strings.Contains(got, "clôt l’échange") {
		t.Errorf("the letter: %q", got)
	}
	if got := patientAt(t, c, at, "waiting", "Odile Besançon").Text(); !strings.Contains(got, "clôture non remise") {
		t.Errorf("the row: %q", got)
	}
	a = c.Post(exchange+"/close", values("last", d.Find("input[name=last]").AttrOr("value", ""), "who", d.Find("input[name=who]").AttrOr("value", "")))
	if got := flashAt(t, c, a).Text(); !strings.Contains(got, "Conversation close") {
		t.Errorf("the button says %q", got)
	}
	if s := doc(t, ok(t, c.Get(exchange))).Find("[data-testid=exchange-state]").AttrOr("data-state", ""); s != "closed" {
		t.Errorf("closed anew: %q", s)
	}
}

// §3.4.2.2: an exchange made only of a letter of ours (of another program, its matricule
// mistyped there) confirms nobody's identity.
func TestWriteWherePatientNeverWrote(t *testing.T) {
	t.Parallel()
	k := writingKit(t)
	c := k.SignIn("martin")
	leroy := mssante.PatientAddress(ins("leroy")).String()
	k.World.Mail().Put(people.MartinBox, "Sent", nil, k.Clock.Now(), []byte("From: "+people.MartinBox.String()+"\r\nTo: Jeanne Leroy <"+leroy+">\r\nSubject: Votre dosage\r\nMessage-ID: <ailleurs@x>\r\n\r\nBonjour\r\n"))
	at := patientsAt(t, c, 0)
	exchange := exchangeAt(patientAt(t, c, at, "awaited", "Jeanne Leroy"))
	draft := c.Post(exchange+"/write", values("plain", "1")).Location()
	to := doc(t, ok(t, c.Get(draft))).Find("#to").AttrOr("value", "")
	a := c.Post(draft, values("plain", "1", "version", "1", "to", to, "subject", "Votre dosage", "text", "Tout va bien.", "do", "send"))
	if got := doc(t, ok(t, c.Follow(a.Location()))).Find("[data-testid=remark]").Text(); !strings.Contains(got, "née en mai 1992") {
		t.Errorf("their identity is not asked about: %q at %s", got, a.Location())
	}
}

// The sheet of an answer to a patient holds their INS whole: the trail says so, as of the click
// that shows it.
func TestSheetToPatientIsTraced(t *testing.T) {
	t.Parallel()
	k := writingKit(t)
	c := k.SignIn("martin")
	at := patientsAt(t, c, 0)
	exchange := exchangeAt(patientAt(t, c, at, "waiting", "Odile Besançon"))
	if page := ok(t, c.Get(c.Post(exchange+"/write", values()).Location())); !strings.Contains(page.Text(), string(ins("besancon"))) {
		t.Fatal("the sheet holds no INS")
	}
	if rows, err := k.App.Audit.Recent(t.Context(), audit.Filter{Action: audit.PatientINS}); err != nil || len(rows) != 1 {
		t.Errorf("trail %+v %v", rows, err)
	}
}
