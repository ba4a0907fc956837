package mailserver

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

type (
	dialer    = func(context.Context, string, string) (net.Conn, error)
	tlsConfig = *tls.Config
)

// TestSubmissionStages: at each stage a temporary no, a lasting no, a cut, a
// silence, a 421, garbage and a flood; what is told of the letter.
func TestSubmissionStages(t *testing.T) {
	t.Parallel()
	type outcome struct {
		stage Stage
		kind  problem.Kind
	}
	before := func(k problem.Kind) outcome { return outcome{StageBefore, k} }
	down, slow := before(problem.UpstreamDown), before(problem.Timeout)
	no := outcome{StageRefused, problem.UpstreamRefused}
	lost, late := outcome{StageUnknown, problem.UpstreamDown}, outcome{StageUnknown, problem.Timeout}
	token := before(problem.UpstreamRefused)
	for stage, want := range map[string][8]outcome{
		//           4xx    5xx    cut   mute  421   junk  flood endless line
		"greeting": {down, down, down, slow, down, down, down, down},
		"ehlo":     {down, down, down, slow, down, down, down, down},
		"auth":     {down, token, down, slow, down, down, down, down},
		"mail":     {no, no, down, slow, down, down, down, down},
		"rcpt":     {no, no, down, slow, down, down, down, down},
		"data":     {no, no, down, slow, down, down, down, down},
		"final":    {no, no, lost, late, no, lost, lost, lost},
	} {
		for i, f := range []func(*wire, string) bool{refuseWith("451 4.3.0 later"), refuseWith("554 5.6.0 never"), cutLine, muteLine, refuseWith("421 4.3.2 leaving"),
			refuseWith("hello"), floodLines, endlessLine} {
			name := [...]string{"4xx", "5xx", "cut", "mute", "421", "junk", "flood", "endless line"}[i]
			t.Run(stage+" "+name, func(t *testing.T) {
				t.Parallel()
				s, _ := submitting(t, &smtpScript{at: map[string]func(*wire, string) bool{stage: f}}, func(o *SubmissionOptions) {
					if name == "mute" {
						o.CommandTimeout, o.DataTimeout = 150*time.Millisecond, 150*time.Millisecond
					}
				})
				d, err := s.Submit(t.Context(), testActor("s1"), requestFor(t, testLetter), letterOf(testLetter))
				wantKind(t, err, want[i].kind)
				if d.Stage != want[i].stage {
					t.Errorf("stage %s, want %s (%v)", d.Stage, want[i].stage, err)
				}
				if say := problem.SayOf(err); !strings.Contains(say, "gardée") || (d.Stage == StageUnknown) != strings.Contains(say, "peut-être partie") {
					t.Errorf("says %q", say)
				}
				for _, r := range d.Recipients {
					if r.Accepted {
						t.Errorf("accepted: %+v", r)
					}
				}
				if s.Connections() != 0 {
					t.Error("a permit is missing")
				}
			})
		}
	}
}

func TestSubmit(t *testing.T) {
	t.Parallel()
	sc := &smtpScript{got: make(chan string, 20), letters: make(chan string, 1)}
	s, _ := submitting(t, sc)
	req := requestFor(t, testLetter, "helene.roux@lab.test.mssante.fr", "b@lab.test.mssante.fr", "B@lab.test.mssante.fr")
	req.DSN, req.EnvelopeID = true, "pli+1=x"
	d, err := s.Submit(t.Context(), testActor("s1"), req, letterOf(testLetter))
	if err != nil || d.Stage != StageAccepted || d.QueueID != "4XyZ12" || d.Code != 250 || len(d.Recipients) != 2 || !d.Recipients[0].Accepted || !d.Recipients[1].Accepted {
		t.Fatalf("%+v, %v", d, err)
	}
	if got := <-sc.letters; got != testLetter {
		t.Errorf("letter %q", got)
	}
	auth := "AUTH XOAUTH2 " + base64.StdEncoding.EncodeToString([]byte("user=anne.martin@medecin.test.mssante.fr\x01auth=Bearer good-token\x01\x01"))
	for _, want := range []string{"EHLO localhost", auth, fmt.Sprintf("MAIL FROM:<anne.martin@medecin.test.mssante.fr> SIZE=%d RET=HDRS ENVID=pli+2B1+3Dx", len(testLetter)),
		"RCPT TO:<helene.roux@lab.test.mssante.fr> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;helene.roux@lab.test.mssante.fr",
		"RCPT TO:<b@lab.test.mssante.fr> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;b@lab.test.mssante.fr", "DATA", "QUIT"} {
		if got := <-sc.got; got != want {
			t.Errorf("sent %q, want %q", got, want)
		}
	}
}

