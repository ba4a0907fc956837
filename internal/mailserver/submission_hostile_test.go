package mailserver

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

// TestSubmissionTLS (attack row 33): nothing but TLS, nothing before it, the right
// name; credentials are never shown otherwise.
func TestSubmissionTLS(t *testing.T) {
	t.Parallel()
	server, client := testTLS(t)
	old := server.Clone()
	old.MinVersion, old.MaxVersion = tls.VersionTLS11, tls.VersionTLS11
	clear := func(answer string) func(t *testing.T, w *wire) {
		return func(t *testing.T, w *wire) {
			w.send("220 ready")
			w.line()
			io.WriteString(w.Conn, answer)
			for l := w.line(); l != ""; l = w.line() {
				if l != "STARTTLS" {
					t.Errorf("sent in clear: %q", l)
				}
				w.send("220 go on")
			}
		}
	}
	starttls := func(cfg *tls.Config, after, inside string) func(t *testing.T, w *wire) {
		return func(t *testing.T, w *wire) {
			w.send("220 ready")
			w.line()
			w.send("250-x\r\n250 STARTTLS")
			w.line()
			io.WriteString(w.Conn, "220 go on\r\n"+after)
			s := tls.Server(w.Conn, cfg)
			io.WriteString(s, inside)
			(&smtpScript{at: map[string]func(*wire, string) bool{"greeting": func(*wire, string) bool { return true }}}).serve(&wire{s, bufio.NewReader(s), 1})
		}
	}
	for name, c := range map[string]struct {
		serve func(t *testing.T, w *wire)
		as    string
		good  bool
	}{
		"good":                      {serve: starttls(server, "", ""), good: true},
		"not offered":               {serve: clear("250 x\r\n")},
		"offer taken out":           {serve: clear("250-x\r\n250-AUTH PLAIN XOAUTH2\r\n250 XSTARTTLSX\r\n")},
		"refused":                   {serve: clear("250-x\r\n250 STARTTLS\r\n454 no\r\n")},
		"injected before TLS":       {serve: starttls(server, "250-x\r\n250 AUTH PLAIN\r\n", "")},
		"injected line end":         {serve: starttls(server, "\n", "")},
		"a greeting inside TLS":     {serve: starttls(server, "", "220 evil\r\n")},
		"two answers inside TLS":    {serve: starttls(server, "", "250 evil\r\n250 more\r\n")},
		"another name":              {serve: starttls(server, "", ""), as: "other.example"},
		"TLS 1.1":                   {serve: starttls(old, "", "")},
		"somebody else's authority": {serve: starttls(func() *tls.Config { other, _ := testTLS(t); return other }(), "", "")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := submissionOptions(smtpOverTCP(t, func(w *wire) { c.serve(t, w) }), client)
			if o.ServerName = c.as; c.as == "" {
				o.ServerName = testHost
			}
			o.CommandTimeout = 2 * time.Second
			d, err := NewSubmission(o).Submit(t.Context(), testActor("s1"), requestFor(t, testLetter), letterOf(testLetter))
			if c.good != (err == nil && d.Stage == StageAccepted) || !c.good && (d.Stage != StageBefore || !problem.Is(err, problem.UpstreamDown)) {
				t.Errorf("%+v, %v", d, err)
			}
		})
	}
}

