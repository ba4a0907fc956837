package mailbox

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/index"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/problem"
)

// Hunt is one search: what was asked, which letters were found so far, in their order,
// and how far the texts were read. It names letters and holds nothing of them; whoever
// asked keeps it, in memory, as long as they like.
type Hunt struct {
	mu       sync.Mutex
	asked    Query
	hits     []hit // in their order, which later pages keep
	total    int   // that headers and marks choose, as the index or the server counts them
	complete bool  // every letter of the folders asked was looked at, but for texts
	say      string
	texts    *texts // nil: texts are not looked into
	traced   bool   // reading on is in the trail
	all      Found  // every letter that headers and marks choose; none when that is not known exactly
}

// SearchResult is one page of what was found, and how far it looked.
type SearchResult struct {
	Items       []Item
	Page, Pages int    // 1 is the first
	Total       int    // letters found so far
	More        bool   // there are more than Total
	Complete    bool   // every letter of the folders asked was looked at, but for texts
	Say         string // how well and how far, in French; "" when there is nothing to say
	Texts       Texts
	Found       Found // every letter found, shown or not; none when that is not known exactly
}

const (
	searchTime  = 15 * time.Second
	searchPage  = 100  // letters of a page of results
	maxFound    = 1000 // letters one search keeps, one page after the other
	maxSearched = 60   // folders at once; the others are counted and said
)

// Search looks for letters: by headers and marks in the index where it is whole, else by
// asking the server; through texts, when the query wants that or fewer than widen letters
// were found, only for a moment: SearchOn goes on. Who searched, for what and how many
// were found is one row of the trail, the words sealed.
func (b *Box) Search(ctx context.Context, q Query, widen int) (*Hunt, SearchResult, error) {
	f := &Hunt{asked: q}
	items, err := b.search(ctx, f, widen)
	e := audit.Event{Action: audit.Search, Target: q.Folder, Request: "SEARCH", Detail: q.traced(), Count: len(items)}
	if err = b.record(ctx, e, err); err != nil {
		return nil, SearchResult{}, err
	}
	return f, f.result(1, items[:min(len(items), searchPage)]), nil
}

func (b *Box) search(ctx context.Context, f *Hunt, widen int) ([]Item, error) {
	if err := f.asked.check(); err != nil {
		return nil, err
	}
	l, folders, err := b.looking(ctx, &f.asked, searchPage)
	if err != nil {
		return nil, err
	}
	if f.asked.headers() {
		if err := l.through(ctx, folders); err != nil {
			return nil, err
		}
		if l.looked == 0 && l.first != nil { // nothing at all could be looked at: that is a failure, not a result
			return nil, l.first
		}
	}
	f.total, f.complete, f.say = l.total, l.complete(), l.say()
	if !l.inexact {
		f.all = l.all
	}
	l.sort()
	items := l.items[:min(len(l.items), maxFound)]
	f.keep(items)
	few := l.first == nil && f.total < widen && len(f.asked.Words) > 0
	if f.asked.inTexts() || few {
		f.texts = newTexts(folders, f.asked.inTexts())
		more, err := b.readTexts(ctx, f, firstLook, firstShown, l.index)
		if err != nil && (f.texts.asked || ctx.Err() != nil || problem.Is(err, problem.SignInNeeded)) {
			return nil, err
		}
		items = append(items, more...)
		sortItems(items, f.asked.Sort)
		f.hits = f.hits[:0]
		f.keep(items)
	}
	return items, nil
}

// SearchPage gives a page of what was found as it is now: letters that went since are
// left out, and the order stays that of the search.
func (b *Box) SearchPage(ctx context.Context, f *Hunt, page int) (SearchResult, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if need := page * searchPage; need > len(f.hits) && len(f.hits) < min(f.total, maxFound) {
		if err := b.grow(ctx, f, min(need, maxFound)); err != nil {
			return SearchResult{}, err
		}
	}
	page = max(1, min(page, f.pages()))
	hits := f.hits[min(len(f.hits), (page-1)*searchPage):min(len(f.hits), page*searchPage)]
	items, err := b.itemsOf(ctx, hits)
	e := audit.Event{Action: audit.Search, Target: f.asked.Folder, Request: "SEARCH, page of results", Detail: f.asked.traced(), Count: len(items)}
	if err = b.record(ctx, e, err); err != nil {
		return SearchResult{}, err
	}
	return f.result(page, items), nil
}

// grow asks for more letters of the same search; they come after those known, so that
// pages already seen stay as they were.
func (b *Box) grow(ctx context.Context, f *Hunt, limit int) error {
	q := f.asked
	l, folders, err := b.looking(ctx, &q, limit)
	if err != nil {
		return err
	}
	if err := l.through(ctx, folders); err != nil {
		return err
	}
	l.sort()
	known := f.known()
	for i := range l.items {
		if !known[l.items[i].Ref] && len(f.hits) < maxFound {
			f.hits = append(f.hits, hit{l.items[i].Ref})
		}
	}
	if f.total = max(l.total, len(f.hits)); limit >= l.total { // none is left to be asked for
		f.total = len(f.hits)
	}
	return nil
}

// hit is one letter found.
type hit struct{ Ref }

func (f *Hunt) keep(items []Item) {
	for i := range items {
		f.hits = append(f.hits, hit{items[i].Ref})
	}
}

func (f *Hunt) known() map[Ref]bool {
	out := make(map[Ref]bool, len(f.hits))
	for _, h := range f.hits {
		out[h.Ref] = true
	}
	return out
}

