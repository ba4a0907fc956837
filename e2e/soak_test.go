//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pli.example/pli/e2e/visitor"
)

// soakTime bounds the run; PLI_E2E_SOAK asks for another (for example 1h).
func soakTime() time.Duration {
	if d, err := time.ParseDuration(os.Getenv("PLI_E2E_SOAK")); err == nil {
		return d
	}
	return 3 * time.Minute
}

// TestSoak lets several people read, act, sign out and come back for minutes, with
// short-lived tokens and a mail server that restarts now and then. What the
// program holds (memory, file descriptors, connections to the mail server) must
// stop growing, and no request may fail with a 500.
func TestSoak(t *testing.T) {
	needLong(t)
	w := newOperator(t, operatorOptions{token: true, tokenSeconds: 10})
	ctx, cancel := context.WithTimeout(t.Context(), soakTime())
	defer cancel()
	var pages, failures atomic.Int64
	var wg sync.WaitGroup
	for i, key := range []string{"martin", "petit", "garnier", "haddad", "mercier", "benali"} {
		wg.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				if err := soakVisit(ctx, w.base, key, &pages); err != nil {
					failures.Add(1)
					if strings.Contains(err.Error(), " 500") {
						t.Errorf("%s, visit %d: %v", key, n, err)
					}
					time.Sleep(time.Duration(100+50*i) * time.Millisecond) // the server may be away
				}
			}
		})
	}
	var held []usage
	tick := time.NewTicker(soakTime() / (samples + 1))
	defer tick.Stop()
	for n := 1; ctx.Err() == nil && n <= samples; n++ {
		select {
		case <-tick.C:
		case <-ctx.Done():
			continue
		}
		held = append(held, w.usage(t, pages.Load()))
		if n%(samples/5) == 0 {
			t.Log(held[n-1])
		}
		if n%12 == 3 {
			if err := w.stopMail(); err != nil {
				t.Error(err)
			}
			if err := w.startMail(); err != nil {
				t.Error(err)
			}
		}
	}
	wg.Wait()
	t.Logf("%d pages, %d visits cut short", pages.Load(), failures.Load())
	if pages.Load() < 100 {
		t.Errorf("only %d pages were read", pages.Load())
	}
	levels(t, held)
	if out := run(t, w.env, "audit", "verify"); !strings.Contains(out, "Le journal tient.") {
		t.Error(out)
	}
}

const (
	samples = 45 // of what the process holds, a third of them in each third of the run

	// What levels off grows, in the last third of a run, by less than half of what it
	// grew by in the middle third; a leak grows by as much. growthNoise kB are what a
	// garbage collector takes more or less, from one moment to another.
	growthShare = 0.5
	growthNoise = 4096
)

// levels fails when the process still grows at the end of a run as it did before.
func levels(t *testing.T, held []usage) {
	t.Helper()
	if len(held) < samples {
		t.Fatalf("only %d samples of %d", len(held), samples)
	}
	third := func(n int) usage { // the median of its last five samples
		last := slices.Clone(held[n*samples/3-5 : n*samples/3])
		slices.SortFunc(last, func(a, b usage) int { return a.files - b.files })
		files := last[2].files
		slices.SortFunc(last, func(a, b usage) int { return a.rss - b.rss })
		return usage{rss: last[2].rss, files: files}
	}
	one, two, end := third(1), third(2), third(3)
	middle, last := max(0, two.rss-one.rss), end.rss-two.rss
	t.Logf("memory grew by %d kB in the middle third, by %d kB in the last", middle, last)
	if limit := int(growthShare*float64(middle)) + growthNoise; last > limit {
		t.Errorf("memory grew by %d kB in the last third of the run, more than %d: half of the middle third's, and %d", last, limit, growthNoise)
	}
	if end.files > one.files+40 {
		t.Errorf("files: from %d to %d", one.files, end.files)
	}
}

// soakVisit is one person's stay: some letters, an act, sign-out.
func soakVisit(ctx context.Context, base, key string, pages *atomic.Int64) error {
	v := visitor.New()
	defer v.Client.CloseIdleConnections()
	p, err := v.SignIn(base, key)
	if err != nil {
		return err
	}
	inbox := base + p.Attr("folder-inbox", "href")
	for range 15 {
		if ctx.Err() != nil {
			return nil
		}
		list, err := v.Get(inbox)
		if err != nil {
			return err
		}
		pages.Add(1)
		if list.Status != 200 {
			return fmt.Errorf("list answered %d", list.Status)
		}
		at := strings.Index(list.Body, `class="row-link"`)
		if at < 0 {
			return nil
		}
		href := list.Body[at:]
		href = href[strings.Index(href, `href="`)+6:]
		href = href[:strings.IndexByte(href, '"')]
		letter, err := v.Get(base + href)
		if err != nil {
			return err
		}
		pages.Add(1)
		if letter.Has("act-star") {
			if _, err := v.Press(letter, "act-star", nil); err != nil {
				return err
			}
		}
	}
	_, err = v.Press(p, "signout", nil)
	return err
}

// usage is what the process holds after some pages.
type usage struct {
	rss, files int
	pages      int64
}

func (u usage) String() string {
	return fmt.Sprintf("after %5d pages: %d kB resident, %d files", u.pages, u.rss, u.files)
}

func (w *operator) usage(t *testing.T, pages int64) usage {
	t.Helper()
	proc := fmt.Sprintf("/proc/%d", w.Pli.PID())
	u := usage{pages: pages}
	raw, err := os.ReadFile(filepath.Join(proc, "status"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			u.rss, _ = strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), " kB"))
		}
	}
	files, _ := os.ReadDir(filepath.Join(proc, "fd"))
	u.files = len(files)
	return u
}
