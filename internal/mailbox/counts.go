package mailbox

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

// Count is the unread letters in one mailbox's inbox.
type Count struct {
	Grant   delegation.Grant
	Unread  int  // -1 when unknown
	Failing bool // its server did not answer in time, or refused
}

const (
	countWait = 1500 * time.Millisecond // a page waits no longer for a counter
	countTime = 20 * time.Second        // what was begun goes on, for the next page
)

// Counts tells the unread letters of several mailboxes at once. One that fails or
// dawdles is marked: it never holds up the page nor the others. Only the person's
// own live grants are looked at. A counter shows no letter: it is not recorded.
func (h *House) Counts(ctx context.Context, actor mssante.Actor, grants []delegation.Grant) []Count {
	out := make([]Count, len(grants))
	limit, cancel := context.WithTimeout(ctx, countWait)
	defer cancel()
	var wg sync.WaitGroup
	for i, g := range grants {
		out[i] = Count{Grant: g, Unread: -1}
		if g.Grantee != actor.NationalID || !g.Live(h.now()) || !g.Rights.Has(delegation.Read) {
			continue
		}
		wg.Go(func() { out[i].Unread, out[i].Failing = h.count(limit, actor, g) })
	}
	wg.Wait()
	return out
}

var errPanic = errors.New("mailbox: panic on a goroutine of the room")

func (h *House) count(limit context.Context, actor mssante.Actor, g delegation.Grant) (unread int, failing bool) {
	key := strings.Join([]string{actor.SessionID, actor.AccountID, string(actor.NationalID), g.Mailbox.Address.Key()}, "\x00")
	asked := h.counting.DoChan(key, func() (unread any, err error) {
		defer func() { // it runs on a goroutine of its own: nobody else would catch it
			if v := recover(); v != nil {
				h.log.LogAttrs(limit, slog.LevelError, "panic while counting", slog.String("kind", problem.PanicWords(v)), slog.String("stack", string(debug.Stack())))
				unread, err = nil, errPanic
			}
		}()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(limit), countTime)
		defer cancel()
		f, err := h.servers.For(actor, g.Mailbox.Address).Counters(ctx, "INBOX")
		return int(f.Unseen), err
	})
	select {
	case r := <-asked:
		if r.Err != nil {
			return -1, true
		}
		return r.Val.(int), false
	case <-limit.Done():
		return -1, true
	}
}
