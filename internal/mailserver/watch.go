package mailserver

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"pli.example/pli/internal/problem"
)

// Attention is how closely a watched mailbox is looked at.
type Attention int

// From nothing known yet to the closest, then why there is none.
const (
	NotYet  Attention = iota
	Told              // the server tells news as they come (IDLE, RFC 2177)
	Asking            // it is asked every Options.PollEvery
	Away              // signing in again takes an act of the person
	Down              // it does not answer; tried again by itself
	Crowded           // this node has no connection to spare; tried again by itself
)

// String names it for a page's script.
func (a Attention) String() string {
	return [...]string{NotYet: "", Told: "told", Asking: "asking", Away: "away", Down: "down", Crowded: "crowded"}[a]
}

// FolderNews is what became of one folder. Folder is as last told; without counters
// (Folder.Counted) when the folder cannot be read any more.
type FolderNews struct {
	Folder                Folder
	Arrived, Gone, Marked bool // all false: nothing new, this is how it stands
}

// News is what a Watch learnt since it was last asked.
type News struct {
	Attention Attention
	Folders   []FolderNews // by name
}

// Watch is one reader of a mailbox's news. A slow one holds nobody up: what it did not
// take yet is merged, folder by folder.
type Watch struct {
	w      *watcher
	folder string

	mu        sync.Mutex
	ready     chan struct{} // capacity 1
	attention Attention
	pending   map[string]FolderNews
	over      error
}

// Watch begins to look at the mailbox for somebody who has folder before them. All
// watches of an Account share one connection, which waits on the inbox if somebody has
// it before them, else on the folder of the watch that began last. The folders of the
// other watches are asked every few seconds, the rest now and then. Close it.
func (a *Account) Watch(folder string) *Watch {
	v := &Watch{w: a.watch, folder: folder, ready: make(chan struct{}, 1), pending: make(map[string]FolderNews)}
	a.watch.join(v)
	return v
}

// Ready has something once there is news to Take.
func (v *Watch) Ready() <-chan struct{} { return v.ready }

// Take gives what is new. The error, SignInNeeded, says that the session ended: there
// will be no more.
func (v *Watch) Take() (News, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	n := News{Attention: v.attention}
	for _, name := range slices.Sorted(maps.Keys(v.pending)) {
		n.Folders = append(n.Folders, v.pending[name])
	}
	clear(v.pending)
	return n, v.over
}

// Close ends it. The connection stays a moment, for the next page of the same person.
func (v *Watch) Close() { v.w.leave(v) }

func (v *Watch) add(n FolderNews) {
	v.mu.Lock()
	was := v.pending[n.Folder.Name]
	n.Arrived, n.Gone, n.Marked = n.Arrived || was.Arrived, n.Gone || was.Gone, n.Marked || was.Marked
	v.pending[n.Folder.Name] = n
	v.mu.Unlock()
	v.wake()
}

func (v *Watch) attend(to Attention) {
	v.mu.Lock()
	changed := v.attention != to
	v.attention = to
	v.mu.Unlock()
	if changed {
		v.wake()
	}
}

func (v *Watch) finish(err error) {
	v.mu.Lock()
	if v.over == nil {
		v.over = err
	}
	v.mu.Unlock()
	v.wake()
}

func (v *Watch) wake() {
	select {
	case v.ready <- struct{}{}:
	default:
	}
}

// watcher looks at one mailbox for all the watches of one account: one goroutine and
// at most one connection, while there is a watch and a moment longer.
type watcher struct {
	a    *Account
	poke chan struct{} // capacity 1: look again now

	mu        sync.Mutex
	watches   []*Watch // in order of arrival
	unserved  []*Watch // not told yet how their folder stands
	emptied   time.Time
	known     map[string]Folder // as last told, by name
	attention Attention
	selected  string // the folder waited on, "" for none
	cancel    context.CancelFunc
	ended     bool
}

// linger is how long the connection stays after the last watch: the time of a click
// from one page to the next.
const linger = 20 * time.Second

func newWatcher(a *Account) *watcher { return &watcher{a: a, poke: make(chan struct{}, 1)} }

func (w *watcher) join(v *Watch) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended {
		v.finish(door(context.Background(), errEnded, "watching"))
		return
	}
	w.watches = append(w.watches, v)
	if w.attention == Told && w.selected == v.folder { // nothing was missed since
		v.attend(Told)
		w.serveLocked(v)
		return
	}
	w.unserved = append(w.unserved, v)
	w.wake()
	if w.cancel == nil {
		ctx, cancel := context.WithCancel(Unattended(context.Background()))
		w.cancel, w.known, w.attention = cancel, make(map[string]Folder), NotYet
		go w.run(ctx)
	}
}

