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
	exchange := patientAt(t, c, at, "waiting", "Odile Besançon").Find("[data-testid=patient-name]").AttrOr("href", "")
	d := doc(t, ok(t, c.Get(exchange)))
	last, who := d.Find("input[name=last]").AttrOr("value", ""), d.Find("input[name=who]").AttrOr("value", "")
	c.Post(exchange+"/close", values("last", last, "who", who))
	href := "" // of the closing, once its copy is filed
	for range 200 {
		if href = doc(t, ok(t, c.Get(exchange))).Find("[data-testid=exchange-letter]").Last().Find("a").AttrOr("href", ""); href != "" {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	place, _, _ := strings.Cut(href, "?")
	parts := strings.Split(place, "/")
	if len(parts) < 6 {
		t.Fatalf("the closing has no page: %q", href)
	}
	a := c.Post("/mail/"+parts[2]+"/act", values("do", "bin", "ref", strings.Join(parts[3:6], "/")))
	if f := flashAt(t, c, a).Text(); !strings.Contains(f, "corbeille") {
		t.Fatalf("the bin says %q of %s", f, href)
	}
	d = doc(t, ok(t, c.Get(exchange)))
	if s := d.Find("[data-testid=exchange-state]").AttrOr("data-state", ""); s != "closed" || d.Find("[data-testid=exchange-close]").Length() != 0 {
		t.Errorf("with its copy in the bin the state is %q", s)
	}
	if got := d.Text(); !strings.Contains(got, "sa copie n’est plus dans Envoyés") {
		t.Errorf("the page does not say where the closing is: %s", d.Find("[data-testid=exchange-letter]").Last().Text())
	}
	a = c.Post(exchange+"/close", values("last", last, "who", who))
	if got := flashAt(t, c, a).Text(); !strings.Contains(got, "déjà clos") {
		t.Errorf("the button says %q", got)
	}
	if rows, err := k.App.Audit.Recent(t.Context(), audit.Filter{Action: audit.ExchangeClose}); err != nil || len(rows) != 1 {
		t.Errorf("trail %+v %v", rows, err)
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
	exchange := patientAt(t, c, at, "awaited", "Jeanne Leroy").Find("[data-testid=patient-name]").AttrOr("href", "")
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
	exchange := patientAt(t, c, at, "waiting", "Odile Besançon").Find("[data-testid=patient-name]").AttrOr("href", "")
	if page := ok(t, c.Get(c.Post(exchange+"/write", values()).Location())); !strings.Contains(page.Text(), string(ins("besancon"))) {
		t.Fatal("the sheet holds no INS")
	}
	if rows, err := k.App.Audit.Recent(t.Context(), audit.Filter{Action: audit.PatientINS}); err != nil || len(rows) != 1 {
		t.Errorf("trail %+v %v", rows, err)
	}
}
