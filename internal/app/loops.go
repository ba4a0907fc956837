package app

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"pli.example/pli/internal/support"
)

// loopWords are the loops' names for people.
func loopWords(name string) string {
	switch name {
	case loopSessions:
		return "Fin des sessions"
	case loopDesks:
		return "Oubli des recherches anciennes"
	case loopReminders:
		return "Retour des lettres mises en rappel"
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

// running notes since when each loop runs, and how often one ended by itself. Safe for
// concurrent use.
type running struct {
	mu    sync.Mutex
	since map[string]time.Time
	ended map[string]int64
}

func (r *running) started(name string, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.since == nil {
		r.since, r.ended = map[string]time.Time{}, map[string]int64{}
	}
	r.since[name] = now
}

// stopped: a loop that ends by itself is a failure.
func (r *running) stopped(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.since, name)
	r.ended[name]++
}

// Loops tells how the background works of this node do, by name.
func (a *App) Loops() []support.Loop {
	a.running.mu.Lock()
	defer a.running.mu.Unlock()
	var out []support.Loop
	for name, p := range a.passes() {
		since, runs := a.running.since[name]
		ended := a.running.ended[name]
		out = append(out, support.Loop{Name: loopWords(name), Since: since, LastSuccess: p.last, Failures: p.failures + ended,
			Failing: p.failing || !runs && ended > 0})
	}
	slices.SortFunc(out, func(x, y support.Loop) int { return cmp.Compare(x.Name, y.Name) })
	return out
}
