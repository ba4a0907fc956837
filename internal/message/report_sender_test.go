package message

import "testing"

// Who may say what became of a letter.
func TestBelieved(t *testing.T) {
	t.Parallel()
	const odile = "255033799001138@patient.mssante.fr"
	to := ParseAddressList(odile)[0].Address
	for _, c := range []struct {
		from     string
		envelope string
		kind     ReportKind
		want     bool
	}{
		{"Mail Delivery System <MAILER-DAEMON@smtp.test.example>", "", ReportDelivery, true},
		{"postmaster@chu.test.mssante.fr", "", ReportDelivery, true},
		{"no-reply@patient.mssante.fr", "", ReportDelivery, true},
		{"Pirate <pirate@chu.test.mssante.fr>", "", ReportDelivery, false},
		{"MAILER-DAEMON <pirate@chu.test.mssante.fr>", "", ReportDelivery, false},
		{"pirate@chu.test.mssante.fr, mailer-daemon@smtp.test.example", "", ReportDelivery, false},
		{odile, "", ReportDelivery, false},
		{"", "", ReportDelivery, false},
		{"odd@server.example", "ours", ReportDelivery, true},
		{"odd@server.example", "another", ReportDelivery, false},
		{"Odile <" + odile + ">", "", ReportDisposition, true},
		{"no-reply@patient.mssante.fr", "", ReportDisposition, true},
		{"277076322082910@patient.mssante.fr", "", ReportDisposition, false},
		{"Pirate <pirate@chu.test.mssante.fr>", "ours", ReportDisposition, false},
		{"postmaster@chu.test.mssante.fr", "", ReportDisposition, false},
	} {
		r := Report{Kind: c.kind, From: ParseAddressList(c.from), EnvelopeID: c.envelope}
		if got := r.Believed(to, "ours"); got != c.want {
			t.Errorf("%s %s, envelope %q: %v", c.kind, c.from, c.envelope, got)
		}
	}
	if (Report{Kind: ReportDelivery}).Believed(to, "") {
		t.Error("no envelope id is nobody's")
	}
	if r := parseReport([]byte("Reporting-MTA: dns; x\r\nOriginal-Envelope-Id: a+2Bb\r\n\r\n"), false); r.EnvelopeID != "a+b" {
		t.Errorf("envelope id %q", r.EnvelopeID)
	}
}
