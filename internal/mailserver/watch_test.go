package mailserver

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

const idleCaps = scriptCaps + " IDLE"

// ear is a scripted server with IDLE: idle is given each one and answers it, or not.
type ear struct {
	*wire
	tag      string
	messages *atomic.Int32
}

func (e *ear) exists() {
	e.send("* %d EXISTS", e.messages.Add(1))
}

// done waits for DONE and ends the IDLE.
func (e *ear) done() bool {
	if e.line() != "DONE" {
		return false
	}
	e.send("%s OK done", e.tag)
	return true
}

func hearing(t *testing.T, idle func(*ear) bool, change ...func(*Options)) (*Server, *Account, *script) {
	t.Helper()
	var messages atomic.Int32
	messages.Store(1)
	return scripted(t, func(w *wire) {
		w.send("* OK ready")
		for {
			tag, rest := w.tagged()
			switch {
			case tag == "":
				return
			case rest == "CAPABILITY":
				w.send("* CAPABILITY %s", idleCaps)
				w.send("%s OK done", tag)
			case strings.HasPrefix(rest, "AUTHENTICATE"):
				w.send("%s OK [CAPABILITY %s] in", tag, idleCaps)
			case strings.HasPrefix(rest, "SELECT"), strings.HasPrefix(rest, "EXAMINE"):
				w.send("* %d EXISTS", messages.Load())
				w.send("* OK [UIDVALIDITY 7] x")
				w.send("%s OK [READ-WRITE] selected", tag)
			case strings.HasPrefix(rest, "STATUS"), strings.HasPrefix(rest, "LIST"):
				n := messages.Load()
				if strings.HasPrefix(rest, "LIST") {
					w.send(`* LIST () "/" INBOX`)
				}
				w.send("* STATUS INBOX (MESSAGES %d UNSEEN %d UIDNEXT %d UIDVALIDITY 7)", n, n, n+1)
				w.send("%s OK done", tag)
			case rest == "IDLE":
				if !idle(&ear{wire: w, tag: tag, messages: &messages}) {
					return
				}
			default:
				w.send("%s OK done", tag)
			}
		}
	}, append([]func(*Options){func(o *Options) { o.PollEvery = 400 * time.Millisecond }}, change...)...)
}

// patient waits until DONE, telling nothing.
func patient(e *ear) bool { e.send("+ idling"); return e.done() }

func attention(a Attention) func(News) bool {
	return func(n News) bool { return n.Attention == a }
}

// One connection for all the pages of a session, whatever their number.
func TestWatchesShareOneConnection(t *testing.T) {
	t.Parallel()
	var idles atomic.Int32
	_, a, sc := hearing(t, func(e *ear) bool {
		e.send("+ idling")
		if idles.Add(1) == 2 {
			e.exists()
		}
		return e.done()
	}, func(o *Options) { o.PollEvery = 5 * time.Second })
	slow := a.Watch("INBOX") // takes nothing for a while: nobody waits for it
	defer slow.Close()
	var all []*Watch
	for range 10 {
		v := a.Watch("INBOX")
		defer v.Close()
		all = append(all, v)
	}
	for _, v := range all {
		until(t, v, "how it stands", about("INBOX", func(f FolderNews) bool { return f.Folder.Counted() }))
	}
	a.watch.wake() // the next IDLE, in which a letter comes
	again := a.Watch("Autre")
	defer again.Close()
	for _, v := range all {
		until(t, v, "an arrival", about("INBOX", func(f FolderNews) bool { return f.Arrived }))
	}
	n, err := slow.Take()
	if err != nil || len(n.Folders) == 0 || !n.Folders[0].Arrived {
		t.Errorf("the slow one was told %+v, %v", n, err)
	}
	if n := sc.conns.Load(); n != 1 {
		t.Errorf("%d connections", n)
	}
}

// A line that is cut while it waits is opened again, and what was missed is found.
func TestWatchComesBack(t *testing.T) {
	t.Parallel()
	var idles atomic.Int32
	_, a, sc := hearing(t, func(e *ear) bool {
		e.send("+ idling")
		if idles.Add(1) == 1 {
			e.messages.Add(1) // arrives as the line is lost: nobody is told
			return false
		}
		return e.done()
	})
	v := a.Watch("INBOX")
	defer v.Close()
	until(t, v, "the loss", attention(Down))
	until(t, v, "what was missed", about("INBOX", func(f FolderNews) bool { return f.Arrived && f.Folder.Messages == 2 }))
	if n := sc.conns.Load(); n < 2 {
		t.Errorf("%d connections", n)
	}
}

// A server that never says that it waits, or never that it stopped, is given up.
func TestWatchIsNotHeldUp(t *testing.T) {
	t.Parallel()
	for name, hang := range map[string]func(*ear) bool{
		"before": func(e *ear) bool { e.line(); return false },
		"after":  func(e *ear) bool { e.send("+ idling"); e.line(); e.line(); return false },
		"flood": func(e *ear) bool {
			e.send("+ idling")
			for {
				if _, err := fmt.Fprintf(e.Conn, "* 1 FETCH (FLAGS (%s))\r\n", strings.Repeat("x", 60_000)); err != nil {
					return false
				}
			}
		},
		"garbage": func(e *ear) bool { e.send("+ idling"); e.send("* )))((("); e.line(); return false },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, a, _ := hearing(t, hang, func(o *Options) { o.CommandTimeout = 300 * time.Millisecond })
			v := a.Watch("INBOX")
			defer v.Close()
			until(t, v, "that nothing is told", attention(Down))
		})
	}
}

