package mailbox

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
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
	Folder     string // opaque id, "" = all
	Limit      int    // default 100
}

// SearchResult is what was found, newest first, and how far it looked.
type SearchResult struct {
	Items    []Item
	More     bool   // there are more than shown
	Complete bool   // every letter of the folders asked was looked at
	Say      string // how far it got, in French; "" when complete
}

const (
	searchTime   = 15 * time.Second
	maxSearched  = 60 // folders
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
	folders, err := b.searched(ctx, q.Folder)
	if err != nil {
		return SearchResult{}, err
	}
	var res SearchResult
	res.Complete = true
	var short []string // folders not looked through
	approximate := false
	started := b.h.now()
	for _, f := range folders {
		left := searchTime - b.h.now().Sub(started)
		if left <= 0 {
			res.Complete = false
			short = append(short, b.view(f).Label)
			continue
		}
		hits, err := b.mail.Search(ctx, mailserver.Search{Folder: f.Name, Words: words, Everywhere: q.Everywhere, Limit: q.Limit, Within: left})
		if err != nil {
			if len(folders) > 1 && (problem.Is(err, problem.Gone) || problem.Is(err, problem.UpstreamRefused)) {
				res.Complete = false
				short = append(short, b.view(f).Label)
				continue // one folder must not cost the others
			}
			return res, err
		}
		approximate = approximate || hits.Approximate
		if !hits.Complete {
			res.Complete = false
			short = append(short, b.view(f).Label+" ("+strconv.Itoa(int(hits.Looked))+" lettres les plus récentes sur "+strconv.Itoa(int(hits.Of))+")")
		}
		res.More = res.More || hits.Found > len(hits.UIDs)
		if err := b.addHits(ctx, f.Name, hits, &res); err != nil {
			return res, err
		}
	}
	slices.SortStableFunc(res.Items, func(x, y Item) int { return cmp.Compare(y.Received.UnixNano(), x.Received.UnixNano()) })
	if len(res.Items) > q.Limit {
		res.Items, res.More = res.Items[:q.Limit], true
	}
	res.Say = searchWords(short, approximate)
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

// searched gives the folders to look through: where letters mostly are first,
// bin and junk last.
func (b *Box) searched(ctx context.Context, id string) ([]mailserver.Folder, error) {
	folders, err := b.mail.Folders(ctx)
	if err != nil {
		return nil, err
	}
	b.learn(folders)
	if id != "" {
		k, ok := b.known(id)
		if !ok {
			return nil, problem.New(problem.Gone, sayNoFolder)
		}
		return slices.DeleteFunc(folders, func(f mailserver.Folder) bool { return f.Name != k.name }), nil
	}
	folders = slices.DeleteFunc(folders, func(f mailserver.Folder) bool { return !f.Selectable || f.Messages == 0 })
	slices.SortStableFunc(folders, func(x, y mailserver.Folder) int { return searchOrder(x.Role) - searchOrder(y.Role) })
	if len(folders) > maxSearched {
		folders = folders[:maxSearched]
	}
	return folders, nil
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

func searchWords(short []string, approximate bool) string {
	var b strings.Builder
	if len(short) > 0 {
		b.WriteString("Recherche incomplète, le temps imparti est écoulé\u00a0: " + strings.Join(short, ", ") +
			". Précisez les mots ou cherchez dans un seul dossier.")
	}
	if approximate {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString("Ce serveur ne sait pas chercher les accents\u00a0: les résultats sont approchés.")
	}
	return b.String()
}