func (f *Hunt) pages() int {
	return (min(max(f.total, len(f.hits)), maxFound) + searchPage - 1) / searchPage
}

func (f *Hunt) result(page int, items []Item) SearchResult {
	r := SearchResult{Items: items, Page: page, Pages: f.pages(), Total: max(f.total, len(f.hits)), More: f.total > maxFound || f.texts != nil && f.texts.enough,
		Complete: f.complete, Say: f.say}
	if f.texts == nil {
		r.Found = f.all
	} else {
		r.Texts = f.texts.state()
	}
	r.Texts.Possible = len(f.asked.Words)+len(f.asked.Body) > 0
	return r
}

// ReadOn reports that texts were read on in: what was found then is not found again in a
// moment.
func (f *Hunt) ReadOn() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.traced
}

// Query is what was asked, the folder by its id.
func (f *Hunt) Query() Query {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked
}

// itemsOf reads letters by name, folder by folder, in the order given.
func (b *Box) itemsOf(ctx context.Context, hits []hit) ([]Item, error) {
	type place struct {
		folder   string
		validity uint32
	}
	wanted := map[place][]uint32{}
	var places []place
	for _, h := range hits {
		p := place{h.Folder, h.UIDValidity}
		if wanted[p] == nil {
			places = append(places, p)
		}
		wanted[p] = append(wanted[p], h.UID)
	}
	by := make(map[Ref]Item, len(hits))
	for _, p := range places {
		name, err := b.folderName(ctx, p.folder)
		var rows []mailserver.Row
		if err == nil {
			rows, err = b.mail.RowsOf(ctx, name, p.validity, wanted[p])
		}
		if problem.Is(err, problem.Gone) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for i := range rows {
			if !rows[i].Has(`\Deleted`) {
				it := item(p.folder, p.validity, &rows[i])
				by[it.Ref] = it
			}
		}
	}
	out := make([]Item, 0, len(hits))
	for _, h := range hits {
		if it, ok := by[h.Ref]; ok {
			out = append(out, it)
		}
	}
	return out, nil
}

// looking prepares a look at headers. A folder asked by its name gets its id.
func (b *Box) looking(ctx context.Context, q *Query, limit int) (*looking, []mailserver.Folder, error) {
	all, err := b.mail.FolderList(ctx)
	if err != nil {
		return nil, nil, err
	}
	b.learn(all.Folders)
	if q.Folder == "" && q.In != "" {
		if q.Folder = b.folderCalled(q.In, all.Folders); q.Folder == "" {
			return nil, nil, problem.New(problem.Invalid, sayNoSuchFolder)
		}
	}
	folders, left, err := b.choose(all, q.Folder)
	if err != nil {
		return nil, nil, err
	}
	if q.NotAnswered { // what we sent waits for no answer of ours
		folders = slices.DeleteFunc(folders, func(f mailserver.Folder) bool { return f.Role == mailserver.RoleSent })
	}
	return &looking{b: b, q: *q, until: b.h.now().Add(searchTime), left: left, limit: limit, index: b.searchable(ctx, all.Folders)}, folders, nil
}

// folderCalled gives the id of a folder by a name a person may know it by.
func (b *Box) folderCalled(name string, all []mailserver.Folder) string {
	want := strings.TrimSpace(index.Fold(name))
	for _, f := range all {
		v := b.view(f)
		if f.Selectable && (index.Fold(v.Label) == want || index.Fold(v.Name) == want || index.Fold(f.Name) == want) {
			return v.ID
		}
	}
	return ""
}

// searched gives the folders to look through, and how many it leaves out.
func (b *Box) searched(ctx context.Context, id string) (folders []mailserver.Folder, left int, err error) {
	all, err := b.mail.FolderList(ctx)
	if err != nil {
		return nil, 0, err
	}
	b.learn(all.Folders)
	return b.choose(all, id)
}

// choose gives the folders to look through, where letters mostly are first, bin
// and junk last, and how many it leaves out. A folder is passed over only when
// the server says that it is empty.
func (b *Box) choose(all mailserver.FolderList, id string) (folders []mailserver.Folder, left int, err error) {
	folders = slices.Clone(all.Folders)
	if id != "" {
		k, ok := b.known(id)
		if !ok {
			return nil, 0, problem.New(problem.Gone, sayNoFolder)
		}
		folders = slices.DeleteFunc(folders, func(f mailserver.Folder) bool { return f.Name != k.name })
		if len(folders) == 0 {
			return nil, 0, problem.New(problem.Gone, sayNoFolder)
		}
		return folders, 0, nil
	}
	folders = slices.DeleteFunc(folders, func(f mailserver.Folder) bool { return !f.Selectable || f.Messages == 0 && f.Counted() })
	slices.SortStableFunc(folders, func(x, y mailserver.Folder) int { return searchOrder(x.Role) - searchOrder(y.Role) })
	left = all.Left + max(len(folders)-maxSearched, 0)
	return folders[:min(len(folders), maxSearched)], left, nil
}

func searchOrder(r mailserver.Role) int {
	switch r {
	case mailserver.RoleInbox:
		return 0
	case mailserver.RoleArchive:
		return 1
	case mailserver.RoleSent:
		return 2
	case mailserver.RoleNone:
		return 3
	case mailserver.RoleDrafts:
		return 4
	case mailserver.RoleTrash:
		return 5
	}
	return 6
}