// TestExtensionsAbsent: nothing is asked of a server that does not offer it.
func TestExtensionsAbsent(t *testing.T) {
	t.Parallel()
	sc := &smtpScript{got: make(chan string, 20), ext: []string{"AUTH XOAUTH2"}}
	s, _ := submitting(t, sc)
	req := requestFor(t, testLetter)
	req.DSN, req.EnvelopeID = true, "x"
	if d, err := s.Submit(t.Context(), testActor("s1"), req, letterOf(testLetter)); err != nil || d.Stage != StageAccepted {
		t.Fatalf("%+v, %v", d, err)
	}
	<-sc.got
	<-sc.got
	for _, want := range []string{"MAIL FROM:<anne.martin@medecin.test.mssante.fr>", "RCPT TO:<helene.roux@lab.test.mssante.fr>"} {
		if got := <-sc.got; got != want {
			t.Errorf("sent %q, want %q", got, want)
		}
	}
	if l, err := s.Limits(t.Context()); err != nil || l != (SubmissionLimits{}) {
		t.Errorf("%+v, %v", l, err)
	}
}

// TestRecipientsRefused: one refused recipient keeps the letter from everybody,
// and every refusal is told; Partial goes on.
func TestRecipientsRefused(t *testing.T) {
	t.Parallel()
	for _, partial := range []bool{false, true} {
		sc := &smtpScript{got: make(chan string, 20), at: map[string]func(*wire, string) bool{"rcpt": func(w *wire, line string) bool {
			switch {
			case strings.Contains(line, "absent"):
				w.send("550-5.1.1 <absent@lab.test.mssante.fr>: \x1b[31m\u202eUser\x00 unknown")
				w.send("550 5.1.1 %s", strings.Repeat("long ", 100))
			case strings.Contains(line, "full"):
				w.send("452 4.2.2 mailbox full")
			default:
				w.send("250 2.1.5 ok")
			}
			return true
		}}}
		s, _ := submitting(t, sc)
		req := requestFor(t, testLetter, "a@lab.test.mssante.fr", "absent@lab.test.mssante.fr", "full@lab.test.mssante.fr")
		req.Partial = partial
		d, err := s.Submit(t.Context(), testActor("s1"), req, letterOf(testLetter))
		var verbs []string
		for _, l := range sc.said() {
			verbs = append(verbs, l[:4])
		}
		if partial {
			if err != nil || d.Stage != StageAccepted || !d.Recipients[0].Accepted || d.Recipients[1].Accepted || d.Recipients[2].Accepted {
				t.Errorf("partial: %+v, %v", d, err)
			}
			continue
		}
		wantKind(t, err, problem.UpstreamRefused)
		if d.Stage != StageRefused || d.Recipients[0].Accepted || d.Code != 550 || !strings.Contains(problem.SayOf(err), "2 destinataires") {
			t.Errorf("%+v, %v", d, err)
		}
		if got := strings.Join(verbs, " "); got != "EHLO AUTH MAIL RCPT RCPT RCPT RSET QUIT" {
			t.Errorf("said %s", got)
		}
		r := d.Recipients[1]
		if r.Code != 550 || r.Enhanced != "5.1.1" || !strings.HasPrefix(r.Text, "<absent@lab.test.mssante.fr>: ") ||
			strings.ContainsAny(r.Text, "\x00\x1b\u202e\r\n") || len([]rune(r.Text)) > maxReplyText+1 {
			t.Errorf("%+v", r)
		}
		if strings.Contains(err.Error(), "absent") || strings.Contains(err.Error(), "User") {
			t.Errorf("the server's words would be logged: %v", err)
		}
	}
}

