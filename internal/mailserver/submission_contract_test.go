package mailserver

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pli.example/pli/e2e/dovecot"
	"pli.example/pli/e2e/postfix"
	"pli.example/pli/internal/demo/mailhost"
	"pli.example/pli/internal/message"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

const (
	anneBox, rouxBox = "anne.martin@medecin.test.mssante.fr", "helene.roux@lab.test.mssante.fr"
	testID           = "810000000001"
)

// operator is a real submission service behind the contract.
type operator struct {
	o     SubmissionOptions
	inbox func(address string) [][]byte // what lies there, transport fields included
	log   func() string
}

// demoOperator is the demo's mail host, over pipes.
func demoOperator(t *testing.T) operator {
	h, err := mailhost.New(mailhost.Options{
		Mailboxes: []mailhost.Mailbox{{Address: addressesOf(t, anneBox)[0]}, {Address: addressesOf(t, rouxBox)[0]}},
		Token:     func(token string) (mssante.NationalID, bool) { return testID, token == testToken },
		MayOpen:   func(id mssante.NationalID, a mssante.Address) bool { return id == testID && a.String() == anneBox },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	o := submissionOptions(func(ctx context.Context, _, _ string) (net.Conn, error) { return h.DialSMTP(ctx) }, h.TLS())
	o.ServerName = mailhost.SMTPHost
	return operator{o: o, log: func() string { return "" }, inbox: func(address string) (out [][]byte) {
		if raw := h.Newest(addressesOf(t, address)[0], "INBOX"); raw != nil { // one at a time is enough: rows use their own letters
			out = append(out, raw)
		}
		return out
	}}
}

// postfixOperators are real Postfix and Dovecot, one instance: STARTTLS with a
// token, TLS from the start with one, and the service account.
func postfixOperators(t *testing.T) map[string]operator {
	if err := postfix.Installed(); err != nil {
		t.Skip(err)
	}
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"active": r.PostFormValue("token") == testToken, "SubjectNameID": testID})
	}))
	t.Cleanup(provider.Close)
	dir, err := os.MkdirTemp("", "pli") // sockets: a short path
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	sub := func(name string) string {
		d := filepath.Join(dir, name)
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
		return d
	}
	boxes := []string{anneBox, rouxBox}
	dove, delivery, err := dovecot.StartDelivering(dovecot.Options{Dir: sub("d"), Mailboxes: boxes, Introspection: provider.URL,
		Pairs: []dovecot.Pair{{Mailbox: anneBox, NationalID: testID}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(dove.Stop)
	post, err := postfix.Start(postfix.Options{Dir: sub("p"), Dovecot: dove, Delivery: delivery, Mailboxes: boxes})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(post.Stop)
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(post.Log(), dove.Log())
		}
	})
	inbox := func(address string) (out [][]byte) {
		files, _ := filepath.Glob(filepath.Join(dove.Home(address), "Maildir", "new", "*"))
		for _, f := range files {
			if raw, err := os.ReadFile(f); err == nil {
				out = append(out, bytes.ReplaceAll(bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n")))
			}
		}
		return out
	}
	make := func(mode, addr, auth string) operator {
		o := submissionOptions(nil, dove.TLS())
		o.Dial, o.Address, o.Mode, o.Auth, o.ServerName = nil, addr, mode, auth, "127.0.0.1"
		o.CommandTimeout = 20 * time.Second
		if auth == AuthPlain {
			o.ServiceUser, o.ServicePassword, o.Credentials = dovecot.Service, dovecot.ServicePassword, nil
		}
		return operator{o: o, inbox: inbox, log: post.Log}
	}
	return map[string]operator{
		"postfix, STARTTLS, token": make(ModeSTARTTLS, post.Submission, AuthXOAUTH2), "postfix, STARTTLS, token after the challenge": make(ModeSTARTTLS, post.Submission, AuthXOAUTH2NoIR),
		"postfix, TLS, token": make(ModeTLS, post.Submissions, AuthXOAUTH2), "postfix, STARTTLS, service account": make(ModeSTARTTLS, post.Submission, AuthPlain),
	}
}

// TestSubmissionContract runs one table against the demo's host and real Postfix.
func TestSubmissionContract(t *testing.T) {
	t.Parallel()
	t.Run("demo", func(t *testing.T) { t.Parallel(); submissionContract(t, demoOperator(t)) })
	t.Run("postfix", func(t *testing.T) {
		t.Parallel()
		for name, op := range postfixOperators(t) {
			t.Run(name, func(t *testing.T) { submissionContract(t, op) })
		}
	})
}

// arrived waits for the letter with that id.
func (op operator) arrived(t *testing.T, address, id string) []byte {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		for _, raw := range op.inbox(address) {
			if bytes.Contains(raw, []byte(id)) {
				return raw
			}
		}
	}
	t.Fatalf("the letter never came\n%s", op.log())
	return nil
}

