package mailserver

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/emersion/go-sasl"

	"pli.example/pli/e2e/dovecot"
	"pli.example/pli/internal/mssante"
)

const (
	testHost  = "imap.test.example"
	testToken = "good-token"
)

func testAddress(t testing.TB) mssante.Address {
	t.Helper()
	a, err := mssante.ParseAddress("anne.martin@medecin.test.mssante.fr")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func testActor(session string) mssante.Actor {
	return mssante.Actor{SessionID: session, AccountID: "acc", NationalID: "810000000001"}
}

// testTLS makes a private CA of one certificate for testHost.
func testTLS(t testing.TB) (server, client *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: testHost}, DNSNames: []string{testHost},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	der, err := x509.CreateCertificate(rand.Reader, tpl, tpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12},
		&tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
}

// pipes is a listener of in-process connections.
type pipes struct {
	ch      chan net.Conn
	done    chan struct{}
	once    sync.Once
	started chan struct{} // somebody accepts
	first   sync.Once
}

func newPipes() *pipes {
	return &pipes{ch: make(chan net.Conn), done: make(chan struct{}), started: make(chan struct{})}
}

func (p *pipes) Accept() (net.Conn, error) {
	p.first.Do(func() { close(p.started) })
	select {
	case c := <-p.ch:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}
func (p *pipes) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }
func (p *pipes) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	mine, theirs := net.Pipe()
	select {
	case p.ch <- theirs:
		return mine, nil
	case <-p.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func options(dial func(context.Context, string, string) (net.Conn, error), client *tls.Config) Options {
	return Options{
		Address: testHost + ":143", Mode: ModeSTARTTLS, TLS: client, Dial: dial, Auth: AuthXOAUTH2,
		Credentials:    func(context.Context, mssante.Actor, mssante.Address) (string, error) { return testToken, nil },
		CommandTimeout: 20 * time.Second,
	}
}

// world is a real server behind the contract.
type world struct {
	name    string
	caps    map[string]bool // what this server is declared to have; tests that need more skip
	prefix  string          // of every folder but INBOX
	delim   string          // between a folder and one inside it
	clock   bool            // UIDVALIDITY is the time, in seconds
	address func(t testing.TB) mssante.Address
	open    func(t testing.TB) Options
}

// ofSize skips a server beside the first two under the race detector, which makes the
// long talk with each of them several times dearer; e2e/test meets them all without it.
func (w world) ofSize(t *testing.T) {
	t.Helper()
	if raceEnabled && w.name != "memory" && w.name != "dovecot" {
		t.Skip("of size: without the race detector (tests of size)")
	}
}

func worlds() []world {
	full := map[string]bool{"sizes": true, "special-use": true, "bad-structure": true, "concurrent": true, "any-name": true, "fetch-tells": true}
	return []world{
		{"memory", map[string]bool{"sizes": true, "any-name": true, "fetch-tells": true}, "", "/", false, testAddress, memoryWorld},
		{"dovecot", full, "", "/", false, testAddress, func(t testing.TB) Options { return dovecotWorld(t) }},
		{"dovecot without CONDSTORE", full, "", "/", false, testAddress, func(t testing.TB) Options { return dovecotWorld(t, "CONDSTORE", "QRESYNC") }},
		cyrusWorld(),
		courierWorld(),
	}
}

// memoryWorld is go-imap's own server, in process.
func memoryWorld(t testing.TB) Options {
	server, client := testTLS(t)
	user := imapmemserver.NewUser("u", "p")
	if err := user.Create("INBOX", nil); err != nil {
		t.Fatal(err)
	}
	srv := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return &memorySession{UserSession: nil, user: user}, nil, nil
		},
		TLSConfig: server, Caps: imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapIMAP4rev2: {}}, Logger: log.New(io.Discard, "", 0),
	})
	ln := newPipes()
	go func() { _ = srv.Serve(ln) }()
	<-ln.started // the library's Close must not race with the start of Serve
	t.Cleanup(func() { srv.Close(); ln.Close() })
	return options(ln.Dial, client)
}

// memorySession signs in by XOAUTH2, which the library's session does not.
type memorySession struct {
	*imapmemserver.UserSession
	user *imapmemserver.User
}

func (s *memorySession) Close() error {
	if s.UserSession != nil {
		return s.UserSession.Close()
	}
	return nil
}
func (s *memorySession) Login(string, string) error       { return imapserver.ErrAuthFailed }
func (s *memorySession) AuthenticateMechanisms() []string { return []string{"XOAUTH2"} }
func (s *memorySession) Authenticate(string) (sasl.Server, error) {
	return &memoryXOAUTH2{s: s}, nil
}

type memoryXOAUTH2 struct{ s *memorySession }

func (m *memoryXOAUTH2) Next(resp []byte) ([]byte, bool, error) {
	if resp == nil {
		return []byte{}, false, nil
	}
	if !strings.Contains(string(resp), "auth=Bearer "+testToken+"\x01\x01") || !strings.HasPrefix(string(resp), "user=anne.martin@") {
		return nil, true, imapserver.ErrAuthFailed
	}
	m.s.UserSession = imapmemserver.NewUserSession(m.s.user)
	return nil, true, nil
}