// TestSubmissionBody: what the letter's writer and a hostile server may do between
// DATA and the final dot.
func TestSubmissionBody(t *testing.T) {
	t.Parallel()
	ours, over := problem.New(problem.Internal, "pièce illisible"), make(chan struct{})
	for name, c := range map[string]struct {
		size  int64
		write func(io.Writer) error
		at    map[string]func(*wire, string) bool
		stage Stage
		kind  problem.Kind
	}{
		"shorter than announced": {size: 500, write: letterOf(testLetter), kind: problem.Internal},
		"longer than announced":  {size: 5, write: letterOf(testLetter), kind: problem.Internal},
		"failure ignored":        {size: 5, write: func(w io.Writer) error { _, _ = io.WriteString(w, testLetter); return nil }, kind: problem.Internal},
		"cannot be written":      {size: 500, write: func(w io.Writer) error { _, _ = io.WriteString(w, testLetter); return ours }, kind: problem.Internal},
		"NUL":                    {size: 3, write: letterOf("a\x00b"), kind: problem.Invalid},
		"over the limit":         {size: 25_000_001, write: letterOf(testLetter), kind: problem.TooLarge},
		"server never reads": {size: 16 << 20, write: letterOf(strings.Repeat("x", 16<<20)), kind: problem.Timeout,
			at: map[string]func(*wire, string) bool{"body": func(w *wire, _ string) bool { <-over; return false }}},
		"server cuts": {size: 16 << 20, write: letterOf(strings.Repeat("x", 16<<20)), kind: problem.UpstreamDown,
			at: map[string]func(*wire, string) bool{"body": cutLine}},
		"server says no at once": {size: 16 << 20, write: letterOf(strings.Repeat("x", 16<<20)), stage: StageRefused, kind: problem.TooLarge,
			at: map[string]func(*wire, string) bool{"body": func(w *wire, _ string) bool { w.send("552 5.3.4 too big"); return false }}},
		"server leaves": {size: 16 << 20, write: letterOf(strings.Repeat("x", 16<<20)), kind: problem.UpstreamDown,
			at: map[string]func(*wire, string) bool{"body": func(w *wire, _ string) bool { w.send("421 bye"); return false }}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			letters := make(chan string, 1)
			s := submittingTCP(t, &smtpScript{at: c.at, letters: letters}, func(o *SubmissionOptions) { o.DataTimeout = 500 * time.Millisecond })
			req := requestFor(t, testLetter)
			req.Size = c.size
			d, err := s.Submit(t.Context(), testActor("s1"), req, c.write)
			if name == "server never reads" {
				close(over)
			}
			wantKind(t, err, c.kind)
			if d.Stage != c.stage {
				t.Errorf("stage %s", d.Stage)
			}
			if name == "cannot be written" && !errors.Is(err, ours) {
				t.Errorf("the reason was lost: %v", err)
			}
			select {
			case l := <-letters:
				t.Errorf("the server took a letter: %q", l)
			default:
			}
		})
	}
}

// TestEarlyAnswer: a yes given before the letter was shown whole is not believed.
func TestEarlyAnswer(t *testing.T) {
	t.Parallel()
	s, _ := submitting(t, &smtpScript{at: map[string]func(*wire, string) bool{"data": func(w *wire, _ string) bool {
		w.send("354 go on\r\n250 2.0.0 Ok: queued as X")
		return true
	}}})
	if d, err := s.Submit(t.Context(), testActor("s1"), requestFor(t, testLetter), letterOf(testLetter)); d.Stage == StageAccepted || err == nil {
		t.Errorf("%+v, %v", d, err)
	}
}

// TestAnswersSlippedIn: an answer too many would shift all that follow: what is said
// of the sender would be read as said of the recipient.
func TestAnswersSlippedIn(t *testing.T) {
	t.Parallel()
	s, _ := submitting(t, &smtpScript{at: map[string]func(*wire, string) bool{
		"auth": func(w *wire, _ string) bool { w.send("235 ok\r\n250 2.1.0 slipped in"); return true },
		"rcpt": refuseWith("550 5.1.1 unknown"),
	}})
	d, err := s.Submit(t.Context(), testActor("s1"), requestFor(t, testLetter), letterOf(testLetter))
	if d.Stage != StageBefore || d.Recipients[0].Code != 0 || !problem.Is(err, problem.UpstreamDown) {
		t.Errorf("%+v, %v", d, err)
	}
}

