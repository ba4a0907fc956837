package mailserver

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"

	"pli.example/pli/internal/problem"
)

const (
	firstPause = 500 * time.Millisecond // after the first failure; doubled at each
	settle     = 100 * time.Millisecond // news come in bursts: a bulk act, a fetch of a dozen letters
	slowFactor = 50                     // a listing that takes long is asked for as much less often
	askRounds  = 10                     // then there may be room for a connection that waits
	fewRounds  = 2                      // the same after a connection that was refused
)

// errDeaf: no connection of ours may wait for news here.
var errDeaf = errors.New("mailserver: nothing waits for news")

// run looks at the mailbox until nobody watches any more.
func (w *watcher) run(ctx context.Context) {
	defer func() {
		if v := recover(); v != nil {
			w.a.s.o.Log.ErrorContext(ctx, "panic while watching", slog.String("kind", problem.PanicWords(v)), slog.String("stack", string(debug.Stack())))
			w.finish(errLost)
		}
	}()
	pause := firstPause
	for w.wanted() && ctx.Err() == nil {
		began := time.Now()
		err := w.look(ctx)
		switch {
		case err == nil, ctx.Err() != nil:
			pause = firstPause
			continue
		case signedOut(err):
			w.finish(err)
			return
		case errors.Is(err, ErrAway):
			w.attend(Away, "")
		case errors.Is(err, errNoRoom):
			w.attend(Crowded, "")
		default:
			w.attend(Down, "")
		}
		if time.Since(began) > w.a.s.o.PollEvery { // it had worked
			pause = firstPause
		}
		w.rest(ctx, pause)
		pause = min(2*pause, w.a.s.o.PollEvery)
	}
}

// look waits for news on a connection of its own if it may have one, and asks for them
// otherwise.
func (w *watcher) look(ctx context.Context) error {
	err := w.listen(ctx)
	if err == nil || signedOut(err) || !errors.Is(err, errDeaf) {
		return err
	}
	rounds := askRounds
	if err != errDeaf {
		rounds = fewRounds
	}
	return w.ask(ctx, rounds)
}

// rest waits about d, not everybody exactly as long, or until there is a reason to
// look now.
func (w *watcher) rest(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d/2 + rand.N(d))
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-w.poke:
	case <-t.C:
	}
}

// listen opens the connection that waits, and waits on it.
func (w *watcher) listen(ctx context.Context) error {
	s := w.a.s
	if s.o.PerMailbox < 3 || s.cannotIdle() || !s.ears.tryEnter() {
		return errDeaf
	}
	defer s.ears.leave()
	c, err := w.a.ownLine(ctx)
	if err != nil {
		if signedOut(err) || errors.Is(err, ErrAway) {
			return err
		}
		return errors.Join(errDeaf, err) // a server may refuse a third connection and answer on the others
	}
	defer w.a.forget(c, errIdle)
	if !c.has(imap.CapIdle) {
		return errDeaf
	}
	var due time.Time
	for ctx.Err() == nil && w.wanted() {
		if err := w.turn(ctx, c, &due); err != nil {
			return err
		}
	}
	return nil
}

// cannotIdle reports a server known not to have IDLE.
func (s *Server) cannotIdle() bool {
	caps := s.Capabilities()
	return caps != nil && !hasFold(caps, string(imap.CapIdle)) && !hasFold(caps, string(imap.CapIMAP4rev2))
}

