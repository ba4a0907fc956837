package mailbox

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/metrics"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/seal"
	"pli.example/pli/internal/store"
)

// Options are what the room needs.
type Options struct {
	Grants  *delegation.Grants
	Servers *mailserver.Server
	Audit   *audit.Trail
	Keys    *seal.Keyring
	DB      *store.DB        // of reminders; nil: there are none
	Log     *slog.Logger     // nil: nothing is logged
	Now     func() time.Time // nil = time.Now
	// IndexRoom is the memory, in octets, that the indexes of all mailboxes may take on
	// this node; 0 means the default. Beyond, those unused longest go.
	IndexRoom int64
}

// House opens mailboxes. Safe for concurrent use.
type House struct {
	grants  *delegation.Grants
	servers *mailserver.Server
	trail   *audit.Trail
	keys    *seal.Keyring
	db      *store.DB
	log     *slog.Logger
	now     func() time.Time

	counting singleflight.Group

	mu       sync.Mutex
	names    map[string]named // by mailbox id
	opened   map[openedKey]openedLately
	dropped  map[string]time.Time      // sessions that ended a moment ago
	gathered map[gatherKey]*collection // exchanges with patients
	watched  map[watchedKey]bool       // whose watching is in the trail
	relisted map[relistedKey]relisted  // the lists that are

	indexRoom  int64
	indexBuilt atomic.Int64 // nanoseconds the last index built took
	indexes    map[gatherKey]*kept
	choices    map[choiceKey][]keptChoice
	bulks      map[choiceKey]*bulk // the act on many letters under way, or the last one
	bulking    sync.WaitGroup
	closing    bool
	attended   map[choiceKey]attended // mailboxes whose people are there: reminders
	nextDue    map[string]time.Time   // by mailbox id: when to look at its reminders again

	reminding metrics.Pulse
}

// New makes the house.
func New(o Options) *House {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.IndexRoom <= 0 {
		o.IndexRoom = defaultIndexRoom
	}
	return &House{grants: o.Grants, servers: o.Servers, trail: o.Audit, keys: o.Keys, db: o.DB, log: o.Log, now: o.Now,
		names: make(map[string]named), opened: make(map[openedKey]openedLately), dropped: make(map[string]time.Time),
		gathered: make(map[gatherKey]*collection), watched: make(map[watchedKey]bool), relisted: make(map[relistedKey]relisted), indexes: make(map[gatherKey]*kept), indexRoom: o.IndexRoom,
		choices: make(map[choiceKey][]keptChoice), bulks: make(map[choiceKey]*bulk), attended: make(map[choiceKey]attended), nextDue: make(map[string]time.Time)}
}

// Open checks that the person may read the mailbox now. "Not yours" and "no such
// mailbox" look alike. A refusal is written to the trail.
func (h *House) Open(ctx context.Context, actor mssante.Actor, address mssante.Address) (*Box, error) {
	if actor.IsZero() {
		return nil, problem.New(problem.SignInNeeded, "Votre session est terminée. Reconnectez-vous pour continuer.")
	}
	grant, err := h.grants.Check(ctx, actor.NationalID, address, delegation.Read)
	if err != nil {
		_ = h.trail.Record(context.WithoutCancel(ctx), audit.Event{Actor: actor, Mailbox: address.String(),
			Action: audit.MailboxRefused, Outcome: problem.KindOf(err).String(), Request: "open"})
		return nil, err
	}
	return &Box{h: h, actor: actor, grant: grant, mail: h.servers.For(actor, grant.Mailbox.Address)}, nil
}

// Box is one mailbox, opened by one person: made for one request, not for
// concurrent use across requests.
type Box struct {
	h     *House
	actor mssante.Actor
	grant delegation.Grant
	mail  *mailserver.Account

	mu      sync.Mutex
	folders map[string]known // as listed for this request
	notice  string
}

// Grant is the right under which the mailbox is open.
func (b *Box) Grant() delegation.Grant { return b.grant }

// Address of the mailbox.
func (b *Box) Address() mssante.Address { return b.grant.Mailbox.Address }

// Notice is a sentence about the last look at the mailbox that its result does not
// show, "" for none: folders too many to be listed. What an act has to say is in
// its Outcome.
func (b *Box) Notice() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.notice
}

func (b *Box) say(s string) {
	b.mu.Lock()
	b.notice = s
	b.mu.Unlock()
}

// Warm opens the connection ahead of the first click; its failure is told later.
func (b *Box) Warm(ctx context.Context) { _ = b.mail.Warm(ctx) }

// may refuses an act the grant does not carry, and writes that down.
func (b *Box) may(ctx context.Context, need delegation.Rights, action audit.Action) error {
	if b.grant.Rights.Has(need) {
		return nil
	}
	err := problem.New(problem.Denied,
		"Vos droits sur cette boîte ne permettent pas cette action. Rien n’a été changé\u00a0: demandez-la au titulaire.")
	return b.record(ctx, audit.Event{Action: action, Request: "refused by grant"}, err)
}

// record writes an act and its outcome to the trail and gives the outcome back.
// An act that cannot be written down is an error: nothing is shown untraced. with
// are acts that succeeded just before it, written in the same commit.
func (b *Box) record(ctx context.Context, e audit.Event, outcome error, with ...audit.Event) error {
	return b.recordWhile(ctx, e, outcome, nil, with...)
}

// recordWhile prepares what the acts will show while they are on their way to the
// disk. prepare (nil for nothing) is not called when the outcome is an error.
func (b *Box) recordWhile(ctx context.Context, e audit.Event, outcome error, prepare func(), with ...audit.Event) error {
	if outcome != nil {
		e.Outcome = problem.KindOf(outcome).String()
	}
	pending := b.begin(append(with, e)...)
	if outcome == nil && prepare != nil {
		prepare()
	}
	if err := pending.Wait(context.WithoutCancel(ctx)); err != nil {
		return errors.Join(outcome, problem.Wrapf(err, problem.Internal,
			"Cette action n’a pas pu être inscrite au journal, elle est donc suspendue. Rien n’est perdu\u00a0: réessayez.", "recording"))
	}
	return outcome
}

// write puts events of this person and mailbox in the trail: durable when it
// returns nil. A reader who leaves does not take the trace away.
func (b *Box) write(ctx context.Context, events ...audit.Event) error {
	return b.begin(events...).Wait(context.WithoutCancel(ctx))
}

func (b *Box) begin(events ...audit.Event) *audit.Pending {
	for i := range events {
		events[i].Actor, events[i].Mailbox = b.actor, b.Address().String()
	}
	return b.h.trail.Begin(events...)
}
