package mailbox

import (
	"cmp"
	"context"
	"slices"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/problem"
)

// SearchQuery is what a person looks for. The words are clinical: they never
// leave the server in a URL, and the trail keeps them sealed.
type SearchQuery struct {
	Words      string // "entre guillemets" keeps words together
	Everywhere bool   // bodies too
	Widen      int    // bodies too when who and subject give fewer letters than this; 0 = never
	Folder     string // opaque id, "" = all
	Limit      int    // default 100
}

// SearchResult is what was found, newest first, and how far it looked.
type SearchResult struct {
	Items    []Item
	More     bool // there are more than shown
	Complete bool // every letter of the folders asked was looked at, for what was asked
	Widened  bool // bodies were looked at although only SearchQuery.Widen asked for it
	// WidenedWhole: all the bodies were. Complete and Say tell nothing of them.
	WidenedWhole bool
	Found        Found  // every letter found, shown or not
	Say          string // how far it got and how well, in French; "" when there is nothing to say
}

const (
	searchTime   = 15 * time.Second
	widenTime    = 5 * time.Second // of bodies nobody asked for: the page waits for it
	widenBrief   = time.Second     // the same, with letters to show already
	maxSearched  = 60              // folders at once; the others are counted and said
	searchWordsN = 8
)

// Search looks for letters that hold every word.
func (b *Box) Search(ctx context.Context, q SearchQuery) (SearchResult, error) {
	res, err := b.search(ctx, q)
	e := audit.Event{Action: audit.Search, Target: q.Folder, Request: "SEARCH", Detail: q.Words, Count: len(res.Items)}
	if err = b.record(ctx, e, err); err != nil {
		return SearchResult{}, err
	}
	return res, nil
}

func (b *Box) search(ctx context.Context, q SearchQuery) (SearchResult, error) {
	words := fields(q.Words)
	if len(words) == 0 {
		return SearchResult{}, problem.New(problem.Invalid, "Aucun mot à chercher. Saisissez un nom, un mot de l’objet ou du texte.")
	}
	if len(words) > searchWordsN {
		return SearchResult{}, problem.New(problem.Invalid, "Trop de mots pour une recherche. Cherchez avec huit mots au plus.")
	}
	if q.Limit <= 0 {
		q.Limit = 100
	}
	folders, left, err := b.searched(ctx, q.Folder)
	if err != nil {
		return SearchResult{}, err
	}
	l := looking{b: b, q: q, words: words, until: b.h.now().Add(searchTime), left: left}
	if err := l.through(ctx, folders); err != nil {
		return SearchResult{}, err
	}
	if !q.Everywhere && !l.res.More && l.first == nil && len(l.res.Items) < q.Widen {
		if err := l.widen(ctx, folders); err != nil {
			return SearchResult{}, err
		}
	}
	if l.looked == 0 && l.first != nil { // nothing at all could be looked at: that is a failure, not a result
		return SearchResult{}, l.first
	}
	res := l.res
	slices.SortStableFunc(res.Items, func(x, y Item) int { return cmp.Compare(y.Received.UnixNano(), x.Received.UnixNano()) })
	if len(res.Items) > q.Limit {
		res.Items, res.More = res.Items[:q.Limit], true
	}
	res.Say, res.Complete = l.say(), l.complete()
	return res, nil
}

func (b *Box) addHits(ctx context.Context, name string, hits mailserver.Hits, res *SearchResult) error {
	rows, err := b.mail.RowsOf(ctx, name, hits.Validity, hits.UIDs)
	if err != nil {
		return err
	}
	id := b.folderID(name)
	for i := range rows {
		if !rows[i].Has(`\Deleted`) {
			res.Items = append(res.Items, item(id, hits.Validity, &rows[i]))
		}
	}
	return nil
}

// searched gives the folders to look through, where letters mostly are first, bin
// and junk last, and how many it leaves out. A folder is passed over only when
// the server says that it is empty.
func (b *Box) searched(ctx context.Context, id string) (folders []mailserver.Folder, left int, err error) {
	all, err := b.mail.FolderList(ctx)
	if err != nil {
		return nil, 0, err
	}
	folders = all.Folders
	b.learn(folders)
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
