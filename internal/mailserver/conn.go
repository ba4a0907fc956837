package mailserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"pli.example/pli/internal/problem"
)

const nudgeAfter = 500 * time.Millisecond

// conn is one authenticated connection. One goroutine uses it at a time.
type conn struct {
	raw    net.Conn // the socket itself: closing it unblocks everything at once
	meter  *meter
	client *imapclient.Client
	caps   imap.CapSet
	gone   func() // gives the node's permit back
	now    func() time.Time
	seen   func(verb, outcome string, took time.Duration) // nil: nobody counts

	folder   string // selected, "" for none
	readOnly bool
	validity uint32
	uidNext  uint32
	anyFlag  bool // the folder stores keywords of our own (\*)
	flags    []imap.Flag

	shown *shownPage // the page of it listed last, nil for none

	heard     *overheard
	syncedAt  time.Time // when the server last told its news of the folder
	reused    bool
	restedAt  time.Time
	idleTimer atomic.Pointer[time.Timer] // closes it when it rested for too long; nil before its first rest

	once  sync.Once
	dead  atomic.Bool
	cause atomic.Pointer[error]
}

// kill closes the socket; safe from any goroutine, never blocks.
func (c *conn) kill(why error) {
	c.once.Do(func() {
		c.cause.Store(&why)
		c.dead.Store(true)
		c.raw.Close()
		if t := c.idleTimer.Load(); t != nil { // it would hold the dead line, buffers and all, until it fires
			t.Stop()
		}
		if c.gone != nil {
			c.gone()
		}
	})
}

// logout says goodbye, briefly, then closes.
func (c *conn) logout(ctx context.Context) {
	_ = c.do(ctx, verbLogout, 2*time.Second, budgetSmall, func() error { return c.client.Logout().Wait() })
	c.kill(errIdle)
}

// do runs one exchange under a timer, a byte budget and a recover. After an
// error other than the server's own NO or BAD the connection is closed and is
// never used again: go-imap cannot resynchronise.
func (c *conn) do(ctx context.Context, v verb, limit time.Duration, bytes int64, exchange func() error) (err error) {
	defer c.observed(v, time.Now(), &err)
	if c.dead.Load() {
		return c.why(nil)
	}
	c.meter.allow(bytes)
	ctx, cancel := context.WithTimeout(ctx, limit)
	stop := context.AfterFunc(ctx, func() { c.kill(ctx.Err()) })
	err = c.guarded(exchange)
	stop()
	cancel()
	if c.dead.Load() {
		return c.why(err)
	}
	if err != nil && !harmless(err) {
		// The cause is read before the socket is closed: closing sets 'failed'.
		why := c.diagnose(err)
		c.kill(why)
		return why
	}
	c.meter.allow(budgetIdle)
	return err
}

func (c *conn) guarded(exchange func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("mailserver: panic in an exchange: %s\n%s", problem.PanicWords(v), debug.Stack())
		}
	}()
	return exchange()
}

// diagnose tells a lost line, a flood and an unreadable answer apart.
func (c *conn) diagnose(err error) error {
	var no *imap.Error
	switch {
	case errors.Is(err, errFlood):
		return err
	case errors.As(err, &no): // BYE
		return fmt.Errorf("%w: %w", errLost, err)
	case c.meter.flood.Load():
		return fmt.Errorf("%w: %v", errFlood, err)
	case c.meter.failed.Load():
		return fmt.Errorf("%w: %v", errLost, err)
	}
	return fmt.Errorf("%w: %v", errGarbled, err)
}

func (c *conn) why(err error) error {
	if p := c.cause.Load(); p != nil {
		return *p
	}
	if err != nil {
		return err
	}
	return errLost
}

// closed reports whether go-imap saw the end of the line while nobody looked.
func (c *conn) closed() bool {
	select {
	case <-c.client.Closed():
		return true
	default:
		return c.dead.Load()
	}
}

