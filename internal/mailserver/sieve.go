package mailserver

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

// SieveOptions configures a Sieve. The fields it shares with Options mean the same;
// zero values of the limits are usable.
type SieveOptions struct {
	Address    string // host:port, from configuration
	ServerName string // name the certificate must carry; "" = host of Address
	Mode       string // ModeSTARTTLS (default, port 4190, RFC 5804 §1.8) or ModeTLS
	TLS        *tls.Config
	Dial       func(ctx context.Context, network, addr string) (net.Conn, error)

	Auth                         string
	ServiceUser, ServicePassword string
	Credentials                  func(context.Context, mssante.Actor, mssante.Address) (string, error)
	Evict                        func(context.Context, mssante.Actor)

	Total          int           // connections of this node, default 20
	CommandTimeout time.Duration // one command and its answer, default 60 s

	Log *slog.Logger
	Now func() time.Time
}

const defaultSieves = 20

// Sieve is the operator's ManageSieve service (RFC 5804) as this node uses it: one
// short connection for each look or change, dialled, authenticated and permitted
// like those to IMAP.
type Sieve struct {
	o    SieveOptions
	line *Server // its dialling, SASL and permits; it never speaks IMAP
}

// NewSieve prepares a Sieve. It dials nothing.
func NewSieve(o SieveOptions) *Sieve {
	if o.Total <= 0 {
		o.Total = defaultSieves
	}
	cfg := &tls.Config{}
	if o.TLS != nil {
		cfg = o.TLS.Clone()
	}
	cfg.NextProtos = []string{} // implicit TLS is the operator's own choice: no name goes with it
	s := &Sieve{o: o}
	s.line = New(Options{Address: o.Address, ServerName: o.ServerName, Mode: o.Mode, TLS: cfg, Dial: o.Dial, Auth: o.Auth,
		ServiceUser: o.ServiceUser, ServicePassword: o.ServicePassword, Credentials: o.Credentials, Evict: o.Evict,
		Total: o.Total, CommandTimeout: o.CommandTimeout, Log: o.Log, Now: o.Now})
	s.o.Mode, s.o.CommandTimeout, s.o.Log = s.line.o.Mode, s.line.o.CommandTimeout, s.line.o.Log
	return s
}

// Connections counts the connections open on this node now.
func (s *Sieve) Connections() int { return s.line.slots.inUse() }

// Do opens a connection for the mailbox as this person reaches it, runs f on it and
// says goodbye. Everything closes when ctx ends. f runs once.
func (s *Sieve) Do(ctx context.Context, actor mssante.Actor, addr mssante.Address, f func(*Scripts) error) error {
	err := s.do(ctx, actor, addr, f)
	return sieveDoor(ctx, err)
}

func (s *Sieve) do(ctx context.Context, actor mssante.Actor, addr mssante.Address, f func(*Scripts) error) error {
	ctx, cancel := context.WithTimeout(ctx, 2*s.o.CommandTimeout) // several commands, one page
	defer cancel()
	if err := s.line.slots.enter(ctx); err != nil {
		return err
	}
	defer s.line.slots.leave()
	c, err := s.session(ctx, actor, addr)
	if err != nil {
		return err
	}
	defer c.close()
	if err := f(&Scripts{c}); err != nil {
		return err
	}
	c.logout()
	return nil
}

// session opens an authenticated connection. A refused token is evicted and tried
// once more on a new connection, as for IMAP.
func (s *Sieve) session(ctx context.Context, actor mssante.Actor, addr mssante.Address) (*sieveConn, error) {
	var refused string
	for attempt := 0; ; attempt++ {
		mech, token, err := s.line.mechanism(ctx, actor, addr)
		if err == nil && attempt > 0 && token == refused {
			if s.o.Evict != nil {
				s.o.Evict(ctx, actor)
			}
			mech, token, err = s.line.mechanism(ctx, actor, addr)
		}
		if err != nil {
			return nil, err
		}
		c, err := s.connect(ctx, mech)
		if err == nil {
			return c, nil
		}
		if attempt > 0 || token == "" || !errors.Is(err, errToken) {
			return nil, err
		}
		refused = token
		s.o.Log.WarnContext(ctx, "sieve token refused, trying once more", "mailbox", addr)
	}
}

