// Package courier runs Courier's IMAP server for tests, on Maildirs of its own. The
// server is the program Debian ships, with the settings Debian ships; what stands
// before it is ours: a door that speaks STARTTLS and SASL PLAIN with an authorization
// identity, then hands the connection over. Courier's own login has none: it takes the
// identity and forgets it (courier-authlib 0.71), so that a service account would
// open its own mailbox under everybody's name. Behind a proxy that has one, as
// behind this door, Pli works with it.
package courier

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"pli.example/pli/e2e/dovecot"
	"pli.example/pli/e2e/rawimap"
	"pli.example/pli/e2e/unpacked"
)

const (
	imapd    = "/usr/bin/imapd"
	settings = "/etc/courier/imapd"
	gamin    = "/usr/libexec/gam_server" // tells Courier of changed files; ends by itself when nobody asks any more
)

// Options says what to start. A mailbox is made when it is first opened.
type Options struct {
	Dir  string // empty directory
	Port int    // IMAP with STARTTLS on 127.0.0.1; 0 takes a free one
	// Forgetful: the door does as Courier's own login does, and opens the account's own
	// mailbox under every name.
	Forgetful bool
}

// Server is a Courier that can be reached.
type Server struct {
	Address string // 127.0.0.1:port
	CA      *dovecot.CA
	options Options
	own     *tls.Config
	env     []string
	door    net.Listener

	mu   sync.Mutex
	open map[net.Conn]struct{}
	made sync.Mutex
}

// Installed says whether the machine has Courier.
func Installed() error {
	if _, err := os.Stat(gamin); err != nil { // without it Courier waits a second at every sign-in and every change
		return fmt.Errorf("gamin is not installed: %w", err)
	}
	return unpacked.Here().Has(imapd, settings)
}

// Start reads Debian's settings and opens the door.
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
	ca, err := dovecot.NewCA("Pli e2e")
	if err != nil {
		return nil, err
	}
	cert, key, err := ca.Issue("127.0.0.1", "localhost")
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair([]byte(cert), []byte(key))
	if err != nil {
		return nil, err
	}
	env, err := shipped()
	if err != nil {
		return nil, err
	}
	s := &Server{Address: net.JoinHostPort("127.0.0.1", strconv.Itoa(o.Port)), CA: ca, options: o, env: env,
		own: &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, open: map[net.Conn]struct{}{}}
	return s, s.Start()
}

// shipped are Debian's settings, a shell's assignments, as Courier's script hands
// them over.
func shipped() ([]string, error) {
	raw, err := os.ReadFile(unpacked.Here().Path(settings))
	if err != nil {
		return nil, err
	}
	var out []string
	for line := range strings.Lines(string(raw)) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if ok && !strings.HasPrefix(name, "#") && !strings.ContainsAny(name, " \t") {
			out = append(out, name+"="+strings.Trim(value, `"'`))
		}
	}
	if len(out) < 10 {
		return nil, fmt.Errorf("%s has only %d settings", settings, len(out))
	}
	return slices.Clip(out), nil // each connection appends its own
}

// Start opens the door, again after Kill.
func (s *Server) Start() error {
	l, err := net.Listen("tcp", s.Address)
	if err != nil {
		return err
	}
	s.door = l
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.open[c] = struct{}{}
			s.mu.Unlock()
			go func() {
				s.serve(c)
				c.Close()
				s.mu.Lock()
				delete(s.open, c)
				s.mu.Unlock()
			}()
		}
	}()
	return nil
}

// Stop closes the door and every connection; their programs end by themselves.
func (s *Server) Stop() {
	s.door.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.open {
		c.Close()
	}
}

// Kill is Stop: there is nobody else to end.
func (s *Server) Kill() { s.Stop() }

// Log is empty: Courier writes to the system's log.
func (s *Server) Log() string { return "" }

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
		return nil, err
	}
	return c, nil
}

