// Package dovecot runs a private Dovecot for tests and for the bench: own
// directory, own certificate authority, loopback only, Maildir. It can
// authenticate the way operators of the trusted space do (XOAUTH2, the token
// proved by introspection) or through a service account (SASL PLAIN with an
// authorization identity). README.md of e2e says what an operator must set to do
// the same; the settings are those of conf.go, word for word.
package dovecot

import (
	"context"
	"crypto/tls"
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

	"pli.example/pli/e2e/rawimap"
)

// The accounts every instance has. The inspector is the tests' own eye: it opens
// any mailbox and is never given to the program under test.
const (
	Inspector         = "inspecteur"
	InspectorPassword = "inspecteur-essai"
	Service           = "pli-service"
	ServicePassword   = "service-essai"
)

// Options says what to start. A zero Port takes a free one.
type Options struct {
	Dir           string   // empty directory, kept short: sockets live below it
	Port          int      // IMAP with STARTTLS on 127.0.0.1
	Mailboxes     []string // addresses that exist
	Separator     string   // between folders: "." or "/"
	Folders       Folders
	Introspection string   // URL with credentials: XOAUTH2 when set, else PLAIN with authzid
	Pairs         []Pair   // who may open what, in XOAUTH2
	MaildirRoot   string   // where homes live; default Dir/mail
	Operator      string   // settings of sign-in in place of ours: those that the README gives
	Hide          []string // capabilities not to announce
	Rules         bool     // ManageSieve, and rules at delivery: see StartDelivering
}

// Pair is the operator's own yes: this professional may open this mailbox.
type Pair struct{ Mailbox, NationalID string }

// Folders names the special folders of every mailbox, in UTF-8.
type Folders struct{ Drafts, Sent, Archive, Junk, Trash string }

// English and French are the two sets of names the tests use.
var (
	English = Folders{"Drafts", "Sent", "Archive", "Junk", "Trash"}
	French  = Folders{"Brouillons", "Envoyés", "Archives", "Indésirables", "Corbeille"}
)

// Server is a Dovecot that runs.
type Server struct {
	Address string // 127.0.0.1:port
	CA      *CA
	options Options
	cmd     *exec.Cmd
	done    chan struct{}
}

// Installed says whether the machine has Dovecot.
func Installed() error {
	for _, name := range []string{"/usr/sbin/dovecot", "/usr/lib/dovecot/imap"} {
		if _, err := os.Stat(name); err != nil {
			return fmt.Errorf("dovecot is not installed: %w", err)
		}
	}
	return nil
}

// Start writes the configuration and waits until IMAP greets.
func Start(o Options) (*Server, error) {
	if err := Installed(); err != nil {
		return nil, err
	}
	if o.Port == 0 {
		port, err := FreePort()
		if err != nil {
			return nil, err
		}
		o.Port = port
	}
	if o.Separator == "" {
		o.Separator = "."
	}
	if o.Folders == (Folders{}) {
		o.Folders = English
	}
	if o.MaildirRoot == "" {
		o.MaildirRoot = filepath.Join(o.Dir, "mail")
	}
	ca, err := NewCA("Pli e2e")
	if err != nil {
		return nil, err
	}
	s := &Server{Address: net.JoinHostPort("127.0.0.1", strconv.Itoa(o.Port)), CA: ca, options: o}
	if err := s.write(); err != nil {
		return nil, err
	}
	return s, s.Start()
}

// FreePort finds a loopback port nobody listens on.
func FreePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// Owner is who mail processes run as: nobody under root (Dovecot and Cyrus refuse to
// touch mail as root), ourselves otherwise.
func Owner() (uid, gid int) {
	if os.Getuid() != 0 {
		return os.Getuid(), os.Getgid()
	}
	if u, err := user.Lookup("nobody"); err == nil {
		uid, _ = strconv.Atoi(u.Uid)
		gid, _ = strconv.Atoi(u.Gid)
		return uid, gid
	}
	return 65534, 65534
}

// Own gives a path below a Maildir root to the mail user.
func Own(path string) error {
	uid, gid := Owner()
	return os.Chown(path, uid, gid)
}

func (s *Server) write() error {
	o := s.options
	if err := os.MkdirAll(o.MaildirRoot, 0o755); err != nil {
		return err
	}
	if err := Own(o.MaildirRoot); err != nil {
		return err
	}
	cert, key, err := s.CA.Issue("127.0.0.1", "localhost")
	if err != nil {
		return err
	}
	files := map[string]string{
		"cert.pem": cert, "key.pem": key,
		"dovecot.conf": o.conf(), "oauth2.conf": o.oauth2(),
		"pairs": o.pairs(), "users": o.users(), "masters": masters(), "nobody": "",
	}
	for name, text := range files {
		mode := os.FileMode(0o644)
		if name == "key.pem" || name == "oauth2.conf" {
			mode = 0o640
		}
		if err := os.WriteFile(filepath.Join(o.Dir, name), []byte(text), mode); err != nil {
			return err
		}
	}
	// The auth process runs as dovecot's internal user and reads oauth2.conf.
	if os.Getuid() == 0 {
		if u, err := user.Lookup("dovecot"); err == nil {
			gid, _ := strconv.Atoi(u.Gid)
			if err := os.Chown(filepath.Join(o.Dir, "oauth2.conf"), 0, gid); err != nil {
				return err
			}
		}
	}
	return OpenPath(o.Dir)
}

