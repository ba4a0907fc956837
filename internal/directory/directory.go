package directory

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/seal"
	"pli.example/pli/internal/store"
)

// Options says where the directory stands and where it comes from.
type Options struct {
	// Path names the file; generations are Path.000001 and so on. "" = in memory.
	Path  string
	Main  *store.DB // past correspondents, sealed
	Keys  *seal.Keyring
	Audit *audit.Trail
	// HTTP fetches the extraction: its transport carries a private authority. nil =
	// http.DefaultClient.
	HTTP          *http.Client
	ExtractionURL string        // "" = imports by hand only
	Every         time.Duration // between two fetches; 0 = 24 h
	// MaxShrink is the share of its lines a file may lose against the one before;
	// more is refused. 0 = 0.1.
	MaxShrink float64
	// Share of one core an import may take, 0 to 1. 0 = 0.25.
	Share float64
	// Limits against harvesting, per account; zero fields are the defaults.
	Limits Limits
	Now    func() time.Time
	Log    *slog.Logger
}

// Defaults.
const (
	DefaultEvery     = 24 * time.Hour
	DefaultMaxShrink = 0.1
	DefaultShare     = 0.25
)

// Directory is the open directory. Safe for concurrent use.
type Directory struct {
	o   Options
	ids opaque

	mu      sync.RWMutex // guards current
	current *generation

	building sync.Mutex     // one import at a time
	broken   map[int64]bool // generations that would not open; under building

	stateMu sync.Mutex
	state   State

	limiter     limiter
	typing      typing
	past        pastCache
	maxPast     int          // maxPast, less in a test
	retirements atomic.Int64 // generations closed; for tests
}

// State is what the support page shows.
type State struct {
	Ready      bool      // searches have something to search
	Mailboxes  int64     // of the current generation
	Source     string    // where it came from
	ImportedAt time.Time // when it was built
	FileDate   time.Time // Last-Modified of the file, zero when unknown
	CheckedAt  time.Time // last time the service said there is nothing newer, or gave it
	LastTry    time.Time
	LastError  string    // French; "" = the last try went well
	Failures   int64     // tries that failed since the start
	Importing  *Progress // nil = none under way
	Last       *Summary  // of the last import by this process
}

// New opens the directory: the newest whole generation on disk, or none yet.
func New(ctx context.Context, o Options) (*Directory, error) {
	if o.Main == nil || o.Keys == nil || o.Audit == nil {
		return nil, errors.New("directory: Main, Keys and Audit are needed")
	}
	o.fill()
	d := &Directory{o: o, ids: opaque{o.Keys.Opaque}, broken: map[int64]bool{}, maxPast: maxPast}
	d.limiter.limits = o.Limits.filled()
	d.building.Lock()
	defer d.building.Unlock()
	if err := d.openNewest(ctx); err != nil {
		if ctx.Err() != nil {
			return nil, err
		}
		o.Log.Error("directory: open what was imported", "err", err)
		d.failed(problem.Wrap(err, problem.Internal, "L’annuaire enregistré n’a pas pu être relu. Il sera réimporté."))
	}
	d.loaded()
	return d, nil
}

func (o *Options) fill() {
	if o.HTTP == nil {
		o.HTTP = http.DefaultClient
	}
	if o.Every <= 0 {
		o.Every = DefaultEvery
	}
	if o.MaxShrink <= 0 {
		o.MaxShrink = DefaultMaxShrink
	}
	if o.Share <= 0 || o.Share > 1 {
		o.Share = DefaultShare
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
}

// Close writes the searches still to be traced and closes the files.
func (d *Directory) Close() error {
	d.building.Lock()
	defer d.building.Unlock()
	d.flushTyping(context.Background(), 0)
	d.mu.Lock()
	g := d.current
	d.current = nil
	d.mu.Unlock()
	if g == nil {
		return nil
	}
	g.mu.Lock()
	g.retired = true
	idle := g.holders == 0
	g.mu.Unlock()
	if idle {
		return g.db.Close()
	}
	return nil // the last search closes it
}

// State tells what is there and how the last try went.
func (d *Directory) State() State {
	d.stateMu.Lock()
	defer d.stateMu.Unlock()
	s := d.state
	if s.Importing != nil {
		p := *s.Importing
		s.Importing = &p
	}
	return s
}

func (d *Directory) setState(change func(*State)) {
	d.stateMu.Lock()
	defer d.stateMu.Unlock()
	change(&d.state)
}

func (d *Directory) failed(err error) {
	d.setState(func(s *State) { s.LastTry, s.LastError, s.Failures = d.o.Now(), problem.SayOf(err), s.Failures+1 })
}

// loaded brings the state in line with the current generation.
func (d *Directory) loaded() {
	g, release := d.hold()
	defer release()
	if g == nil {
		return
	}
	d.setState(func(s *State) {
		s.Ready, s.Mailboxes, s.Source = true, g.rows, g.about[aboutSource]
		s.ImportedAt, s.FileDate, s.CheckedAt = parseTime(g.about[aboutImported]), parseTime(g.about[aboutFileDate]), parseTime(g.about[aboutImported])
	})
}

// trace writes an act of a person, or of the house when actor is zero.
func (d *Directory) trace(ctx context.Context, e audit.Event) error {
	return d.o.Audit.Record(ctx, e)
}

func outcome(err error) string {
	if err == nil {
		return "ok"
	}
	return problem.KindOf(err).String()
}

var errNotReady = problem.New(problem.UpstreamDown, "L’annuaire n’est pas encore chargé. Vous pouvez saisir l’adresse vous-même, ou réessayer dans quelques minutes.")

// addressOf reads an address that a generation holds: it was valid when written.
func addressOf(s string) mssante.Address {
	a, err := mssante.ParseAddress(s)
	if err != nil {
		return mssante.Address{}
	}
	return a
}
