package mailserver

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/message"
	"pli.example/pli/internal/problem"
)

// daemon starts a private Dovecot with TLS on loopback ports of its own: what its
// login process does cannot be seen through a pipe.
func daemon(t *testing.T) (imap, imaps string, o Options) {
	if _, err := exec.LookPath("dovecot"); err != nil {
		t.Skip("dovecot is not installed: its login process is not tried")
	}
	if os.Getuid() != 0 {
		t.Skip("not root: Dovecot's login processes cannot be started")
	}
	server, client := testTLS(t)
	dir := t.TempDir()
	for d := dir; d != "/" && d != os.TempDir(); d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	mail := filepath.Join(dir, "mail")
	if err := os.Mkdir(mail, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(mail, 65534, 65534); err != nil {
		t.Fatal(err)
	}
	key, err := x509.MarshalPKCS8PrivateKey(server.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, b []byte) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	cert := write("cert.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificates[0].Certificate[0]}))
	pkey := write("key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))
	masters := write("masters", []byte("pli:{PLAIN}secret\n"))
	if err := os.Chmod(masters, 0o644); err != nil {
		t.Fatal(err)
	}
	port, ports := freePort(t), freePort(t)
	conf := write("dovecot.conf", fmt.Appendf(nil, `base_dir = %[1]s/run
log_path = %[1]s/log
protocols = imap
listen = 127.0.0.1
ssl = required
ssl_cert = <%[2]s
ssl_key = <%[3]s
disable_plaintext_auth = yes
auth_mechanisms = plain
auth_failure_delay = 0
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:~/Mail
default_internal_user = nobody
default_login_user = nobody
default_internal_group = nogroup
passdb {
  driver = passwd-file
  args = %[4]s
  master = yes
  result_success = continue-ok
}
passdb {
  driver = static
  args = nopassword=y
}
userdb {
  driver = static
  args = uid=65534 gid=65534 home=%[5]s/%%u allow_all_users=yes
}
mail_plugins = quota
protocol imap {
  mail_plugins = quota imap_quota
}
plugin {
  quota = maildir:User quota
  quota_rule = *:storage=10M
}
namespace inbox {
  inbox = yes
  separator = /
}
service imap-login {
  chroot =
  inet_listener imap {
    port = %[6]d
  }
  inet_listener imaps {
    port = %[7]d
    ssl = yes
  }
}
service anvil {
  chroot =
}
service stats {
  chroot =
}
`, dir, cert, pkey, masters, mail, port, ports))
	cmd := exec.Command("dovecot", "-F", "-c", conf)
	out, err := os.Create(filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
		out.Close()
		if t.Failed() {
			for _, name := range []string{"log", "out"} {
				b, _ := os.ReadFile(filepath.Join(dir, name))
				t.Logf("%s: %s", name, b)
			}
		}
	})
	imap, imaps = fmt.Sprintf("127.0.0.1:%d", port), fmt.Sprintf("127.0.0.1:%d", ports)
	waitFor(t, imap)
	o = options(nil, client)
	o.Dial = nil // the real one
	o.ServerName, o.Auth, o.ServiceUser, o.ServicePassword, o.Credentials = testHost, AuthPlain, "pli", "secret", nil
	return imap, imaps, o
}

func freePort(t *testing.T) int {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().(*net.TCPAddr).Port
}

func waitFor(t *testing.T, addr string) {
	for deadline := time.Now().Add(15 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if c, err := net.Dial("tcp", addr); err == nil {
			c.Close()
			return
		}
	}
	t.Fatal("Dovecot did not start")
}

// TestDovecotLogin: STARTTLS and implicit TLS, the service account acting for the
// mailbox, and its refusal, against Dovecot's own login process.
func TestDovecotLogin(t *testing.T) {
	t.Parallel()
	imap, imaps, base := daemon(t)
	for mode, addr := range map[string]string{ModeSTARTTLS: imap, ModeTLS: imaps} {
		o := base
		o.Mode, o.Address = mode, addr
		s := New(o)
		t.Cleanup(func() { s.Close(context.Background()) })
		a := s.For(testActor("s1"), testAddress(t))
		raw := strings.ReplaceAll(letter("Bonjour", "texte"), "\n", "\r\n")
		if _, _, err := a.Append(t.Context(), "INBOX", nil, time.Time{}, int64(len(raw)), strings.NewReader(raw)); err != nil {
			t.Fatalf("%s: %v", mode, err)
		}
		l, err := a.Rows(t.Context(), Query{Folder: "INBOX", WithFolders: true})
		if err != nil || len(l.Rows) == 0 {
			t.Fatalf("%s: %d rows, %v", mode, len(l.Rows), err)
		}
		if !hasFold(s.Capabilities(), "MOVE") {
			t.Errorf("%s: capabilities before signing in were kept: %v", mode, s.Capabilities())
		}
		o.ServicePassword = "wrong"
		if _, err := New(o).For(testActor("s1"), testAddress(t)).Folders(t.Context()); !problem.Is(err, problem.UpstreamRefused) {
			t.Errorf("%s: wrong password: %v", mode, err)
		}
		o.ServicePassword, o.ServerName = "secret", "other.example"
		if _, err := New(o).For(testActor("s1"), testAddress(t)).Folders(t.Context()); !problem.Is(err, problem.UpstreamDown) {
			t.Errorf("%s: wrong name: %v", mode, err)
		}
	}
}

// TestStreamMemory: 25 MB come down in constant memory. Alone, so that nobody
// else's memory is counted.
func TestStreamMemory(t *testing.T) {
	s := New(dovecotWorld(t))
	t.Cleanup(func() { s.Close(context.Background()) })
	a := s.For(testActor("s1"), testAddress(t))
	var v, uid uint32
	func() {
		raw := strings.ReplaceAll(bigLetter(streamSize), "\n", "\r\n")
		var err error
		if v, uid, err = a.Append(t.Context(), "INBOX", nil, time.Time{}, int64(len(raw)), strings.NewReader(raw)); err != nil {
			t.Fatal(err)
		}
	}()
	if _, err := a.Rows(t.Context(), Query{Folder: "INBOX"}); err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r, err := a.Body(t.Context(), "INBOX", v, uid, "2", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if n, err := io.Copy(io.Discard, message.DecodeTransfer("base64", r)); err != nil || n != streamSize {
		t.Fatalf("%d octets, %v", n, err)
	}
	runtime.ReadMemStats(&after)
	// Everything allocated on the way, dead or alive, with the TLS of both ends.
	if grew := after.TotalAlloc - before.TotalAlloc; grew > streamSize/3 {
		t.Errorf("%d bytes allocated for a part of %d", grew, streamSize)
	}
}
