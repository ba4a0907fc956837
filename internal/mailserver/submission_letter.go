package mailserver

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// transaction carries one letter. d is filled as far as it gets.
func (c *smtpConn) transaction(req SubmissionRequest, write func(io.Writer) error, d *Delivery) error {
	if l := c.limits(); l.Size > 0 && req.Size > l.Size {
		return tooBig(req.Size, l.Size)
	}
	if err := c.mail(req, d); err != nil {
		return err
	}
	if err := c.recipients(req, d); err != nil {
		return err
	}
	r, err := c.ask("DATA")
	if err == nil {
		err = r.want(3)
	}
	if err == nil && r.code != 354 {
		err = fmt.Errorf("%w: unexpected answer %d", errGarbled, r.code)
	}
	if err != nil {
		return c.noted(r, err, d)
	}
	if err := c.body(req.Size, write, d); err != nil {
		return err
	}
	return c.final(d)
}

// noted keeps the server's no in d; a server that leaves said nothing of the letter.
func (c *smtpConn) noted(r smtpReply, err error, d *Delivery) error {
	if !errors.Is(err, errLost) && !errors.Is(err, errGarbled) && r.code >= 400 {
		d.refused(r)
	}
	return err
}

func (c *smtpConn) mail(req SubmissionRequest, d *Delivery) error {
	line := "MAIL FROM:<" + req.From.String() + ">"
	if c.has("SIZE") {
		line += fmt.Sprintf(" SIZE=%d", req.Size)
	}
	if c.has("DSN") {
		if req.DSN {
			line += " RET=HDRS" // a report travels, its letter need not travel again
		}
		if req.EnvelopeID != "" {
			line += " ENVID=" + xtext(req.EnvelopeID)
		}
	}
	beyond, _ := smtpPath(req.From)
	for _, a := range req.To {
		b, _ := smtpPath(a)
		beyond = beyond || b
	}
	if beyond && c.has("SMTPUTF8") {
		line += " SMTPUTF8"
	}
	if b, _ := smtpPath(req.From); b && !c.has("SMTPUTF8") {
		return fmt.Errorf("%w: address beyond ASCII", errValue)
	}
	r, err := c.expect(2, line)
	if err != nil {
		return c.noted(r, err, d)
	}
	return nil
}

// recipients names everyone, so that all refusals are told at once.
func (c *smtpConn) recipients(req SubmissionRequest, d *Delivery) error {
	taken := 0
	for i, a := range req.To {
		out := &d.Recipients[i]
		if beyond, _ := smtpPath(a); beyond && !c.has("SMTPUTF8") {
			out.Code, out.Enhanced = 553, "5.6.7" // RFC 6531 §3.5: ours to say, the server cannot be asked
			continue
		}
		line := "RCPT TO:<" + a.String() + ">"
		if req.DSN && c.has("DSN") {
			line += " NOTIFY=SUCCESS,FAILURE,DELAY"
			if beyond, _ := smtpPath(a); !beyond {
				line += " ORCPT=rfc822;" + xtext(a.String())
			}
		}
		r, err := c.expect(2, line)
		if said := (*smtpError)(nil); err != nil && (errors.Is(err, errLost) || !errors.As(err, &said)) {
			return err
		}
		out.Code, out.Enhanced, out.Text = r.code, r.enhanced, r.text()
		if err == nil {
			taken++
		}
	}
	if taken == len(req.To) || taken > 0 && req.Partial {
		return nil
	}
	d.Stage = StageRefused
	for _, out := range d.Recipients {
		if out.Code/100 != 2 {
			d.Code, d.Enhanced, d.Reply = out.Code, out.Enhanced, out.Text
			break
		}
	}
	_, _ = c.ask("RSET") // the server forgets it at the end of the line too
	return recipientsRefused(d)
}

// body streams the letter. An error means that its end was not shown: whatever the
// server has of it, it must throw away (RFC 5321 §4.1.1.4).
func (c *smtpConn) body(size int64, write func(io.Writer) error, d *Delivery) error {
	w := &dotWriter{out: bufio.NewWriterSize(&blockWriter{c: c}, 32<<10), bol: true, left: size}
	err := write(w)
	if err == nil && w.err == nil {
		w.end()
	}
	switch {
	case w.err != nil && errors.Is(w.err, errLost):
		return c.interrupted(w.err, d)
	case w.err != nil:
		return w.err
	case err != nil:
		return fmt.Errorf("writing the letter: %w", err)
	case w.left != 0:
		return fmt.Errorf("%w: the letter is %d octets shorter than announced", errSize, w.left)
	case c.r.Buffered() > 0:
		return c.early(d)
	}
	return nil
}

// interrupted asks why the server stopped reading: it may have said so.
func (c *smtpConn) interrupted(err error, d *Delivery) error {
	if c.expired.Load() {
		return err
	}
	_ = c.within(time.Second, func() error { return c.early(d) })
	if d.Stage == StageRefused {
		return &smtpError{Code: d.Code, Enhanced: d.Enhanced}
	}
	return err
}

// early reads an answer given before the end of the letter: only a no counts.
func (c *smtpConn) early(d *Delivery) error {
	r, err := c.reply()
	if err != nil {
		return err
	}
	if err = r.want(2); err == nil {
		return fmt.Errorf("%w: an answer before its question", errGarbled)
	}
	return c.noted(r, err, d)
}

// final shows the end of the letter and waits for the word. From the first octet
// of the final dot on, silence means that nobody can know.
func (c *smtpConn) final(d *Delivery) error {
	d.Stage = StageUnknown
	return c.within(c.s.o.DataTimeout, func() error {
		if _, err := io.WriteString(c.conn, ".\r\n"); err != nil {
			return fmt.Errorf("%w: %w", errLost, err)
		}
		r, err := c.reply()
		switch {
		case err != nil:
			return err
		case r.code/100 == 2:
			d.Stage, d.Code, d.Enhanced, d.Reply, d.QueueID = StageAccepted, r.code, r.enhanced, r.text(), queueID(r.lines)
			return nil
		case r.code < 400:
			return fmt.Errorf("%w: unexpected answer %d", errGarbled, r.code)
		}
		d.refused(r)
		return &smtpError{Code: r.code, Enhanced: r.enhanced}
	})
}

// queueID reads "queued as 4XyZ", which Postfix and others say.
func queueID(lines []string) string {
	_, rest, ok := strings.Cut(strings.Join(lines, " "), "queued as ")
	id, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	id = strings.Trim(id, "<>.;,")
	if !ok || len(id) > 64 || strings.ContainsFunc(id, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && !strings.ContainsRune("._-@", r)
	}) {
		return ""
	}
	return id
}

// xtext is RFC 3461 §4.
func xtext(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c > ' ' && c <= '~' && c != '+' && c != '=' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "+%02X", c)
		}
	}
	return b.String()
}