// TestSubmissionAnswersAhead: with all its answers given ahead, a server, or somebody on
// the way, would have a letter taken for sent that was refused to everybody. Over a line
// with buffers, unlike TestAnswersSlippedIn: there only the answers themselves tell.
func TestSubmissionAnswersAhead(t *testing.T) {
	t.Parallel()
	yes := []string{"ehlo", "250-x\r\n250 AUTH XOAUTH2", "auth", "235 ok", "mail", "250 ok", "rcpt", "250 ok", "data", "354 go on"}
	for i := 0; i < len(yes)-2; i += 2 {
		t.Run(yes[i], func(t *testing.T) {
			t.Parallel()
			var ahead []string
			for j := i + 1; j < len(yes); j += 2 {
				ahead = append(ahead, yes[j])
			}
			at := map[string]func(*wire, string) bool{yes[i]: func(w *wire, _ string) bool { w.send("%s", strings.Join(ahead, "\r\n")); return true }}
			for j := i + 2; j < len(yes); j += 2 {
				at[yes[j]] = func(*wire, string) bool { return true } // what was to be said is said
			}
			s := submittingTCP(t, &smtpScript{at: at}, func(o *SubmissionOptions) { o.DataTimeout = 2 * time.Second })
			d, err := s.Submit(t.Context(), testActor("s1"), requestFor(t, testLetter), letterOf(testLetter))
			wantKind(t, err, problem.UpstreamDown)
			if d.Stage != StageBefore || d.Recipients[0].Accepted {
				t.Errorf("%+v", d)
			}
		})
	}
}

// TestSmuggling (attack row 32): no way of ending a line leaves a dot alone on what
// some server would take for a line.
func TestSmuggling(t *testing.T) {
	t.Parallel()
	for _, end := range []string{"\n.\n", "\r\n.\r\n", "\r.\r", "\n.\r\n", "\r\n.\n", "\r\n.\r", "\r.\r\n", "\n.\r", "\r\r\n.\r\r\n"} {
		for _, chunk := range []int{1, 2, 3, 100} {
			letters := make(chan string, 2)
			evil := "Subject: x\r\n\r\nbefore" + end + "MAIL FROM:<evil@x.fr>\r\n"
			s, _ := submitting(t, &smtpScript{letters: letters})
			d, err := s.Submit(t.Context(), testActor("s1"), requestFor(t, evil), func(w io.Writer) error {
				for rest := evil; rest != ""; {
					n := min(chunk, len(rest))
					if _, err := io.WriteString(w, rest[:n]); err != nil {
						return err
					}
					rest = rest[n:]
				}
				return nil
			})
			if err != nil || d.Stage != StageAccepted {
				t.Fatalf("%q: %+v, %v", end, d, err)
			}
			got := <-letters
			lines := strings.ReplaceAll(got, "\r\n", "")
			if !strings.HasSuffix(got, "MAIL FROM:<evil@x.fr>\r\n") || strings.ContainsAny(lines, "\r\n") {
				t.Errorf("%q by %d: %q", end, chunk, got)
			}
		}
	}
}

// TestEnvelopeInjection: nothing of an envelope can become a command.
func TestEnvelopeInjection(t *testing.T) {
	t.Parallel()
	s, sc := submitting(t, &smtpScript{})
	for _, evil := range []string{"a\r\nRCPT TO:<x@y.fr>", "a>", "a<b", "a b", "", "a\x00", "a\nb", `"a b"`, "a,b", "a\u2028", "a\u0085"} {
		for _, change := range []func(q *SubmissionRequest){
			func(q *SubmissionRequest) {
				q.To = append(q.To, mssante.Address{Local: evil, Domain: "lab.test.mssante.fr"})
			},
			func(q *SubmissionRequest) { q.From.Local = evil },
			func(q *SubmissionRequest) { q.To[0].Domain = mssante.Domain(evil) },
			func(q *SubmissionRequest) { q.EnvelopeID = "é" + evil },
		} {
			req := requestFor(t, testLetter)
			change(&req)
			d, err := s.Submit(t.Context(), testActor("s1"), req, letterOf(testLetter))
			if !problem.Is(err, problem.Invalid) || d.Stage != StageBefore {
				t.Errorf("%q: %+v, %v", evil, d, err)
			}
		}
	}
	for _, req := range []SubmissionRequest{{From: testAddress(t), Size: 1}, {From: testAddress(t), To: addressesOf(t, "a@b.fr")}} {
		if _, err := s.Submit(t.Context(), testActor("s1"), req, letterOf("x")); !problem.Is(err, problem.Invalid) {
			t.Errorf("%+v: %v", req, err)
		}
	}
	if sc.conns.Load() != 0 {
		t.Error("dialled for nothing")
	}
}

