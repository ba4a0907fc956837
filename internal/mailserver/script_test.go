package mailserver

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pli.example/pli/internal/problem"
)

// script is a server that follows no rule but its own.
type script struct {
	*pipes
	conns atomic.Int32
}

// wire is one connection of a script.
type wire struct {
	net.Conn
	r *bufio.Reader
	n int // number of the connection, from 1
}

func (w *wire) line() string {
	s, err := w.r.ReadString('\n')
	if err != nil {
		return ""
	}
	return strings.TrimRight(s, "\r\n")
}
func (w *wire) send(format string, args ...any) { fmt.Fprintf(w.Conn, format+"\r\n", args...) }

// tagged reads a command and gives its tag and the rest.
func (w *wire) tagged() (tag, rest string) {
	tag, rest, _ = strings.Cut(w.line(), " ")
	return tag, rest
}

func newScript(t *testing.T, cfg *tls.Config, serve func(*wire)) *script {
	s := &script{pipes: newPipes()}
	var wg sync.WaitGroup
	t.Cleanup(func() { s.Close(); wg.Wait() })
	wg.Go(func() {
		for {
			c, err := s.Accept()
			if err != nil {
				return
			}
			n := int(s.conns.Add(1))
			t.Cleanup(func() { c.Close() })
			wg.Go(func() {
				defer c.Close()
				var conn net.Conn = c
				if cfg != nil {
					conn = tls.Server(c, cfg)
				}
				serve(&wire{conn, bufio.NewReader(conn), n})
			})
		}
	})
	return s
}

const scriptCaps = "IMAP4rev1 SASL-IR AUTH=XOAUTH2 ESEARCH UIDPLUS MOVE LIST-STATUS LIST-EXTENDED"

// login takes a script to the authenticated state; false when the line ended.
func (w *wire) login() bool { return w.loginWith("") }

// loginWith offers more capabilities.
func (w *wire) loginWith(more string) bool {
	w.send("* OK ready")
	for {
		tag, rest := w.tagged()
		switch {
		case tag == "":
			return false
		case rest == "CAPABILITY":
			w.send("* CAPABILITY %s", scriptCaps+more)
			w.send("%s OK done", tag)
		case strings.HasPrefix(rest, "AUTHENTICATE"):
			w.send("%s OK [CAPABILITY %s] in", tag, scriptCaps+more)
			return true
		}
	}
}

// plain answers what every page asks first, and hands the rest to f.
func (w *wire) mailbox(f func(tag, rest string) bool) {
	if !w.login() {
		return
	}
	for {
		tag, rest := w.tagged()
		switch {
		case tag == "":
			return
		case f(tag, rest):
		case strings.HasPrefix(rest, "SELECT"), strings.HasPrefix(rest, "EXAMINE"):
			w.send("* 1 EXISTS")
			w.send("* OK [UIDVALIDITY 7] x")
			w.send("* OK [UIDNEXT 2] x")
			w.send("%s OK [READ-WRITE] selected", tag)
		case strings.HasPrefix(rest, "STATUS"):
			w.send("* STATUS INBOX (MESSAGES 1 UNSEEN 0 UIDNEXT 2 UIDVALIDITY 7)")
			w.send("%s OK done", tag)
		case strings.Contains(rest, "FETCH") && strings.Contains(rest, "INTERNALDATE"):
			w.send("* 1 FETCH (UID 1 INTERNALDATE \" 1-Mar-2026 10:00:00 +0000\" RFC822.SIZE 9000000 BODYSTRUCTURE (\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 9000000 1 NIL NIL NIL NIL) BODY[HEADER.FIELDS (SUBJECT)] \"Subject: x\" BODY[TEXT]<0> \"y\")")
			w.send("%s OK done", tag)
		case strings.Contains(rest, "FETCH"):
			w.send("* 1 FETCH (UID 1 FLAGS ())")
			w.send("%s OK done", tag)
		default:
			w.send("%s OK done", tag)
		}
	}
}

func scripted(t *testing.T, serve func(*wire), change ...func(*Options)) (*Server, *Account, *script) {
	t.Helper()
	server, client := testTLS(t)
	sc := newScript(t, server, serve)
	o := options(sc.Dial, client)
	o.Mode = ModeTLS
	o.CommandTimeout = 5 * time.Second
	for _, f := range change {
		f(&o)
	}
	s := New(o)
	s.distinct.proven = true // a script is of one mailbox, whatever name is asked for
	t.Cleanup(func() { s.Drop("s1"); s.Drop("s2") })
	return s, s.For(testActor("s1"), testAddress(t)), sc
}

func wantKind(t *testing.T, err error, kind problem.Kind) {
	t.Helper()
	if !problem.Is(err, kind) {
		t.Errorf("got %v, want %s", err, kind)
	}
	if err != nil && problem.SayOf(err) == "" {
		t.Errorf("%v has no sentence", err)
	}
}
