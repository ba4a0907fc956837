package mailserver

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"pli.example/pli/internal/message"
)

// Bounds of what a submission server may say.
const (
	maxReplyLine  = 16 << 10 // a SASL challenge may take 12,288 (RFC 4954 §4)
	maxReplyLines = 100
	maxReplyText  = 300 // characters kept to be shown
	maxAuthLine   = 512 // of AUTH with an initial response (RFC 4954 §4, RFC 5321 §4.5.3.1.4)
	quitLimit     = 500 * time.Millisecond
)

// smtpConn is one connection. Commands are never pipelined: each answer must come
// after its question, so that what somebody slipped in is noticed.
type smtpConn struct {
	s       *Submission
	raw     net.Conn // closing it unblocks everything at once
	conn    net.Conn
	r       *bufio.Reader
	ext     map[string]string // of the last EHLO, upper case keyword → parameters
	stop    func() bool
	expired atomic.Bool
}

func newSMTPConn(raw net.Conn, s *Submission) *smtpConn {
	c := &smtpConn{s: s, raw: raw}
	c.use(raw)
	return c
}

func (c *smtpConn) use(conn net.Conn) {
	c.conn, c.r, c.ext = conn, bufio.NewReaderSize(conn, maxReplyLine), nil
}

func (c *smtpConn) close() {
	c.stop()
	c.raw.Close()
	c.s.mu.Lock()
	delete(c.s.open, c)
	c.s.mu.Unlock()
}

// quit says goodbye without waiting for the answer, then closes.
func (c *smtpConn) quit() {
	_ = c.within(quitLimit, func() error { return c.send("QUIT") })
	c.close()
}

// within runs one exchange under a timer that closes the connection.
func (c *smtpConn) within(limit time.Duration, exchange func() error) error {
	t := time.AfterFunc(limit, func() { c.expired.Store(true); c.raw.Close() })
	defer t.Stop()
	err := exchange()
	if err != nil && c.expired.Load() {
		return fmt.Errorf("%w: %w: %w", errLost, context.DeadlineExceeded, err)
	}
	return err
}

func (c *smtpConn) send(line string) error {
	if strings.ContainsAny(line, "\r\n\x00") {
		return fmt.Errorf("%w: control character in a command", errValue)
	}
	if c.r.Buffered() > 0 {
		return fmt.Errorf("%w: an answer before its question", errGarbled)
	}
	if _, err := io.WriteString(c.conn, line+"\r\n"); err != nil {
		return fmt.Errorf("%w: %w", errLost, err)
	}
	return nil
}

// ask sends a command and reads its answer.
func (c *smtpConn) ask(line string) (r smtpReply, err error) {
	err = c.within(c.s.o.CommandTimeout, func() error {
		if err := c.send(line); err != nil {
			return err
		}
		r, err = c.reply()
		return err
	})
	return r, err
}

// expect is ask for a command that has one good class of answers.
func (c *smtpConn) expect(class int, line string) (smtpReply, error) {
	r, err := c.ask(line)
	if err == nil {
		err = r.want(class)
	}
	return r, err
}

// smtpReply is one answer.
type smtpReply struct {
	code     int
	enhanced string   // "5.1.1" (RFC 2034), "" when absent
	lines    []string // without codes, raw
}

// text is the answer made safe to show: one line, no control, no override, bounded.
func (r smtpReply) text() string { return cleanServerText(strings.Join(r.lines, " ")) }

func cleanServerText(s string) string {
	s = message.DecodeHeaderText(s)
	if t := []rune(s); len(t) > maxReplyText {
		s = string(t[:maxReplyText]) + "…"
	}
	return s
}

// want turns an answer of another class into an error; a 421 means that the
// server is leaving (RFC 5321 §3.8), whatever was asked.
func (r smtpReply) want(class int) error {
	if r.code/100 == class {
		return nil
	}
	said := &smtpError{Code: r.code, Enhanced: r.enhanced}
	switch {
	case r.code == 421:
		return fmt.Errorf("%w: %w", errLost, said)
	case r.code < 400:
		return fmt.Errorf("%w: unexpected answer %d", errGarbled, r.code)
	}
	return said
}