// OpenPath lets the mail user walk down to dir: temporary directories of tests
// are closed to others.
func OpenPath(dir string) error {
	for d := dir; d != "/" && d != os.TempDir(); d = filepath.Dir(d) {
		info, err := os.Stat(d)
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o011 != 0o011 {
			if err := os.Chmod(d, info.Mode().Perm()|0o011); err != nil {
				return err
			}
		}
	}
	return nil
}

// Start runs the program again on the same directory, port and mail.
func (s *Server) Start() error {
	conf := filepath.Join(s.options.Dir, "dovecot.conf")
	s.cmd = exec.Command("/usr/sbin/dovecot", "-F", "-c", conf)
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
	go func(cmd *exec.Cmd, done chan struct{}) { cmd.Wait(); close(done) }(s.cmd, s.done)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for {
		if c, err := rawimap.Dial(s.Address, nil); err == nil {
			return c.Close()
		}
		select {
		case <-s.done:
			return errors.New("dovecot ended at start: " + s.Log())
		case <-ctx.Done():
			s.Stop()
			return errors.New("dovecot never greeted: " + s.Log())
		case <-time.After(30 * time.Millisecond):
		}
	}
}

// Stop ends the server and every process it started.
func (s *Server) Stop() {
	if s.cmd == nil || s.cmd.Process == nil {
		return
	}
	family := descendants(s.cmd.Process.Pid)
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.done:
	case <-time.After(5 * time.Second):
		_ = s.cmd.Process.Kill()
		<-s.done
	}
	end(family)
}

// Kill ends it as a power cut would: master, logins and every mail process at
// once, no goodbye to open connections. The master stands still while its family is
// counted: a child it starts meanwhile would live on, with the sockets.
func (s *Server) Kill() {
	_ = s.cmd.Process.Signal(syscall.SIGSTOP)
	family := descendants(s.cmd.Process.Pid)
	_ = s.cmd.Process.Kill()
	end(family)
	<-s.done
}

// descendants are the processes a process started, and theirs.
func descendants(pid int) []int {
	children := map[int][]int{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, name := range stats {
		raw, err := os.ReadFile(name)
		if err != nil {
			continue // it ended meanwhile
		}
		// pid (name) state ppid …; the name may hold anything.
		head, rest, ok := strings.Cut(string(raw), " (")
		fields := strings.Fields(rest[strings.LastIndexByte(rest, ')')+1:])
		child, err := strconv.Atoi(head)
		if !ok || err != nil || len(fields) < 2 {
			continue
		}
		if parent, err := strconv.Atoi(fields[1]); err == nil {
			children[parent] = append(children[parent], child)
		}
	}
	var out []int
	for next := children[pid]; len(next) > 0; {
		out = append(out, next...)
		var further []int
		for _, p := range next {
			further = append(further, children[p]...)
		}
		next = further
	}
	return out
}

// end kills processes of ours that still run: only Dovecot's own programs, a
// number may have been given to another by now.
func end(family []int) {
	for _, pid := range family {
		exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
		if err == nil && strings.Contains(exe, "dovecot") {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// Log is the end of what Dovecot wrote, for a failing test.
func (s *Server) Log() string {
	var out string
	for _, name := range []string{"start.log", "dovecot.log"} {
		b, _ := os.ReadFile(filepath.Join(s.options.Dir, name))
		out += string(b[max(0, len(b)-3000):])
	}
	return out
}

// Show starts the server again with another certificate, PEM.
func (s *Server) Show(cert, key string) error {
	s.Stop()
	for name, text := range map[string]string{"cert.pem": cert, "key.pem": key} {
		if err := os.WriteFile(filepath.Join(s.options.Dir, name), []byte(text), 0o640); err != nil {
			return err
		}
	}
	return s.Start()
}

// Home is where a mailbox lives on disk.
func (s *Server) Home(mailbox string) string { return filepath.Join(s.options.MaildirRoot, mailbox) }

// TLS trusts this server's authority and nothing else.
func (s *Server) TLS() *tls.Config {
	return &tls.Config{RootCAs: s.CA.Pool(), ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12}
}

// Inspect opens a mailbox with the tests' own eye.
func (s *Server) Inspect(mailbox string) (*rawimap.Client, error) {
	c, err := rawimap.Dial(s.Address, s.TLS())
	if err != nil {
		return nil, err
	}
	if err := c.Plain(mailbox, Inspector, InspectorPassword); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}
