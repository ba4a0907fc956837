package mailserver

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

// sieveWire is one connection of a scripted ManageSieve server.
type sieveWire struct{ wire }

const sieveHello = "\"IMPLEMENTATION\" \"script\"\r\n\"SIEVE\" \"fileinto imap4flags\"\r\n\"SASL\" \"PLAIN XOAUTH2\"\r\n\"VERSION\" \"1.0\"\r\n"

// command reads a line with the literals in it.
func (w *sieveWire) command() string {
	line := w.line()
	for strings.HasSuffix(line, "+}") {
		n, err := strconv.Atoi(strings.TrimSuffix(line[strings.LastIndexByte(line, '{')+1:], "+}"))
		if err != nil {
			return ""
		}
		b := make([]byte, n)
		if _, err := io.ReadFull(w.r, b); err != nil {
			return ""
		}
		line = line[:strings.LastIndexByte(line, '{')] + "<" + string(b) + ">" + w.line()
	}
	return line
}

// signIn greets and takes the client through AUTHENTICATE.
func (w *sieveWire) signIn() bool {
	w.send(sieveHello + "OK \"ready\"")
	if !strings.HasPrefix(w.command(), "AUTHENTICATE") {
		return false
	}
	w.send("OK")
	if w.command() != "CAPABILITY" {
		return false
	}
	w.send(sieveHello + "OK")
	return true
}

func scriptedSieve(t *testing.T, serve func(*sieveWire), change ...func(*SieveOptions)) *Sieve {
	t.Helper()
	server, client := testTLS(t)
	o := SieveOptions{Address: testHost + ":4190", Mode: ModeTLS, TLS: client, CommandTimeout: 5 * time.Second,
		Credentials: func(context.Context, mssante.Actor, mssante.Address) (string, error) { return testToken, nil }}
	for _, f := range change {
		f(&o)
	}
	if o.Mode != ModeTLS {
		server = nil
	}
	sc := newScript(t, server, func(w *wire) { serve(&sieveWire{*w}) })
	o.Dial = sc.Dial
	return NewSieve(o)
}

func (s *Sieve) try(t *testing.T, f func(*Scripts) error) error {
	return s.Do(t.Context(), testActor("s1"), testAddress(t), f)
}

// TestSieveScripts: each command as it goes over the wire, strings counted.
func TestSieveScripts(t *testing.T) {
	t.Parallel()
	heard := make(chan string, 100)
	s := scriptedSieve(t, func(w *sieveWire) {
		if !w.signIn() {
			return
		}
		for {
			line := w.command()
			if line == "" {
				return
			}
			heard <- line
			switch {
			case line == "LISTSCRIPTS":
				w.send("\"summer\"\r\n{3}\r\npli ACTIVE\r\nOK")
			case strings.HasPrefix(line, "GETSCRIPT"):
				w.send("{16}\r\nkeep; # OK\r\nNO\r\n\r\nOK (WARNINGS) \"read\"")
			default:
				w.send("OK")
			}
		}
	})
	const hostile = "x\"\r\nDELETESCRIPT \"pli\"\r\n{5+}"
	err := s.try(t, func(c *Scripts) error {
		all, err := c.List()
		if err != nil || len(all) != 2 || all[0] != (Script{"summer", false}) || all[1] != (Script{"pli", true}) {
			t.Errorf("%v %v", all, err)
		}
		text, err := c.Get("pli")
		if err != nil || text != "keep; # OK\r\nNO\r\n" {
			t.Errorf("%q %v", text, err)
		}
		if got := c.Extensions(); len(got) != 2 || got[0] != "fileinto" {
			t.Errorf("extensions %v", got)
		}
		return errors.Join(c.HaveSpace("pli", 12), c.Put("pli", hostile), c.Check("keep;"), c.Activate("pli"), c.Activate(""), c.Delete("old"))
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"LISTSCRIPTS", "GETSCRIPT <pli>", "HAVESPACE <pli> 12", "PUTSCRIPT <pli> <" + hostile + ">", "CHECKSCRIPT <keep;>", "SETACTIVE <pli>", `SETACTIVE ""`, "DELETESCRIPT <old>"}
	var said []string
	for range want { // then LOGOUT
		said = append(said, <-heard)
	}
	if strings.Join(said, "|") != strings.Join(want, "|") {
		t.Errorf("said %q", said)
	}
	for _, name := range []string{"", "a\r\nb", "a\x00", "\u2028", strings.Repeat("x", 600), "\xff"} {
		err := s.try(t, func(c *Scripts) error { return c.Put(name, "keep;") })
		wantKind(t, err, problem.Invalid)
	}
}

// TestSieveSaysNo: what a refusal becomes; the server's text goes nowhere.
func TestSieveSaysNo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		answer string
		kind   problem.Kind
	}{
		{`NO "line 1: Mme Durand"`, problem.UpstreamRefused},
		{`NO (QUOTA/MAXSIZE) "Mme Durand"`, problem.UpstreamRefused},
		{`NO (NONEXISTENT) {10}` + "\r\nMme Durand", problem.Gone},
		{`NO (TRYLATER) "Mme Durand"`, problem.UpstreamDown},
		{`BYE (REFERRAL "sieve://evil.example") "Mme Durand"`, problem.UpstreamDown},
		{`PERHAPS`, problem.UpstreamDown},
		{``, problem.UpstreamDown},
		{`OK (never`, problem.UpstreamDown},
		{`"a" "b`, problem.UpstreamDown},
		{`{9999999999}`, problem.UpstreamDown},
		{`{900000}`, problem.UpstreamDown},
		{"{600000}\r\n" + strings.Repeat("x", 600_000) + "\r\nOK", problem.UpstreamDown},
		{`"` + strings.Repeat("x", 20<<10) + `"`, problem.UpstreamDown},
		{strings.Repeat("\"x\"\r\n", 600) + "OK", problem.UpstreamDown},
		{strings.Repeat(`"x" `, 60) + "\r\nOK", problem.UpstreamDown},
		{"\"a\" ACTIVE\r\n\"b\" ACTIVE\r\nOK", problem.UpstreamDown},
	} {
		s := scriptedSieve(t, func(w *sieveWire) {
			if w.signIn() && w.command() != "" {
				w.send("%s", c.answer)
			}
		})
		err := s.try(t, func(c *Scripts) error { _, err := c.List(); return err })
		wantKind(t, err, c.kind)
		if err != nil && strings.Contains(err.Error()+problem.SayOf(err), "Durand") {
			t.Errorf("%q: the server's text leaves the room: %v", c.answer, err)
		}
	}
}

