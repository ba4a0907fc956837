package mailserver

import (
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"pli.example/pli/internal/mssante"
)

// Ways to authenticate (Options.Auth).
const (
	AuthXOAUTH2     = "xoauth2"       // the person's token in the initial response when the server takes one
	AuthXOAUTH2NoIR = "xoauth2-no-ir" // the token only after the server's empty challenge
	AuthPlain       = "plain-authzid" // SASL PLAIN: a service account acts for the mailbox (RFC 4616)
)

// Ways to reach TLS (Options.Mode).
const (
	ModeSTARTTLS = "starttls" // port 143, ECO.1.0.2
	ModeTLS      = "tls"      // implicit TLS
)

// Options configures a Server. Zero values of the limits are usable.
type Options struct {
	Address    string // host:port, from configuration
	ServerName string // name the certificate must carry; "" = host of Address
	Mode       string // ModeSTARTTLS (default) or ModeTLS
	TLS        *tls.Config
	Dial       func(ctx context.Context, network, addr string) (net.Conn, error)

	Auth            string
	ServiceUser     string
	ServicePassword string
	// Credentials gives a fresh access token for the mailbox. In AuthPlain, when
	// set, only its refusal counts: the session has ended.
	Credentials func(context.Context, mssante.Actor, mssante.Address) (string, error)
	// AtHand gives the access token if it can be used as it is; ErrAway when getting
	// one would take an act of the person. nil: Credentials is asked, whatever it does.
	AtHand func(context.Context, mssante.Actor, mssante.Address) (string, error)
	// Evict says that the server refused the token just given.
	Evict func(context.Context, mssante.Actor)

	PerMailbox     int           // connections per session and mailbox, at most 3
	Total          int           // connections of this node
	Watching       int           // of those, how many may wait for news (IDLE); never more than half. Negative: none
	PollEvery      time.Duration // how often a mailbox watched without such a connection is asked
	IdleClose      time.Duration // an unused connection is closed after this
	CommandTimeout time.Duration // one command, first byte sent to last byte read
	CacheBytes     int64         // rows and small letters kept in memory, whole node

	// Observe is told of each command: one of Verbs, one of Outcomes, how long. nil:
	// nobody counts.
	Observe func(verb, outcome string, took time.Duration)

	Log *slog.Logger
	Now func() time.Time
}

const (
	defaultTotal    = 400
	defaultWatching = 200
	defaultPoll     = 30 * time.Second
	defaultIdle     = 5 * time.Minute
	defaultCommand  = 60 * time.Second // live operators took 58 s for a read
	defaultCache    = 64 << 20
	dialTimeout     = 20 * time.Second
	droppedMemory   = 10 * time.Minute // how long a dropped session stays refused
)

// Server is the operator's IMAP service as this node uses it.
type Server struct {
	o      Options
	slots  *lane // whole node: one permit per open connection
	ears   *lane // of those, the ones that wait for news
	cache  budget
	shapes shapes
	tls    func() (*tls.Config, error)

	distinct *distinct

	mu       sync.Mutex
	accounts map[accountKey]*Account
	dropped  map[string]time.Time // session id → when
	caps     []string             // what the last sign-in was offered
	closed   bool
}

// accountKey separates what must never be shared: two people, two sessions of
// one person, two mailboxes.
type accountKey struct{ session, account, national, mailbox string }

// New prepares a Server. It dials nothing.
func New(o Options) *Server {
	if o.Mode == "" {
		o.Mode = ModeSTARTTLS
	}
	if o.Auth == "" {
		o.Auth = AuthXOAUTH2
	}
	if o.PerMailbox <= 0 || o.PerMailbox > 3 {
		o.PerMailbox = 3
	}
	if o.Total <= 0 {
		o.Total = defaultTotal
	}
	if o.Watching == 0 {
		o.Watching = defaultWatching
	}
	o.Watching = max(min(o.Watching, o.Total/2), 0) // acts always find the other half
	if o.PollEvery <= 0 {
		o.PollEvery = defaultPoll
	}
	if o.IdleClose <= 0 {
		o.IdleClose = defaultIdle
	}
	if o.CommandTimeout <= 0 {
		o.CommandTimeout = defaultCommand
	}
	if o.CacheBytes <= 0 {
		o.CacheBytes = defaultCache
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	if o.Dial == nil {
		o.Dial = (&net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}).DialContext
	}
	return &Server{
		o:        o,
		slots:    newLane(o.Total),
		ears:     newLane(o.Watching),
		distinct: newDistinct(),
		tls:      sync.OnceValues(func() (*tls.Config, error) { return tlsOf(o) }),
		cache:    budget{max: o.CacheBytes},
		accounts: make(map[accountKey]*Account),
		dropped:  make(map[string]time.Time),
	}
}

