package mailhost

import (
	"errors"
	"strings"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

func dialSMTP(t testing.TB, h *Host) *smtp.Client {
	t.Helper()
	conn, err := h.DialSMTP(within(t))
	if err != nil {
		t.Fatal(err)
	}
	config := h.TLS()
	config.ServerName = SMTPHost
	c, err := smtp.NewClientStartTLS(conn, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func submitter(t testing.TB, h *Host) *smtp.Client {
	t.Helper()
	c := dialSMTP(t, h)
	if err := c.Auth(&token{user: claireBox, token: "token-of-claire"}); err != nil {
		t.Fatal(err)
	}
	return c
}

func send(t testing.TB, h *Host, to, raw string) error {
	t.Helper()
	c := submitter(t, h)
	return c.SendMail(claireBox, []string{to}, strings.NewReader(strings.ReplaceAll(raw, "\n", "\r\n")))
}

func smtpCode(err error) int {
	if e := (*smtp.SMTPError)(nil); errors.As(err, &e) {
		return e.Code
	}
	return 0
}

func TestSubmissionDelivers(t *testing.T) {
	t.Parallel()
	h := start(t, nil)
	lilas := addr(t, "cabinet-des-lilas@pro.mssante.fr")
	if err := send(t, h, lilas.String(), "From: a\nSubject: hello\n\nBonjour\n.point\n"); err != nil {
		t.Fatal(err)
	}
	raw := string(h.Newest(lilas, "INBOX"))
	if !strings.HasPrefix(raw, "Return-Path: <"+claireBox+">\r\nReceived: from ") || !strings.HasSuffix(raw, "Subject: hello\r\n\r\nBonjour\r\n.point\r\n") {
		t.Errorf("delivered %q", raw)
	}
	c := signIn(t, h, lilas.String(), nil)
	if d, err := c.Select("INBOX", nil).Wait(); err != nil || d.NumMessages != 1 {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestSubmissionRefuses(t *testing.T) {
	t.Parallel()
	h := start(t, func(o *Options) { o.MaxSize = 100_000 })
	for _, tc := range []struct {
		to   string
		code int
	}{
		{"personne@pro.mssante.fr", 550}, {"a@gmail.example", 550}, {"ailleurs@pro.mssante.fr", 0}, {"cabinet-des-lilas@pro.mssante.fr", 0},
		{"ailleurs@mssante.fr.example", 550},
	} {
		if err := send(t, h, tc.to, "Subject: x\n\nx\n"); smtpCode(err) != tc.code || (err == nil) != (tc.code == 0) {
			t.Errorf("%s: %v", tc.to, err)
		}
	}
	c := submitter(t, h)
	if err := c.Mail("cabinet-des-lilas@pro.mssante.fr", nil); smtpCode(err) != 553 {
		t.Errorf("another's sender: %v", err)
	}
	if err := c.Mail(claireBox, &smtp.MailOptions{Size: 200_000}); smtpCode(err) != 552 {
		t.Errorf("announced size: %v", err)
	}
	if err := send(t, h, "cabinet-des-lilas@pro.mssante.fr", "Subject: x\n\n"+strings.Repeat("0123456789\n", 20_000)); smtpCode(err) != 552 {
		t.Errorf("real size: %v", err)
	}
	if err := dialSMTP(t, h).Mail(claireBox, nil); smtpCode(err) != 530 {
		t.Errorf("without authentication: %v", err)
	}
	bad := &token{user: claireBox, token: "stolen", noIR: true}
	if err := dialSMTP(t, h).Auth(bad); smtpCode(err) != 535 || string(bad.challenge) != refusal {
		t.Errorf("bad token: %v, challenge %q", err, bad.challenge)
	}
	if ok, size := c.Extension("SIZE"); !ok || size != "100000" {
		t.Errorf("SIZE %q", size)
	}
	if err := dialSMTP(t, h).Auth(sasl.NewPlainClient(claireBox, "pli-service", "secret")); err != nil {
		t.Errorf("service account: %v", err)
	}
}