// TestSieveSignIn: the token with the command or after an empty challenge, a refusal
// tried once more with a new one, a JSON challenge then a cut.
func TestSieveSignIn(t *testing.T) {
	t.Parallel()
	sent := base64.StdEncoding.EncodeToString([]byte("user=" + testAddress(t).String() + "\x01auth=Bearer " + testToken + "\x01\x01"))
	for _, c := range []struct {
		name, auth string
		serve      func(w *sieveWire, line string) bool
		kind       problem.Kind
		in         bool
	}{
		{name: "with the command", serve: func(w *sieveWire, line string) bool { return line == `AUTHENTICATE "XOAUTH2" <`+sent+`>` }, in: true},
		{name: "after a challenge", auth: AuthXOAUTH2NoIR, in: true, serve: func(w *sieveWire, line string) bool {
			w.send(`""`)
			return line == `AUTHENTICATE "XOAUTH2"` && w.command() == "<"+sent+">"
		}},
		{name: "refused", kind: problem.UpstreamRefused, serve: func(w *sieveWire, line string) bool { return false }},
		{name: "challenged, then cut", kind: problem.UpstreamRefused, serve: func(w *sieveWire, line string) bool {
			w.send(`"%s"`, base64.StdEncoding.EncodeToString([]byte(`{"status":"401"}`)))
			w.command()
			w.Close()
			return false
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			evicted := 0
			s := scriptedSieve(t, func(w *sieveWire) {
				w.send(sieveHello + "OK")
				if !c.serve(w, w.command()) {
					w.send(`NO "no"`)
					return
				}
				w.send("OK")
				w.command()
				w.send(sieveHello + "OK")
			}, func(o *SieveOptions) {
				o.Auth = c.auth
				o.Evict = func(context.Context, mssante.Actor) { evicted++ }
			})
			err := s.try(t, func(*Scripts) error { return nil })
			if c.in {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantKind(t, err, c.kind)
			if evicted != 1 {
				t.Errorf("evicted %d times", evicted)
			}
		})
	}
}

// TestSieveInjection: what follows the STARTTLS answer in clear is somebody on the
// way, and so is a server that does not offer it; no password is sent.
func TestSieveInjection(t *testing.T) {
	t.Parallel()
	const offer = "\"SIEVE\" \"\"\r\n\"STARTTLS\"\r\n"
	for name, serve := range map[string]func(w *sieveWire){
		"not offered":      func(w *sieveWire) { w.send(sieveHello + "OK") },
		"signed in before": func(w *sieveWire) { w.send("OK\r\nOK\r\nOK") },
		"refused":          func(w *sieveWire) { w.send(offer + "OK"); w.command(); w.send("NO") },
		"bytes before TLS": func(w *sieveWire) { w.send(offer + "OK"); w.command(); w.send("OK\r\n" + sieveHello + "OK") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			said := make(chan int, 10)
			s := scriptedSieve(t, func(w *sieveWire) {
				serve(w)
				n, _ := w.r.Read(make([]byte, 1))
				said <- n
			}, func(o *SieveOptions) { o.Mode = ModeSTARTTLS })
			wantKind(t, s.try(t, func(*Scripts) error { return nil }), problem.UpstreamDown)
			if n := <-said; n != 0 {
				t.Error("the client goes on")
			}
		})
	}
}