// serveLocked tells a watch how its folder and the inbox stand.
func (w *watcher) serveLocked(v *Watch) {
	for _, name := range slices.Compact([]string{v.folder, inbox}) {
		if f, ok := w.known[name]; ok {
			v.add(FolderNews{Folder: f})
		}
	}
}

const inbox = "INBOX"

func (w *watcher) leave(v *Watch) {
	w.mu.Lock()
	defer w.mu.Unlock()
	is := func(x *Watch) bool { return x == v }
	w.watches, w.unserved = slices.DeleteFunc(w.watches, is), slices.DeleteFunc(w.unserved, is)
	if len(w.watches) == 0 {
		w.emptied = w.a.s.o.Now()
	}
}

// wanted reports whether anybody watches, or did a moment ago; if not, the watcher has
// stopped.
func (w *watcher) wanted() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended {
		return false
	}
	if len(w.watches) == 0 && w.a.s.o.Now().Sub(w.emptied) >= linger {
		w.stopLocked()
		return false
	}
	return true
}

func (w *watcher) stopLocked() {
	if w.cancel != nil {
		w.cancel()
	}
	w.cancel, w.known, w.selected, w.attention = nil, nil, "", NotYet
}

// end: the session ended.
func (w *watcher) end() { w.finish(errEnded) }

// finish ends every watch for good.
func (w *watcher) finish(err error) {
	w.mu.Lock()
	w.ended = w.ended || errors.Is(err, errEnded)
	all := w.watches
	w.watches, w.unserved = nil, nil
	w.stopLocked()
	w.mu.Unlock()
	for _, v := range all {
		v.finish(door(context.Background(), err, "watching"))
	}
}

// nudge: the person did something and the server answered.
func (w *watcher) nudge() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.attention == Away || w.attention == Down {
		w.wake()
	}
}

func (w *watcher) wake() {
	select {
	case w.poke <- struct{}{}:
	default:
	}
}

// focus is the folder to wait on, and the others somebody has before them. Letters come
// to the inbox, most often: a second page on another folder does not take it away.
func (w *watcher) focus() (first string, others []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	first = w.selected
	if n := len(w.watches); n > 0 {
		first = w.watches[n-1].folder
	}
	if first == "" || slices.ContainsFunc(w.watches, func(v *Watch) bool { return v.folder == inbox }) {
		first = inbox
	}
	for _, v := range w.watches {
		if v.folder != first && len(others) < maxFocus && !slices.Contains(others, v.folder) {
			others = append(others, v.folder)
		}
	}
	return first, others
}

// maxFocus bounds the folders asked one by one for the pages of one session.
const maxFocus = 8

// attend tells every watch how closely the mailbox is looked at.
func (w *watcher) attend(to Attention, selected string) {
	w.mu.Lock()
	w.attention, w.selected = to, selected
	all := slices.Clone(w.watches)
	w.mu.Unlock()
	for _, v := range all {
		v.attend(to)
	}
}

// learn takes in how folders stand, and what else is known to have happened in them,
// and tells the watches what is new.
func (w *watcher) learn(folders []Folder, heard map[string]kinds) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.known == nil { // stopped meanwhile
		return
	}
	for _, f := range folders {
		k := heard[f.Name]
		if was, ok := w.known[f.Name]; ok {
			k.add(changed(was, f))
		}
		w.known[f.Name] = f
		if !k.any() {
			continue
		}
		for _, v := range w.watches {
			v.add(FolderNews{Folder: f, Arrived: k.arrived, Gone: k.gone, Marked: k.flags})
		}
	}
	for _, v := range w.unserved {
		w.serveLocked(v)
	}
	w.unserved = nil
}

// vanish: the folder cannot be selected any more. Who has it before them is told, and
// waited for on the inbox.
func (w *watcher) vanish(folder string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.known, folder)
	w.selected = ""
	for _, v := range w.watches {
		if v.folder == folder {
			v.folder = inbox
			v.add(FolderNews{Folder: Folder{Name: folder}, Gone: true})
		}
	}
}

// changed compares two statuses of a folder. A server that reuses UIDs or loses count
// is told to have changed everything.
func changed(was, now Folder) (k kinds) {
	if was.UIDValidity != now.UIDValidity {
		return kinds{true, true, true}
	}
	k.arrived = now.UIDNext > was.UIDNext || now.Messages > was.Messages
	k.gone = int64(now.Messages)-int64(was.Messages) < int64(now.UIDNext)-int64(was.UIDNext) || now.UIDNext < was.UIDNext
	k.flags = now.Unseen != was.Unseen && !k.arrived && !k.gone || now.HighestModSeq != was.HighestModSeq && !k.arrived && !k.gone
	return k
}

// signedOut reports an error after which nothing can be watched in this session.
func signedOut(err error) bool {
	return errors.Is(err, errEnded) || problem.Is(err, problem.SignInNeeded)
}
