package mailserver

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"pli.example/pli/internal/mssante"
)

// dial opens one authenticated connection. A refused token is evicted and tried
// once more on a new connection (a token fresh from the provider was seen to be
// refused, then taken seconds later).
func (s *Server) dial(ctx context.Context, actor mssante.Actor, addr mssante.Address) (*conn, error) {
	var refused string
	for attempt := 0; ; attempt++ {
		mech, token, err := s.mechanism(ctx, actor, addr)
		if err != nil {
			return nil, err
		}
		if attempt > 0 && token != "" && token == refused {
			if s.o.Evict != nil {
				s.o.Evict(ctx, actor)
			}
			if mech, token, err = s.mechanism(ctx, actor, addr); err != nil {
				return nil, err
			}
		}
		connect := s.connect
		if s.o.Auth == AuthPlain {
			connect = func(ctx context.Context, mech mechanism) (*conn, error) { return s.service(ctx, mech, addr) }
		}
		c, err := connect(ctx, mech)
		if err == nil {
			return c, nil
		}
		if attempt > 0 || token == "" || !errors.Is(err, errToken) || unattended(ctx) {
			return nil, err
		}
		refused = token
		s.o.Log.WarnContext(ctx, "mail token refused, trying once more", "mailbox", addr)
	}
}

// connect takes a permit of the node, dials and signs in within dialTimeout.
func (s *Server) connect(ctx context.Context, mech mechanism) (_ *conn, err error) {
	defer s.observe(verbAuthenticate, time.Now(), &err)
	// At the node's cap somebody's resting connection gives way: now, or as soon as one
	// rests (Account.put). What nobody waits for takes nobody's place.
	if unattended(ctx) {
		if !s.slots.tryEnter() {
			return nil, errNoRoom
		}
	} else if err := s.slots.enterOr(ctx, func() { s.evictIdle() }); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, min(dialTimeout, s.o.CommandTimeout))
	defer cancel()
	raw, err := s.o.Dial(ctx, "tcp", s.o.Address)
	if err != nil {
		s.slots.leave()
		return nil, fmt.Errorf("%w: dialling: %w", errLost, err)
	}
	c, err := s.hello(ctx, raw, mech)
	if err != nil {
		raw.Close()
		s.slots.leave()
		return nil, err
	}
	return c, nil
}

// hello takes a fresh socket to a signed-in go-imap client. The exchange until
// then is ours, line by line: that is where downgrade and injection happen, and
// where a refused token must not leave a half-open SASL exchange.
func (s *Server) hello(ctx context.Context, raw net.Conn, mech mechanism) (*conn, error) {
	stop := context.AfterFunc(ctx, func() { raw.Close() })
	defer stop()
	h := &handshake{lines: newLines(raw), w: raw}
	var err error
	secured := raw
	if s.o.Mode == ModeTLS {
		secured, err = s.secure(ctx, raw)
	} else if err = h.greeting(); err == nil {
		if err = h.startTLS(); err == nil {
			secured, err = s.secure(ctx, raw)
		}
	}
	if err == nil {
		h = &handshake{lines: newLines(secured), w: secured, tags: h.tags}
		if s.o.Mode == ModeTLS {
			err = h.greeting()
		}
	}
	if err == nil {
		var no *imap.Error
		if err = h.authenticate(mech); errors.Is(err, errLost) && !errors.As(err, &no) {
			err = fmt.Errorf("%w: %w", errUnanswered, err)
		}
	}
	if err == nil && h.caps == nil {
		err = h.capability()
	}
	if err != nil {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("signing in to the mail server: %w (%v)", ctx.Err(), err)
		}
		return nil, err
	}
	s.mu.Lock()
	s.caps = h.caps
	s.mu.Unlock()
	return s.hand(ctx, raw, secured, h)
}

