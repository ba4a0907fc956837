package mailserver

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emersion/go-imap/v2"

	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

// Account is one mailbox as one session reaches it. Two lanes: commands, and one
// connection aside for what is slow (attachments, searches), so that a literal
// being read never blocks a click. The third connection of three is the watcher's.
type Account struct {
	watch    *watcher
	s        *Server
	key      accountKey
	actor    mssante.Actor
	addr     mssante.Address
	commands *lane
	aside    *lane
	cache    *cache
	used     atomic.Int64 // unix nanoseconds

	mu    sync.Mutex
	open  map[*conn]struct{}
	seqs  map[letterKey]uint32 // positions as last listed: a guess that saves a round trip
	ended bool
}

func newAccount(s *Server, key accountKey, actor mssante.Actor, addr mssante.Address) *Account {
	n := 1
	if s.o.PerMailbox == 1 {
		n = 0 // one connection in all: everything shares the commands' lane
	}
	a := &Account{s: s, key: key, actor: actor, addr: addr, open: make(map[*conn]struct{})}
	a.commands, a.aside = newLane(1), newLane(n)
	if n == 0 {
		a.aside = a.commands
	}
	a.cache = newCache(&s.cache)
	a.watch = newWatcher(a)
	return a
}

// Address gives the mailbox.
func (a *Account) Address() mssante.Address { return a.addr }

// end closes everything at once and for good.
func (a *Account) end() {
	a.mu.Lock()
	a.ended = true
	all := make([]*conn, 0, len(a.open))
	for c := range a.open {
		all = append(all, c)
	}
	clear(a.open)
	a.mu.Unlock()
	a.commands.end()
	a.aside.end()
	a.watch.end()
	for _, c := range all {
		c.kill(errEnded)
	}
	a.cache.clear()
}

// Warm opens the command connection ahead of the first click, with the inbox
// selected. Its failure is told when something is asked.
func (a *Account) Warm(ctx context.Context) error {
	return door(ctx, a.read(ctx, a.commands, func(c *conn) error {
		return c.do(ctx, verbSelect, a.s.o.CommandTimeout, budgetSmall, func() error { return c.selectFolder("INBOX", false) })
	}), "warming")
}

// read runs f on a connection of the lane. When a connection that was resting
// turns out lost, f runs once more on a new one: a question may be asked twice.
func (a *Account) read(ctx context.Context, l *lane, f func(*conn) error) error {
	return a.run(ctx, l, true, f)
}

// change runs f, which alters mail: never twice. A connection that rested is
// probed first, so that a dead one is noticed before anything is asked of it.
func (a *Account) change(ctx context.Context, f func(*conn) error) error {
	return a.changeOn(ctx, a.commands, f)
}

// changeOn is change on a connection of another lane.
func (a *Account) changeOn(ctx context.Context, l *lane, f func(*conn) error) error {
	return a.run(ctx, l, false, f)
}

// probeAfter is how long a connection may have rested before a change probes it.
const probeAfter = 2 * time.Second

func (a *Account) run(ctx context.Context, l *lane, again bool, f func(*conn) error) error {
	if err := l.enter(ctx); err != nil {
		return err
	}
	defer l.leave()
	question, anew := again, 0 // how often the folder was selected anew
	for {
		c, err := a.connection(ctx, l)
		if err != nil {
			return err
		}
		if c.reused && !again && a.s.o.Now().Sub(c.restedAt) > probeAfter {
			if err := c.do(ctx, verbNoop, a.s.o.CommandTimeout, budgetSmall, c.noop); err != nil {
				a.put(l, c)
				if c.dead.Load() && ctx.Err() == nil && !errors.Is(err, errEnded) {
					continue // the next one is another resting one, or new
				}
				return err
			}
		}
		err = f(c)
		if bare(err) && c.folder != "" {
			gone := a.stillThere(ctx, c)
			if gone == nil && question && anew < 2 {
				anew++
				a.put(l, c)
				continue
			}
			if gone != nil {
				err = gone
			}
		}
		lost := c.dead.Load() && errors.Is(err, errLost) && c.reused
		a.put(l, c)
		if lost && again && ctx.Err() == nil {
			again = false
			a.discardIdle(l)
			continue
		}
		return err
	}
}