// For gives the mailbox as this person reaches it in this session: its pool and
// its caches. A session that was dropped gets an account that refuses to dial.
func (s *Server) For(actor mssante.Actor, addr mssante.Address) *Account {
	key := accountKey{actor.SessionID, actor.AccountID, string(actor.NationalID), addr.Key()}
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[key]
	if a == nil {
		a = newAccount(s, key, actor, addr)
		if _, gone := s.dropped[actor.SessionID]; s.closed || gone && actor.SessionID != "" {
			a.end()
			return a
		}
		s.accounts[key] = a
	}
	a.used.Store(s.o.Now().UnixNano())
	return a
}

// Drop closes every connection of a session at once, those in use included, and
// forgets what was cached for it. The session cannot dial again.
func (s *Server) Drop(sessionID string) {
	if sessionID == "" {
		return
	}
	now := s.o.Now()
	s.mu.Lock()
	for id, at := range s.dropped {
		if now.Sub(at) > droppedMemory {
			delete(s.dropped, id)
		}
	}
	s.dropped[sessionID] = now
	var ended []*Account
	for k, a := range s.accounts {
		if k.session == sessionID {
			ended = append(ended, a)
			delete(s.accounts, k)
		}
	}
	s.mu.Unlock()
	for _, a := range ended {
		a.end()
	}
}

// Close logs out idle connections politely within ctx and closes the rest.
func (s *Server) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	all := make([]*Account, 0, len(s.accounts))
	for k, a := range s.accounts {
		all = append(all, a)
		delete(s.accounts, k)
	}
	s.mu.Unlock()
	var wg sync.WaitGroup
	for _, a := range all {
		wg.Go(func() {
			defer a.end()
			for _, l := range []*lane{a.commands, a.aside} {
				for c := l.popIdle(); c != nil; c = l.popIdle() {
					c.logout(ctx)
				}
			}
		})
	}
	wg.Wait()
	return ctx.Err()
}

// Capabilities gives what the server announced at the latest sign-in, nil
// before the first: for the support page and for tests.
func (s *Server) Capabilities() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.caps...)
}

// Connections counts the connections open on this node now.
func (s *Server) Connections() int { return s.slots.inUse() }

// Limit is how many connections this node may open.
func (s *Server) Limit() int { return s.o.Total }

// Watching counts the connections that wait for news now.
func (s *Server) Watching() int { return s.ears.inUse() }

// WatchingLimit is how many of this node's connections may; mailboxes watched beyond
// it are asked every Options.PollEvery.
func (s *Server) WatchingLimit() int { return s.o.Watching }

// CachedBytes is what rows and letters kept in memory take.
func (s *Server) CachedBytes() int64 { return s.cache.used.Load() }

// evictIdle closes the connection that has been idle longest, so that another
// mailbox can dial when the node is at its cap.
func (s *Server) evictIdle() bool {
	s.mu.Lock()
	var owner *Account
	var victim *lane
	var oldest time.Time
	for _, a := range s.accounts {
		for _, l := range []*lane{a.commands, a.aside} {
			if at, ok := l.idleSince(); ok && (victim == nil || at.Before(oldest)) {
				owner, victim, oldest = a, l, at
			}
		}
	}
	s.mu.Unlock()
	if victim == nil {
		return false
	}
	c := victim.popOldest()
	if c == nil {
		return false
	}
	owner.forget(c, errIdle)
	return true
}

// shed forgets the caches of the accounts unused longest until the node is
// under its budget again.
func (s *Server) shed() {
	for s.cache.over() {
		s.mu.Lock()
		var victim *Account
		for _, a := range s.accounts {
			if a.cache.size() > 0 && (victim == nil || a.used.Load() < victim.used.Load()) {
				victim = a
			}
		}
		s.mu.Unlock()
		if victim == nil {
			return
		}
		victim.cache.empty()
	}
}
