//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
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
	var first, last usage
	tick := time.NewTicker(soakTime() / 12)
	defer tick.Stop()
	for n := 0; ctx.Err() == nil; n++ {
		select {
		case <-tick.C:
		case <-ctx.Done():
			continue
		}
		now := w.usage(t)
		t.Logf("%2d: %s, %d pages", n, now, pages.Load())
		if n == 3 {
			first = now
		}
		if n >= 3 {
			last = now
		}
		if n%4 == 1 {
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
	if last.rss > first.rss*3/2+30_000 || last.files > first.files+40 {
		t.Errorf("it keeps growing: from %s to %s", first, last)
	}
	if out := run(t, w.env, "audit", "verify"); !strings.Contains(out, "Le journal tient.") {
		t.Error(out)
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

// usage is what the process holds.
type usage struct{ rss, files int }

func (u usage) String() string { return fmt.Sprintf("%d kB resident, %d files", u.rss, u.files) }

func (w *operator) usage(t *testing.T) usage {
	t.Helper()
	proc := fmt.Sprintf("/proc/%d", w.Pli.PID())
	var u usage
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