// connect dials, secures the line and signs in, within dialTimeout. The connection
// closes when ctx ends.
func (s *Sieve) connect(ctx context.Context, mech mechanism) (*sieveConn, error) {
	hello, cancel := context.WithTimeout(ctx, min(dialTimeout, s.o.CommandTimeout))
	defer cancel()
	raw, err := s.line.o.Dial(hello, "tcp", s.o.Address)
	if err != nil {
		return nil, fmt.Errorf("%w: dialling: %w", errLost, err)
	}
	c := newSieveConn(raw, s.o.CommandTimeout)
	c.stop = context.AfterFunc(ctx, func() { raw.Close() })
	stop := context.AfterFunc(hello, func() { raw.Close() })
	err = s.hello(hello, c, mech)
	stop()
	if err != nil {
		c.close()
		if hello.Err() != nil && !errors.Is(err, errToken) {
			return nil, fmt.Errorf("%w: signing in to the sieve server (%w)", hello.Err(), err)
		}
		return nil, err
	}
	return c, nil
}

// hello takes a fresh socket to a signed-in connection. What was announced in clear
// is forgotten (RFC 5804 §2.2), and asked again once signed in: what a user may use
// is told then.
func (s *Sieve) hello(ctx context.Context, c *sieveConn, mech mechanism) error {
	if err := s.secured(ctx, c); err != nil {
		return err
	}
	if err := c.authenticate(mech); err != nil {
		return err
	}
	return c.capability()
}

// secured takes a fresh socket to TLS and the capabilities told on it.
func (s *Sieve) secured(ctx context.Context, c *sieveConn) error {
	if s.o.Mode != ModeTLS {
		if err := c.greeting(); err != nil {
			return err
		}
		if err := c.startTLS(); err != nil {
			return err
		}
	}
	t, err := s.line.secure(ctx, c.raw)
	if err != nil {
		return err
	}
	c.use(t)
	return c.greeting() // after STARTTLS too the server tells its capabilities unasked
}

// The sentences of rules.
const (
	sayRulesDown    = "Le service des règles de la messagerie MSSanté ne répond pas. Vos lettres et vos règles n’ont rien\u00a0: réessayez dans un instant."
	sayRulesToken   = "Le service des règles de la messagerie MSSanté a refusé la connexion. Rien n’a été changé\u00a0: réessayez dans un instant\u00a0; si cela persiste, déconnectez-vous puis reconnectez-vous."
	sayRulesRefused = "La messagerie MSSanté a refusé ces règles. Celles qui étaient en place le restent\u00a0: corrigez puis réessayez."
	sayRulesQuota   = "La messagerie MSSanté n’accepte pas autant de règles. Celles qui étaient en place le restent\u00a0: retirez-en ou raccourcissez-les."
	sayRulesGone    = "Ces règles n’existent plus sur la messagerie, elles ont été retirées depuis un autre programme. Rechargez la page."
)

// sieveDoor turns an inner error into what leaves the room. The server's own text
// goes nowhere: it may quote a script, which may name a patient.
func sieveDoor(ctx context.Context, err error) error {
	var known *problem.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	kind, say := problem.UpstreamDown, sayRulesDown
	var no *SieveError
	switch {
	case errors.Is(err, errEnded):
		kind, say = problem.SignInNeeded, sayEnded
	case errors.Is(err, errValue):
		kind, say = problem.Invalid, sayValue
	case errors.Is(err, errToken):
		kind, say = problem.UpstreamRefused, sayRulesToken
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), ctx.Err() != nil:
		kind, say = problem.Timeout, sayTimeout
	case errors.Is(err, errLost), errors.Is(err, errGarbled), errors.Is(err, errFlood), errors.Is(err, errInject):
	case errors.As(err, &no):
		kind, say = no.problem()
	}
	return problem.Wrapf(err, kind, say, "managing rules")
}
