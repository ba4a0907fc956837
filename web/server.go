package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"pli.example/pli/internal/account"
	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/directory"
	"pli.example/pli/internal/identity"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/metrics"
	"pli.example/pli/internal/outgoing"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/rules"
	"pli.example/pli/internal/session"
	"pli.example/pli/internal/trust"
)

// Options are the rooms the pages speak to, and the few words that change from one
// installation to the next.
type Options struct {
	Identity *identity.Provider
	Sessions *session.Manager
	Accounts *account.Accounts
	Grants   *delegation.Grants
	House    *mailbox.House
	Audit    *audit.Trail

	Rules     *rules.Room      // nil: no server keeps rules, and no page speaks of them
	Outbox    *outgoing.Outbox // nil: letters cannot be written here
	Directory *directory.Directory
	Trust     *trust.List
	Staff     *Staff // nil: there are no pages of support

	Secure   bool   // the public address is https: send HSTS
	Banner   string // on every page when set
	BannerTo string
	// Conversations is what folders show to a person who never chose, once the mailbox is
	// read; single letters otherwise.
	Conversations bool
	Operator      string         // whom to call when a person has no mailbox
	Proxies       []netip.Prefix // whose X-Forwarded-For is believed
	PerSession    int            // requests a minute; 0 means the default
	PerAddress    int            // sign-in requests a minute and address; 0 means the default

	Ready func(context.Context) error // nil: always ready
	// Observe is told of each answer: a pattern of SiteMap or "none", the method, the
	// status, how long it took to send. nil: nobody counts.
	Observe func(route, method string, status int, took time.Duration)
	Now     func() time.Time
	Log     *slog.Logger
}

// Server answers every request of the site. Make it with New.
type Server struct {
	provider      *identity.Provider
	sessions      *session.Manager
	accounts      *account.Accounts
	conversations bool // what folders show to those who never chose
	grants        *delegation.Grants
	house         *mailbox.House
	audit         *audit.Trail

	outbox    *outgoing.Outbox
	rules     *rules.Room
	directory *directory.Directory
	trust     *trust.List
	staff     *Staff

	secure                     bool
	banner, bannerTo, operator string
	proxies                    []netip.Prefix
	ready                      func(context.Context) error
	observe                    func(route, method string, status int, took time.Duration)
	clock                      clock
	log                        *slog.Logger

	desks       *desks
	documents   *documents
	packer      *packer
	staffKept   *staffMemory
	streams     *streamTable
	limits      limiters
	crossOrigin *http.CrossOriginProtection
	counting    sync.WaitGroup // counters being asked for in the background
	converting  chan struct{}  // one TIFF at a time on this node: each may take 300 MB
	panics      atomic.Int64
	sweeps      metrics.Pulse
	handler     http.Handler
}

// New checks the site map and builds the server.
func New(o Options) (*Server, error) {
	if o.Identity == nil || o.Sessions == nil || o.Accounts == nil || o.Grants == nil || o.House == nil || o.Audit == nil || o.Directory == nil || o.Trust == nil {
		return nil, errors.New("web: a room is missing")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{
		provider: o.Identity, sessions: o.Sessions, accounts: o.Accounts, grants: o.Grants, house: o.House, audit: o.Audit,
		outbox: o.Outbox, rules: o.Rules, directory: o.Directory, trust: o.Trust, staff: o.Staff, staffKept: newStaffMemory(o.Now),
		secure: o.Secure, banner: o.Banner, bannerTo: o.BannerTo, operator: o.Operator, conversations: o.Conversations, proxies: o.Proxies, ready: o.Ready, observe: o.Observe,
		clock: clock{now: o.Now, loc: Paris()}, log: o.Log, desks: newDesks(o.Now), documents: newDocuments(o.Now), packer: newPacker(), streams: newStreamTable(),
		crossOrigin: http.NewCrossOriginProtection(), converting: make(chan struct{}, 1),
	}
	s.limits = s.newLimiters(o.PerSession, o.PerAddress)
	s.crossOrigin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.fail(w, r, problem.New(problem.Denied, "Cette demande venait d’un autre site\u00a0: rien n’a été modifié. Recommencez depuis Pli."))
	}))
	h, err := s.mount()
	if err != nil {
		return nil, err
	}
	s.handler = h
	return s, nil
}

// Handler serves the site.
func (s *Server) Handler() http.Handler { return s.handler }

// DropSession forgets what this node kept for a session that ended, for good.
func (s *Server) DropSession(id string) {
	s.desks.drop(id)
	s.documents.drop(id)
}

// ForgetMail forgets the same for a session that lives on without its letters.
func (s *Server) ForgetMail(id string) {
	s.desks.forget(id)
	s.documents.drop(id)
}

// Run forgets what nobody asked for since long, until ctx is done.
func (s *Server) Run(ctx context.Context) error {
	tick := time.NewTicker(deskSweep)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			s.desks.sweep()
			s.documents.sweep()
			s.staffKept.sweep()
			s.sweeps.Beat(s.clock.now(), nil)
		}
	}
}

// Panics is how many requests panicked; a healthy process says 0.
func (s *Server) Panics() int64 { return s.panics.Load() }

// Sweeps tells of the loop's passes.
func (s *Server) Sweeps() *metrics.Pulse { return &s.sweeps }

// Wait returns when nothing the pages started runs any more, or ctx ends.
func (s *Server) Wait(ctx context.Context) {
	done := make(chan struct{})
	go func() { s.counting.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
	}
}