// nudge sends a NOOP when the answer to a FETCH of structures is late, and once
// more. Dovecot 2.3 now and then stops in the middle of the structure of a letter
// of thousands of parts, its buffer full, until the client says something: seen
// in one try of four, over pipes and over TCP.
func (c *conn) nudge() (stop func()) {
	if !c.steady() {
		return func() {}
	}
	first := time.AfterFunc(nudgeAfter, func() { c.client.Noop() })
	second := time.AfterFunc(4*nudgeAfter, func() { c.client.Noop() })
	return func() { first.Stop(); second.Stop() }
}

// has reports a capability (RFC 9051 folds several into IMAP4rev2).
func (c *conn) has(one imap.Cap) bool { return c.caps.Has(one) }

// exists is the number of letters of the selected folder, as last announced.
func (c *conn) exists() uint32 {
	if m := c.client.Mailbox(); m != nil {
		return m.NumMessages
	}
	return 0
}

// selectFolder selects name unless it is already. A failed SELECT leaves
// nothing selected (RFC 9051 §6.3.2). go-imap wakes the waiter before it has
// noted the new folder: a NOOP in the same flight comes back after it has.
func (c *conn) selectFolder(name string, readOnly bool) error {
	if c.folder == name && name != "" && (!c.readOnly || readOnly) {
		return nil
	}
	c.folder = ""
	asked := c.client.Select(name, &imap.SelectOptions{ReadOnly: readOnly})
	noop := c.client.Noop()
	data, err := asked.Wait()
	if noopErr := noop.Wait(); err == nil && noopErr != nil {
		err = noopErr
	}
	if err != nil {
		if said(err) {
			var no *imap.Error
			if errors.As(err, &no) && no.Code == "" && no.Type == imap.StatusResponseTypeNo {
				// Most servers name no code for an absent folder.
				return &imap.Error{Type: no.Type, Code: imap.ResponseCodeNonExistent, Text: no.Text}
			}
		}
		return err
	}
	c.selected(name, readOnly, data)
	return nil
}

// steady reports a server that never gives a selected folder another's letters: those
// of today end the session, or say no, when it is removed and made anew. One as old as
// Courier reads on in the new one, under the UIDVALIDITY it told of the old.
func (c *conn) steady() bool { return c.has(imap.CapListStatus) }

// noop hears the news of the selected folder. On a server that is not steady it asks
// whether this is the folder still; when it is not, nothing is selected any more.
func (c *conn) noop() error {
	asked := c.client.Noop()
	if c.folder == "" || c.steady() {
		return asked.Wait()
	}
	status := c.client.Status(c.folder, &imap.StatusOptions{UIDValidity: true})
	if err := asked.Wait(); err != nil {
		_, _ = status.Wait()
		return err
	}
	st, err := status.Wait()
	if err != nil && !said(err) {
		return err
	}
	if err != nil || st.UIDValidity != c.validity {
		c.folder = ""
	}
	return nil
}

// current selects name, or brings the selected folder up to date unless that was
// done within maxAge.
func (c *conn) current(name string, maxAge time.Duration) error {
	if c.folder != name || c.readOnly {
		return c.selectFolder(name, false)
	}
	if maxAge > 0 && c.now().Sub(c.syncedAt) < maxAge {
		return nil
	}
	if err := c.noop(); err != nil {
		return err
	}
	c.syncedAt = c.now()
	return c.selectFolder(name, false) // at once, unless it is another one now
}

// open selects a folder to be asked about, with the news heard.
func (c *conn) open(name string, readOnly bool) error {
	if err := c.selectFolder(name, readOnly); err != nil {
		return err
	}
	if err := c.noop(); err != nil {
		return err
	}
	return c.selectFolder(name, readOnly)
}

func (c *conn) selected(name string, readOnly bool, data *imap.SelectData) {
	c.folder, c.readOnly, c.syncedAt = name, readOnly, c.now()
	c.validity, c.uidNext = data.UIDValidity, uint32(data.UIDNext)
	c.flags = data.PermanentFlags
	c.anyFlag = len(data.PermanentFlags) == 0 // not announced: assume all (RFC 9051 §7.1)
	for _, f := range data.PermanentFlags {
		if f == imap.FlagWildcard {
			c.anyFlag = true
		}
	}
}
