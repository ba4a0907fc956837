package mailhost

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-smtp"

	"pli.example/pli/internal/mssante"
)

// Host names the certificate is made for: a client checks them.
const (
	IMAPHost  = "imap.mssante.demo.invalid"
	SMTPHost  = "smtp.mssante.demo.invalid"
	SieveHost = "sieve.mssante.demo.invalid"
)

// MaxSize is the operator's limit on one encoded message, in bytes: the 25 Mo of
// Mon espace santé.
const MaxSize = 25_000_000

// Options says who is hosted and who may do what. Now and the functions may be
// called from several goroutines.
type Options struct {
	Mailboxes []Mailbox
	// Exists tells of mailboxes hosted elsewhere: letters to them are accepted and
	// leave the world.
	Exists func(mssante.Address) bool
	// Trusted tells the domains of the white list; nil trusts none but the hosted.
	Trusted func(mssante.Domain) bool
	// Token gives the holder of an access token.
	Token func(token string) (mssante.NationalID, bool)
	// MayOpen is the operator's own yes: may this person open that mailbox?
	MayOpen func(mssante.NationalID, mssante.Address) bool
	// ServiceUser may open any mailbox with SASL PLAIN and an authorization
	// identity; "" turns the mode off.
	ServiceUser, ServicePassword string

	Patients []Patient
	// PatientDelay is how long a patient takes to answer; 0 answers before the
	// submission is acknowledged, so that a test needs no waiting.
	PatientDelay time.Duration
	// CutRefused closes the connection on a refused token, as an operator was seen
	// to do, instead of a clean NO or 535.
	CutRefused bool
	MaxSize    int64 // 0: MaxSize
	Now        func() time.Time
	Log        *slog.Logger // never sees letters; nil discards
}

// Mailbox is one hosted mailbox.
type Mailbox struct {
	Address mssante.Address
	Folders []string // beyond INBOX, Drafts, Sent, Archive, Junk, Trash
}

// Host is the running operator.
type Host struct {
	o         Options
	authority *x509.CertPool
	imap      *imapserver.Server
	smtp      *smtp.Server
	imapLine  *line
	smtpLine  *line
	sieveLine *line
	served    sync.WaitGroup

	boxes    map[string]*box // by address key; fixed after New
	patients *patients
	serial   counter
}

// New starts both servers. Close stops them.
func New(o Options) (*Host, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.MaxSize == 0 {
		o.MaxSize = MaxSize
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	// Certificates follow the real clock: the TLS library does too.
	pool, cert, err := certificates(time.Now(), IMAPHost, SMTPHost, SieveHost, "localhost")
	if err != nil {
		return nil, fmt.Errorf("make demo certificates: %w", err)
	}
	h := &Host{o: o, authority: pool, imapLine: newLine(IMAPHost), smtpLine: newLine(SMTPHost), sieveLine: newLine(SieveHost), boxes: map[string]*box{}}
	for i, m := range o.Mailboxes {
		h.boxes[m.Address.Key()] = newBox(m.Address, uint32(1000*(i+1)), m.Folders)
	}
	h.patients = newPatients(h)
	tlsConfig := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	h.startIMAP(tlsConfig)
	h.startSMTP(tlsConfig)
	h.startSieve(tlsConfig)
	return h, nil
}

func (h *Host) startIMAP(config *tls.Config) {
	h.imap = imapserver.New(&imapserver.Options{
		NewSession: func(c *imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return &session{host: h, conn: c}, nil, nil
		},
		Caps: imap.CapSet{
			imap.CapIMAP4rev1: {}, imap.CapNamespace: {}, imap.CapUIDPlus: {}, imap.CapESearch: {}, imap.CapSearchRes: {}, imap.CapListExtended: {},
			imap.CapListStatus: {}, imap.CapMove: {}, imap.CapStatusSize: {}, imap.CapBinary: {}, imap.CapChildren: {}, imap.CapSpecialUse: {}, imap.CapCreateSpecialUse: {},
			imap.CapLiteralPlus: {},
		},
		TLSConfig: config,
		Logger:    quiet{h.o.Log, "imap"},
	})
	h.served.Go(func() { _ = h.imap.Serve(h.imapLine) })
}

func (h *Host) startSMTP(config *tls.Config) {
	s := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &submission{host: h, conn: c}, nil }))
	s.Domain = SMTPHost
	s.TLSConfig = config
	s.MaxMessageBytes = h.o.MaxSize
	s.MaxRecipients = 200
	s.EnableDSN = true
	s.ReadTimeout, s.WriteTimeout = 5*time.Minute, 5*time.Minute
	s.ErrorLog = quiet{h.o.Log, "smtp"}
	h.smtp = s
	h.served.Go(func() { _ = s.Serve(h.smtpLine) })
}

