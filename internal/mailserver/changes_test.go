package mailserver

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"pli.example/pli/e2e/changes"
	"pli.example/pli/internal/problem"
)

// changesWanted is how many changes the second client makes: a few hundred, or the
// 10,000 of the long run. PLI_CHANGES names another number, PLI_SEED the seed.
func changesWanted(t testing.TB) (n int, seed uint64) {
	n, seed = someChanges, 5
	if os.Getenv("PLI_E2E_LONG") != "" {
		n, seed = 10_000, uint64(time.Now().UnixNano()%1_000_000)
	}
	for name, set := range map[string]func(int){"PLI_CHANGES": func(v int) { n = v }, "PLI_SEED": func(v int) { seed = uint64(v) }} {
		if s := os.Getenv(name); s != "" {
			v, err := strconv.Atoi(s)
			if err != nil {
				t.Fatal(err)
			}
			set(v)
		}
	}
	return n, seed
}

// shown is the mailbox as an Account tells it, for changes.View: with the caches and
// the connections that served all through the changes.
type shown struct {
	ctx context.Context
	a   *Account
}

func (s shown) Flags() []string { return changes.Flags() }

func (s shown) Shows(changes.Letter) bool { return true }

func (s shown) Counts() (map[string]changes.Count, error) {
	folders, err := s.a.Folders(s.ctx)
	out := map[string]changes.Count{}
	for _, f := range folders {
		out[f.Name] = changes.Count{Messages: f.Messages, Unseen: f.Unseen}
	}
	return out, err
}

func (s shown) Letters(folder string) (out []changes.Letter, err error) {
	for before := uint32(0); ; {
		l, err := s.a.Rows(s.ctx, Query{Folder: folder, Size: 20, Before: before})
		if err != nil || len(l.Rows) == 0 {
			return out, err
		}
		for _, r := range l.Rows {
			out = append(out, changes.Letter{UID: r.UID, Flags: changes.Known(r.Flags), Subject: r.Envelope.Subject})
		}
		before = l.Rows[len(l.Rows)-1].UID
	}
}

func (s shown) Search(folder, word string) ([]uint32, error) {
	h, err := s.a.Search(s.ctx, Search{Folder: folder, Words: []string{word}, Limit: 1000})
	return h.UIDs, err
}

// TestChangesElsewhere: while a second client changes the mailbox at random, a session
// goes on reading it. It never shows one letter under another's address, never fails
// in a way a person would see, and whenever the second client pauses it shows what a
// fresh reading of the server shows.
func TestChangesElsewhere(t *testing.T) {
	t.Parallel()
	n, seed := changesWanted(t)
	for _, w := range worlds() {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			w.ofSize(t)
			o, addr := w.open(t), w.address(t)
			s := New(o)
			t.Cleanup(func() { s.Close(context.Background()) })
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
			defer cancel()
			a := s.For(testActor("s1"), addr)
			if _, err := a.Folders(ctx); err != nil { // it is there: some servers make it now
				t.Fatal(err)
			}
			d, err := changes.New(secondClient(t, o, addr), seed, changes.Options{Prefix: w.prefix, Clock: w.clock})
			if err != nil {
				t.Fatal(err)
			}
			r := &reader{T: t, a: a, known: map[letterKey]string{}}
			const pauses = 8
			for range pauses {
				if err := r.during(ctx, func() error { return d.Steps(n / pauses) }); err != nil {
					t.Fatal(err)
				}
				p, err := d.Read(secondClient(t, o, addr))
				if err != nil {
					t.Fatal(err)
				}
				for _, say := range p.Differs(shown{ctx, a}) {
					t.Error(say)
				}
				if t.Failed() {
					t.Fatalf("seed %d, %s", seed, d)
				}
			}
			t.Logf("seed %d: %s; %d readings meanwhile, %d met something gone, %d a failure of the server", seed, d, r.readings.Load(), r.gone.Load(), r.failures.Load())
			if bugs := r.failures.Load(); bugs > 2+r.readings.Load()/100 {
				t.Errorf("the server failed at %d readings", bugs)
			}
			if r.readings.Load() < pauses {
				t.Error("nothing was read meanwhile: the test proves nothing")
			}
		})
	}
}

// reader is somebody who clicks about while the mailbox changes.
type reader struct {
	*testing.T
	a              *Account
	mu             sync.Mutex
	known          map[letterKey]string // the subject each address was seen with
	readings, gone atomic.Int64
	failures       atomic.Int64 // of the server, as it said itself
}

// during reads on until do returns.
func (r *reader) during(ctx context.Context, do func() error) error {
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for i := range 2 {
		wg.Go(func() {
			pick := rand.New(rand.NewPCG(uint64(i), 9))
			for {
				select {
				case <-stop:
					return
				default:
				}
				if err := r.read(ctx, pick); err != nil {
					r.Errorf("reading meanwhile: %v", err)
					return
				}
			}
		})
	}
	err := do()
	close(stop)
	wg.Wait()
	return err
}

func (r *reader) read(ctx context.Context, pick *rand.Rand) error {
	r.readings.Add(1)
	folders, err := r.a.Folders(ctx)
	if err != nil || len(folders) == 0 {
		return r.excuse(err)
	}
	name := folders[pick.IntN(len(folders))].Name
	if pick.IntN(6) == 0 {
		_, err := r.a.Search(ctx, Search{Folder: name, Words: []string{changes.Words[0]}})
		return r.excuse(err)
	}
	l, err := r.a.Rows(ctx, Query{Folder: name, Size: 15, Page: 1 + pick.IntN(3), WithFolders: true})
	if err != nil {
		return r.excuse(err)
	}
	for i, row := range l.Rows {
		if i > 0 && row.UID >= l.Rows[i-1].UID {
			return fmt.Errorf("%s: letter %d under letter %d", name, row.UID, l.Rows[i-1].UID)
		}
		if err := r.same(letterKey{name, l.Folder.UIDValidity, row.UID}, row.Envelope.Subject, row.Unreadable); err != nil {
			return err
		}
	}
	if len(l.Rows) == 0 {
		return nil
	}
	row := l.Rows[pick.IntN(len(l.Rows))]
	opened, err := r.a.OpenLetter(ctx, name, l.Folder.UIDValidity, row.UID)
	if err != nil {
		return r.excuse(err)
	}
	if want := "Subject: " + row.Envelope.Subject + "\r\n"; !strings.Contains(string(opened.Whole), want) {
		return fmt.Errorf("%s: letter %d opens as another than %q: %.90q", name, row.UID, row.Envelope.Subject, opened.Whole)
	}
	return nil
}

// same: what an address named once it names for ever. A letter removed while it was
// listed has no row to compare.
func (r *reader) same(key letterKey, subject string, unreadable bool) error {
	if unreadable {
		r.gone.Add(1)
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if before, ok := r.known[key]; ok && before != subject {
		return fmt.Errorf("%v was %q and is %q", key, before, subject)
	}
	r.known[key] = subject
	return nil
}

// excuse: what went away between two looks is told as gone, in no other way; and a
// server that says it failed (Dovecot, now and then, at a folder that just went away)
// is believed, also asked twice.
func (r *reader) excuse(err error) error {
	if err != nil && strings.Contains(err.Error(), string(imap.ResponseCodeServerBug)) {
		r.failures.Add(1)
		return nil
	}
	if problem.Is(err, problem.Gone) {
		r.gone.Add(1)
		return nil
	}
	return err
}
