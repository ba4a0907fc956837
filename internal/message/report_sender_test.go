package message

import "testing"

// Who may say what became of a letter: as the server that delivered the notice tells, not
// as its From does (attacks: mailer-daemon and postmaster of any domain, any name at the
// patients' domain; a server that calls itself otherwise).
func TestBelieved(t *testing.T) {
	t.Parallel()
	const odile = "255033799001138@patient.mssante.fr"
	const server, person, unsaid = "Return-Path: <>\r\n", "Return-Path: <pirate@chu.test.mssante.fr>\r\n", ""
	to, box := ParseAddressList(odile)[0].Address, ParseAddressList("anne@medecin.test.mssante.fr")[0].Address
	for _, c := range []struct {
		path     string
		from     string
		envelope string
		kind     ReportKind
		want     bool
	}{
		{server, "Mail Delivery System <MAILER-DAEMON@smtp.test.example>", "", ReportDelivery, true},
		{server, "Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@chu.test.mssante.fr>", "", ReportDelivery, true},
		{server, "Mon espace santé <no-reply@mes.test.example>", "", ReportDelivery, true},
		{server, "\"Mail Delivery System\" <>", "", ReportDelivery, true},
		{server, "", "", ReportDelivery, true},
		{"Return-Path: \r\n <> \r\nReceived: from a by b\r\n", "no-reply@smtp.test.example", "", ReportDelivery, true},
		{"Received: from pirate by smtp\r\n" + server, "no-reply@smtp.test.example", "", ReportDelivery, false},
		{person + server, "MAILER-DAEMON@medecin.test.mssante.fr", "", ReportDelivery, false},
		{person, "mailer-daemon@chu.test.mssante.fr", "", ReportDelivery, false},
		{person, "postmaster@nimporte.quoi.invalid", "", ReportDelivery, false},
		{person, "x@patient.mssante.fr", "", ReportDelivery, false},
		{person, "mailer-daemon@patient.mssante.fr", "", ReportDelivery, false},
		{person, "odd@server.example", "ours", ReportDelivery, true},
		{person, "odd@server.example", "another", ReportDelivery, false},
		{unsaid, "MAILER-DAEMON@medecin.test.mssante.fr", "", ReportDelivery, true},
		{unsaid, "Postmaster@patient.mssante.fr", "", ReportDelivery, true},
		{unsaid, "postmaster@chu.test.mssante.fr", "", ReportDelivery, false},
		{unsaid, "x@patient.mssante.fr", "", ReportDelivery, false},
		{unsaid, odile, "", ReportDelivery, false},
		{unsaid, "MAILER-DAEMON <pirate@chu.test.mssante.fr>", "", ReportDelivery, false},
		{unsaid, "pirate@chu.test.mssante.fr, mailer-daemon@medecin.test.mssante.fr", "", ReportDelivery, false},
		{unsaid, "", "", ReportDelivery, false},
		{server, "Odile <" + odile + ">", "", ReportDisposition, true},
		{server, "no-reply@patient.mssante.fr", "", ReportDisposition, true},
		{server, "277076322082910@patient.mssante.fr", "", ReportDisposition, false},
		{server, "Pirate <pirate@chu.test.mssante.fr>", "ours", ReportDisposition, false},
		{server, "postmaster@chu.test.mssante.fr", "", ReportDisposition, false},
		{unsaid, odile, "", ReportIntegration, true},
		{person, "Pirate <pirate@chu.test.mssante.fr>", "", ReportIntegration, false},
	} {
		h, _ := ParseHeader([]byte(c.path + "Subject: x\r\n\r\n"))
		r := Report{Kind: c.kind, From: ParseAddressList(c.from), Path: h.ReturnPath(), EnvelopeID: c.envelope}
		if got := r.Believed(to, box, "ours"); got != c.want {
			t.Errorf("%s, %q, %q, envelope %q: %v", c.kind, c.path, c.from, c.envelope, got)
		}
	}
	if (Report{Kind: ReportDelivery}).Believed(to, box, "") {
		t.Error("no envelope id is nobody's")
	}
	colleague := ParseAddressList("hugo@chu.test.mssante.fr")[0].Address
	if r := (Report{Kind: ReportDelivery, From: ParseAddressList("mailer-daemon@chu.test.mssante.fr")}); !r.Believed(colleague, box, "") {
		t.Error("the recipient's own server is not believed")
	}
	if r := parseReport([]byte("Reporting-MTA: dns; x\r\nOriginal-Envelope-Id: a+2Bb\r\n\r\n"), false); r.EnvelopeID != "a+b" {
		t.Errorf("envelope id %q", r.EnvelopeID)
	}
	l, err := Parse([]byte("Return-Path: <>\r\nContent-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n--b--\r\n"), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if r, ok := l.Report(); !ok || r.Path != PathNull {
		t.Errorf("the report of a letter forgets its return path: %+v", r)
	}
}
