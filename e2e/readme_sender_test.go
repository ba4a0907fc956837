//go:build e2e

package e2e

import (
	"crypto/tls"
	"encoding/base64"
	"net/smtp"
	"strings"
)

// nullSender: whoever signs in to submit has an address, and writes under it. A letter with a
// null return path is a server's: Pli believes what it says of letters that came back, and
// Postfix asks reject_sender_login_mismatch nothing about it.
func (s *stranger) nullSender() {
	s.t.Helper()
	_, rest, _ := strings.Cut(s.script, "PLI_SMTP_ADDRESS=")
	c, err := smtp.Dial(strings.Fields(rest)[0])
	if err != nil {
		s.t.Fatal(err)
	}
	defer c.Close()
	if err := c.StartTLS(&tls.Config{InsecureSkipVerify: true}); err != nil { // our own, in this test
		s.t.Fatal(err)
	}
	say := func(line string) (code int, msg string) {
		id, err := c.Text.Cmd("%s", line)
		if err != nil {
			s.t.Fatal(err)
		}
		c.Text.StartResponse(id)
		defer c.Text.EndResponse(id)
		code, msg, err = c.Text.ReadResponse(0)
		if err != nil {
			s.t.Fatal(err)
		}
		return code, msg
	}
	say("AUTH PLAIN " + base64.StdEncoding.EncodeToString([]byte(readmeBox+"\x00pli-service\x00service-du-readme")))
	for from, want := range map[string]int{"": 554, readmePeer: 553, readmeBox: 250} {
		say("RSET")
		say("MAIL FROM:<" + from + ">")
		if code, msg := say("RCPT TO:<" + readmePeer + ">"); code != want {
			s.t.Errorf("a person writes as %q: %d %s, want %d", from, code, msg, want)
		}
	}
}