// Where no connection may wait, the mailbox is asked.
func TestWatchAsks(t *testing.T) {
	t.Parallel()
	refuse := func(e *ear) bool { e.send("%s NO not here", e.tag); return true }
	for name, c := range map[string]struct {
		idle   func(*ear) bool
		change func(*Options)
	}{
		"two connections allowed": {patient, func(o *Options) { o.PerMailbox = 2 }},
		"one connection allowed":  {patient, func(o *Options) { o.PerMailbox = 1 }},
		"none may wait":           {patient, func(o *Options) { o.Watching = -1 }},
		"IDLE refused":            {refuse, func(*Options) {}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var grow atomic.Bool
			s, a, _ := hearing(t, c.idle, c.change)
			v := a.Watch("INBOX")
			defer v.Close()
			until(t, v, "that it is asked", attention(Asking))
			_ = grow.Load()
			if n := s.Watching(); n != 0 && name != "IDLE refused" {
				t.Errorf("%d connections wait", n)
			}
		})
	}
}

// The node's bound: the one too many is asked, and waits once there is room.
func TestWatchingIsBounded(t *testing.T) {
	t.Parallel()
	s, a, _ := hearing(t, patient, func(o *Options) { o.Watching = 1 })
	first := a.Watch("INBOX")
	until(t, first, "the first", attention(Told))
	other := s.For(testActor("s2"), testAddress(t)).Watch("INBOX")
	defer other.Close()
	until(t, other, "the second", attention(Asking))
	if n := s.Watching(); n != 1 {
		t.Errorf("%d connections wait", n)
	}
	s.Drop("s1")
	until(t, other, "room", attention(Told))
}

// A watch takes no connection away from anybody.
func TestWatchEvictsNobody(t *testing.T) {
	t.Parallel()
	s, a, sc := hearing(t, patient, func(o *Options) { o.Total = 1; o.Watching = 1 })
	if err := a.Warm(t.Context()); err != nil {
		t.Fatal(err)
	}
	v := s.For(testActor("s2"), testAddress(t)).Watch("INBOX")
	defer v.Close()
	until(t, v, "no room", attention(Crowded))
	if err := a.Warm(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := sc.conns.Load(); n != 1 {
		t.Errorf("%d connections: somebody's was taken", n)
	}
}

// While the person is away no token is refreshed; their next act wakes the watch
// (architecture, 'Clocks').
func TestWatchWaitsForThePerson(t *testing.T) {
	t.Parallel()
	var asked, atHand atomic.Int32
	var here atomic.Bool
	_, a, _ := hearing(t, patient, func(o *Options) {
		o.PollEvery = time.Minute // only the act wakes it
		o.Credentials = func(context.Context, mssante.Actor, mssante.Address) (string, error) {
			asked.Add(1)
			here.Store(true)
			return testToken, nil
		}
		o.AtHand = func(context.Context, mssante.Actor, mssante.Address) (string, error) {
			atHand.Add(1)
			if !here.Load() {
				return "", problem.Wrap(ErrAway, problem.UpstreamRefused, "en veille")
			}
			return testToken, nil
		}
	})
	v := a.Watch("INBOX")
	defer v.Close()
	until(t, v, "that it waits", attention(Away))
	if asked.Load() != 0 || atHand.Load() == 0 {
		t.Fatalf("credentials asked %d times, at hand %d", asked.Load(), atHand.Load())
	}
	if err := a.Warm(t.Context()); err != nil { // a click
		t.Fatal(err)
	}
	until(t, v, "that it is back", attention(Told))
	if asked.Load() != 1 {
		t.Errorf("credentials asked %d times", asked.Load())
	}
}

// The end of the session ends the watch at once, whatever the connection does.
func TestWatchEndsWithTheSession(t *testing.T) {
	t.Parallel()
	s, a, _ := hearing(t, patient)
	v := a.Watch("INBOX")
	until(t, v, "attention", attention(Told))
	s.Drop("s1")
	if err := over(t, v); !problem.Is(err, problem.SignInNeeded) {
		t.Errorf("ended with %v", err)
	}
	late := a.Watch("INBOX")
	if err := over(t, late); !problem.Is(err, problem.SignInNeeded) {
		t.Errorf("one that came late: %v", err)
	}
	for began := time.Now(); s.Connections() > 0; time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > 5*time.Second {
			t.Fatalf("%d connections left", s.Connections())
		}
	}
}

// Two pages of one person, on two folders: what comes to either is told, long before the
// folders are listed again.
func TestWatchTwoFolders(t *testing.T) {
	t.Parallel()
	for name, world := range map[string]func(testing.TB) Options{"memory": memoryWorld, "dovecot": func(t testing.TB) Options { return dovecotWorld(t) }} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := world(t)
			o.PollEvery = time.Minute
			s := New(o)
			t.Cleanup(func() { s.Close(context.Background()) })
			a, them := s.For(testActor("s1"), testAddress(t)), s.For(testActor("s2"), testAddress(t))
			if err := them.CreateFolder(t.Context(), "Autre"); err != nil {
				t.Fatal(err)
			}
			first := a.Watch("INBOX")
			defer first.Close()
			until(t, first, "attention", attention(Told))
			second := a.Watch("Autre")
			defer second.Close()
			until(t, second, "attention", attention(Told))
			for folder, v := range map[string]*Watch{"INBOX": first, "Autre": second} {
				raw := strings.ReplaceAll(letter("nouvelle", "texte"), "\n", "\r\n")
				if _, _, err := them.Append(t.Context(), folder, nil, time.Now(), int64(len(raw)), strings.NewReader(raw)); err != nil {
					t.Fatal(err)
				}
				until(t, v, "an arrival in "+folder, about(folder, func(f FolderNews) bool { return f.Arrived && f.Folder.Messages == 1 }))
			}
		})
	}
}