// reply reads one answer (RFC 5321 §4.2): bounded in length and number of lines,
// the same code on each.
func (c *smtpConn) reply() (r smtpReply, err error) {
	for n := 0; ; n++ {
		if n == maxReplyLines {
			return r, fmt.Errorf("%w: too many lines", errFlood)
		}
		b, err := c.r.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			return r, fmt.Errorf("%w: line too long", errFlood)
		case err != nil:
			return r, fmt.Errorf("%w: %w", errLost, err)
		}
		line := strings.TrimRight(string(b), "\r\n")
		code, more, text, ok := splitReply(line)
		if !ok || n > 0 && code != r.code {
			return r, fmt.Errorf("%w: not an SMTP answer", errGarbled)
		}
		enhanced, rest := splitEnhanced(code, text)
		if n == 0 {
			r.code, r.enhanced = code, enhanced
		}
		r.lines = append(r.lines, rest)
		if !more {
			return r, nil
		}
	}
}

func splitReply(line string) (code int, more bool, text string, ok bool) {
	if len(line) < 3 || line[0] < '2' || line[0] > '5' || line[1] < '0' || line[1] > '9' || line[2] < '0' || line[2] > '9' {
		return 0, false, "", false
	}
	code = int(line[0]-'0')*100 + int(line[1]-'0')*10 + int(line[2]-'0')
	if len(line) == 3 {
		return code, false, "", true
	}
	return code, line[3] == '-', line[4:], line[3] == '-' || line[3] == ' '
}

// splitEnhanced takes "5.1.1 " off a text, if its class is that of the code.
func splitEnhanced(code int, text string) (enhanced, rest string) {
	word, rest, _ := strings.Cut(text, " ")
	f := strings.Split(word, ".")
	if len(f) != 3 || f[0] != strconv.Itoa(code/100) {
		return "", text
	}
	for _, n := range f {
		if len(n) == 0 || len(n) > 3 || strings.Trim(n, "0123456789") != "" {
			return "", text
		}
	}
	return word, rest
}

func (c *smtpConn) greeting() error {
	return c.within(c.s.o.CommandTimeout, func() error {
		r, err := c.reply()
		if err == nil {
			err = noService(r.want(2))
		}
		return err
	})
}

// noService: a no before anything was asked is no word on a letter.
func noService(err error) error {
	if said := (*smtpError)(nil); errors.As(err, &said) && !errors.Is(err, errLost) {
		return fmt.Errorf("%w: %w", errLost, err)
	}
	return err
}

func (c *smtpConn) ehlo() error {
	r, err := c.expect(2, "EHLO "+c.s.o.Hello)
	if err != nil {
		return noService(err)
	}
	if r.code != 250 {
		return fmt.Errorf("%w: unexpected answer %d", errGarbled, r.code)
	}
	c.ext = make(map[string]string)
	for i, l := range r.lines {
		if key, params, _ := strings.Cut(strings.TrimSpace(l), " "); i > 0 && key != "" {
			c.ext[strings.ToUpper(key)] = params
		}
	}
	return nil
}

func (c *smtpConn) has(ext string) bool { _, ok := c.ext[ext]; return ok }

func (c *smtpConn) limits() SubmissionLimits {
	size, err := strconv.ParseInt(strings.TrimSpace(c.ext["SIZE"]), 10, 64)
	if err != nil || size < 0 {
		size = 0
	}
	return SubmissionLimits{Size: size, DSN: c.has("DSN"), SMTPUTF8: c.has("SMTPUTF8")}
}

// startTLS asks for TLS. A server that does not offer it is not believed: the
// offer may have been taken out on the way. What follows the answer in clear was
// put there by somebody on the way.
func (c *smtpConn) startTLS() error {
	if !c.has("STARTTLS") {
		return fmt.Errorf("%w: STARTTLS not offered", errInject)
	}
	if _, err := c.expect(2, "STARTTLS"); err != nil {
		if said := (*smtpError)(nil); errors.As(err, &said) {
			return fmt.Errorf("%w: STARTTLS refused: %w", errLost, err)
		}
		return err
	}
	if c.r.Buffered() > 0 {
		return errInject
	}
	return nil
}