func submissionContract(t *testing.T, op operator) {
	s := NewSubmission(op.o)
	ctx, actor := t.Context(), testActor("s1")
	file := make([]byte, 400_000)
	seed := rand.Uint64()
	for i, r := 0, rand.New(rand.NewPCG(seed, 2)); i < len(file); i++ {
		file[i] = byte(r.Uint32())
	}
	compose := func() *message.Compose {
		anne, roux := addressesOf(t, anneBox)[0], addressesOf(t, rouxBox)[0]
		return &message.Compose{From: message.Mailbox{Name: "Dr_Anne_MARTIN", Address: anne}, To: []message.Mailbox{{Name: "Hélène Roux", Address: roux}},
			Bcc: []message.Mailbox{{Address: anne}}, Subject: "Été : votre avis « urgent » " + strings.Repeat("long ", 20), Date: time.Now(), NIL: "PLI-1",
			MessageID: message.NewMessageID("medecin.test.mssante.fr"), Text: "Bonjour,\n.\n..deux\nFrom moi\n" + strings.Repeat("é", 2000), HTML: "<p>Bonjour</p>",
			Files: []message.File{{Name: "Compte rendu d’été.pdf", Type: "application/pdf", Size: int64(len(file)),
				Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(file)), nil }}}}
	}
	send := func(c *message.Compose, change func(*SubmissionRequest)) (Delivery, error) {
		size, err := c.Size(message.WriteOptions{})
		if err != nil {
			t.Fatal(err)
		}
		req := SubmissionRequest{From: c.From.Address, To: c.Recipients(), Size: size, EnvelopeID: "e1"}
		if change != nil {
			change(&req)
		}
		return s.Submit(ctx, actor, req, func(w io.Writer) error { _, err := c.Write(w, message.WriteOptions{}); return err })
	}

	t.Run("limits", func(t *testing.T) {
		if l, err := s.Limits(ctx); err != nil || l.Size != 25_000_000 || !l.DSN {
			t.Errorf("%+v, %v", l, err)
		}
	})
	t.Run("delivered byte for byte", func(t *testing.T) {
		c := compose()
		d, err := send(c, func(r *SubmissionRequest) { r.To = r.To[:1] })
		if err != nil || d.Stage != StageAccepted || !d.Recipients[0].Accepted {
			t.Fatalf("%+v, %v\n%s", d, err, op.log())
		}
		raw := op.arrived(t, rouxBox, c.MessageID)
		var sent bytes.Buffer
		if _, err := c.Write(&sent, message.WriteOptions{}); err != nil {
			t.Fatal(err)
		}
		if !bytes.HasSuffix(raw, sent.Bytes()) {
			t.Errorf("seed %d: what came is not what was written: %.1500s", seed, raw)
		}
		l, err := message.Parse(raw, message.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		got, _ := io.ReadAll(l.Root.Find("2").Reader())
		if sha256.Sum256(got) != sha256.Sum256(file) || l.Root.Find("2").FileName != "Compte rendu d’été.pdf" || l.Envelope.Subject != strings.TrimSpace(c.Subject) ||
			l.Header.Get(mssante.HeaderNIL) != "PLI-1" || bytes.Contains(raw, []byte("Bcc:")) {
			t.Errorf("seed %d: %d bytes of file, %+v", seed, len(got), l.Envelope)
		}
	})
	t.Run("one unknown recipient keeps it from all", func(t *testing.T) {
		for _, unknown := range []string{"personne@lab.test.mssante.fr", "quelquun@gmail.example"} {
			c := compose()
			d, err := send(c, func(r *SubmissionRequest) { r.To = append(r.To[:1:1], addressesOf(t, unknown)...) })
			wantKind(t, err, problem.UpstreamRefused)
			if d.Stage != StageRefused || d.Recipients[0].Accepted || d.Recipients[0].Code != 250 || d.Recipients[1].Code < 500 || d.Recipients[1].Enhanced == "" || d.Recipients[1].Text == "" {
				t.Errorf("%s: %+v, %v", unknown, d, err)
			}
			if d, err = send(c, func(r *SubmissionRequest) { r.To, r.Partial = append(r.To[:1:1], addressesOf(t, unknown)...), true }); err != nil ||
				d.Stage != StageAccepted || !d.Recipients[0].Accepted || d.Recipients[1].Accepted {
				t.Errorf("%s, partial: %+v, %v", unknown, d, err)
			}
			op.arrived(t, rouxBox, c.MessageID)
		}
	})
	t.Run("too big", func(t *testing.T) {
		d, err := send(compose(), func(r *SubmissionRequest) { r.Size = 25_000_001 })
		wantKind(t, err, problem.TooLarge)
		if d.Stage != StageBefore {
			t.Errorf("%+v", d)
		}
	})
	t.Run("cut short", func(t *testing.T) {
		c := compose()
		d, err := send(c, func(r *SubmissionRequest) { r.Size++ })
		wantKind(t, err, problem.Internal)
		if d.Stage != StageBefore {
			t.Errorf("%+v", d)
		}
		for _, raw := range op.inbox(rouxBox) {
			if bytes.Contains(raw, []byte(c.MessageID)) {
				t.Error("half a letter was delivered")
			}
		}
	})
	t.Run("refused credentials", func(t *testing.T) {
		o := op.o
		var dials, evictions atomic.Int32
		dial := o.Dial
		if dial == nil {
			dial = (&net.Dialer{}).DialContext
		}
		o.Dial = func(ctx context.Context, n, a string) (net.Conn, error) { dials.Add(1); return dial(ctx, n, a) }
		o.Evict = func(context.Context, mssante.Actor) { evictions.Add(1) }
		want := int32(2)
		if o.Auth == AuthPlain {
			o.ServicePassword, want = "wrong", 1
		} else {
			o.Credentials = func(context.Context, mssante.Actor, mssante.Address) (string, error) { return "stale", nil }
		}
		d, err := NewSubmission(o).Submit(ctx, actor, requestFor(t, testLetter, rouxBox), letterOf(testLetter))
		wantKind(t, err, problem.UpstreamRefused)
		if d.Stage != StageBefore || dials.Load() != want || evictions.Load() != want-1 || !strings.Contains(problem.SayOf(err), "a refusé la connexion") {
			t.Errorf("%+v, %v, %d dials, %d evictions", d, err, dials.Load(), evictions.Load())
		}
	})
	t.Run("somebody else's mailbox", func(t *testing.T) {
		roux := addressesOf(t, rouxBox)[0]
		if op.o.Auth != AuthPlain { // a service account opens them all: grants decide
			req := requestFor(t, testLetter, anneBox)
			req.From = roux
			d, err := s.Submit(ctx, actor, req, letterOf(testLetter))
			wantKind(t, err, problem.UpstreamRefused)
			if d.Stage != StageBefore {
				t.Errorf("%+v", d)
			}
		}
		// Signed in as one, writing as the other: the operator must say no.
		c, err := s.session(ctx, actor, addressesOf(t, anneBox)[0])
		if err != nil {
			t.Fatal(err)
		}
		defer c.quit()
		req := SubmissionRequest{From: roux, To: addressesOf(t, anneBox), Size: 10}
		d := newDelivery(&req)
		if err := c.transaction(req, letterOf("0123456789"), &d); err == nil || d.Stage != StageRefused || d.Enhanced != "5.7.1" {
			t.Errorf("%+v, %v", d, err)
		}
	})
	t.Run("another name on the certificate", func(t *testing.T) {
		o := op.o
		o.ServerName = "other.example"
		d, err := NewSubmission(o).Submit(ctx, actor, requestFor(t, testLetter, rouxBox), letterOf(testLetter))
		if d.Stage != StageBefore || err == nil {
			t.Errorf("%+v, %v", d, err)
		}
		o = op.o
		o.TLS = &tls.Config{}
		if d, err := NewSubmission(o).Submit(ctx, actor, requestFor(t, testLetter, rouxBox), letterOf(testLetter)); d.Stage != StageBefore || err == nil {
			t.Errorf("unknown authority: %+v, %v", d, err)
		}
	})
	t.Run("delivery receipt", func(t *testing.T) {
		c := compose()
		c.Files = nil
		if d, err := send(c, func(r *SubmissionRequest) { r.To, r.DSN = r.To[:1], true }); err != nil || d.Stage != StageAccepted {
			t.Fatalf("%+v, %v", d, err)
		}
		raw := op.arrived(t, anneBox, c.MessageID)
		l, err := message.Parse(raw, message.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		r, ok := l.Report()
		if !ok || r.Kind != message.ReportDelivery || r.Failed() || len(r.Recipients) != 1 || r.Recipients[0].Address.String() != rouxBox || !bytes.Contains(raw, []byte("e1")) {
			t.Errorf("%+v, %v\n%s", r, ok, raw)
		}
	})
	t.Run("five at once", func(t *testing.T) {
		var wg sync.WaitGroup
		for i := range 5 {
			wg.Go(func() {
				l := fmt.Sprintf("Message-ID: <five%d@x>\r\nSubject: %d\r\n\r\nx\r\n", i, i)
				if d, err := s.Submit(ctx, actor, requestFor(t, l, rouxBox), letterOf(l)); err != nil || d.Stage != StageAccepted {
					t.Errorf("%+v, %v", d, err)
				}
			})
		}
		wg.Wait()
	})
	if n := s.Connections(); n != 0 {
		t.Errorf("%d permits are missing", n)
	}
}