// ownLine dials a connection outside the lanes.
func (a *Account) ownLine(ctx context.Context) (*conn, error) {
	if a.isEnded() {
		return nil, errEnded
	}
	c, err := a.s.dial(ctx, a.actor, a.addr)
	if err != nil {
		return nil, err
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
	return c, nil
}

// turn brings what is known up to date, then waits for the next news.
func (w *watcher) turn(ctx context.Context, c *conn, due *time.Time) error {
	folder, others := w.focus()
	chosen := c.folder != folder
	if chosen {
		if err := c.do(ctx, verbSelect, w.limit(), budgetSmall, func() error { return c.selectFolder(folder, true) }); err != nil {
			if said(err) && folder != inbox {
				w.vanish(folder)
				return nil
			}
			return err
		}
		c.heard.begin(c.exists())
	}
	heard := map[string]kinds{folder: c.heard.take()}
	wait := longestIdle
	if chosen || heard[folder].any() {
		wait = secondLook
	}
	begun, again := time.Now(), besideEvery
	if !begun.Before(*due) {
		l, err := w.list(ctx, c)
		if err != nil {
			return err
		}
		w.learn(l, heard)
		*due = time.Now().Add(max(w.a.s.o.PollEvery, slowFactor*time.Since(begun)))
	} else {
		if err := w.count(ctx, c, append([]string{folder}, others...), heard); err != nil {
			return err
		}
		again = max(again, slowFactor*time.Since(begun))
	}
	if len(others) > 0 {
		wait = min(wait, again)
	}
	w.attend(Told, folder)
	return w.wait(ctx, c, folder, min(wait, time.Until(*due)))
}

// secondLook: some servers (go-imap's own) tell in an IDLE only what happens after it
// began. What happened since the counting, most likely while things happen, is then
// found by counting again so soon.
const secondLook = time.Second

// besideEvery is how often folders on other pages are asked, where that takes no time.
const besideEvery = 3 * time.Second

// limit is for exchanges nobody waits for.
func (w *watcher) limit() time.Duration { return min(w.a.s.o.CommandTimeout, dialTimeout) }

// wait is one IDLE, until something is told, asked or due. RFC 2177 wants it begun
// again before 29 minutes: the listing of the other folders is due long before.
func (w *watcher) wait(ctx context.Context, c *conn, folder string, longest time.Duration) error {
	var stop func() error
	err := c.do(ctx, verbIdle, w.limit(), budgetSmall, func() error {
		idle, err := c.client.Idle()
		if err != nil {
			return err
		}
		stop = func() error { // DONE
			if err := idle.Close(); err != nil {
				return err
			}
			return idle.Wait()
		}
		return nil
	})
	if said(err) {
		return errors.Join(errDeaf, err)
	}
	if err != nil {
		return err
	}
	c.meter.allow(budgetList) // the news of a bulk act elsewhere
	timer := time.NewTimer(longest)
	defer timer.Stop()
	for waiting := true; waiting; {
		select {
		case <-ctx.Done():
			waiting = false
		case <-c.client.Closed():
			waiting = false
		case <-timer.C:
			waiting = false
		case <-w.poke:
			first, _ := w.focus()
			waiting = first == folder && !w.unservedAny()
		case <-c.heard.wake:
			time.Sleep(settle)
			waiting = false
		}
	}
	return c.do(ctx, verbNone, w.limit(), budgetList, stop)
}

const longestIdle = 25 * time.Minute

func (w *watcher) unservedAny() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.unserved) > 0
}

func (w *watcher) list(ctx context.Context, c *conn) (all []Folder, err error) {
	err = c.do(ctx, verbList, w.a.s.o.CommandTimeout, budgetList, func() error {
		l, err := c.freshListing()
		for _, f := range l.Folders {
			if f.Counted() {
				all = append(all, f)
			}
		}
		return err
	})
	return all, err
}

// count asks how some folders stand and takes it in.
func (w *watcher) count(ctx context.Context, c *conn, folders []string, heard map[string]kinds) error {
	var all []Folder
	err := c.do(ctx, verbStatus, w.limit(), budgetSmall, func() error {
		var waits []func() (*imap.StatusData, error)
		for _, name := range folders {
			waits = append(waits, collect(c.client.Status(name, c.statusItems()).Wait))
		}
		for i, wait := range waits {
			st, err := wait()
			if err != nil {
				if said(err) {
					continue
				}
				return err
			}
			all = append(all, Folder{Name: folders[i], Selectable: true, Messages: value(st.NumMessages), Unseen: value(st.NumUnseen),
				UIDNext: uint32(st.UIDNext), UIDValidity: st.UIDValidity, HighestModSeq: st.HighestModSeq})
		}
		return nil
	})
	if err != nil {
		return err
	}
	w.learn(all, heard)
	return nil
}

// ask asks on the commands' lane, now and then, for as long as nothing better may be.
func (w *watcher) ask(ctx context.Context, rounds int) error {
	for round := range rounds {
		if ctx.Err() != nil || !w.wanted() {
			return nil
		}
		err := w.a.read(ctx, w.a.commands, func(c *conn) error { return w.askOn(ctx, c, round == rounds/2) })
		if err != nil {
			return err
		}
		w.attend(Asking, "")
		w.rest(ctx, w.a.s.o.PollEvery)
	}
	return nil
}

// askOn asks after a NOOP: Dovecot counts the selected folder as it last showed it.
func (w *watcher) askOn(ctx context.Context, c *conn, everything bool) error {
	if c.folder != "" {
		if err := c.do(ctx, verbNoop, w.limit(), budgetSmall, func() error { return c.client.Noop().Wait() }); err != nil {
			return err
		}
		c.syncedAt = c.now()
	}
	// Marks leave no trace in the counters of a server without CONDSTORE.
	heard := map[string]kinds{c.folder: {flags: c.heard.take().flags}}
	if everything {
		l, err := w.list(ctx, c)
		if err != nil {
			return err
		}
		w.learn(l, heard)
		return nil
	}
	first, others := w.focus()
	if first != inbox && !slices.Contains(others, inbox) {
		others = append(others, inbox)
	}
	return w.count(ctx, c, append([]string{first}, others...), heard)
}
