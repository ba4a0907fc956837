package mailbox

import (
	"context"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/index"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/problem"
)

// Texts is how far the letters' texts were read.
type Texts struct {
	Asked      bool // whoever searches asked for it; else few were found without
	Begun      bool
	Possible   bool      // they can be looked into: there are words to look for
	Whole      bool      // every text was looked into
	Looked, Of int       // letters
	Since      time.Time // what is newer was read, in every folder; zero when all was
	Done       bool      // to the end of every folder that could be read
	Going      bool      // to be gone on with unasked
	Say        string    // why some folders were not read, "" for nothing
}

// Bounds of reading texts.
const (
	firstLook   = 250 * time.Millisecond // before the first results are shown
	widenTime   = 5 * time.Second        // unasked, in all
	widenBrief  = time.Second            // the same, with letters to show already
	firstShown  = 10                     // letters found are shown at once, and texts read on in behind them
	firstWindow = 100                    // letters: how long they take tells how many the next question is about
	fewWindow   = 100
	mostWindow  = 1 << 20
	windowTakes = 400 * time.Millisecond // aimed at: a question under way cannot be ended
	windowLeast = 100 * time.Millisecond // the same, when less time is left
	windowLimit = 20 * time.Second
	readAtOnce  = 200 // letters found, shown as soon as they are read
)

// texts is a search through the letters' texts under way.
type texts struct {
	asked   bool
	folders []textFolder
	size    uint32  // of the next window, at most
	rate    float64 // letters a second, by the last window; 0: unknown
	spent   time.Duration
	had     bool // something was found without
	enough  bool
	down    bool

	late, refused, gone []string
	approximate         bool
}

// textFolder is how far one folder was read, newest first.
type textFolder struct {
	folder   mailserver.Folder
	validity uint32
	below    uint32 // position to go on from
	begun    bool
	done     bool
	whole    bool // no windows: the server keeps an index of texts
	slow     int  // questions that took too long
	looked   int
	of       int
	oldest   time.Time
	found    []uint32 // by the last window, and not read yet
}

func newTexts(folders []mailserver.Folder, asked bool) *texts {
	t := &texts{asked: asked, size: firstWindow}
	for _, f := range folders {
		t.folders = append(t.folders, textFolder{folder: f, of: int(f.Messages)})
	}
	return t
}

// next is the folder to read on in: one not begun, else that whose letters come next
// by date; nil when all are read.
func (t *texts) next() (best *textFolder) {
	for i := range t.folders {
		f := &t.folders[i]
		switch {
		case f.done:
		case !f.begun, len(f.found) > 0:
			return f
		case best == nil || f.oldest.After(best.oldest):
			best = f
		}
	}
	return best
}

// SearchOn reads on in the texts for about so long, and gives what else was found,
// newest first. asked: the person said so. The search is in the trail already; that texts
// were read on is one row, however often.
func (b *Box) SearchOn(ctx context.Context, f *Hunt, within time.Duration, asked bool) (SearchResult, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.texts == nil {
		q := f.asked
		_, folders, err := b.looking(ctx, &q, searchPage)
		if err != nil {
			return SearchResult{}, err
		}
		f.texts = newTexts(folders, true)
	}
	f.texts.down = false
	f.texts.asked = f.texts.asked || asked
	items, err := b.readTexts(ctx, f, within, maxFound, nil)
	if !f.traced || err != nil {
		e := audit.Event{Action: audit.Search, Target: f.asked.Folder, Request: "SEARCH, reading on in texts", Detail: f.asked.traced(), Count: len(items)}
		if err = b.record(ctx, e, err); err != nil {
			return SearchResult{}, err
		}
		f.traced = true
	}
	sortItems(items, f.asked.Sort)
	f.keep(items)
	return f.result(1, items), nil
}

// readTexts reads windows until time is up or enough is found, one at least. What the
// index (nil for none) knows of a letter is not asked for again.
func (b *Box) readTexts(ctx context.Context, f *Hunt, within time.Duration, enough int, ix *index.Index) ([]Item, error) {
	t := f.texts
	known := f.known()
	t.had = len(known) > 0
	began := b.h.now()
	defer func() { t.spent += b.h.now().Sub(began) }()
	var out []Item
	for first := true; first || b.h.now().Sub(began) < within && len(out) < enough; first = false {
		at := t.next()
		if at == nil || t.down {
			return out, nil
		}
		found, err := b.readWindow(ctx, f.asked, t, at, within-b.h.now().Sub(began), ix)
		if err != nil {
			if err = t.failed(ctx, b, at, err); err != nil {
				return nil, err
			}
			continue
		}
		for _, it := range found {
			if !known[it.Ref] {
				known[it.Ref] = true
				out = append(out, it)
			}
		}
		if len(known) >= maxFound {
			t.enough = true
			for i := range t.folders {
				t.folders[i].done = true
			}
		}
	}
	return out, nil
}