// serve takes one connection from greeting to Courier.
func (s *Server) serve(c net.Conn) {
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	r := bufio.NewReader(c)
	var w io.Writer = c
	fmt.Fprint(w, "* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] ready\r\n")
	secured := false
	for {
		line, err := r.ReadString('\n')
		f := strings.Fields(line)
		if err != nil || len(f) < 2 {
			return
		}
		switch verb := strings.ToUpper(f[1]); {
		case verb == "CAPABILITY" && !secured:
			fmt.Fprintf(w, "* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\n%s OK done\r\n", f[0])
		case verb == "CAPABILITY":
			fmt.Fprintf(w, "* CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN\r\n%s OK done\r\n", f[0])
		case verb == "STARTTLS" && !secured:
			fmt.Fprintf(w, "%s OK begin\r\n", f[0])
			t := tls.Server(c, s.own)
			if t.Handshake() != nil {
				return
			}
			r, w, secured = bufio.NewReader(t), t, true
		case verb == "AUTHENTICATE" && secured && len(f) == 4:
			mailbox, ok := granted(f[3])
			if !ok {
				fmt.Fprintf(w, "%s NO [AUTHENTICATIONFAILED] no\r\n", f[0])
				return
			}
			if s.options.Forgetful {
				mailbox = dovecot.Service
			}
			_ = c.SetDeadline(time.Time{})
			if err := s.hand(w, r, f[0], mailbox); err != nil {
				fmt.Fprintf(w, "* BYE %v\r\n", err)
			}
			return
		default:
			fmt.Fprintf(w, "%s BAD not here\r\n", f[0])
			return
		}
	}
}

// granted reads PLAIN's message: the mailbox, who acts for it, and the password.
func granted(response string) (mailbox string, ok bool) {
	raw, err := base64.StdEncoding.DecodeString(response)
	said := strings.Split(string(raw), "\x00")
	if err != nil || len(said) != 3 || said[0] == "" || strings.ContainsAny(said[0], "/\\") || strings.HasPrefix(said[0], ".") {
		return "", false
	}
	want := map[string]string{dovecot.Service: dovecot.ServicePassword, dovecot.Inspector: dovecot.InspectorPassword}[said[1]]
	return said[0], want != "" && want == said[2]
}

// hand starts Courier on the mailbox and carries both ways until either ends.
func (s *Server) hand(w io.Writer, r io.Reader, tag, mailbox string) error {
	home := filepath.Join(s.options.Dir, "mail", mailbox)
	if err := s.make(home); err != nil {
		return err
	}
	cmd := unpacked.Here().Command(imapd, []string{"Maildir"}, append(s.env, "HOME="+home, "AUTHENTICATED="+mailbox, "AUTHADDR="+mailbox, "TCPREMOTEIP=127.0.0.1", "PROTOCOL=IMAP", "MAILDIR=Maildir", "LANG=C.UTF-8", "LC_ALL=C.UTF-8")...)
	cmd.Dir = home
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	answers := bufio.NewReader(out)
	for line := ""; !strings.HasPrefix(line, "* PREAUTH"); { // what it says before is of its own surroundings
		if line, err = answers.ReadString('\n'); err != nil {
			return errors.Join(err, in.Close(), cmd.Wait())
		}
	}
	fmt.Fprintf(w, "%s OK signed in\r\n", tag)
	gone := make(chan struct{})
	go func() { // the person's end: when it closes, Courier reads the end of its input
		defer close(gone)
		_, _ = io.Copy(in, r)
		in.Close()
	}()
	_, _ = io.Copy(w, answers)
	if c, ok := w.(io.Closer); ok {
		c.Close()
	}
	<-gone
	err = cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil // how it ended is its own affair: the line is closed
	}
	return err
}

// make lays out an empty Maildir.
func (s *Server) make(home string) error {
	s.made.Lock()
	defer s.made.Unlock()
	for _, dir := range []string{"cur", "new", "tmp"} {
		if err := os.MkdirAll(filepath.Join(home, "Maildir", dir), 0o700); err != nil {
			return err
		}
	}
	return nil
}