// hand gives the signed-in line to go-imap, which wants a greeting: it reads one
// of ours, with the capabilities announced after signing in.
func (s *Server) hand(ctx context.Context, raw, secured net.Conn, h *handshake) (*conn, error) {
	greeting := "* PREAUTH [CAPABILITY " + strings.Join(h.caps, " ") + "] ready\r\n"
	// What came with the last line of ours, then the line itself: our buffer is not needed
	// any more.
	early, _ := h.lines.r.Peek(h.lines.r.Buffered())
	m := newMeter(secured, raw, io.MultiReader(strings.NewReader(greeting+string(early)), secured))
	m.allow(budgetHello)
	c := &conn{raw: raw, meter: m, gone: s.slots.leave, now: s.o.Now, seen: s.o.Observe, heard: newOverheard()}
	c.client = imapclient.New(m, &imapclient.Options{UnilateralDataHandler: c.heard.handler()})
	m.loop.Store(&readLoop{ended: c.client.Closed(), sweep: func() { c.client.Noop() }})
	if err := c.client.WaitGreeting(); err != nil {
		return nil, fmt.Errorf("%w: %v", errGarbled, err)
	}
	c.caps = c.client.Caps()
	m.allow(budgetIdle)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return c, nil
}

// secure runs the TLS handshake: 1.2 at least, certificate and name verified.
func (s *Server) secure(ctx context.Context, raw net.Conn) (net.Conn, error) {
	cfg, err := s.tls()
	if err != nil {
		return nil, err
	}
	t := tls.Client(raw, cfg)
	if err := t.HandshakeContext(ctx); err != nil {
		return nil, fmt.Errorf("%w: TLS: %w", errLost, err)
	}
	return t, nil
}

// tlsOf makes the configuration all connections share.
func tlsOf(o Options) (*tls.Config, error) {
	cfg := &tls.Config{}
	if o.TLS != nil {
		cfg = o.TLS.Clone()
	}
	if cfg.MinVersion < tls.VersionTLS12 {
		cfg.MinVersion = tls.VersionTLS12 // ECO.1.1.1
	}
	cfg.InsecureSkipVerify = false
	cfg.ServerName = o.ServerName
	if cfg.ServerName == "" {
		host, _, err := net.SplitHostPort(o.Address)
		if err != nil {
			return nil, fmt.Errorf("mailserver: address without a port: %w", err)
		}
		cfg.ServerName = host
	}
	if o.Mode == ModeTLS && cfg.NextProtos == nil {
		cfg.NextProtos = []string{"imap"}
	}
	return cfg, nil
}

// lines reads a server's lines before go-imap takes over: bounded in length and
// number, no literals.
type lines struct {
	r    *bufio.Reader
	left int
}

const (
	maxLine  = 8 << 10
	maxLines = 100
)

func newLines(r io.Reader) *lines {
	return &lines{r: bufio.NewReaderSize(r, maxLine), left: maxLines}
}

func (l *lines) next() (string, error) {
	if l.left--; l.left < 0 {
		return "", fmt.Errorf("%w: too many lines before sign-in", errFlood)
	}
	b, err := l.r.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return "", fmt.Errorf("%w: line too long before sign-in", errFlood)
	case err != nil:
		return "", fmt.Errorf("%w: %w", errLost, err)
	}
	line := strings.TrimRight(string(b), "\r\n")
	if strings.HasSuffix(line, "}") && strings.LastIndexByte(line, '{') >= 0 {
		return "", fmt.Errorf("%w: literal before sign-in", errGarbled)
	}
	return line, nil
}

// respError makes the library's error of a status line.
func respError(kind, rest string) *imap.Error {
	e := &imap.Error{Type: imap.StatusResponseType(kind), Text: rest}
	if strings.HasPrefix(rest, "[") {
		if end := strings.IndexByte(rest, ']'); end > 0 {
			code, _, _ := strings.Cut(rest[1:end], " ")
			e.Code, e.Text = imap.ResponseCode(strings.ToUpper(code)), strings.TrimSpace(rest[end+1:])
		}
	}
	return e
}