// TestBeyondASCII: an address with accents goes only where SMTPUTF8 is offered.
func TestBeyondASCII(t *testing.T) {
	t.Parallel()
	for _, offered := range []bool{false, true} {
		sc := &smtpScript{got: make(chan string, 20)}
		if offered {
			sc.ext = append([]string{"SMTPUTF8"}, defaultExt...)
		}
		s, _ := submitting(t, sc)
		req := requestFor(t, testLetter)
		req.To = append(req.To, mssante.Address{Local: "hélène", Domain: "lab.test.mssante.fr"})
		d, err := s.Submit(t.Context(), testActor("s1"), req, letterOf(testLetter))
		all := strings.Join(sc.said(), "\n") + "\n"
		if offered && (err != nil || d.Stage != StageAccepted || !strings.Contains(all, " SMTPUTF8\n") || !strings.Contains(all, "RCPT TO:<hélène@lab")) {
			t.Errorf("offered: %+v, %v\n%s", d, err, all)
		}
		if !offered && (!problem.Is(err, problem.UpstreamRefused) || d.Stage != StageRefused || d.Recipients[1].Enhanced != "5.6.7" || strings.Contains(all, "é")) {
			t.Errorf("not offered: %+v, %v\n%s", d, err, all)
		}
	}
}

// TestSubmissionPermits: never more connections than allowed; whoever waits gives
// up with their context; closing waits for letters under way, then cuts.
func TestSubmissionPermits(t *testing.T) {
	t.Parallel()
	held, free := make(chan struct{}, 10), make(chan struct{})
	s, sc := submitting(t, &smtpScript{at: map[string]func(*wire, string) bool{"final": func(w *wire, _ string) bool {
		held <- struct{}{}
		<-free
		w.send("250 ok")
		return true
	}}}, func(o *SubmissionOptions) { o.Total = 2; o.DataTimeout = time.Minute })
	submit := func(ctx context.Context) (Delivery, error) {
		return s.Submit(ctx, testActor("s1"), requestFor(t, testLetter), letterOf(testLetter))
	}
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			if d, err := submit(t.Context()); err != nil || d.Stage != StageAccepted {
				t.Errorf("%+v, %v", d, err)
			}
		})
	}
	<-held
	<-held
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	d, err := submit(ctx)
	wantKind(t, err, problem.Timeout)
	if d.Stage != StageBefore || sc.conns.Load() != 2 || s.Connections() != 2 {
		t.Errorf("%+v, %d connections", d, sc.conns.Load())
	}
	closed := make(chan error)
	var released atomic.Bool
	go func() {
		err := s.Close(t.Context())
		if !released.Load() {
			t.Error("Close did not wait")
		}
		closed <- err
	}()
	for { // until Close has begun
		if _, err := submit(t.Context()); problem.Is(err, problem.UpstreamDown) && strings.Contains(problem.SayOf(err), "redémarre") {
			break
		}
	}
	time.Sleep(50 * time.Millisecond) // time for a Close that does not wait to return
	released.Store(true)
	close(free)
	wg.Wait()
	if err := <-closed; err != nil {
		t.Error(err)
	}
}

