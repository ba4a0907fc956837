package trust

import (
	"crypto/x509"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/store"
)

// Defaults of Options.
const (
	DefaultSigner   = "alb.mssante.fr"
	DefaultMaxAge   = 7 * 24 * time.Hour
	DefaultMaxBytes = 8 << 20 // 8,655 entries take 5 MB
	DefaultEvery    = 6 * time.Hour
)

// Options say where the list is and whom to believe.
type Options struct {
	DB          *store.DB
	Audit       *audit.Trail
	URL         string         // "" = never fetched: what the database holds serves
	HTTP        *http.Client   // its redirects are not followed
	Anchors     *x509.CertPool // the only authorities; nil = no list is believed
	SignerNames []string       // common names the signer may have; nil = DefaultSigner
	MaxAge      time.Duration  // since DateDeGeneration: a list in force is then stale, a new one refused; 0 = DefaultMaxAge
	MaxBytes    int64          // of the document; 0 = DefaultMaxBytes, at most xmlsig.MaxBytes
	Every       time.Duration  // between refreshes that succeed; 0 = DefaultEvery
	Now         func() time.Time
	Log         *slog.Logger
}

// Verdict is what the list says of an address.
type Verdict int

// The verdicts. Unknown is the zero value: no list is in force.
const (
	Unknown Verdict = iota
	Inside
	Outside
)

// String gives the stable code.
func (v Verdict) String() string {
	switch v {
	case Inside:
		return "inside"
	case Outside:
		return "outside"
	}
	return "unknown"
}

// List is the white list in force. Safe for concurrent use.
type List struct {
	o      Options
	client *http.Client
	jitter func() float64 // 0 to 1
	after  func(time.Duration) <-chan time.Time

	current atomic.Pointer[snapshot] // nil: none

	turn       sync.Mutex // one refresh or load at a time
	validators validators // of the list in force; in memory only, see fetch
	refused    string     // last refusal in the trail, told once

	mu     sync.Mutex
	health health
}

// snapshot is one verified list, never changed once in force.
type snapshot struct {
	names         map[mssante.Domain]struct{}
	byLength      [][]mssante.Domain // for Suggest, sorted
	generated     time.Time
	fetched       time.Time
	entries       int
	skipped       int
	signer        string
	signerExpires time.Time
	digest        [32]byte
}

// health is what the page shows beside the list.
type health struct {
	lastTry, lastSuccess time.Time
	lastError            string
	inARow               int
	errors               int64
}

// New makes a list with nothing in force: call Load or Run.
func New(o Options) *List {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if len(o.SignerNames) == 0 {
		o.SignerNames = []string{DefaultSigner}
	}
	if o.MaxAge <= 0 {
		o.MaxAge = DefaultMaxAge
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	if o.Every <= 0 {
		o.Every = DefaultEvery
	}
	l := &List{o: o, jitter: rand.Float64, after: time.After}
	if o.HTTP != nil {
		// The host is the configured one, whatever the server says.
		client := *o.HTTP
		client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		l.client = &client
	}
	return l
}

// Allows tells whether the address's domain belongs to the trusted space. In
// memory, no I/O. A stale list still answers: State tells its age.
func (l *List) Allows(a mssante.Address) Verdict {
	s := l.current.Load()
	if s == nil {
		return Unknown
	}
	if s.has(a.Domain) {
		return Inside
	}
	return Outside
}

func (s *snapshot) has(d mssante.Domain) bool {
	_, ok := s.names[mssante.Domain(strings.ToLower(string(d)))] // allocates for capitals only
	return ok
}

// State is the list for a page: what is in force, how old, what went wrong last.
type State struct {
	Loaded        bool      // a list is in force
	DateGenerated time.Time // DateDeGeneration, under the signature
	FetchedAt     time.Time // when these bytes were received
	Age           time.Duration
	Stale         bool // older than MaxAge; it still serves
	Domains       int  // distinct names
	Entries       int  // one per operator certificate
	Skipped       int  // entries whose name is no domain name
	Signer        string
	SignerExpires time.Time

	LastTry     time.Time // of a refresh
	LastSuccess time.Time // a new list, or word that ours is the last
	LastError   string    // French; "" after a success
	Failures    int       // refreshes failed in a row
	Errors      int64     // since the start
}

// State gives a consistent picture.
func (l *List) State() State {
	l.mu.Lock()
	h := l.health
	l.mu.Unlock()
	st := State{LastTry: h.lastTry, LastSuccess: h.lastSuccess, LastError: h.lastError, Failures: h.inARow, Errors: h.errors}
	s := l.current.Load()
	if s == nil {
		return st
	}
	st.Loaded, st.DateGenerated, st.FetchedAt = true, s.generated, s.fetched
	st.Domains, st.Entries, st.Skipped = len(s.names), s.entries, s.skipped
	st.Signer, st.SignerExpires = s.signer, s.signerExpires
	st.Age = max(0, l.o.Now().Sub(s.generated))
	st.Stale = st.Age > l.o.MaxAge
	return st
}

// settle notes how a refresh or a load went.
func (l *List) settle(err error, refreshed bool) {
	now := l.o.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	h := &l.health
	if refreshed {
		h.lastTry = now
	}
	switch {
	case err != nil:
		h.lastError = l.say(err)
		h.inARow++
		h.errors++
	case refreshed:
		h.lastSuccess, h.lastError, h.inARow = now, "", 0
	}
}
