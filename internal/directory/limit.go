package directory

import (
	"sync"
	"time"

	"pli.example/pli/internal/problem"
)

// Limits keep one account from copying the directory out, search by search. A
// suggestion costs 1, a page of a person or structure 3, a search 5.
type Limits struct {
	Burst   int // saved up when idle; 0 = 400
	PerHour int // comes back; 0 = 1500
	PerDay  int // never more; 0 = 8000
}

const (
	costSuggest = 1
	costPage    = 3
	costSearch  = 5
)

func (l Limits) filled() Limits {
	if l.Burst <= 0 {
		l.Burst = 400
	}
	if l.PerHour <= 0 {
		l.PerHour = 1500
	}
	if l.PerDay <= 0 {
		l.PerDay = 8000
	}
	return l
}

// maxAccounts are remembered; beyond it those that are full again are forgotten.
const maxAccounts = 10_000

type limiter struct {
	limits Limits
	mu     sync.Mutex
	of     map[string]*allowance
}

type allowance struct {
	left     float64
	at       time.Time
	day      int64
	dayTaken int
}

// take pays for one act; TooMany when the account cannot.
func (l *limiter) take(account string, cost int, now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.of == nil {
		l.of = map[string]*allowance{}
	}
	a := l.of[account]
	if a == nil {
		if len(l.of) >= maxAccounts {
			l.forget(now)
		}
		a = &allowance{left: float64(l.limits.Burst), at: now}
		l.of[account] = a
	}
	if gone := now.Sub(a.at); gone > 0 {
		a.left = min(float64(l.limits.Burst), a.left+gone.Hours()*float64(l.limits.PerHour))
		a.at = now
	}
	if day := now.Unix() / 86_400; day != a.day {
		a.day, a.dayTaken = day, 0
	}
	if a.left < float64(cost) || a.dayTaken+cost > l.limits.PerDay {
		return problem.New(problem.TooMany, "Vous avez fait beaucoup de recherches dans l’annuaire en peu de temps. Réessayez dans quelques minutes, ou saisissez l’adresse vous-même.")
	}
	a.left -= float64(cost)
	a.dayTaken += cost
	return nil
}

// forget drops accounts idle for a day, else anybody's: a count lost is a count
// begun again.
func (l *limiter) forget(now time.Time) {
	for id, a := range l.of {
		if now.Sub(a.at) > 24*time.Hour {
			delete(l.of, id)
		}
	}
	for id := range l.of {
		if len(l.of) < maxAccounts {
			return
		}
		delete(l.of, id)
	}
}

// Charge counts a look at n addresses against harvesting, a suggestion each: TooMany
// with a sentence beyond the limit.
func (d *Directory) Charge(accountID string, n int) error {
	return d.limiter.take(accountID, n*costSuggest, d.o.Now())
}
