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
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

const refusal401 = `{"status":"401","schemes":"bearer","scope":"mail"}`

// TestTokenRefused: the challenge then a cut, the challenge then NO, and a plain
// NO all mean 'token refused': evicted, tried once more on a new connection.
func TestTokenRefused(t *testing.T) {
	t.Parallel()
	for name, refuse := range map[string]func(w *wire, tag string){
		"challenge then cut": func(w *wire, tag string) { w.send("+ %s", base64.StdEncoding.EncodeToString([]byte(refusal401))) },
		"challenge then NO": func(w *wire, tag string) {
			w.send("+ %s", base64.StdEncoding.EncodeToString([]byte(refusal401)))
			if got := w.line(); got != "" {
				t.Errorf("answer to the error challenge: %q", got)
			}
			w.send("%s NO [AUTHENTICATIONFAILED] no", tag)
			w.line()
		},
		"plain NO": func(w *wire, tag string) { w.send("%s NO no", tag); w.line() },
	} {
		for _, times := range []int{1, 2} {
			t.Run(fmt.Sprintf("%s, %d times", name, times), func(t *testing.T) {
				t.Parallel()
				var evicted, asked atomic.Int32
				_, a, sc := scripted(t, func(w *wire) {
					if w.n > times {
						w.mailbox(func(string, string) bool { return false })
						return
					}
					w.send("* OK ready")
					tag, _ := w.tagged()
					w.send("* CAPABILITY %s", scriptCaps)
					w.send("%s OK done", tag)
					tag, rest := w.tagged()
					said, _ := base64.StdEncoding.DecodeString(rest[strings.LastIndexByte(rest, ' ')+1:])
					if want := "user=anne.martin@medecin.test.mssante.fr\x01auth=Bearer good-token\x01\x01"; string(said) != want {
						t.Errorf("said %q", said)
					}
					refuse(w, tag)
				}, func(o *Options) {
					o.Credentials = func(context.Context, mssante.Actor, mssante.Address) (string, error) {
						asked.Add(1)
						return testToken, nil
					}
					o.Evict = func(context.Context, mssante.Actor) { evicted.Add(1) }
				})
				_, err := a.Counters(t.Context(), "INBOX")
				if times == 1 && err != nil {
					t.Errorf("accepted the second time: %v", err)
				}
				if times == 2 {
					wantKind(t, err, problem.UpstreamRefused)
					if !strings.Contains(problem.SayOf(err), "a refusé la connexion") {
						t.Errorf("says %q", problem.SayOf(err))
					}
				}
				if sc.conns.Load() != 2 || evicted.Load() != 1 {
					t.Errorf("%d connections, %d evictions, %d tokens", sc.conns.Load(), evicted.Load(), asked.Load())
				}
			})
		}
	}
}

// TestTokenSource: what the session says (sign-in needed) reaches the page as it is.
func TestTokenSource(t *testing.T) {
	t.Parallel()
	ended := problem.New(problem.SignInNeeded, "fin")
	_, a, sc := scripted(t, func(w *wire) {}, func(o *Options) {
		o.Credentials = func(context.Context, mssante.Actor, mssante.Address) (string, error) { return "", ended }
	})
	if _, err := a.Folders(t.Context()); !errors.Is(err, ended) || sc.conns.Load() != 0 {
		t.Errorf("%v, %d connections", err, sc.conns.Load())
	}
	_, a, _ = scripted(t, func(w *wire) { w.mailbox(func(string, string) bool { return false }) }, func(o *Options) {
		o.Credentials = func(context.Context, mssante.Actor, mssante.Address) (string, error) {
			return "x\x01auth=Bearer other", nil
		}
	})
	if _, err := a.Folders(t.Context()); err == nil {
		t.Error("a token with a separator was sent")
	}
}

func TestWithoutInitialResponse(t *testing.T) {
	t.Parallel()
	for _, blank := range []string{"+ ", "+"} {
		_, a, _ := scripted(t, func(w *wire) {
			w.send("* OK ready")
			tag, _ := w.tagged()
			w.send("* CAPABILITY %s", scriptCaps)
			w.send("%s OK done", tag)
			tag, rest := w.tagged()
			if rest != "AUTHENTICATE XOAUTH2" {
				t.Errorf("sent %q", rest)
			}
			w.send("%s", blank)
			said, _ := base64.StdEncoding.DecodeString(w.line())
			if !strings.Contains(string(said), "auth=Bearer good-token") {
				t.Errorf("said %q", said)
			}
			w.send("%s OK in", tag) // no capabilities: they are asked
			tag, rest = w.tagged()
			if rest != "CAPABILITY" {
				t.Errorf("sent %q", rest)
			}
			w.send("* CAPABILITY %s", scriptCaps)
			w.send("%s OK done", tag)
			tag, _ = w.tagged()
			w.send("* STATUS INBOX (UNSEEN 3 UIDVALIDITY 7)")
			w.send("%s OK done", tag)
			w.line()
		}, func(o *Options) { o.Auth = AuthXOAUTH2NoIR })
		if f, err := a.Counters(t.Context(), "INBOX"); err != nil || f.Unseen != 3 {
			t.Errorf("%+v %v", f, err)
		}
	}
}

