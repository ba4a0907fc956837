// Package cyrus runs a private Cyrus IMAP server for tests: own directory, own
// certificate authority, loopback only. Pli reaches it the way it reaches an
// operator's in service-account mode: SASL PLAIN with an authorization identity, which
// Cyrus grants to those named in proxyservers. Passwords are asked, as on many
// installations, of a saslauthd: here a socket this process answers.
package cyrus

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"pli.example/pli/e2e/dovecot"
	"pli.example/pli/e2e/rawimap"
	"pli.example/pli/e2e/unpacked"
)

const (
	master   = "/usr/sbin/cyrmaster"
	imapd    = "/usr/lib/cyrus/bin/imapd"
	recovery = "/usr/lib/cyrus/bin/ctl_cyrusdb"
)

// Options says what to start. Mailboxes need no list: one is made when it is first
// opened, with the folders of Folders.
type Options struct {
	Dir     string // empty directory, kept short: sockets live below it; "" is one of its own, gone after Stop
	Port    int    // IMAP with STARTTLS on 127.0.0.1; 0 takes a free one
	Folders dovecot.Folders
}

// Server is a Cyrus that runs.
type Server struct {
	Address string // 127.0.0.1:port
	CA      *dovecot.CA
	options Options
	own     bool // the directory
	tree    unpacked.Tree
	door    net.Listener // saslauthd's socket
	cmd     *exec.Cmd
	done    chan struct{}
}

// Installed says whether the machine has Cyrus.
func Installed() error { return unpacked.Here().Has(master, imapd, recovery) }

// Start writes the configuration and waits until IMAP greets.
func Start(o Options) (*Server, error) {
	if err := Installed(); err != nil {
		return nil, err
	}
	if o.Port == 0 {
		port, err := dovecot.FreePort()
		if err != nil {
			return nil, err
		}
		o.Port = port
	}
	if o.Folders == (dovecot.Folders{}) {
		o.Folders = dovecot.English
	}
	own := o.Dir == ""
	if own {
		var err error
		if o.Dir, err = os.MkdirTemp(memory(), "pli-cyrus-"); err != nil {
			return nil, err
		}
	}
	ca, err := dovecot.NewCA("Pli e2e")
	if err != nil {
		return nil, err
	}
	s := &Server{Address: net.JoinHostPort("127.0.0.1", strconv.Itoa(o.Port)), CA: ca, options: o, own: own}
	if s.tree, err = unpacked.Here().ForAll(o.Dir); err != nil {
		return nil, err
	}
	if err := s.write(); err != nil {
		return nil, err
	}
	if err := s.Start(); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

// memory is a place that forgets, where there is one: Cyrus waits for the disk at every
// change, for which tests have no use.
func memory() string {
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		return "/dev/shm"
	}
	return ""
}

// Start runs the program, again on the same directory, port and mail.
func (s *Server) Start() error {
	if s.door == nil {
		door, err := listen(filepath.Join(s.options.Dir, "saslauthd"))
		if err != nil {
			return err
		}
		s.door = door
	}
	dir := s.options.Dir
	out, err := os.OpenFile(filepath.Join(dir, "start.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer out.Close()
	s.cmd = s.tree.Command(master, []string{"-D", "-C", filepath.Join(dir, "imapd.conf"), "-M", filepath.Join(dir, "cyrus.conf"), "-p", filepath.Join(dir, "conf/pid")})
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = dir, out, out
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if uid, gid := dovecot.Owner(); uid != os.Getuid() {
		s.cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	if err := s.cmd.Start(); err != nil {
		return err
	}
	s.done = make(chan struct{})
	go func(cmd *exec.Cmd, done chan struct{}) { cmd.Wait(); close(done) }(s.cmd, s.done)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		if c, err := rawimap.Dial(s.Address, nil); err == nil {
			return c.Close()
		}
		select {
		case <-s.done:
			return errors.New("cyrus ended at start: " + s.Log())
		case <-ctx.Done():
			s.Stop()
			return errors.New("cyrus never greeted: " + s.Log())
		case <-time.After(30 * time.Millisecond):
		}
	}
}

// Stop ends the server and every process it started: they are one group.
func (s *Server) Stop() {
	if s.door != nil {
		s.door.Close()
		s.door = nil
	}
	if s.cmd == nil || s.cmd.Process == nil {
		return
	}
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.done:
	case <-time.After(5 * time.Second):
	}
	s.Kill()
	if s.own {
		_ = os.RemoveAll(s.options.Dir)
	}
}

// Kill ends it as a power cut would.
func (s *Server) Kill() {
	_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
	<-s.done
}

// Log is the end of what Cyrus wrote, for a failing test. It writes most of it to the
// system's log, which nobody reads here.
func (s *Server) Log() string {
	b, _ := os.ReadFile(filepath.Join(s.options.Dir, "start.log"))
	return string(b[max(0, len(b)-3000):])
}

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
	if err := c.Plain(mailbox, dovecot.Inspector, dovecot.InspectorPassword); err != nil {
		c.Close()
		return nil, fmt.Errorf("%w\n%s", err, s.Log())
	}
	return c, nil
}
