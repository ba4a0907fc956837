// Package postfix runs a private Postfix for tests: own directory, loopback only,
// submission by STARTTLS and by TLS, SASL answered by a private Dovecot (XOAUTH2,
// or PLAIN of a service account for a mailbox), delivery by LMTP into the same
// one. From must be the mailbox that signed in, recipients must exist, nothing
// leaves the machine. The settings are those of conf.go, word for word.
package postfix

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"pli.example/pli/e2e/dovecot"
)

const (
	daemons = "/usr/lib/postfix/sbin"
	// MaxSize is what is announced unless Options says otherwise: the 25 Mo of Mon
	// espace santé.
	MaxSize = 25_000_000
)

// Options says what to start.
type Options struct {
	Dir       string            // empty directory
	Dovecot   *dovecot.Server   // of StartDelivering
	Delivery  dovecot.Delivery  // its sockets
	Mailboxes []string          // addresses that exist; their domains are ours
	MaxSize   int64             // bytes of one letter, 0: MaxSize
	Settings  map[string]string // more main.cf, for a test's own needs
	// Operator and Service are settings of submission (main.cf) and its line of
	// master.cf in place of ours: those that the README gives.
	Operator, Service string
}

// Server is a Postfix that runs.
type Server struct {
	Submission  string // host:port with STARTTLS
	Submissions string // host:port with TLS from the start
	options     Options
	cmd         *exec.Cmd
	done        chan struct{}
}

// Installed says whether this machine can run it. Postfix's master starts its
// programs under two users of its own, which takes root.
func Installed() error {
	for _, name := range []string{"/usr/sbin/postfix", daemons + "/master", "/usr/lib/dovecot/lmtp"} {
		if _, err := os.Stat(name); err != nil {
			return fmt.Errorf("postfix or dovecot-lmtpd is not installed: %w", err)
		}
	}
	if os.Getuid() != 0 {
		return errors.New("not root: Postfix cannot start its programs")
	}
	for _, name := range []string{"postfix", "dovecot"} {
		if _, err := user.Lookup(name); err != nil {
			return err
		}
	}
	return nil
}

// Start writes the configuration and waits until both ports greet.
func Start(o Options) (*Server, error) {
	if err := Installed(); err != nil {
		return nil, err
	}
	if o.MaxSize == 0 {
		o.MaxSize = MaxSize
	}
	s := &Server{options: o}
	for _, a := range []*string{&s.Submission, &s.Submissions} {
		port, err := dovecot.FreePort()
		if err != nil {
			return nil, err
		}
		*a = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	}
	if err := s.write(); err != nil {
		return nil, fmt.Errorf("preparing postfix: %w", err)
	}
	return s, s.Start()
}

func (s *Server) write() error {
	dir := s.options.Dir
	for d := dir; d != "/" && d != os.TempDir(); d = filepath.Dir(d) { // its users walk down to it
		if err := os.Chmod(d, 0o755); err != nil {
			return err
		}
	}
	owner, err := user.Lookup("postfix")
	if err != nil {
		return err
	}
	uid, _ := strconv.Atoi(owner.Uid)
	gid, _ := strconv.Atoi(owner.Gid)
	for _, name := range []string{"queue", "data"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			return err
		}
	}
	if err := os.Chown(filepath.Join(dir, "data"), uid, gid); err != nil {
		return err
	}
	cert, key, err := s.options.Dovecot.CA.Issue("127.0.0.1", "localhost")
	if err != nil {
		return err
	}
	for name, text := range map[string]string{
		"main.cf": s.main(), "master.cf": s.master(), "mailboxes": s.table("ok"), "senders": s.table(""), "cert.pem": cert, "key.pem": key,
	} {
		mode := os.FileMode(0o644)
		if name == "key.pem" {
			mode = 0o600
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), mode); err != nil {
			return err
		}
	}
	out, err := exec.Command("/usr/sbin/postfix", "-c", dir, "check").CombinedOutput()
	if err != nil {
		return fmt.Errorf("postfix check: %w\n%s", err, out)
	}
	return nil
}

// Start runs the program again on the same directory, ports and queue.
func (s *Server) Start() error {
	s.cmd = exec.Command(daemons+"/master", "-c", s.options.Dir, "-d")
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	out, err := os.OpenFile(filepath.Join(s.options.Dir, "start.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer out.Close()
	s.cmd.Stdout, s.cmd.Stderr = out, out
	if err := s.cmd.Start(); err != nil {
		return err
	}
	s.done = make(chan struct{})
	go func(cmd *exec.Cmd, done chan struct{}) { _ = cmd.Wait(); close(done) }(s.cmd, s.done)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for {
		if greets(s.Submission) && listens(s.Submissions) {
			return nil
		}
		select {
		case <-s.done:
			s.Kill() // what it may have started
			return errors.New("postfix ended at start: " + s.Log())
		case <-ctx.Done():
			s.Stop()
			return errors.New("postfix never greeted: " + s.Log())
		case <-time.After(30 * time.Millisecond):
		}
	}
}

func listens(addr string) bool {
	c, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return false
	}
	c.Close()
	return true
}

func greets(addr string) bool {
	c, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return false
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	line, err := bufio.NewReader(c).ReadString('\n')
	if err == nil {
		_, _ = fmt.Fprint(c, "QUIT\r\n")
	}
	return strings.HasPrefix(line, "220 ")
}

// Stop ends the server and every process it started: they share a process group
// of their own.
func (s *Server) Stop() {
	if s.cmd == nil || s.cmd.Process == nil {
		return
	}
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.done:
	case <-time.After(5 * time.Second):
	}
	s.Kill()
}

// Kill ends it as a power cut would.
func (s *Server) Kill() {
	_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
	<-s.done
}

// Flush asks for everything queued to be tried now.
func (s *Server) Flush() error {
	out, err := exec.Command("/usr/sbin/postqueue", "-c", s.options.Dir, "-f").CombinedOutput()
	if err != nil {
		return fmt.Errorf("postqueue: %w\n%s", err, out)
	}
	return nil
}

// Log is the end of what Postfix wrote, for a failing test.
func (s *Server) Log() string {
	var out string
	for _, name := range []string{"start.log", "postfix.log"} {
		b, _ := os.ReadFile(filepath.Join(s.options.Dir, name))
		out += string(b[max(0, len(b)-4000):])
	}
	return out
}