func TestServiceAccount(t *testing.T) {
	t.Parallel()
	_, a, sc := scripted(t, func(w *wire) {
		w.send("* OK ready")
		tag, _ := w.tagged()
		w.send("* CAPABILITY %s", scriptCaps)
		w.send("%s OK done", tag)
		tag, rest := w.tagged()
		said, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(rest, "AUTHENTICATE PLAIN "))
		if string(said) != "anne.martin@medecin.test.mssante.fr\x00pli\x00secret" {
			t.Errorf("said %q", said)
		}
		w.send("%s NO [AUTHORIZATIONFAILED] not yours", tag)
		w.line()
	}, func(o *Options) {
		o.Auth, o.ServiceUser, o.ServicePassword, o.Credentials = AuthPlain, "pli", "secret", nil
	})
	_, err := a.Folders(t.Context())
	wantKind(t, err, problem.UpstreamRefused)
	if sc.conns.Load() != 1 {
		t.Errorf("%d connections: a password is not tried twice", sc.conns.Load())
	}
}

// TestBeforeTLS: whatever somebody on the path does before TLS, no credential
// leaves (attack 33).
func TestBeforeTLS(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		mute  bool // a greeting that ends it: nothing at all is said after
		serve func(w *wire)
	}{
		"injection":        {false, func(w *wire) { w.send("* OK x"); tag, _ := w.tagged(); w.send("%s OK go\r\n* CAPABILITY EVIL", tag) }},
		"preauth":          {true, func(w *wire) { w.send("* PREAUTH welcome") }},
		"starttls refused": {false, func(w *wire) { w.send("* OK x"); tag, _ := w.tagged(); w.send("%s NO no", tag) }},
		"starttls unknown": {false, func(w *wire) { w.send("* OK x"); tag, _ := w.tagged(); w.send("%s BAD what", tag) }},
		"bye":              {true, func(w *wire) { w.send("* BYE full") }},
		"garbage":          {true, func(w *wire) { w.send("HTTP/1.1 400 Bad Request") }},
		"literal":          {true, func(w *wire) { w.send("* OK x {9999999}") }},
		"long line":        {true, func(w *wire) { w.send("* OK %s", strings.Repeat("x", 1<<20)) }},
		"many lines": {false, func(w *wire) {
			w.send("* OK x")
			w.tagged()
			for range 1000 {
				w.send("* OK more")
			}
		}},
		"wrong tag": {false, func(w *wire) { w.send("* OK x"); w.tagged(); w.send("Z9 OK go") }},
		"cut":       {true, func(w *wire) { w.Conn.Close() }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, client := testTLS(t)
			after := make(chan string, 1)
			sc := newScript(t, nil, func(w *wire) {
				c.serve(w)
				rest, _ := io.ReadAll(io.LimitReader(w.r, 1<<16)) // to the end of the line, which is the client's to make
				after <- string(rest)
			})
			o := options(sc.Dial, client)
			o.CommandTimeout = time.Minute
			s := New(o)
			_, err := s.For(testActor("s1"), testAddress(t)).Folders(t.Context())
			wantKind(t, err, problem.UpstreamDown)
			if got := <-after; strings.Contains(got, "AUTHENTICATE") || strings.Contains(got, "\x16\x03") || c.mute && got != "" {
				t.Errorf("went on and sent %q", got)
			}
			if s.Connections() != 0 {
				t.Errorf("%d connections left open", s.Connections())
			}
		})
	}
}

func TestCertificate(t *testing.T) {
	t.Parallel()
	dial := func(t *testing.T, cfg *tls.Config) func(context.Context, string, string) (net.Conn, error) {
		ln, err := tls.Listen("tcp", "127.0.0.1:0", cfg) // a pipe has no buffer for the alert
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
					(&wire{c, bufio.NewReader(c), 1}).mailbox(func(string, string) bool { return false })
				}()
			}
		}()
		return func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", ln.Addr().String())
		}
	}
	server, client := testTLS(t)
	old := server.Clone()
	old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	for name, c := range map[string]struct {
		server *tls.Config
		change func(*Options)
		ok     bool
	}{
		"as it should be":   {server, func(*Options) {}, true},
		"other name":        {server, func(o *Options) { o.ServerName = "imap.other.example" }, false},
		"other authority":   {server, func(o *Options) { _, o.TLS = testTLS(t) }, false},
		"asked to trust it": {server, func(o *Options) { o.TLS = &tls.Config{InsecureSkipVerify: true} }, false},
		"no tls settings":   {server, func(o *Options) { o.TLS = nil }, false},
		"old tls":           {old, func(o *Options) { o.TLS.MinVersion = tls.VersionTLS10 }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := options(dial(t, c.server), client.Clone())
			o.Mode, o.CommandTimeout = ModeTLS, 5*time.Second
			c.change(&o)
			s := New(o)
			t.Cleanup(func() { s.Drop("s1") })
			_, err := s.For(testActor("s1"), testAddress(t)).Counters(t.Context(), "INBOX")
			if c.ok != (err == nil) {
				t.Errorf("%v", err)
			}
			if err != nil {
				wantKind(t, err, problem.UpstreamDown)
			}
		})
	}
}
