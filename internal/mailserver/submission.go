package mailserver

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"pli.example/pli/internal/mssante"
)

// SubmissionOptions configures a Submission. The fields it shares with Options
// mean the same; zero values of the limits are usable.
type SubmissionOptions struct {
	Address    string // host:port, from configuration
	ServerName string // name the certificate must carry; "" = host of Address
	Mode       string // ModeSTARTTLS (default, port 587, ECO.1.0.1) or ModeTLS (port 465, RFC 8314)
	TLS        *tls.Config
	Dial       func(ctx context.Context, network, addr string) (net.Conn, error)

	Auth                         string
	ServiceUser, ServicePassword string
	Credentials                  func(context.Context, mssante.Actor, mssante.Address) (string, error)
	Evict                        func(context.Context, mssante.Actor)

	Total          int           // connections of this node, default 50
	CommandTimeout time.Duration // one command and its answer, default 60 s
	DataTimeout    time.Duration // the answer to the whole letter, default 10 min (RFC 5321 §4.5.3.2.6)
	Hello          string        // what EHLO says, default "localhost"

	// Observe is told how each submission ended: a Stage's code, how long. nil: nobody
	// counts.
	Observe func(stage string, took time.Duration)

	Log *slog.Logger
	Now func() time.Time
}

const (
	defaultSubmissions = 50
	defaultData        = 10 * time.Minute
	blockTimeout       = 3 * time.Minute // one block of the letter (RFC 5321 §4.5.3.2.5)
	submitLimit        = time.Hour       // a whole submission, whatever trickles
)

// Submission is the operator's submission service (RFC 6409) as this node uses
// it: one connection for each letter, dialled, authenticated and permitted like
// those to IMAP.
type Submission struct {
	o    SubmissionOptions
	line *Server // its dialling, SASL and permits; it never speaks IMAP

	mu      sync.Mutex
	open    map[*smtpConn]struct{}
	running sync.WaitGroup
	closed  bool
	said    announced
}

// NewSubmission prepares a Submission. It dials nothing.
func NewSubmission(o SubmissionOptions) *Submission {
	if o.Total <= 0 {
		o.Total = defaultSubmissions
	}
	if o.DataTimeout <= 0 {
		o.DataTimeout = defaultData
	}
	if o.Hello == "" {
		o.Hello = "localhost"
	}
	cfg := &tls.Config{}
	if o.TLS != nil {
		cfg = o.TLS.Clone()
	}
	cfg.NextProtos = []string{} // no name is registered for submission
	s := &Submission{open: make(map[*smtpConn]struct{})}
	s.line = New(Options{Address: o.Address, ServerName: o.ServerName, Mode: o.Mode, TLS: cfg, Dial: o.Dial, Auth: o.Auth,
		ServiceUser: o.ServiceUser, ServicePassword: o.ServicePassword, Credentials: o.Credentials, Evict: o.Evict,
		Total: o.Total, CommandTimeout: o.CommandTimeout, Log: o.Log, Now: o.Now})
	o.Mode, o.CommandTimeout, o.Log, o.Now = s.line.o.Mode, s.line.o.CommandTimeout, s.line.o.Log, s.line.o.Now
	s.o = o
	return s
}

// Connections counts the submissions under way on this node.
func (s *Submission) Connections() int { return s.line.slots.inUse() }

// Close takes no more letters and waits for those under way: cutting one off
// between its last octet and the answer would leave nobody knowing. When ctx ends
// they are cut all the same.
func (s *Submission) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	if s.said.asking != nil {
		s.said.asking.cancel() // nobody needs the answer any more
	}
	s.mu.Unlock()
	s.line.slots.end()
	done := make(chan struct{})
	go func() { s.running.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	for c := range s.open {
		c.raw.Close()
	}
	s.mu.Unlock()
	<-done
	return ctx.Err()
}

// enter takes one of the node's permits; the caller gives it back by leave.
func (s *Submission) enter(ctx context.Context) (leave func(), err error) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil, errClosing
	}
	s.running.Add(1)
	s.mu.Unlock()
	if err := s.line.slots.enter(ctx); err != nil {
		s.running.Done()
		if errors.Is(err, errEnded) {
			err = errClosing
		}
		return nil, err
	}
	return func() { s.line.slots.leave(); s.running.Done() }, nil
}