// TestSieveEnds: a mute server costs its time and no more, and a request that ends
// closes the line.
func TestSieveEnds(t *testing.T) {
	t.Parallel()
	mute := func(w *sieveWire) { w.signIn(); w.command(); io.Copy(io.Discard, w.r) }
	list := func(c *Scripts) error { _, err := c.List(); return err }
	s := scriptedSieve(t, mute, func(o *SieveOptions) { o.CommandTimeout = time.Second })
	wantKind(t, s.try(t, list), problem.Timeout)
	s = scriptedSieve(t, mute)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	began := time.Now()
	wantKind(t, s.Do(ctx, testActor("s1"), testAddress(t), list), problem.Timeout)
	if took := time.Since(began); took > 4*time.Second || s.Connections() != 0 {
		t.Errorf("took %s, %d connections left", took, s.Connections())
	}
}

// TestSieveTLS: the certificate's name is checked.
func TestSieveTLS(t *testing.T) {
	t.Parallel()
	server, client := testTLS(t)
	ln, err := tls.Listen("tcp", "127.0.0.1:0", server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				(&sieveWire{wire{Conn: c, r: bufio.NewReader(c)}}).signIn()
			}()
		}
	}()
	o := SieveOptions{Address: ln.Addr().String(), ServerName: testHost, Mode: ModeTLS, TLS: client, CommandTimeout: 5 * time.Second,
		Credentials: func(context.Context, mssante.Actor, mssante.Address) (string, error) { return testToken, nil }}
	nothing := func(*Scripts) error { return nil }
	if err := NewSieve(o).try(t, nothing); err != nil {
		t.Fatal(err)
	}
	other, blind := o, o
	other.ServerName = "other.example"
	blind.TLS = &tls.Config{InsecureSkipVerify: true} // never believed
	wantKind(t, NewSieve(other).try(t, nothing), problem.UpstreamDown)
	wantKind(t, NewSieve(blind).try(t, nothing), problem.UpstreamDown)
}

// FuzzSieveReader: whatever a server says, an answer ends, is bounded, and what was
// read as strings is what stood there.
func FuzzSieveReader(f *testing.F) {
	for _, s := range []string{"OK\r\n", "\"a\" ACTIVE\r\nOK (WARNINGS) {2}\r\nok\r\n", sieveHello + "OK\r\n", "NO (QUOTA/MAXSIZE) \"x\"\r\n",
		"{3+}\r\nabc\r\nOK\r\n", "\"\\\"\\\\\"\r\nOK\n", "BYE\r\n", "OK (((\r\n", "{-1}\r\n", "\"\r\n"} {
		f.Add([]byte(s), true)
	}
	f.Fuzz(func(t *testing.T, raw []byte, asks bool) {
		r := newSieveReader(bufio.NewReader(strings.NewReader(string(raw))))
		a, err := r.next(asks)
		if err != nil {
			return
		}
		total := 0
		for _, l := range a.lines {
			for _, tok := range l {
				total += len(tok.text)
			}
		}
		if total > len(raw) || len(a.lines) > maxSieveLines || a.status == "" && !asks {
			t.Errorf("%d octets, %d lines, %q of %q", total, len(a.lines), a.status, raw)
		}
		// Our own strings come back as they were.
		back := newSieveReader(strings.NewReader(sieveString(string(raw)) + "\r\nOK\r\n"))
		b, err := back.next(false)
		if err != nil || len(b.lines) != 1 || b.lines[0][0].text != string(raw) {
			t.Errorf("%q came back as %+v %v", raw, b, err)
		}
	})
}

// TestSievePlainLine keeps the door from ever speaking to a server whose
// dial gives a plain line in mode tls.
func TestSievePlainLine(t *testing.T) {
	t.Parallel()
	_, client := testTLS(t)
	mine, theirs := net.Pipe()
	go io.Copy(io.Discard, theirs)
	go func() { fmt.Fprint(theirs, sieveHello+"OK\r\n"); theirs.Close() }()
	s := NewSieve(SieveOptions{Address: testHost + ":4190", Mode: ModeTLS, TLS: client, CommandTimeout: 2 * time.Second,
		Credentials: func(context.Context, mssante.Actor, mssante.Address) (string, error) { return testToken, nil },
		Dial:        func(context.Context, string, string) (net.Conn, error) { return mine, nil }})
	wantKind(t, s.try(t, func(*Scripts) error { return nil }), problem.UpstreamDown)
}