// readWindow asks about one window, or reads on in what the last one found.
func (b *Box) readWindow(ctx context.Context, q Query, t *texts, at *textFolder, left time.Duration, ix *index.Index) ([]Item, error) {
	if len(at.found) == 0 {
		if err := b.askWindow(ctx, q, t, at, left); err != nil {
			return nil, err
		}
	}
	n := min(len(at.found), readAtOnce)
	items, rest := b.knownHits(q, ix, at.folder.Name, at.validity, at.found[:n])
	more, err := b.readHits(ctx, q, at.folder.Name, at.validity, rest)
	if err != nil {
		return nil, err
	}
	at.found = at.found[n:]
	at.done = at.below == 0 && len(at.found) == 0
	return append(items, more...), nil
}

func (b *Box) askWindow(ctx context.Context, q Query, t *texts, at *textFolder, left time.Duration) error {
	w := mailserver.Window{Folder: at.folder.Name, Validity: at.validity, Below: at.below, Size: t.window(left), Match: q.match(true), Within: windowLimit}
	if at.whole && at.slow == 0 {
		w.Size = 0
	}
	h, err := b.mail.SearchWindow(ctx, w)
	if err != nil {
		return err
	}
	at.begun, at.validity, at.below, at.whole, at.of, at.found = true, h.Validity, h.Below, h.FullText, int(h.Of), h.UIDs
	at.looked += int(h.Looked)
	if !h.Oldest.IsZero() {
		at.oldest = h.Oldest
	}
	t.approximate = t.approximate || h.Approximate
	t.enough = t.enough || h.Cut
	t.pace(h)
	return nil
}

// knownHits gives those of the letters found that the index knows, and names the others.
func (b *Box) knownHits(q Query, ix *index.Index, folder string, validity uint32, uids []uint32) (items []Item, rest []uint32) {
	if ix == nil {
		return nil, uids
	}
	known := map[uint32]bool{}
	for _, f := range ix.Of(folder, validity, uids) {
		known[f.UID] = true
		if it := b.itemFound(&f); f.Flags&index.Deleted == 0 && q.keeps(&it, f.Cc) {
			items = append(items, it)
		}
	}
	for _, uid := range uids {
		if !known[uid] {
			rest = append(rest, uid)
		}
	}
	return items, rest
}

// window is how many letters to ask about: what is read in the time left, within bounds.
func (t *texts) window(left time.Duration) uint32 {
	if t.rate == 0 {
		return t.size
	}
	left = min(max(left, windowLeast), windowTakes)
	return uint32(max(fewWindow, min(t.rate*left.Seconds(), float64(t.size))))
}

// pace learns from a window how fast texts are read; the next is ten times as large at
// most. A server with an index of texts that does not say so soon answers for all at once.
func (t *texts) pace(h mailserver.WindowHits) {
	if h.Looked < fewWindow {
		return
	}
	t.rate = float64(h.Looked) / max(h.Took, time.Microsecond).Seconds()
	t.size = uint32(min(10*uint64(h.Looked), mostWindow))
}

// failed: one folder does not cost the others; an ended session ends the search.
func (t *texts) failed(ctx context.Context, b *Box, at *textFolder, err error) error {
	label := b.view(at.folder).Label
	if ctx.Err() != nil {
		return err
	}
	switch {
	case problem.Is(err, problem.Timeout):
		if at.slow++; at.slow < 3 {
			t.size, t.rate = max(t.size/4, fewWindow), 0
			return nil
		}
		t.late = append(t.late, label)
	case problem.Is(err, problem.Gone):
		t.gone = append(t.gone, label)
	case problem.Is(err, problem.UpstreamRefused):
		t.refused = append(t.refused, label)
	case problem.Is(err, problem.UpstreamDown):
		t.down = true
		return nil
	default:
		return err
	}
	at.done = true
	return nil
}

// state tells how far it got. Of what nobody asked for, no failure is told.
func (t *texts) state() Texts {
	s := Texts{Asked: t.asked, Begun: true, Done: true}
	dated := true
	for i := range t.folders {
		f := &t.folders[i]
		s.Looked, s.Of = s.Looked+f.looked, s.Of+max(f.of, f.looked)
		if !f.done {
			s.Done, dated = false, dated && f.begun
			if f.oldest.After(s.Since) {
				s.Since = f.oldest
			}
		}
	}
	if !dated {
		s.Since = time.Time{}
	}
	l := looking{approximate: t.approximate}
	s.Whole = s.Done && !t.enough && !t.down && len(t.late)+len(t.refused)+len(t.gone) == 0
	if t.asked {
		l.late, l.refused, l.gone = t.late, t.refused, t.gone
		if t.down {
			l.down = []string{"la lecture des textes"}
		}
	}
	s.Say = l.say()
	limit := widenTime
	if t.had {
		limit = widenBrief
	}
	s.Going = !s.Done && !t.down && (t.asked || t.spent < limit)
	return s
}
