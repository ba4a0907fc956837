package outgoing

import (
	"context"
	"crypto/rand"
	"log/slog"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"pli.example/pli/internal/account"
	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/directory"
	"pli.example/pli/internal/ledger"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/metrics"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/seal"
	"pli.example/pli/internal/store"
	"pli.example/pli/internal/trust"
)

// Options are what the room needs.
type Options struct {
	DB         *store.DB
	Keys       *seal.Keyring
	Audit      *audit.Trail
	House      *mailbox.House
	Accounts   *account.Accounts
	Grants     *delegation.Grants
	Trust      *trust.List
	Directory  *directory.Directory
	Ledger     *ledger.Ledger
	Submission *mailserver.Submission

	NIL string // product reference of X-MSS-NIL (ECO.2.4.3)
	// MaxLetter is the most octets of an encoded letter, whatever the operator
	// announces; 0 is 50,000,000.
	MaxLetter int64
	// MaxRecipients of one letter; 0 is 100.
	MaxRecipients int
	// MailboxRoom is the most octets of files that the drafts of one mailbox hold,
	// AccountRoom those that one account brought, wherever. Counted as announced, with
	// the files of drafts discarded less than a day ago and of letters whose copy in
	// Sent is awaited. 0 is 500,000,000.
	MailboxRoom, AccountRoom int64
	// AllowUnlisted lets letters leave while the white list is missing or stale, once
	// the person has been told. Off, they are blocked.
	AllowUnlisted bool
	// Patient adds what must be said before a letter to a patient (ECO.3.4.2.2: the
	// identity as the matricule tells it). nil checks the key only.
	Patient func(context.Context, mssante.Address) []Remark
	Zone    *time.Location   // of the hours that letters and their quotes bear; nil = UTC
	Log     *slog.Logger     // nil: nothing is logged
	Now     func() time.Time // nil = time.Now
}

// Outbox is the room's one value. Safe for concurrent use.
type Outbox struct {
	o      Options
	db     *store.DB
	keys   *seal.Keyring
	trail  *audit.Trail
	now    func() time.Time
	log    *slog.Logger
	flying sync.WaitGroup // submissions and what follows them
	rounds metrics.Pulse

	mu      sync.Mutex
	closed  bool
	sending map[flightKey]*flight
	known   map[string]mssante.Actor // by mailbox id: who was last at work there
	busy    map[string]bool          // mailboxes whose unfinished business is being done

	// crash stands in a test for a process that is killed at a named point.
	crash func(point string)
}

const (
	defaultMaxLetter     = 50_000_000
	defaultMaxRecipients = 100
	defaultRoom          = 500_000_000
	maxKnown             = 1000
)

// New makes the outbox. Run does what is left over from before.
func New(o Options) *Outbox {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if o.MaxLetter <= 0 {
		o.MaxLetter = defaultMaxLetter
	}
	if o.MaxRecipients <= 0 {
		o.MaxRecipients = defaultMaxRecipients
	}
	if o.MailboxRoom <= 0 {
		o.MailboxRoom = defaultRoom
	}
	if o.AccountRoom <= 0 {
		o.AccountRoom = defaultRoom
	}
	return &Outbox{o: o, db: o.DB, keys: o.Keys, trail: o.Audit, now: o.Now, log: o.Log,
		sending: make(map[flightKey]*flight), known: make(map[string]mssante.Actor), busy: make(map[string]bool),
		crash: func(string) {}}
}

// Close refuses new letters and waits for those being submitted, until ctx ends:
// a letter cut off there becomes 'unknown' at the next start.
func (o *Outbox) Close(ctx context.Context) error {
	o.mu.Lock()
	o.closed = true
	o.mu.Unlock()
	done := make(chan struct{})
	go func() { o.flying.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// launch runs f on its own, unless the outbox is closing.
func (o *Outbox) launch(f func()) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return false
	}
	o.flying.Go(func() {
		defer func() {
			if r := recover(); r != nil { // one letter's trouble is not everybody's
				o.log.Error("a letter's background work panicked", "kind", problem.PanicWords(r), "stack", string(debug.Stack()))
			}
		}()
		f()
	})
	return true
}

// remember notes who works in a mailbox: background work there is done in their
// name, while their session lives.
func (o *Outbox) remember(box *mailbox.Box) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.known) >= maxKnown {
		for k := range o.known {
			delete(o.known, k)
			break
		}
	}
	o.known[box.Grant().Mailbox.ID] = box.Actor()
}

func newID() string { return strings.ToLower(rand.Text()) }

// instant is now as it is stored.
func (o *Outbox) instant() time.Time { return o.now().UTC().Truncate(time.Microsecond) }

// Drop forgets a session that ended: nothing more is done in its name.
func (o *Outbox) Drop(sessionID string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for id, who := range o.known {
		if who.SessionID == sessionID {
			delete(o.known, id)
		}
	}
}
