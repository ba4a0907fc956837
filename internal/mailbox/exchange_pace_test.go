package mailbox

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pli.example/pli/internal/conversation"
)

// slowServer answers a question about more letters than it can look at in time by an error;
// most is that number, asked counts the questions.
func (w *world) slowServer(most, asked *atomic.Int64) {
	w.searches(func(letters int) error {
		asked.Add(1)
		if int64(letters) > most.Load() {
			return errors.New("too slow")
		}
		return nil
	})
}

// A server too slow for one window is asked smaller ones, and the look goes on.
func TestSlowServerIsAskedLess(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.folders("Sent")
	w.lay("Sent", annes, odile, "Lettre", 1)
	for i := range 40 {
		w.lay("INBOX", "Odile <"+odile+">", annes, "Question", 2+i)
	}
	b := w.cutShort()
	var most, asked atomic.Int64
	most.Store(35)
	w.slowServer(&most, &asked)
	for range paceTries {
		x, err := b.Exchanges(w.ctx, Left{})
		w.must(err)
		if !x.Unfinished && !x.Unsure {
			if e := withOdile(x.All); e == nil || len(e.Letters) != 41 || e.State.Phase != conversation.WaitingForUs {
				t.Errorf("%+v", e)
			}
			return
		}
	}
	t.Error("a server that can look at 35 letters at once was never asked about so few")
}

// One that answers nothing is not asked for ever, and the page promises nothing.
func TestSlowServerIsLeftAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.folders("Sent")
	w.lay("Sent", annes, odile, "Lettre", 1)
	w.lay("INBOX", "Odile <"+odile+">", annes, "Question", 2)
	b := w.cutShort()
	var most, asked atomic.Int64
	w.slowServer(&most, &asked)
	var x Exchanges
	var err error
	for range paceTries {
		x, err = b.Exchanges(w.ctx, Left{})
		w.must(err)
	}
	if x.Unfinished || !x.Unsure || strings.Contains(x.Say, "Pli continue de regarder") || !strings.Contains(x.Say, "trop lentement pour regarder plus loin dans Réception") {
		t.Errorf("after %d tries: unfinished %v: %q", paceTries, x.Unfinished, x.Say)
	}
	before := asked.Load()
	if x, err = b.Exchanges(w.ctx, Left{}); err != nil || asked.Load() != before {
		t.Errorf("asked again at once: %d questions, %v", asked.Load()-before, err)
	}
	most.Store(1000) // it is itself again, a while later
	w.clock.Add(int64(paceRest/time.Second) + 1)
	x, err = b.Exchanges(w.ctx, Left{})
	w.must(err)
	if e := withOdile(x.All); e == nil || x.Unfinished || x.Unsure || e.State.Phase != conversation.WaitingForUs {
		t.Errorf("later: %+v %q", e, x.Say)
	}
}

// cutShort looks at patients once, without time for the inbox and what follows.
func (w *world) cutShort() *Box {
	w.Helper()
	b := w.open(anne, annes)
	var signed atomic.Int32
	w.during(func(command, _ string) error {
		if command == "AUTHENTICATE" && signed.Add(1) == 2 {
			w.clock.Add(20)
		}
		return nil
	})
	x, err := b.Exchanges(context.WithoutCancel(w.ctx), Left{})
	w.must(err)
	if !x.Unfinished {
		w.Fatal("the first look was finished")
	}
	return b
}
