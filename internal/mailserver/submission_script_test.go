package mailserver

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"pli.example/pli/internal/mssante"
)

// smtpScript is a submission server that follows the rules, except where at says
// otherwise: a stage's function answers in place of the rule, and false ends the
// connection.
type smtpScript struct {
	at      map[string]func(w *wire, line string) bool
	ext     []string // beyond AUTH
	got     chan string
	t       *testing.T
	letters chan string
}

var defaultExt = []string{"SIZE 25000000", "DSN", "ENHANCEDSTATUSCODES", "AUTH PLAIN XOAUTH2"}

// serve runs one connection, TLS done, greeting included.
func (s *smtpScript) serve(w *wire) {
	if !s.step(w, "greeting", "", func() { w.send("220 smtp.test.example ready") }) {
		return
	}
	for {
		line := w.line()
		if line == "" {
			return
		}
		verb, _, _ := strings.Cut(strings.ToUpper(line), " ")
		verb, _, _ = strings.Cut(verb, ":")
		s.note(line)
		ok := true
		switch verb {
		case "EHLO":
			ok = s.step(w, "ehlo", line, func() {
				ext := s.ext
				if ext == nil {
					ext = defaultExt
				}
				w.send("250-smtp.test.example")
				for i, e := range ext {
					sep := "-"
					if i == len(ext)-1 {
						sep = " "
					}
					w.send("250%s%s", sep, e)
				}
			})
		case "AUTH":
			ok = s.step(w, "auth", line, func() { w.send("235 2.7.0 ok") })
		case "MAIL":
			ok = s.step(w, "mail", line, func() { w.send("250 2.1.0 ok") })
		case "RCPT":
			ok = s.step(w, "rcpt", line, func() { w.send("250 2.1.5 ok") })
		case "RSET":
			ok = s.step(w, "rset", line, func() { w.send("250 2.0.0 ok") })
		case "DATA":
			if ok = s.step(w, "data", line, func() { w.send("354 go on") }); ok {
				if ok = s.letter(w); ok {
					ok = s.step(w, "final", "", func() { w.send("250 2.0.0 Ok: queued as 4XyZ12") })
				}
			}
		case "QUIT":
			s.step(w, "quit", line, func() { w.send("221 bye") })
			return
		default:
			w.send("500 5.5.1 what?")
		}
		if !ok {
			return
		}
	}
}

func (s *smtpScript) step(w *wire, stage, line string, rule func()) bool {
	if f := s.at[stage]; f != nil {
		return f(w, line)
	}
	rule()
	return true
}

func (s *smtpScript) note(line string) {
	if s.got != nil {
		s.got <- line
	}
}

// said gives the commands of a connection up to its QUIT.
func (s *smtpScript) said() (out []string) {
	for {
		select {
		case l := <-s.got:
			if out = append(out, l); l == "QUIT" {
				return out
			}
		case <-time.After(5 * time.Second):
			s.t.Errorf("no QUIT after %q", out)
			return out
		}
	}
}

// letter reads up to the final dot, dots taken back.
func (s *smtpScript) letter(w *wire) bool {
	if f := s.at["body"]; f != nil {
		return f(w, "")
	}
	var b strings.Builder
	for {
		l, err := w.r.ReadString('\n')
		if err != nil {
			return false
		}
		if l == ".\r\n" {
			if s.letters != nil {
				s.letters <- b.String()
			}
			return true
		}
		b.WriteString(strings.TrimPrefix(l, "."))
	}
}

// smtpOverTCP serves each connection over loopback: a pipe has no buffers, so two who
// talk at the same time would wait for each other.
func smtpOverTCP(t *testing.T, serve func(*wire)) dialer {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	t.Cleanup(func() { ln.Close(); wg.Wait() })
	wg.Go(func() {
		for n := 1; ; n++ {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			_ = c.SetDeadline(time.Now().Add(20 * time.Second))
			wg.Go(func() { defer c.Close(); serve(&wire{c, bufio.NewReader(c), n}) })
		}
	})
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", ln.Addr().String())
	}
}

// submitting starts a script behind implicit TLS and a client for it.
func submitting(t *testing.T, s *smtpScript, change ...func(*SubmissionOptions)) (*Submission, *script) {
	t.Helper()
	s.t = t
	server, client := testTLS(t)
	sc := newScript(t, server, s.serve)
	o := submissionOptions(sc.Dial, client)
	o.Mode = ModeTLS
	for _, f := range change {
		f(&o)
	}
	return NewSubmission(o), sc
}

// submittingTCP is submitting over loopback.
func submittingTCP(t *testing.T, s *smtpScript, change func(*SubmissionOptions)) *Submission {
	t.Helper()
	s.t = t
	server, client := testTLS(t)
	o := submissionOptions(smtpOverTCP(t, func(w *wire) {
		c := tls.Server(w.Conn, server)
		s.serve(&wire{c, bufio.NewReader(c), w.n})
	}), client)
	o.Mode = ModeTLS
	change(&o)
	return NewSubmission(o)
}

func submissionOptions(dial dialer, client tlsConfig) SubmissionOptions {
	base := options(dial, client)
	return SubmissionOptions{Address: base.Address, Mode: ModeSTARTTLS, TLS: client, Dial: dial, Auth: AuthXOAUTH2, Credentials: base.Credentials,
		CommandTimeout: 5 * time.Second, DataTimeout: 5 * time.Second}
}

const testLetter = "Subject: x\r\n\r\nBonjour\r\n.point\r\n"

func addressesOf(t testing.TB, list ...string) (out []mssante.Address) {
	t.Helper()
	for _, s := range list {
		a, err := mssante.ParseAddress(s)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, a)
	}
	return out
}

func requestFor(t testing.TB, letter string, to ...string) SubmissionRequest {
	if len(to) == 0 {
		to = []string{"helene.roux@lab.test.mssante.fr"}
	}
	return SubmissionRequest{From: testAddress(t), To: addressesOf(t, to...), Size: int64(len(letter))}
}

func letterOf(letter string) func(io.Writer) error {
	return func(w io.Writer) error { _, err := io.WriteString(w, letter); return err }
}

func refuseWith(format string, args ...any) func(*wire, string) bool {
	return func(w *wire, _ string) bool { w.send(format, args...); return true }
}

func cutLine(*wire, string) bool { return false }

func muteLine(w *wire, _ string) bool { w.line(); return false }

func challenge401(w *wire) {
	w.send("334 %s", base64.StdEncoding.EncodeToString([]byte(refusal401)))
}

func floodLines(w *wire, _ string) bool {
	for i := 0; ; i++ {
		if _, err := fmt.Fprintf(w, "250-%d and more and more and more\r\n", i); err != nil {
			return false
		}
	}
}

func endlessLine(w *wire, _ string) bool {
	for {
		if _, err := io.WriteString(w, "220 never ends never ends never ends "); err != nil {
			return false
		}
	}
}
