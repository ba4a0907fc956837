// Package audit owns the trail: every act on a mailbox, every sign-in and every
// grant, written before the answer leaves (ECO.4.1.1, ECO.4.1.2).
//
// Rows form one HMAC chain per node and UTC day; a day starts from the last row
// of the day before, and each commit re-signs the day's head. Whoever can write
// to the database but has no key cannot change, reorder, insert, remove or cut
// without Verify naming the place. Putting back an older copy of the database,
// head included, shows only against a head kept elsewhere: export Heads.
//
// Concurrent callers share one commit. Patients never appear in clear: their
// address is an opaque key, Detail is sealed. The trail must not know mail.
// Keys must stay in the ring as long as rows are kept.
package audit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/seal"
	"pli.example/pli/internal/store"
)

const (
	maxQueue = 10_000           // callers waiting for a commit
	maxBatch = 500              // callers served by one commit
	writeFor = 30 * time.Second // longest a commit may take
)

const sayNotWritten = "L’action n’a pas été faite, car elle n’a pas pu être inscrite au journal. Rien n’a été perdu. Réessayez dans un instant\u00a0; si cela dure, prévenez le support."

// ErrClosed: Record was called after Close.
var ErrClosed = errors.New("the trail is closed")

// Options are what a trail needs. Node names this process's chain ("" = "pli").
type Options struct {
	DB   *store.DB
	Keys *seal.Keyring
	Node string
	Now  func() time.Time // nil = time.Now
}

// Trail writes and reads the trail. Safe for concurrent use.
type Trail struct {
	db   *store.DB
	keys *seal.Keyring
	node string
	now  func() time.Time

	mu      sync.Mutex
	queue   []waiting
	running bool // a drain goroutine is at work
	closed  bool
	idle    sync.WaitGroup
}

type waiting struct {
	entries []entry
	done    chan error // buffered: the writer never waits for a caller that left
}

// New makes a trail. It starts nothing: a goroutine lives only while there is
// something to write.
func New(o Options) *Trail {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Node == "" {
		o.Node = "pli"
	}
	return &Trail{db: o.DB, keys: o.Keys, node: clean(o.Node, 64), now: o.Now}
}

// Record writes the events, in their order, and returns once all are durable. When
// ctx ends first, Record returns its error but they are written all the same: the
// acts may have happened. An error otherwise means that none of them is in the
// trail, and the caller must not do, or show, what they announced.
func (t *Trail) Record(ctx context.Context, events ...Event) error {
	return t.Begin(events...).Wait(ctx)
}

// Pending are events on their way to the disk.
type Pending struct {
	done chan error
	err  error
}

// Begin is the first half of Record: the events are on their way. What they announce
// may be prepared meanwhile, and is done or shown only once Wait has returned nil.
func (t *Trail) Begin(events ...Event) *Pending {
	w := waiting{entries: make([]entry, len(events)), done: make(chan error, 1)}
	for i, e := range events {
		w.entries[i] = t.newEntry(e)
	}
	return &Pending{done: w.done, err: t.enqueue(w)}
}

// Wait is the second half, called once: as Record.
func (p *Pending) Wait(ctx context.Context) error {
	if p.err != nil {
		return p.err
	}
	select {
	case err := <-p.done:
		return problem.Wrap(err, problem.Internal, sayNotWritten)
	case <-ctx.Done():
		return problem.Wrap(ctx.Err(), problem.Timeout, sayNotWritten)
	}
}

// RecordTx writes e inside the caller's own write transaction: the act and its
// row are committed together or not at all.
func (t *Trail) RecordTx(ctx context.Context, tx *sql.Tx, e Event) error {
	err := t.append(ctx, tx, []entry{t.newEntry(e)})
	return problem.Wrap(err, problem.Internal, sayNotWritten)
}

func (t *Trail) enqueue(w waiting) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.closed:
		return problem.Wrap(ErrClosed, problem.Internal, sayNotWritten)
	case len(t.queue) >= maxQueue:
		return problem.Wrap(fmt.Errorf("%d callers wait for the disk", len(t.queue)), problem.TooMany, sayNotWritten)
	}
	t.queue = append(t.queue, w)
	if !t.running {
		t.running = true
		t.idle.Add(1)
		go t.drain()
	}
	return nil
}

// Waiting is how many callers wait for their rows to be durable.
func (t *Trail) Waiting() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.queue)
}

// drain commits batch after batch until nothing waits. While one batch is on its
// way to the disk the next one gathers: that is the whole group commit.
func (t *Trail) drain() {
	defer t.idle.Done()
	for {
		t.mu.Lock()
		n := min(len(t.queue), maxBatch)
		batch := t.queue[:n:n]
		t.queue = t.queue[n:]
		if n == 0 {
			t.queue, t.running = nil, false
			t.mu.Unlock()
			return
		}
		t.mu.Unlock()
		err := t.commit(batch)
		for _, w := range batch {
			w.done <- err
		}
	}
}

func (t *Trail) commit(batch []waiting) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("write the trail: panic: %s", problem.PanicWords(r))
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), writeFor)
	defer cancel()
	entries := make([]entry, 0, len(batch)+8)
	for _, w := range batch {
		entries = append(entries, w.entries...)
	}
	// The transaction has the deadline: its statements need not each watch for it.
	err = t.db.Write(ctx, func(tx *sql.Tx) error { return t.append(context.WithoutCancel(ctx), tx, entries) })
	if err != nil {
		return fmt.Errorf("write the trail: %w", err)
	}
	return nil
}

// Close refuses new events and waits until those accepted are written.
func (t *Trail) Close() error {
	t.mu.Lock()
	t.closed = true
	t.mu.Unlock()
	t.idle.Wait()
	return nil
}