func TestSubmissionCancelled(t *testing.T) {
	t.Parallel()
	for stage, want := range map[string]Stage{"greeting": StageBefore, "mail": StageBefore, "data": StageBefore, "final": StageUnknown} {
		there := make(chan struct{}, 1)
		s, _ := submitting(t, &smtpScript{at: map[string]func(*wire, string) bool{stage: func(w *wire, _ string) bool { there <- struct{}{}; w.line(); return false }}})
		ctx, cancel := context.WithCancel(t.Context())
		go func() { <-there; cancel() }()
		start := time.Now()
		d, err := s.Submit(ctx, testActor("s1"), requestFor(t, testLetter), letterOf(testLetter))
		if d.Stage != want || !problem.Is(err, problem.Timeout) || time.Since(start) > 3*time.Second {
			t.Errorf("%s: %+v, %v after %s", stage, d, err, time.Since(start))
		}
	}
	there := make(chan struct{}, 1)
	s, _ := submitting(t, &smtpScript{at: map[string]func(*wire, string) bool{"final": func(w *wire, _ string) bool { there <- struct{}{}; w.line(); return false }}})
	over, cancel := context.WithCancel(t.Context())
	go func() { <-there; cancel(); _ = s.Close(over) }()
	if d, err := s.Submit(t.Context(), testActor("s1"), requestFor(t, testLetter), letterOf(testLetter)); d.Stage != StageUnknown || err == nil {
		t.Errorf("cut by Close: %+v, %v", d, err)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	down := false
	sc := &smtpScript{ext: []string{"SIZE 10000000", "DSN", "SMTPUTF8", "AUTH XOAUTH2"}}
	s, wires := submitting(t, sc, func(o *SubmissionOptions) {
		dial := o.Dial
		o.Now = func() time.Time { return now }
		o.Dial = func(ctx context.Context, n, a string) (net.Conn, error) {
			if down {
				return nil, fmt.Errorf("down")
			}
			return dial(ctx, n, a)
		}
		o.Credentials = nil // nobody signs in to learn the limits
	})
	want := SubmissionLimits{Size: 10_000_000, DSN: true, SMTPUTF8: true}
	for range 3 {
		if l, err := s.Limits(t.Context()); err != nil || l != want {
			t.Fatalf("%+v, %v", l, err)
		}
	}
	if wires.conns.Load() != 1 {
		t.Errorf("%d connections", wires.conns.Load())
	}
	now, down = now.Add(limitsAge), true
	if l, err := s.Limits(t.Context()); err != nil || l != want {
		t.Errorf("server down: %+v, %v", l, err)
	}
	fresh, _ := submitting(t, sc, func(o *SubmissionOptions) {
		o.Dial = func(context.Context, string, string) (net.Conn, error) { return nil, fmt.Errorf("down") }
	})
	_, err := fresh.Limits(t.Context())
	wantKind(t, err, problem.UpstreamDown)
	for said, n := range map[string]int64{"SIZE": 0, "SIZE x": 0, "SIZE -5": 0, "SIZE 99999999999999999999": 0, "size 7": 7} {
		s, _ := submitting(t, &smtpScript{ext: []string{said}})
		if l, err := s.Limits(t.Context()); err != nil || l.Size != n {
			t.Errorf("%q: %+v, %v", said, l, err)
		}
	}
}

// FuzzReply: any bytes from a server give an answer or an error, bounded.
func FuzzReply(f *testing.F) {
	for _, s := range []string{"250 ok\r\n", "250-a\r\n250 b\r\n", "250-a\r\n251 b\r\n", "25", "550 5.1.1 \x00\x1b[0m\u202e\r\n", "999 x\r\n", "250\r\n", "250-\n250 \n", "2500 x\r\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c := &smtpConn{r: bufio.NewReaderSize(strings.NewReader(string(b)), maxReplyLine)}
		r, err := c.reply()
		if err != nil {
			return
		}
		if r.code < 200 || r.code > 599 || len(r.lines) > maxReplyLines || len([]rune(r.text())) > maxReplyText+1 || strings.ContainsAny(r.text(), "\r\n\x00\x1b\u202e") {
			t.Fatalf("%+v", r)
		}
		_ = queueID(r.lines)
	})
}
