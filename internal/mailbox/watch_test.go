package mailbox

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

// listening is a watch under way.
type listening struct {
	*world
	news chan News
	over chan error
}

func (w *world) listen(ctx context.Context, b *Box, folder string) *listening {
	l := &listening{world: w, news: make(chan News), over: make(chan error, 1)}
	go func() {
		l.over <- b.Watch(ctx, folder, func(n News) error {
			select {
			case l.news <- n:
			case <-ctx.Done():
			}
			return nil
		})
	}()
	return l
}

// until waits for news of a folder.
func (l *listening) until(what string, want func(FolderNews) bool) FolderNews {
	l.Helper()
	limit := time.After(20 * time.Second)
	for {
		select {
		case n := <-l.news:
			if i := slices.IndexFunc(n.Folders, want); i >= 0 {
				return n.Folders[i]
			}
		case err := <-l.over:
			l.Fatalf("%s: ended with %v", what, err)
		case <-limit:
			l.Fatalf("%s: not told", what)
		}
	}
}

func (l *listening) ends() error {
	l.Helper()
	limit := time.After(20 * time.Second)
	for {
		select {
		case <-l.news:
		case err := <-l.over:
			return err
		case <-limit:
			l.Fatal("still told")
		}
	}
}

// The mark of a list is that of the folder while nothing happens, and no longer once
// something does, whatever it is.
func TestWatchTellsAndMarks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	uid := w.put(annes, "INBOX", letterMixed)
	w.put(annes, "INBOX", letterMixed)
	b := w.open(anne, annes)
	ctx, cancel := context.WithCancel(w.ctx)
	inID := b.folderID("INBOX")
	shown, err := b.List(w.ctx, ListQuery{Folder: inID})
	w.must(err)
	l := w.listen(ctx, b, inID)
	of := func(f FolderNews) bool { return f.ID == inID }
	if f := l.until("how it stands", of); f.Mark != shown.Mark || f.Arrived || f.Gone || f.Marked || f.Role != mailserver.RoleInbox {
		t.Errorf("told %+v, the list says %s", f, shown.Mark)
	}
	marks := []string{shown.Mark}
	moved := func(what string, f FolderNews) {
		t.Helper()
		if slices.Contains(marks, f.Mark) {
			t.Errorf("%s: the mark stays %s", what, f.Mark)
		}
		marks = append(marks, f.Mark)
		again, err := w.open(anne, annes).List(w.ctx, ListQuery{Folder: inID})
		w.must(err)
		if again.Mark != f.Mark {
			t.Errorf("%s: told %s, the list says %s", what, f.Mark, again.Mark)
		}
	}
	w.put(annes, "INBOX", letterMixed)
	moved("an arrival", l.until("an arrival", func(f FolderNews) bool { return of(f) && f.Arrived }))
	them := w.mail.For(mssante.Actor{SessionID: "postman"}, address(t, annes))
	_, err = them.SetFlags(w.ctx, "INBOX", shown.UIDValidity, []uint32{uid}, []string{`\Seen`}, nil)
	w.must(err)
	moved("a letter read elsewhere", l.until("a mark", func(f FolderNews) bool { return of(f) && f.Marked && f.Unseen == 2 }))
	_, err = them.SetFlags(w.ctx, "INBOX", shown.UIDValidity, []uint32{uid}, []string{`\Flagged`}, nil)
	w.must(err)
	if f := l.until("a star", func(f FolderNews) bool { return of(f) && f.Marked }); !f.Vague {
		t.Error("a server without CONDSTORE: its counters prove nothing of marks")
	}
	_, err = them.Move(w.ctx, "INBOX", shown.UIDValidity, []uint32{uid}, "Patients")
	w.must(err)
	moved("a move", l.until("a move", func(f FolderNews) bool { return of(f) && f.Gone && f.Messages == 2 }))
	cancel()
	if err := l.ends(); !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
}

// One row when it begins, none for each page that joins in.
func TestWatchIsInTheTrailOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	count := func() (n int) {
		for _, e := range w.acts() {
			if e.Action == audit.MailboxWatch && e.Actor.SessionID == anne.SessionID && e.Outcome == audit.OutcomeOK {
				n++
			}
		}
		return n
	}
	for range 3 {
		ctx, cancel := context.WithCancel(w.ctx)
		l := w.listen(ctx, w.open(anne, annes), "")
		l.until("how it stands", func(f FolderNews) bool { return f.Mark != "" })
		cancel()
		l.ends()
	}
	if n := count(); n != 1 {
		t.Errorf("%d rows", n)
	}
}

