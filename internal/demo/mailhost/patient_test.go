package mailhost

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

func TestPatientsAnswerWhileOpen(t *testing.T) {
	t.Parallel()
	h := start(t, nil)
	claire, patient := addr(t, claireBox), addr(t, patientAddress)
	inbox := func() int { return h.Count(claire, "INBOX") }

	if err := send(t, h, patientAddress, "Subject: =?utf-8?q?R=C3=A9sultat?=\nMessage-ID: <q1@x>\n\nx\n"); err != nil || inbox() != 1 {
		t.Fatalf("%v, %d letters", err, inbox())
	}
	answer := string(h.Newest(claire, "INBOX"))
	for _, want := range []string{"From: =?utf-8?q?Odile_Besan=C3=A7on?= <" + patientAddress + ">", "In-Reply-To: <q1@x>", "References: <q1@x>", "Merci Docteur.", "Subject: =?utf-8?q?Re:_R=C3=A9sultat?="} {
		if !strings.Contains(answer, want) {
			t.Errorf("answer lacks %q:\n%s", want, answer)
		}
	}
	// No answer to this one; the exchange stays open.
	if err := send(t, h, patientAddress, "Subject: info\nX-MSS-MES: FIN\n\nx\n"); err != nil || inbox() != 1 || !h.MayWrite(patient, claire) {
		t.Errorf("X-MSS-MES: %v, %d letters", err, inbox())
	}
	// Not exactly [FIN]: an ordinary letter.
	for _, subject := range []string{"Re: [FIN]", "[fin]", "[FIN] merci"} {
		if err := send(t, h, patientAddress, "Subject: "+subject+"\n\nx\n"); err != nil || !h.MayWrite(patient, claire) {
			t.Errorf("%s closed the exchange (%v)", subject, err)
		}
	}
	before := inbox()
	if err := send(t, h, patientAddress, "Subject: [FIN]\n\nx\n"); err != nil || inbox() != before || h.MayWrite(patient, claire) {
		t.Errorf("[FIN] did not close (%v)", err)
	}
	// A new letter opens again.
	if err := send(t, h, patientAddress, "Subject: nouveau\n\nx\n"); err != nil || inbox() != before+1 || !h.MayWrite(patient, claire) {
		t.Errorf("a new letter did not open the exchange (%v)", err)
	}
}

// An answer under way when [FIN] arrives is not sent.
func TestFINOvertakesAnAnswer(t *testing.T) {
	t.Parallel()
	for _, closing := range []bool{false, true} {
		h := start(t, func(o *Options) { o.PatientDelay = time.Hour })
		if err := send(t, h, patientAddress, "Subject: a\n\nx\n"); err != nil {
			t.Fatal(err)
		}
		if closing {
			if err := send(t, h, patientAddress, "Subject: [FIN]\n\nx\n"); err != nil {
				t.Fatal(err)
			}
		}
		h.patients.mu.Lock()
		var due []func()
		for _, f := range h.patients.timers {
			due = append(due, f)
		}
		h.patients.mu.Unlock()
		if len(due) != 1 {
			t.Fatalf("%d answers under way, want 1", len(due))
		}
		due[0]() // the hour has passed
		if n := h.Count(addr(t, claireBox), "INBOX"); (n == 0) != closing {
			t.Errorf("closed %v: %d answers", closing, n)
		}
	}
}

func TestReports(t *testing.T) {
	t.Parallel()
	h := start(t, nil)
	claire := addr(t, claireBox)
	if err := send(t, h, "146026322000196@patient.mssante.fr", "Subject: x\nMessage-ID: <m@x>\n\nx\n"); err != nil {
		t.Fatal(err)
	}
	if raw := string(h.Newest(claire, "INBOX")); !strings.Contains(raw, "Action: failed") || !strings.Contains(raw, "Message-ID: <m@x>") || strings.Contains(strings.ReplaceAll(raw, "\r\n", ""), "\n") {
		t.Errorf("bounce:\n%s", raw)
	}
	if err := send(t, h, patientAddress, "Subject: x\nMessage-ID: <n@x>\nDisposition-Notification-To: "+claireBox+"\nX-MSS-MES: FIN\n\nx\n"); err != nil {
		t.Fatal(err)
	}
	if raw := string(h.Newest(claire, "INBOX")); !strings.Contains(raw, "Original-Message-ID: <n@x>") {
		t.Errorf("receipt:\n%s", raw)
	}
	c := submitter(t, h)
	if err := c.Mail(claireBox, &smtp.MailOptions{EnvelopeID: "E1"}); err != nil {
		t.Fatal(err)
	}
	if err := c.Rcpt("cabinet-des-lilas@pro.mssante.fr", &smtp.RcptOptions{Notify: []smtp.DSNNotify{smtp.DSNNotifySuccess, smtp.DSNNotifyFailure}}); err != nil {
		t.Fatal(err)
	}
	w, err := c.Data()
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(w, "Subject: x\r\n\r\nx\r\n")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if raw := string(h.Newest(claire, "INBOX")); !strings.Contains(raw, "Action: delivered") || !strings.Contains(raw, "Original-Envelope-Id: E1") {
		t.Errorf("delivery report:\n%s", raw)
	}
}
