package mailserver

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"weak"

	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

// TestCacheAfterEnd: what an act under way brings after the session ended is not
// kept: the node counts it nowhere and could never take it back.
func TestCacheAfterEnd(t *testing.T) {
	t.Parallel()
	s := New(Options{CacheBytes: 1000})
	a := s.For(testActor("s1"), testAddress(t))
	a.cache.putLetter(letterKey{"INBOX", 1, 1}, make([]byte, 100))
	s.Drop("s1")
	a.cache.putLetter(letterKey{"INBOX", 1, 2}, make([]byte, 5000))
	a.cache.putRow(letterKey{"INBOX", 1, 2}, &Row{UID: 2})
	a.cache.putBad(letterKey{"INBOX", 1, 2})
	if a.cache.size() != 0 || s.cache.used.Load() != 0 {
		t.Errorf("%d bytes kept, node %d", a.cache.size(), s.cache.used.Load())
	}
	alive := s.For(testActor("s2"), testAddress(t))
	alive.cache.putLetter(letterKey{"INBOX", 1, 1}, make([]byte, 5000))
	s.shed()
	alive.cache.putLetter(letterKey{"INBOX", 1, 1}, make([]byte, 500))
	if alive.cache.size() != 500 {
		t.Error("an account that was shed caches no more")
	}
}

// TestEvictForgets: a connection closed to make room is not kept by its account.
func TestEvictForgets(t *testing.T) {
	t.Parallel()
	s, a, _ := scripted(t, func(w *wire) { w.mailbox(func(string, string) bool { return false }) }, func(o *Options) { o.Total = 1 })
	if _, err := a.Counters(t.Context(), "INBOX"); err != nil {
		t.Fatal(err)
	}
	if !s.evictIdle() {
		t.Fatal("nothing evicted")
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.open) != 0 || s.Connections() != 0 {
		t.Errorf("%d kept by the account, %d on the node", len(a.open), s.Connections())
	}
}

// TestSearchWaitsAside: while a download holds the connection aside, a search
// waits its time and never takes the lane of the clicks.
func TestSearchWaitsAside(t *testing.T) {
	t.Parallel()
	s, a, _ := scripted(t, func(w *wire) {
		w.mailbox(func(tag, rest string) bool {
			if !strings.HasPrefix(rest, "UID SEARCH") {
				return false
			}
			w.send("* ESEARCH (TAG \"%s\") UID ALL 1", tag)
			w.send("%s OK done", tag)
			return true
		})
	})
	if err := a.aside.enter(t.Context()); err != nil { // the download
		t.Fatal(err)
	}
	answered := make(chan error, 1)
	go func() {
		_, err := a.Search(t.Context(), Search{Folder: "INBOX", Words: []string{"x"}, Within: time.Millisecond})
		answered <- err
	}()
	for a.aside.len() == 0 {
		select {
		case err := <-answered:
			t.Fatalf("did not wait: %v", err)
		case <-time.After(time.Millisecond):
		}
	}
	if _, err := a.Counters(t.Context(), "INBOX"); err != nil || s.Connections() != 1 {
		t.Errorf("a click meanwhile: %v, %d connections", err, s.Connections())
	}
	err := <-answered
	wantKind(t, err, problem.Timeout)
	if problem.SayOf(err) != sayBusy {
		t.Errorf("says %q", problem.SayOf(err))
	}
	a.aside.leave()
	hits, err := a.Search(t.Context(), Search{Folder: "INBOX", Words: []string{"x"}})
	if err != nil || !hits.Complete || len(hits.UIDs) != 1 {
		t.Errorf("%+v %v", hits, err)
	}
}

// TestSearchStops: enough found and time up are two reasons.
func TestSearchStops(t *testing.T) {
	t.Parallel()
	start := time.Now()
	var seconds atomic.Int64
	_, a, _ := scripted(t, func(w *wire) {
		w.mailbox(func(tag, rest string) bool {
			switch {
			case strings.HasPrefix(rest, "EXAMINE"):
				w.send("* 5000 EXISTS")
				w.send("* OK [UIDVALIDITY 7] x")
				w.send("%s OK [READ-ONLY] done", tag)
			case strings.HasPrefix(rest, "UID SEARCH"):
				seconds.Add(1)
				w.send("* ESEARCH (TAG \"%s\") UID ALL 10:19", tag)
				w.send("%s OK done", tag)
			default:
				return false
			}
			return true
		})
	}, func(o *Options) {
		o.Now = func() time.Time { return start.Add(time.Duration(seconds.Load()) * time.Second) }
	})
	ask := Search{Folder: "INBOX", Words: []string{"x"}, Everywhere: true, Limit: 5, Within: time.Minute}
	h, err := a.Search(t.Context(), ask)
	if err != nil || h.Complete || !h.Enough || h.Looked != firstWindow || h.Of != 5000 {
		t.Errorf("enough: %+v %v", h, err)
	}
	ask.Limit, ask.Within = 1000, time.Second
	if h, err = a.Search(t.Context(), ask); err != nil || h.Complete || h.Enough || h.Looked != firstWindow {
		t.Errorf("time up: %+v %v", h, err)
	}
}