// TestSubmissionToken: a refused token is evicted and tried once more.
func TestSubmissionToken(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]func(w *wire, line string) bool{
		"challenge then cut": func(w *wire, _ string) bool { challenge401(w); return false },
		"challenge then 535": func(w *wire, _ string) bool {
			challenge401(w)
			if got := w.line(); got != "" {
				w.send("501 not empty")
			}
			w.send("535 5.7.8 no")
			return true
		},
		"535":              refuseWith("535 5.7.8 no"),
		"challenge then 2": func(w *wire, _ string) bool { challenge401(w); w.line(); w.send("235 in"); return true },
	} {
		for _, times := range []int{1, 2} {
			t.Run(fmt.Sprintf("%s, %d times", name, times), func(t *testing.T) {
				t.Parallel()
				var evicted atomic.Int32
				sc := &smtpScript{}
				sc.at = map[string]func(*wire, string) bool{"auth": func(w *wire, line string) bool {
					if w.n > times {
						w.send("235 ok")
						return true
					}
					return f(w, line)
				}}
				s, wires := submitting(t, sc, func(o *SubmissionOptions) { o.Evict = func(context.Context, mssante.Actor) { evicted.Add(1) } })
				d, err := s.Submit(t.Context(), testActor("s1"), requestFor(t, testLetter), letterOf(testLetter))
				if name == "challenge then 2" { // said no, then yes: nobody is believed
					if d.Stage != StageBefore || err == nil {
						t.Errorf("%+v, %v", d, err)
					}
					return
				}
				if times == 1 && (err != nil || d.Stage != StageAccepted) {
					t.Errorf("taken the second time: %+v, %v", d, err)
				}
				if times == 2 {
					wantKind(t, err, problem.UpstreamRefused)
					if !strings.Contains(problem.SayOf(err), "a refusé la connexion") || d.Stage != StageBefore {
						t.Errorf("%+v, says %q", d, problem.SayOf(err))
					}
				}
				if wires.conns.Load() != 2 || evicted.Load() != 1 {
					t.Errorf("%d connections, %d evictions", wires.conns.Load(), evicted.Load())
				}
			})
		}
	}
}

// TestAuthForms: with and without initial response, a token too long for one, and
// the service account.
func TestAuthForms(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("t", 2000)
	for _, c := range []struct {
		name, auth, token, want string
	}{
		{"no initial response", AuthXOAUTH2NoIR, "tok", "user=anne.martin@medecin.test.mssante.fr\x01auth=Bearer tok\x01\x01"},
		{"too long for one line", AuthXOAUTH2, long, "user=anne.martin@medecin.test.mssante.fr\x01auth=Bearer " + long + "\x01\x01"},
		{"service account", AuthPlain, "", "anne.martin@medecin.test.mssante.fr\x00svc\x00pw"},
	} {
		var said atomic.Value
		sc := &smtpScript{at: map[string]func(*wire, string) bool{"auth": func(w *wire, line string) bool {
			f := strings.Fields(line)
			if len(line)+2 > maxAuthLine {
				w.send("500 line too long")
				return true
			}
			if len(f) == 2 {
				w.send("334 ")
				f = append(f, w.line())
			}
			b, _ := base64.StdEncoding.DecodeString(f[2])
			said.Store(string(b))
			w.send("235 ok")
			return true
		}}}
		s, _ := submitting(t, sc, func(o *SubmissionOptions) {
			o.Auth, o.ServiceUser, o.ServicePassword = c.auth, "svc", "pw"
			o.Credentials = func(context.Context, mssante.Actor, mssante.Address) (string, error) { return c.token, nil }
		})
		if _, err := s.Submit(t.Context(), testActor("s1"), requestFor(t, testLetter), letterOf(testLetter)); err != nil || said.Load() != c.want {
			t.Errorf("%s: %q, %v", c.name, said.Load(), err)
		}
	}
	ended := problem.New(problem.SignInNeeded, "fin")
	s, wires := submitting(t, &smtpScript{}, func(o *SubmissionOptions) {
		o.Credentials = func(context.Context, mssante.Actor, mssante.Address) (string, error) { return "", ended }
	})
	if _, err := s.Submit(t.Context(), testActor("s1"), requestFor(t, testLetter), letterOf(testLetter)); !errors.Is(err, ended) || wires.conns.Load() != 0 {
		t.Errorf("%v", err)
	}
}

// TestSubmissionMemory: 25 MB go up in constant memory.
func TestSubmissionMemory(t *testing.T) {
	const size = 25_000_000
	sc := &smtpScript{at: map[string]func(*wire, string) bool{"body": func(w *wire, _ string) bool {
		for {
			if l, err := w.r.ReadSlice('\n'); err != nil || string(l) == ".\r\n" {
				return err == nil
			}
		}
	}}}
	s, _ := submitting(t, sc)
	line := []byte(strings.Repeat("x", 998) + "\r\n")
	req := requestFor(t, testLetter)
	req.Size = size
	runtime.GC()
	var first, last runtime.MemStats
	runtime.ReadMemStats(&first)
	d, err := s.Submit(t.Context(), testActor("s1"), req, func(w io.Writer) error {
		for range size / len(line) {
			if _, err := w.Write(line); err != nil {
				return err
			}
		}
		return nil
	})
	runtime.ReadMemStats(&last)
	if err != nil || d.Stage != StageAccepted {
		t.Fatalf("%+v, %v", d, err)
	}
	if grew := last.TotalAlloc - first.TotalAlloc; grew > 6<<20 { // both ends, their TLS, the race detector
		t.Errorf("%d bytes allocated", grew)
	}
}