// A right withdrawn ends a watch within seconds, and that is in the trail.
func TestWatchEndsWithTheGrant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.give(team, zoe, delegation.Delegate, delegation.Read, "Équipe")
	l := w.listen(w.ctx, w.open(zoe, team), "")
	l.until("how it stands", func(f FolderNews) bool { return f.Mark != "" })
	w.must(w.grant.Revoke(w.ctx, mssante.Actor{AccountID: "operator"}, g.ID))
	began := time.Now()
	if err := l.ends(); !problem.Is(err, problem.NotFound) {
		t.Errorf("ended with %v", err)
	}
	if took := time.Since(began); took > 2*grantEvery {
		t.Errorf("after %s", took)
	}
	if e := w.last(); e.Action != audit.MailboxRefused || e.Request != "watch" || e.Actor.SessionID != zoe.SessionID {
		t.Errorf("the trail ends with %+v", e)
	}
}

// The end of the session ends it at once.
func TestWatchEndsWithTheSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	l := w.listen(w.ctx, w.open(anne, annes), "")
	l.until("how it stands", func(f FolderNews) bool { return f.Mark != "" })
	w.mail.Drop(anne.SessionID)
	w.house.Drop(anne.SessionID)
	if err := l.ends(); !problem.Is(err, problem.SignInNeeded) {
		t.Errorf("ended with %v", err)
	}
}

// A mark holds all five numbers: each alone makes another.
func TestMark(t *testing.T) {
	t.Parallel()
	f := mailserver.Folder{UIDValidity: 1, UIDNext: 2, Messages: 3, Unseen: 4, HighestModSeq: 5}
	seen := map[string]bool{markOf(f): true}
	for _, change := range []func(*mailserver.Folder){
		func(f *mailserver.Folder) { f.UIDValidity++ }, func(f *mailserver.Folder) { f.UIDNext++ }, func(f *mailserver.Folder) { f.Messages++ },
		func(f *mailserver.Folder) { f.Unseen++ }, func(f *mailserver.Folder) { f.HighestModSeq++ },
	} {
		g := f
		change(&g)
		if m := markOf(g); seen[m] {
			t.Errorf("%+v has the mark %s of another state", g, m)
		} else {
			seen[m] = true
		}
	}
	if markOf(mailserver.Folder{}) != "" {
		t.Error("a folder nobody counted has a mark")
	}
}

// What is told reaches the index without anybody asking for a page.
func TestWatchKeepsTheIndex(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(annes, "INBOX", said("a", "", "helene@lab.test.mssante.fr", annes, "Résultats"))
	b := w.open(anne, annes)
	w.indexAll(b)
	ctx, cancel := context.WithCancel(w.ctx)
	defer cancel()
	l := w.listen(ctx, w.open(anne, annes), "")
	l.until("how it stands", func(f FolderNews) bool { return f.Mark != "" })
	w.put(annes, "INBOX", said("b", "", "paul@lab.test.mssante.fr", annes, "Compte rendu"))
	l.until("an arrival", func(f FolderNews) bool { return f.Arrived })
	known := func() uint32 {
		f, ok := b.keptOf(false).ix.Folder("INBOX")
		if !ok {
			t.Fatal("not in the index")
		}
		return f.At.Next
	}
	for limit := time.Now().Add(20 * time.Second); known() < 3; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("the index stands at %d", known())
		}
	}
}

// TestWatchLeft: who leaves the page while news are taken in leaves the connection that
// takes them in to the next page.
func TestWatchLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(annes, "INBOX", letterMixed)
	b := w.open(anne, annes)
	w.indexAll(b)
	ctx, leave := context.WithCancel(w.ctx)
	l := w.listen(ctx, b, "")
	l.until("how it stands", func(f FolderNews) bool { return f.Role == mailserver.RoleInbox })
	asked, goOn := make(chan struct{}), make(chan struct{})
	var once sync.Once
	var dialled atomic.Int32
	w.during(func(command, folder string) error {
		switch {
		case command == "AUTHENTICATE":
			dialled.Add(1)
		case command == "SEARCH" && folder == "INBOX":
			once.Do(func() { close(asked); <-goOn })
		}
		return nil
	})
	w.put(annes, "INBOX", letterMixed)
	l.until("a letter", func(f FolderNews) bool { return f.Arrived })
	<-asked
	before := dialled.Load()
	leave()
	time.Sleep(50 * time.Millisecond)
	close(goOn)
	if err := l.ends(); err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if got := w.list(w.open(anne, annes), w.inbox(b).ID); len(got.Items) != 2 || dialled.Load() != before {
		t.Errorf("%d letters, %d connections more", len(got.Items), dialled.Load()-before)
	}
}
