package mailserver

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"
)

// sieveConn is one connection. Commands are never pipelined: each answer must come
// after its question, so that what somebody slipped in is noticed.
type sieveConn struct {
	raw     net.Conn // closing it unblocks everything at once
	conn    net.Conn
	r       *sieveReader
	caps    map[string]string // upper case name → value, as told last
	limit   time.Duration     // of one command
	stop    func() bool
	expired atomic.Bool
}

func newSieveConn(raw net.Conn, limit time.Duration) *sieveConn {
	c := &sieveConn{raw: raw, limit: limit, stop: func() bool { return true }}
	c.use(raw)
	return c
}

func (c *sieveConn) use(conn net.Conn) { c.conn, c.r, c.caps = conn, newSieveReader(conn), nil }

func (c *sieveConn) close() {
	c.stop()
	c.raw.Close()
}

// within runs one exchange under a timer that closes the connection.
func (c *sieveConn) within(limit time.Duration, exchange func() error) error {
	t := time.AfterFunc(limit, func() { c.expired.Store(true); c.raw.Close() })
	defer t.Stop()
	err := exchange()
	if err != nil && c.expired.Load() {
		return fmt.Errorf("%w: %w: %w", errLost, context.DeadlineExceeded, err)
	}
	return err
}

// logout says goodbye without waiting for long, then closes.
func (c *sieveConn) logout() {
	_ = c.within(quitLimit, func() error { return c.send("LOGOUT") })
	c.close()
}

func (c *sieveConn) send(line string) error {
	if c.r.r.Buffered() > 0 {
		return fmt.Errorf("%w: an answer before its question", errGarbled)
	}
	if _, err := io.WriteString(c.conn, line+"\r\n"); err != nil {
		return fmt.Errorf("%w: %w", errLost, err)
	}
	return nil
}

// sieveString writes a client's string: always a literal that waits for nobody
// (RFC 5804 §4), its octets counted, so that nothing in it can be read as a command.
func sieveString(s string) string { return "{" + strconv.Itoa(len(s)) + "+}\r\n" + s }

// ask sends a command and reads its answer; a NO is a *SieveError.
func (c *sieveConn) ask(line string) (a sieveAnswer, err error) {
	err = c.within(c.limit, func() error {
		if err := c.send(line); err != nil {
			return err
		}
		a, err = c.r.next(false)
		return err
	})
	if err == nil {
		err = a.err()
	}
	return a, err
}

func (a sieveAnswer) err() error {
	switch a.status {
	case "OK":
		return nil
	case "NO":
		return &SieveError{Code: a.code, Text: a.text}
	}
	return fmt.Errorf("%w: the server says goodbye (%s)", errLost, a.code) // a REFERRAL is never followed
}

// greeting reads capabilities told unasked: on connecting, after STARTTLS.
func (c *sieveConn) greeting() error {
	return c.within(c.limit, func() error {
		a, err := c.r.next(false)
		if err == nil {
			err = a.err()
		}
		if no := (*SieveError)(nil); errors.As(err, &no) {
			err = fmt.Errorf("%w: %w", errLost, err) // no service
		}
		if err != nil {
			return err
		}
		return c.learn(a)
	})
}

// capability asks what the server offers now.
func (c *sieveConn) capability() error {
	a, err := c.ask("CAPABILITY")
	if err != nil {
		return err
	}
	return c.learn(a)
}

func (c *sieveConn) learn(a sieveAnswer) error {
	c.caps = map[string]string{}
	for _, l := range a.lines {
		value := ""
		if len(l) > 1 {
			value = l[1].text
		}
		c.caps[strings.ToUpper(l[0].text)] = value
	}
	if _, ok := c.caps["SIEVE"]; !ok {
		return fmt.Errorf("%w: no SIEVE among the capabilities", errGarbled)
	}
	return nil
}

// startTLS asks for TLS. A server that does not offer it is not believed: the offer
// may have been taken out on the way. What follows the answer in clear was put there
// by somebody on the way.
func (c *sieveConn) startTLS() error {
	if _, ok := c.caps["STARTTLS"]; !ok {
		return fmt.Errorf("%w: STARTTLS not offered", errInject)
	}
	if _, err := c.ask("STARTTLS"); err != nil {
		if no := (*SieveError)(nil); errors.As(err, &no) {
			return fmt.Errorf("%w: STARTTLS refused: %w", errLost, err)
		}
		return err
	}
	if c.r.r.Buffered() > 0 {
		return errInject
	}
	return nil
}

// authenticate runs the SASL exchange (RFC 5804 §2.1). A challenge after the token is
// a refusal of it, even if the server cuts the line right after.
func (c *sieveConn) authenticate(m mechanism) error {
	name, first, err := m.sasl.Start()
	if err != nil {
		return err
	}
	line := "AUTHENTICATE " + `"` + name + `"`
	if !m.noIR {
		line, first = line+" "+sieveString(encodeSASL(first)), nil
	}
	refused := false
	var a sieveAnswer
	for {
		err = c.within(c.limit, func() error {
			if err := c.send(line); err != nil {
				return err
			}
			a, err = c.r.next(true)
			return err
		})
		if err != nil || a.status != "" {
			break
		}
		challenge := a.lines[len(a.lines)-1][0].text
		if first != nil && challenge == "" {
			line, first = sieveString(encodeSASL(first)), nil
			continue
		}
		said, decodeErr := base64.StdEncoding.DecodeString(challenge)
		if decodeErr != nil || refused {
			return fmt.Errorf("%w: SASL challenge", errGarbled)
		}
		refused = m.isToken
		line = `"*"`
		if next, err := m.sasl.Next(said); err == nil {
			line = sieveString(base64.StdEncoding.EncodeToString(next))
		}
	}
	if err == nil {
		err = a.err()
	}
	no := (*SieveError)(nil)
	switch {
	case err == nil && refused:
		return fmt.Errorf("%w: signed in after a refusal", errGarbled)
	case err == nil:
		return nil
	case refused: // answered, or cut
		return fmt.Errorf("%w: %w", errToken, err)
	case errors.As(err, &no) && no.Code == "TRYLATER":
		return fmt.Errorf("%w: %w", errLost, err)
	case errors.As(err, &no):
		return fmt.Errorf("%w: %w", errToken, err)
	}
	return err
}

// scriptName refuses what a server could take for something else (RFC 5804 §1.6).
func scriptName(name string) (string, error) {
	if name == "" || len(name) > 512 || !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool {
		return r < 0x20 || r >= 0x7f && r <= 0x9f || r == 0x2028 || r == 0x2029
	}) {
		return "", fmt.Errorf("%w: name of a script", errValue)
	}
	return sieveString(name), nil
}