// session opens an authenticated connection. A refused token is evicted and tried
// once more on a new connection, as for IMAP.
func (s *Submission) session(ctx context.Context, actor mssante.Actor, from mssante.Address) (*smtpConn, error) {
	var refused string
	for attempt := 0; ; attempt++ {
		mech, token, err := s.line.mechanism(ctx, actor, from)
		if err == nil && attempt > 0 && token == refused {
			if s.o.Evict != nil {
				s.o.Evict(ctx, actor)
			}
			mech, token, err = s.line.mechanism(ctx, actor, from)
		}
		if err != nil {
			return nil, err
		}
		c, err := s.connect(ctx, &mech)
		if err == nil || attempt > 0 || token == "" || !errors.Is(err, errToken) {
			return c, err
		}
		refused = token
		s.o.Log.WarnContext(ctx, "submission token refused, trying once more", "mailbox", from)
	}
}

// connect dials, secures the line and signs in, unless mech is nil, within
// dialTimeout. The connection closes when ctx ends.
func (s *Submission) connect(ctx context.Context, mech *mechanism) (*smtpConn, error) {
	hello, cancel := context.WithTimeout(ctx, min(dialTimeout, s.o.CommandTimeout))
	defer cancel()
	raw, err := s.line.o.Dial(hello, "tcp", s.o.Address)
	if err != nil {
		return nil, fmt.Errorf("%w: dialling: %w", errLost, err)
	}
	c := newSMTPConn(raw, s)
	c.stop = context.AfterFunc(ctx, func() { raw.Close() })
	s.mu.Lock()
	s.open[c] = struct{}{}
	s.mu.Unlock()
	stop := context.AfterFunc(hello, func() { raw.Close() })
	err = s.hello(hello, c, mech)
	stop()
	if err != nil {
		c.close()
		if hello.Err() != nil && !errors.Is(err, errToken) {
			return nil, fmt.Errorf("%w: signing in to the submission server (%w)", hello.Err(), err)
		}
		return nil, err
	}
	s.remember(c.limits())
	return c, nil
}

// hello takes a fresh socket to a signed-in connection.
func (s *Submission) hello(ctx context.Context, c *smtpConn, mech *mechanism) error {
	secure := func() error {
		t, err := s.line.secure(ctx, c.raw)
		if err == nil {
			c.use(t)
		}
		return err
	}
	if s.o.Mode == ModeTLS {
		if err := secure(); err != nil {
			return err
		}
	}
	if err := c.greeting(); err != nil {
		return err
	}
	if err := c.ehlo(); err != nil {
		return err
	}
	if s.o.Mode != ModeTLS {
		if err := c.startTLS(); err != nil {
			return err
		}
		if err := secure(); err != nil {
			return err
		}
		if err := c.ehlo(); err != nil { // what was said in clear is forgotten (RFC 3207 §4.2)
			return err
		}
	}
	if mech == nil {
		return nil
	}
	return c.authenticate(*mech)
}

// Submit sends one letter, written by write with CRLF line ends. The Delivery is
// to be read whatever the error: its Stage says whether anything left. With
// StageUnknown nobody can know (RFC 1047): never submit that letter again by
// itself. The error is nil for StageAccepted only; a problem.Error otherwise.
//
// All or nothing: when a recipient is refused the transaction is given up before
// the letter is shown, unless req.Partial, and the others' Accepted is false too.
func (s *Submission) Submit(ctx context.Context, actor mssante.Actor, req SubmissionRequest, write func(io.Writer) error) (Delivery, error) {
	d := newDelivery(&req)
	began := time.Now()
	err := s.submit(ctx, actor, req, write, &d)
	d.settle()
	if s.o.Observe != nil {
		s.o.Observe(d.Stage.String(), time.Since(began))
	}
	s.o.Log.InfoContext(ctx, "submission", "mailbox", req.From, "stage", d.Stage.String(), "code", d.Code, "enhanced", d.Enhanced,
		"recipients", len(req.To), "bytes", req.Size)
	if d.Stage == StageUnknown {
		return d, unknownDoor(ctx, err)
	}
	return d, submissionDoor(ctx, err, "submitting a letter")
}

func (s *Submission) submit(ctx context.Context, actor mssante.Actor, req SubmissionRequest, write func(io.Writer) error, d *Delivery) error {
	if err := req.check(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, submitLimit)
	defer cancel()
	leave, err := s.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	c, err := s.session(ctx, actor, req.From)
	if err != nil {
		return err
	}
	defer c.close()
	if err = c.transaction(req, write, d); err == nil || d.Stage == StageRefused {
		c.quit()
	}
	if err != nil && ctx.Err() != nil {
		err = fmt.Errorf("%w (%w)", ctx.Err(), err)
	}
	return err
}