// bare reports a NO that gives no reason, or blames the server.
func bare(err error) bool {
	var no *imap.Error
	return errors.As(err, &no) && no.Type == imap.StatusResponseTypeNo && (no.Code == "" || no.Code == imap.ResponseCodeServerBug)
}

// stillThere selects the folder anew after a NO without a reason: servers (Cyrus, now
// and then Dovecot) say no more when it was removed while it was selected.
func (a *Account) stillThere(ctx context.Context, c *conn) error {
	name, readOnly := c.folder, c.readOnly
	c.folder = ""
	return c.do(ctx, verbSelect, a.s.o.CommandTimeout, budgetSmall, func() error { return c.selectFolder(name, readOnly) })
}

// connection takes a resting connection or dials. The caller holds a permit.
func (a *Account) connection(ctx context.Context, l *lane) (*conn, error) {
	if err := a.mayReuse(ctx, l); err != nil {
		return nil, err
	}
	for c := l.popIdle(); c != nil; c = l.popIdle() {
		if t := c.idleTimer.Load(); t != nil {
			t.Stop()
		}
		if !c.closed() {
			c.reused = true
			return c, nil
		}
		a.forget(c, errLost)
	}
	if a.isEnded() {
		return nil, errEnded
	}
	c, err := a.s.dial(ctx, a.actor, a.addr)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUnreach, err)
	}
	a.mu.Lock()
	ended := a.ended
	if !ended {
		a.open[c] = struct{}{}
	}
	a.mu.Unlock()
	if ended {
		c.kill(errEnded)
		return nil, errEnded
	}
	if !unattended(ctx) {
		a.watch.nudge() // somebody is here and the server answers: no reason to wait longer
	}
	return c, nil
}

// mayReuse asks again for a service account what dial asks: its resting
// connections were opened by no token of the person, so nothing on the server's
// side ends with the session, which may have ended on another node.
func (a *Account) mayReuse(ctx context.Context, l *lane) error {
	if _, resting := l.idleSince(); !resting || a.s.o.Auth != AuthPlain {
		return nil
	}
	err := a.s.alive(ctx, a.actor, a.addr)
	if problem.Is(err, problem.SignInNeeded) {
		a.discardIdle(a.commands)
		a.discardIdle(a.aside)
	}
	return err
}

// put lays a connection to rest, or buries it.
func (a *Account) put(l *lane, c *conn) {
	if c.closed() {
		a.forget(c, errLost)
		return
	}
	c.restedAt = a.s.o.Now()
	rest := a.restOf(l)
	if t := c.idleTimer.Load(); t != nil {
		t.Reset(rest)
	} else {
		c.idleTimer.Store(time.AfterFunc(rest, func() {
			if l.take(c) {
				a.forget(c, errIdle)
			}
		}))
	}
	if c.dead.Load() || !l.rest(c) { // killed while it was laid down, its timer perhaps too late for kill to see
		c.idleTimer.Load().Stop()
		a.forget(c, errEnded)
		return
	}
	if a.s.slots.crowded() { // it would rest for minutes while others wait to dial
		a.s.evictIdle()
	}
}

// asideRest: what is slow (a file, a search, the building of the index) is seldom
// followed by another such thing minutes later; a click is.
const asideRest = 30 * time.Second

// restOf is how long a connection of a lane may rest before it is closed.
func (a *Account) restOf(l *lane) time.Duration {
	if l == a.aside && l != a.commands {
		return min(a.s.o.IdleClose, asideRest)
	}
	return a.s.o.IdleClose
}

func (a *Account) forget(c *conn, why error) {
	a.mu.Lock()
	delete(a.open, c)
	a.mu.Unlock()
	c.kill(why)
}

func (a *Account) discardIdle(l *lane) {
	for c := l.popIdle(); c != nil; c = l.popIdle() {
		a.forget(c, errLost)
	}
}

func (a *Account) isEnded() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.ended
}
