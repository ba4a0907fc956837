package mailserver

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
)

// TestLaneOrder: the queue is fair, and who gives up passes the turn on.
func TestLaneOrder(t *testing.T) {
	t.Parallel()
	l := newLane(1)
	if err := l.enter(t.Context()); err != nil {
		t.Fatal(err)
	}
	gaveUp, leave := context.WithCancel(t.Context())
	var mu sync.Mutex
	var order []int
	var wg sync.WaitGroup
	for i := range 5 {
		ctx := t.Context()
		if i == 2 {
			ctx = gaveUp
		}
		wg.Go(func() {
			err := l.enter(ctx)
			if i == 2 {
				if !errors.Is(err, context.Canceled) {
					t.Errorf("gave up: %v", err)
				}
				return
			}
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			order = append(order, i)
			mu.Unlock()
			l.leave()
		})
		for queued := 0; queued <= i; { // until it waits
			l.mu.Lock()
			queued = l.waiting.Len()
			l.mu.Unlock()
			time.Sleep(100 * time.Microsecond)
		}
	}
	leave()
	for l.len() != 4 {
		time.Sleep(100 * time.Microsecond)
	}
	l.leave()
	wg.Wait()
	if !slices.Equal(order, []int{0, 1, 3, 4}) {
		t.Errorf("served %v", order)
	}
	if l.inUse() != 0 {
		t.Errorf("%d permits lost", l.inUse())
	}
	if err := l.enter(t.Context()); err != nil {
		t.Fatal(err)
	}
	waiting := make(chan error, 1)
	go func() { waiting <- l.enter(t.Context()) }()
	for l.len() != 1 {
		time.Sleep(100 * time.Microsecond)
	}
	l.end()
	if err := <-waiting; !errors.Is(err, errEnded) {
		t.Errorf("waiting at the end: %v", err)
	}
	if err := l.enter(t.Context()); !errors.Is(err, errEnded) {
		t.Errorf("after the end: %v", err)
	}
}

func (l *lane) len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.waiting.Len()
}

// TestSpans compares with the naive way on random sets.
func TestSpans(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	r := rand.New(rand.NewPCG(seed, 1))
	for range 500 {
		var set imap.UIDSet
		var all []uint32
		for uid := uint32(1); uid < 60; uid++ {
			if r.IntN(3) > 0 {
				set.AddNum(imap.UID(uid))
				all = append(all, uid)
			}
		}
		s := spansOf(set)
		if s.count() != uint64(len(all)) {
			t.Fatalf("seed %d: count %d of %v", seed, s.count(), all)
		}
		uid := uint32(r.IntN(62))
		below := 0
		for _, u := range all {
			if u < uid {
				below++
			}
		}
		if s.below(uid) != uint64(below) {
			t.Fatalf("seed %d: below %d is %d of %v", seed, uid, s.below(uid), all)
		}
		offset, n := r.IntN(70), r.IntN(10)
		want := down(all)
		want = want[min(offset, len(want)):]
		want = want[:min(n, len(want))]
		if got := s.newest(uint64(offset), n); !slices.Equal(got, want) {
			t.Fatalf("seed %d: newest(%d,%d) of %v: %v", seed, offset, n, all, got)
		}
	}
	if got := (spans{{1, 4294967295}}).newest(4294967290, 10); !slices.Equal(got, []uint32{5, 4, 3, 2, 1}) {
		t.Errorf("%v", got)
	}
}

// TestCacheBudget: the node's caches stay under their allowance, the longest
// unused go first.
func TestCacheBudget(t *testing.T) {
	t.Parallel()
	now := time.Now()
	s := New(Options{CacheBytes: 100_000, Now: func() time.Time { return now }})
	addr := testAddress(t)
	old := s.For(testActor("old"), addr)
	old.cache.putLetter(letterKey{"INBOX", 1, 1}, make([]byte, 60_000))
	now = now.Add(time.Minute)
	fresh := s.For(testActor("fresh"), addr)
	fresh.cache.putLetter(letterKey{"INBOX", 1, 1}, make([]byte, 60_000))
	s.shed()
	if old.cache.size() != 0 || fresh.cache.size() != 60_000 || s.cache.used.Load() != 60_000 {
		t.Errorf("old %d fresh %d node %d", old.cache.size(), fresh.cache.size(), s.cache.used.Load())
	}
	for uid := range uint32(2 * maxLetters) {
		fresh.cache.putLetter(letterKey{"INBOX", 1, uid}, make([]byte, 10))
	}
	if fresh.cache.size() != 10*maxLetters {
		t.Errorf("%d bytes", fresh.cache.size())
	}
}