// quiet logs that a protocol server complained, not what it said: its sentences
// may quote commands.
type quiet struct {
	log     *slog.Logger
	service string
}

func (q quiet) Printf(string, ...any) { q.log.Debug("protocol error", "service", q.service) }
func (q quiet) Println(...any)        { q.Printf("") }

// Authority is the pool that trusts the servers' certificates.
func (h *Host) Authority() *x509.CertPool { return h.authority }

// TLS is what a client of this operator needs.
func (h *Host) TLS() *tls.Config {
	return &tls.Config{RootCAs: h.authority, MinVersion: tls.VersionTLS12}
}

// DialIMAP connects to the IMAP server over a pipe (plain text, STARTTLS offered).
func (h *Host) DialIMAP(ctx context.Context) (net.Conn, error) { return h.imapLine.dial(ctx) }

// DialSMTP connects to the submission server over a pipe.
func (h *Host) DialSMTP(ctx context.Context) (net.Conn, error) { return h.smtpLine.dial(ctx) }

// DialSieve connects to the server of rules over a pipe.
func (h *Host) DialSieve(ctx context.Context) (net.Conn, error) { return h.sieveLine.dial(ctx) }

// ListenLoopback also serves both on TCP ports of 127.0.0.1, for outside clients.
func (h *Host) ListenLoopback() (imapAddr, smtpAddr string, err error) {
	if imapAddr, err = h.imapLine.listen(); err != nil {
		return "", "", fmt.Errorf("listen for imap: %w", err)
	}
	if smtpAddr, err = h.smtpLine.listen(); err != nil {
		return "", "", fmt.Errorf("listen for smtp: %w", err)
	}
	return imapAddr, smtpAddr, nil
}

// The services that can be stopped.
const (
	ServiceIMAP  = "imap"
	ServiceSMTP  = "smtp"
	ServiceSieve = "sieve"
)

func (h *Host) line(service string) *line {
	switch service {
	case ServiceIMAP:
		return h.imapLine
	case ServiceSMTP:
		return h.smtpLine
	case ServiceSieve:
		return h.sieveLine
	}
	return nil
}

// Stop makes a service refuse connections and cuts those it has.
func (h *Host) Stop(service string) bool {
	l := h.line(service)
	if l == nil {
		return false
	}
	l.stop()
	return true
}

// Start brings a stopped service back.
func (h *Host) Start(service string) bool {
	l := h.line(service)
	if l == nil {
		return false
	}
	l.start()
	return true
}

// Running reports whether a service answers.
func (h *Host) Running(service string) bool {
	l := h.line(service)
	return l != nil && l.running()
}

// Close ends both servers and waits for them.
func (h *Host) Close() error {
	h.patients.close()
	err := errors.Join(h.imapLine.Close(), h.smtpLine.Close(), h.sieveLine.Close())
	// Both servers leave their loop when their line closes; only then is closing
	// them free of a race with a loop that is just starting.
	h.served.Wait()
	if e := h.imap.Close(); e != nil && !errors.Is(e, net.ErrClosed) {
		err = errors.Join(err, e)
	}
	if e := h.smtp.Close(); e != nil && !errors.Is(e, smtp.ErrServerClosed) {
		err = errors.Join(err, e)
	}
	return err
}

var errNoBox = errors.New("no such mailbox")

func (h *Host) boxOf(address string) (*box, error) {
	a, err := mssante.ParseAddress(address)
	if err != nil {
		return nil, err
	}
	if b := h.boxes[a.Key()]; b != nil {
		return b, nil
	}
	return nil, errNoBox
}

// counter numbers what the host writes itself, so that ids never repeat.
type counter struct {
	mu sync.Mutex
	n  int
}

func (c *counter) next() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
	return c.n
}

// readAll reads a submitted letter, one byte past the limit at most.
func readAll(r io.Reader, limit int64) ([]byte, error) { return io.ReadAll(io.LimitReader(r, limit+1)) }