// TestFolderListLeft: a listing that is cut says by how much, and a folder whose
// counters the server keeps to itself is not an empty one.
func TestFolderListLeft(t *testing.T) {
	t.Parallel()
	_, a, _ := scripted(t, func(w *wire) {
		w.mailbox(func(tag, rest string) bool {
			if !strings.HasPrefix(rest, "LIST") {
				return false
			}
			var b strings.Builder
			for i := range maxFolders + 3 {
				fmt.Fprintf(&b, "* LIST () \"/\" F%d\r\n", i)
				if i != 1 {
					fmt.Fprintf(&b, "* STATUS F%d (MESSAGES 0 UNSEEN 0 UIDNEXT 1 UIDVALIDITY 7)\r\n", i)
				}
			}
			w.send("%s%s OK done", b.String(), tag)
			return true
		})
	})
	l, err := a.FolderList(t.Context())
	if err != nil || len(l.Folders) != maxFolders || l.Left != 3 {
		t.Fatalf("%d folders, %d left: %v", len(l.Folders), l.Left, err)
	}
	if !l.Folders[0].Counted() || l.Folders[1].Counted() {
		t.Errorf("counted %v %v", l.Folders[0], l.Folders[1])
	}
}

// TestServiceAsksAlive: the service's own password opens nothing for a session
// that ended; a provider that is down says nothing of the session.
func TestServiceAsksAlive(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		err  error
		kind problem.Kind
		in   bool
	}{
		{name: "alive", in: true},
		{name: "ended", err: problem.New(problem.SignInNeeded, sayEnded), kind: problem.SignInNeeded},
		{name: "nobody knows", err: errors.New("database closed"), kind: problem.UpstreamDown},
		{name: "provider down", err: problem.New(problem.UpstreamDown, sayDown), in: true},
		{name: "provider late", err: problem.New(problem.Timeout, sayTimeout), in: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			asked := 0
			_, a, sc := scripted(t, func(w *wire) { w.mailbox(func(string, string) bool { return false }) }, func(o *Options) {
				o.Auth, o.ServiceUser, o.ServicePassword = AuthPlain, "pli", "secret"
				o.Credentials = func(context.Context, mssante.Actor, mssante.Address) (string, error) { asked++; return "", c.err }
			})
			_, err := a.Counters(t.Context(), "INBOX")
			if c.in != (err == nil) || asked != 1 || c.in != (sc.conns.Load() == 1) {
				t.Errorf("%v, asked %d times, %d connections", err, asked, sc.conns.Load())
			}
			if !c.in {
				wantKind(t, err, c.kind)
			}
		})
	}
}

// TestEndedConnectionsAreLetGo: a line closed with its session, while it rested, is no
// longer held by the timer that would have closed it minutes later.
func TestEndedConnectionsAreLetGo(t *testing.T) {
	t.Parallel()
	s, a, _ := scripted(t, func(w *wire) { w.mailbox(func(string, string) bool { return false }) }, func(o *Options) { o.IdleClose = time.Hour })
	if _, err := a.Counters(t.Context(), "INBOX"); err != nil {
		t.Fatal(err)
	}
	a.mu.Lock()
	var held []weak.Pointer[conn]
	for c := range a.open {
		held = append(held, weak.Make(c))
	}
	a.mu.Unlock()
	if len(held) != 1 {
		t.Fatalf("%d connections open", len(held))
	}
	s.Drop(a.actor.SessionID)
	for end := time.Now().Add(20 * time.Second); held[0].Value() != nil; time.Sleep(10 * time.Millisecond) {
		if runtime.GC(); time.Now().After(end) {
			t.Fatal("the connection is still held")
		}
	}
}
