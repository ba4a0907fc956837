package session

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/identity"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/seal"
	"pli.example/pli/internal/store"
)

// Clocks are the durations of a session. Zero fields take the default.
type Clocks struct {
	SignIn   time.Duration // from the click to the provider's answer: 10 min
	Idle     time.Duration // without an act of the person: 2 h (SC.SSI/IE.58)
	Absolute time.Duration // since sign-in: 4 h, as the provider's own session
}

// Fixed durations.
const (
	actEvery     = 30 * time.Second // how often an act is written down
	actWindow    = 2 * time.Minute  // how long after an act a token may be refreshed
	tokenMargin  = 5 * time.Second  // a token this near its end is not handed out
	earlyRefresh = 30 * time.Second // an act this near the end refreshes
	leaseTime    = 15 * time.Second // longer than one call to the provider
	keepEnded    = 24 * time.Hour
	sweepEvery   = 30 * time.Second
)

// Options configures a Manager; all pointers are required.
type Options struct {
	DB       *store.DB
	Keys     *seal.Keyring
	Identity *identity.Provider
	Audit    *audit.Trail
	Now      func() time.Time // default time.Now
	Clocks   Clocks
	Secure   bool // __Host- cookies; false only for tests over plain http
	Log      *slog.Logger
}

// Session is a live session. Mail is not nil when access to mail has ended while
// the session lives on: what is on the page may stay there, every request for
// mail needs a new sign-in, and Mail.Reason.Say tells why.
type Session struct {
	ID           string // public: in the trail and in "mes sessions"; never the secret
	Actor        mssante.Actor
	Practitioner mssante.Practitioner
	Situation    string // key of the chosen situation, "" when there is one to choose
	CreatedAt    time.Time
	SeenAt       time.Time // last act of the person, to half a minute
	Agent        string    // "Firefox sur Windows"
	MailUntil    time.Time // end of the refresh token, unless an act moves it
	Mail         *Ended

	rec *record // as read for this request
}

// Manager keeps the sessions. Safe for concurrent use.
type Manager struct {
	o    Options
	node string // distinguishes this process in leases
	base string // of its cookies' names

	mu      sync.Mutex
	flights map[string]*refreshing // by session id
	acts    map[string]time.Time   // last act seen by this process
	people  map[string]opened      // by session id
	onEnd   []func(sessionID string, over bool)
	stopped bool // no new refresh

	work    sync.WaitGroup // refreshes under way
	figures figures
}

// New makes a Manager.
func New(o Options) *Manager {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	for d, v := range map[*time.Duration]time.Duration{&o.Clocks.SignIn: 10 * time.Minute, &o.Clocks.Idle: 2 * time.Hour,
		&o.Clocks.Absolute: 4 * time.Hour} {
		if *d <= 0 {
			*d = v
		}
	}
	return &Manager{o: o, node: rand.Text(), base: "pli", flights: map[string]*refreshing{}, acts: map[string]time.Time{}, people: map[string]opened{}}
}

func (m *Manager) now() time.Time { return m.o.Now() }

// OnEnd registers what to do when a session (over is true), or only its access to
// mail (false), ends: drop its connections and caches. Called in turn, possibly
// twice for one session; must be quick.
func (m *Manager) OnEnd(f func(sessionID string, over bool)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.onEnd = append(m.onEnd, f)
}

func (m *Manager) tellEnded(id string, over bool) {
	m.mu.Lock()
	hooks := m.onEnd
	delete(m.acts, id)
	delete(m.people, id)
	m.mu.Unlock()
	for _, f := range hooks {
		f(id, over)
	}
}

// Close refuses new refreshes and waits for those under way, so that a rotated
// token is not lost, or until ctx ends. Call it once nothing asks for Credentials.
func (m *Manager) Close(ctx context.Context) error {
	m.mu.Lock()
	m.stopped = true
	m.mu.Unlock()
	done := make(chan struct{})
	go func() { m.work.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("refreshes under way at the stop: %w", ctx.Err())
	}
}

// Run ends sessions whose clocks ran out and forgets old ones, until ctx is done.
func (m *Manager) Run(ctx context.Context) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			err := m.Sweep(ctx)
			m.figures.sweeps.Beat(m.now(), err)
			if err != nil && ctx.Err() == nil {
				m.o.Log.Error("session sweep failed", "err", err)
			}
		}
	}
}
