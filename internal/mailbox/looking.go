package mailbox

import (
	"context"
	"strconv"
	"strings"
	"time"

	"pli.example/pli/internal/index"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/problem"
)

// looking is one look at headers and marks through several folders, and why it fell
// short.
type looking struct {
	b     *Box
	q     Query
	until time.Time
	limit int
	index *index.Index // nil: the server is asked
	items []Item
	total int

	looked int   // folders of which something was looked at
	first  error // of the folders that failed
	left   int   // folders beyond what one search looks through

	late        []string // folders that time did not allow, or not wholly
	enough      []string // folders not looked through because enough was found
	refused     []string
	gone        []string
	down        []string // the server fell silent there, and was asked no more
	approximate bool
	all         Found // every letter found, shown or not
	inexact     bool  // not all of these, or more than these
	partly      bool  // sorted among the newest alone
}

// through looks through folders: those the index knows whole at once, the others one
// after the other, in their order.
func (l *looking) through(ctx context.Context, folders []mailserver.Folder) error {
	rest := l.byIndex(ctx, folders)
	for _, f := range rest {
		if err := l.folder(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

// folder asks the server. A folder that fails does not cost the others; an ended
// session does end the search.
func (l *looking) folder(ctx context.Context, f mailserver.Folder) error {
	label := l.b.view(f).Label
	left := l.until.Sub(l.b.h.now())
	switch {
	case len(l.down) > 0:
		l.down = append(l.down, label)
		return nil
	case left <= 0:
		l.late = append(l.late, label)
		return nil
	}
	hits, err := l.b.mail.Search(ctx, mailserver.Search{Folder: f.Name, Match: l.q.match(false), Limit: l.limit, Within: left})
	if err == nil {
		err = l.add(ctx, f.Name, hits)
	}
	if err != nil {
		return l.failed(ctx, label, err)
	}
	l.looked++
	if l.q.narrowed() { // the server's answer holds more than is meant
		l.inexact = true
	}
	l.all.add(part{f.Name, l.b.folderID(f.Name), hits.Validity, hits.All})
	l.approximate = l.approximate || hits.Approximate
	l.partly = l.partly || hits.Found > len(hits.UIDs) && l.q.Sort != NewestFirst
	switch part := label + " (" + strconv.FormatUint(uint64(hits.Looked), 10) + " lettres les plus récentes sur " + strconv.FormatUint(uint64(hits.Of), 10) + ")"; {
	case hits.Complete:
	case hits.Enough:
		l.enough = append(l.enough, part)
	default:
		l.late = append(l.late, part)
	}
	return nil
}

// add reads the letters of hits and keeps those that are meant.
func (l *looking) add(ctx context.Context, name string, hits mailserver.Hits) error {
	items, err := l.b.readHits(ctx, l.q, name, hits.Validity, hits.UIDs)
	l.items = append(l.items, items...)
	l.total += len(items) + max(hits.Found-len(hits.UIDs), 0)
	return err
}

// readHits reads letters that a server chose, and leaves out those that are not meant.
func (b *Box) readHits(ctx context.Context, q Query, name string, validity uint32, uids []uint32) (out []Item, err error) {
	rows, err := b.mail.RowsOf(ctx, name, validity, uids)
	id := b.folderID(name)
	for i := range rows {
		if it := item(id, validity, &rows[i]); !rows[i].Has(`\Deleted`) && q.keeps(&it, rows[i].Envelope.Cc) {
			out = append(out, it)
		}
	}
	return out, err
}

func (l *looking) failed(ctx context.Context, label string, err error) error {
	switch {
	case ctx.Err() != nil:
		return err
	case problem.Is(err, problem.Timeout):
		l.late = append(l.late, label)
	case problem.Is(err, problem.Gone):
		l.gone = append(l.gone, label)
	case problem.Is(err, problem.UpstreamRefused):
		l.refused = append(l.refused, label)
	case problem.Is(err, problem.UpstreamDown):
		l.down = append(l.down, label)
	default:
		return err
	}
	if l.first == nil {
		l.first = err
	}
	return nil
}

// complete: every letter of every folder was looked at.
func (l *looking) complete() bool {
	return l.left == 0 && len(l.late)+len(l.enough)+len(l.refused)+len(l.gone)+len(l.down) == 0
}

// say tells how far it got, each reason by itself.
func (l *looking) say() string {
	var out []string
	add := func(folders []string, before, after string) {
		if len(folders) > 0 {
			out = append(out, before+someOf(folders)+after)
		}
	}
	add(l.late, "Le temps imparti est écoulé\u00a0: la recherche n’est pas finie pour ", ". Précisez les mots ou cherchez dans un seul dossier.")
	add(l.enough, "Assez de lettres ont été trouvées\u00a0: la recherche s’est arrêtée dans ", ". Précisez les mots pour voir les plus anciennes.")
	add(l.refused, "La messagerie MSSanté a refusé la recherche dans ", ".")
	add(l.down, "La messagerie MSSanté ne répond plus\u00a0: la recherche s’est interrompue à ", ". Réessayez dans un instant.")
	add(l.gone, "Introuvables au moment de chercher, sans doute déplacés ou supprimés depuis un autre poste\u00a0: ", ".")
	if l.left > 0 {
		out = append(out, strconv.Itoa(l.left)+agree(l.left, " dossier n’a pas été parcouru, il y en a", " dossiers n’ont pas été parcourus, il y en a")+
			" trop pour une seule recherche. Choisissez le dossier où chercher.")
	}
	if l.approximate {
		out = append(out, "Ce serveur ne sait pas chercher les accents\u00a0: les résultats sont approchés.")
	}
	if l.partly {
		out = append(out, "L’ordre choisi porte sur les lettres les plus récentes de chaque dossier.")
	}
	return strings.Join(out, " ")
}

// someOf names the first few.
func someOf(folders []string) string {
	const few = 6
	n := len(folders) - few
	if n <= 0 {
		return strings.Join(folders, ", ")
	}
	return strings.Join(folders[:few], ", ") + " et " + strconv.Itoa(n) + agree(n, " autre dossier", " autres dossiers")
}