// dovecotWorld runs real Dovecot's imap process on a Maildir of its own, behind a
// front that speaks STARTTLS and XOAUTH2: no daemon, no port.
func dovecotWorld(t testing.TB, hidden ...string) Options {
	if _, err := exec.LookPath("doveadm"); err != nil {
		t.Skip("doveadm is not installed: the Dovecot half of the contract is not run")
	}
	server, client := testTLS(t)
	dir, conf := dovecotHome(t, hidden)
	return options(serveDovecot(t, server, dir, conf), client)
}

// serveDovecot gives each connection an imap process, and sees them end before the home is
// removed.
func serveDovecot(t testing.TB, server *tls.Config, dir, conf string) func(context.Context, string, string) (net.Conn, error) {
	ln := newPipes()
	var served sync.WaitGroup
	t.Cleanup(func() {
		ln.Close()
		ended := make(chan struct{})
		go func() { served.Wait(); close(ended) }()
		select {
		case <-ended:
		case <-time.After(5 * time.Second): // somebody keeps a connection
		}
	})
	served.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			served.Go(func() { front(t, c, server, dir, conf) })
		}
	})
	return ln.Dial
}

// dovecotHome makes a home and its settings, some capabilities not announced.
func dovecotHome(t testing.TB, hidden []string) (dir, conf string) {
	dir = t.TempDir()
	uid, gid := os.Getuid(), os.Getgid()
	if uid == 0 { // Dovecot does not serve root
		uid, gid = 65534, 65534
		if err := os.Chown(dir, uid, gid); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	conf = filepath.Join(dir, "dovecot.conf")
	text := fmt.Sprintf(`ssl = no
mail_home = %[1]s/%%u
mail_location = maildir:~/Mail
first_valid_uid = 1
first_valid_gid = 1
mail_uid = %[2]d
mail_gid = %[3]d
namespace inbox {
  inbox = yes
  separator = /
  mailbox Drafts {
    special_use = \Drafts
  }
  mailbox Envoyes {
    special_use = \Sent
    auto = create
  }
}
`, dir, uid, gid)
	text += dovecot.Without(hidden...)
	if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir, conf
}

// front takes a connection through STARTTLS and XOAUTH2, then hands it to an imap
// process.
func front(t testing.TB, c net.Conn, cfg *tls.Config, dir, conf string) {
	defer c.Close()
	io.WriteString(c, "* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] ready\r\n")
	r := bufio.NewReader(c)
	line, err := r.ReadString('\n')
	tag, _, _ := strings.Cut(line, " ")
	if err != nil || !strings.Contains(line, "STARTTLS") {
		return
	}
	io.WriteString(c, tag+" OK begin TLS\r\n")
	s := tls.Server(c, cfg)
	r = bufio.NewReader(s)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		f := strings.Fields(line)
		switch {
		case len(f) >= 2 && f[1] == "CAPABILITY":
			io.WriteString(s, "* CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2\r\n"+f[0]+" OK done\r\n")
		case len(f) == 4 && f[1] == "AUTHENTICATE":
			said, _ := base64.StdEncoding.DecodeString(f[3])
			if !strings.Contains(string(said), "auth=Bearer "+testToken+"\x01") {
				io.WriteString(s, f[0]+" NO [AUTHENTICATIONFAILED] no\r\n")
				return
			}
			imapProcess(t, s, r, f[0], dir, conf)
			return
		default:
			return
		}
	}
}

// announcing are the arguments that make an imap process announce what conf says:
// started by hand it does not read that setting.
func announcing(conf string) []string {
	text, _ := os.ReadFile(conf)
	for line := range strings.Lines(string(text)) {
		if caps, ok := strings.CutPrefix(line, "imap_capability = "); ok {
			return []string{"-o", "imap_capability=" + strings.TrimSpace(caps)}
		}
	}
	return nil
}

func imapProcess(t testing.TB, s net.Conn, r *bufio.Reader, tag, dir, conf string) {
	cmd := exec.Command("doveadm", append([]string{"-c", conf, "exec", "imap"}, announcing(conf)...)...)
	cmd.Env = []string{"USER=u1", "HOME=" + filepath.Join(dir, "u1"), "PATH=" + os.Getenv("PATH")}
	cmd.Dir = dir
	in, err1 := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	if err1 != nil || err2 != nil || cmd.Start() != nil {
		t.Error("the imap process did not start")
		return
	}
	defer cmd.Wait()
	defer in.Close()
	answer := bufio.NewReader(out)
	hello, err := answer.ReadString('\n')
	caps, rest, ok := strings.Cut(strings.TrimPrefix(hello, "* PREAUTH "), "]")
	if err != nil || !ok {
		t.Errorf("unexpected greeting %q", hello)
		return
	}
	io.WriteString(s, tag+" OK "+caps+"]"+rest)
	done := make(chan struct{})
	go func() {
		defer close(done)
		io.Copy(s, answer)
		s.Close()
	}()
	io.Copy(in, r)
	in.Close()
	<-done
}
