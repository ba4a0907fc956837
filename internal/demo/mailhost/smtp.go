package mailhost

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"pli.example/pli/internal/mssante"
)

var (
	errAuthFirst = &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "Authentication required"}
	errSender    = &smtp.SMTPError{Code: 553, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "Sender address rejected: not owned by user"}
	errUnknown   = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "Recipient address rejected: User unknown"}
	errUntrusted = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "Recipient address rejected: domain is not in the MSSante white list"}
	errAddress   = &smtp.SMTPError{Code: 501, EnhancedCode: smtp.EnhancedCode{5, 1, 3}, Message: "Bad recipient address syntax"}
	errTooBig    = &smtp.SMTPError{Code: 552, EnhancedCode: smtp.EnhancedCode{5, 3, 4}, Message: "Message size exceeds fixed maximum message size"}
)

// submission is one SMTP connection.
type submission struct {
	host   *Host
	conn   *smtp.Conn
	user   *box // authenticated as this mailbox
	rcpts  []recipient
	envid  string
	isOpen bool
}

type recipient struct {
	mssante.Address
	notify []smtp.DSNNotify
}

var _ smtp.AuthSession = (*submission)(nil)

func (s *submission) AuthMechanisms() []string { return []string{mechXOAUTH2, sasl.Plain} }

func (s *submission) Auth(mech string) (sasl.Server, error) {
	accept := func(address string) error {
		b, err := s.host.boxOf(address)
		if err != nil {
			return smtp.ErrAuthFailed
		}
		s.user = b
		return nil
	}
	server := s.host.saslServer(mech, smtp.ErrAuthFailed, accept, func() { _ = s.conn.Conn().Close() })
	if server == nil {
		return nil, smtp.ErrAuthUnknownMechanism
	}
	return server, nil
}

func (s *submission) Reset() { s.rcpts, s.envid, s.isOpen = nil, "", false }

func (s *submission) Logout() error { return nil }

// Mail checks that the sender is the mailbox signed in to: nobody writes in
// another's name.
func (s *submission) Mail(from string, o *smtp.MailOptions) error {
	if s.user == nil {
		return errAuthFirst
	}
	a, err := mssante.ParseAddress(from)
	if err != nil || !a.Equal(s.user.address) {
		return errSender
	}
	s.Reset()
	s.isOpen = true
	if o != nil {
		s.envid = o.EnvelopeID
	}
	return nil
}

func (s *submission) Rcpt(to string, o *smtp.RcptOptions) error {
	if !s.isOpen {
		return errAuthFirst
	}
	a, err := mssante.ParseAddress(to)
	if err != nil {
		return errAddress
	}
	if err := s.host.accepts(a); err != nil {
		return err
	}
	r := recipient{Address: a}
	if o != nil {
		r.notify = o.Notify
	}
	s.rcpts = append(s.rcpts, r)
	return nil
}

// accepts says whether the operator takes a letter for this address. Whether a
// patient has opened a mailbox is known to Mon espace santé alone: such a letter
// is taken, and may come back.
func (h *Host) accepts(a mssante.Address) error {
	switch {
	case h.boxes[a.Key()] != nil, a.IsPatient():
		return nil
	case h.o.Trusted == nil || !h.o.Trusted(a.Domain):
		return errUntrusted
	case h.o.Exists != nil && h.o.Exists(a):
		return nil
	}
	return errUnknown
}

func (s *submission) Data(r io.Reader) error {
	raw, err := readAll(r, s.host.o.MaxSize)
	if err != nil {
		if e := (*smtp.SMTPError)(nil); errors.As(err, &e) {
			return e
		}
		return fmt.Errorf("read letter: %w", err)
	}
	if int64(len(raw)) > s.host.o.MaxSize {
		return errTooBig
	}
	s.host.deliver(s.user.address, s.rcpts, s.envid, crlf(raw))
	return nil
}

// deliver brings a submitted letter to its recipients, patients included.
func (h *Host) deliver(from mssante.Address, rcpts []recipient, envid string, raw []byte) {
	for _, r := range rcpts {
		ok := true
		switch b := h.boxes[r.Key()]; {
		case b != nil:
			h.arrive(b, h.stamp(from, r.Address, raw))
		case r.IsPatient():
			ok = h.patients.receive(from, r.Address, raw)
		}
		if ok && slices.Contains(r.notify, smtp.DSNNotifySuccess) {
			h.report(from, deliveryReport{to: r.Address, envid: envid, original: raw, action: "delivered", status: "2.0.0", code: "250 2.0.0 OK"})
		}
		if !ok && !slices.Contains(r.notify, smtp.DSNNotifyNever) {
			h.report(from, deliveryReport{to: r.Address, envid: envid, original: raw, action: "failed", status: "5.1.1",
				code: "550 5.1.1 patient non trouve"})
		}
	}
}

// stamp adds what the last server adds: where the letter came from and through.
func (h *Host) stamp(from, to mssante.Address, raw []byte) []byte {
	return append(fmt.Appendf(nil, "Return-Path: <%s>\r\nReceived: from %s by %s with ESMTPSA id %06d\r\n\tfor <%s>; %s\r\n",
		from, from.Domain, IMAPHost, h.serial.next(), to, h.o.Now().Format(dateLayout)), raw...)
}

const dateLayout = "Mon, 02 Jan 2006 15:04:05 -0700"

// write lays a letter the host itself composed into a hosted mailbox.
func (h *Host) write(to mssante.Address, raw string) {
	if b := h.boxes[to.Key()]; b != nil {
		h.arrive(b, []byte(strings.ReplaceAll(raw, "\n", "\r\n")))
	}
}

func (h *Host) messageID(domain mssante.Domain, at time.Time) string {
	return fmt.Sprintf("<%s.%04d@%s>", at.UTC().Format("20060102150405"), h.serial.next(), domain)
}
