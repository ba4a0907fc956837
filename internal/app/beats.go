package app

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"pli.example/pli/internal/support"
)

// The loops, by the names of logs.
const (
	loopSessions  = "sessions"
	loopDesks     = "desks"
	loopTrust     = "white list"
	loopDirectory = "directory"
	loopLedger    = "ledger"
	loopOutbox    = "outbox"
	loopStaff     = "support sessions"
	loopHeads     = "audit heads"
)

// loopWords are the same for people.
func loopWords(name string) string {
	switch name {
	case loopSessions:
		return "Fin des sessions"
	case loopDesks:
		return "Mémoire des pages"
	case loopTrust:
		return "Liste blanche"
	case loopDirectory:
		return "Annuaire Santé"
	case loopLedger:
		return "Suivi des envois"
	case loopOutbox:
		return "Envoi des lettres"
	case loopStaff:
		return "Fin des sessions du support"
	case loopHeads:
		return "Export des têtes du journal"
	}
	return name
}

// beats note how the loops do: who runs, when a round last went well, how many
// failed. Safe for concurrent use.
type beats struct {
	now func() time.Time
	mu  sync.Mutex
	all map[string]*support.Loop
}

func newBeats(now func() time.Time) *beats { return &beats{now: now, all: map[string]*support.Loop{}} }

// loop is called with b.mu held.
func (b *beats) loop(name string) *support.Loop {
	l := b.all[name]
	if l == nil {
		l = &support.Loop{Name: name}
		b.all[name] = l
	}
	return l
}

// of is what a room tells of its rounds.
func (b *beats) of(name string) func(error) {
	return func(err error) {
		b.mu.Lock()
		defer b.mu.Unlock()
		l := b.loop(name)
		if l.Failing = err != nil; l.Failing {
			l.Failures++
			return
		}
		l.LastSuccess = b.now()
	}
}

func (b *beats) started(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := b.loop(name)
	l.Since = b.now()
}

// stopped: a loop that ends by itself is a failure.
func (b *beats) stopped(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := b.loop(name)
	l.Since, l.Failing = time.Time{}, true
	l.Failures++
}

// Loops tells how the background works of this node do, by name.
func (a *App) Loops() []support.Loop {
	a.beats.mu.Lock()
	defer a.beats.mu.Unlock()
	var out []support.Loop
	for name, l := range a.beats.all {
		x := *l
		x.Name = loopWords(name)
		switch name { // these tell their own story
		case loopTrust:
			st := a.Trust.State()
			x.LastSuccess, x.Failures, x.Failing = st.LastSuccess, x.Failures+st.Errors, x.Failing || st.LastError != ""
		case loopDirectory:
			st := a.Directory.State()
			x.LastSuccess, x.Failing = st.CheckedAt, x.Failing || st.LastError != ""
		}
		out = append(out, x)
	}
	slices.SortFunc(out, func(x, y support.Loop) int { return cmp.Compare(x.Name, y.Name) })
	return out
}
