package mailserver

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

// TestReconnect: a question asked of a connection that died while resting is
// asked again on a new one; a change is not.
func TestReconnect(t *testing.T) {
	t.Parallel()
	var moves, noops atomic.Int32
	_, a, sc := scripted(t, func(w *wire) {
		w.mailbox(func(tag, rest string) bool {
			switch {
			case strings.HasPrefix(rest, "UID MOVE"):
				moves.Add(1)
				w.Conn.Close()
				return true
			case w.n == 1 && strings.HasPrefix(rest, "NOOP") && noops.Add(1) > 1: // the first goes with SELECT
				w.Conn.Close()
				return true
			}
			return false
		})
	})
	ctx := t.Context()
	if _, err := a.Rows(ctx, Query{Folder: "INBOX"}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Rows(ctx, Query{Folder: "INBOX"}); err != nil || sc.conns.Load() != 2 {
		t.Errorf("second list: %v, %d connections", err, sc.conns.Load())
	}
	_, err := a.Move(ctx, "INBOX", 7, []uint32{1}, "x")
	wantKind(t, err, problem.UpstreamDown)
	if moves.Load() != 1 {
		t.Errorf("moved %d times", moves.Load())
	}
}

// TestIsolation: one mailbox that hangs holds up neither another nor its own
// other session (ECO.1.2.3).
func TestIsolation(t *testing.T) {
	t.Parallel()
	asked := make(chan bool)
	s, a, _ := scripted(t, func(w *wire) {
		w.mailbox(func(tag, rest string) bool {
			if w.n == 1 {
				close(asked)
				io.Copy(io.Discard, w.r)
			}
			return false
		})
	})
	slow := make(chan error, 1)
	go func() { _, err := a.Counters(t.Context(), "INBOX"); slow <- err }()
	<-asked
	if _, err := s.For(testActor("s2"), testAddress(t)).Counters(t.Context(), "INBOX"); err != nil {
		t.Error(err)
	}
	waiting, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := a.Counters(waiting, "INBOX"); !problem.Is(err, problem.Timeout) {
		t.Errorf("waiting behind it: %v", err)
	}
	s.Drop("s1")
	wantKind(t, <-slow, problem.SignInNeeded)
}

// TestNodeCap: at the cap, the connection idle longest makes room.
func TestNodeCap(t *testing.T) {
	t.Parallel()
	s, _, _ := scripted(t, func(w *wire) { w.mailbox(func(string, string) bool { return false }) }, func(o *Options) { o.Total = 2 })
	for i := range 6 {
		if _, err := s.For(testActor(fmt.Sprint("p", i)), testAddress(t)).Counters(t.Context(), "INBOX"); err != nil {
			t.Fatal(err)
		}
		if s.Connections() > 2 {
			t.Fatalf("%d connections", s.Connections())
		}
	}
	s.Close(t.Context())
	if s.Connections() != 0 {
		t.Errorf("%d connections after Close", s.Connections())
	}
}

// TestSeparation: what is cached or pooled for one never serves another (attack 46).
func TestSeparation(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	addr := testAddress(t)
	base := mssante.Actor{SessionID: "s", AccountID: "a", NationalID: "n"}
	other, err := mssante.ParseAddress("autre@medecin.test.mssante.fr")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[*Account]string{}
	for name, a := range map[string]*Account{
		"base": s.For(base, addr), "session": s.For(mssante.Actor{SessionID: "s2", AccountID: "a", NationalID: "n"}, addr),
		"person":  s.For(mssante.Actor{SessionID: "s", AccountID: "b", NationalID: "n"}, addr),
		"id":      s.For(mssante.Actor{SessionID: "s", AccountID: "a", NationalID: "m"}, addr),
		"mailbox": s.For(base, other),
	} {
		if with, ok := seen[a]; ok {
			t.Errorf("%s and %s share a pool", name, with)
		}
		seen[a] = name
	}
	if again := s.For(base, addr); seen[again] != "base" {
		t.Error("one person's mailbox has two pools")
	}
}
