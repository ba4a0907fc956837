package mailbox

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/problem"
)

// looking is one search under way through several folders, and why it fell short.
type looking struct {
	b     *Box
	q     SearchQuery
	words []string
	until time.Time
	res   SearchResult

	looked int   // folders of which something was looked at
	first  error // of the folders that failed
	left   int   // folders beyond what one search looks through

	late        []string // folders that time did not allow, or not wholly
	enough      []string // folders not looked through because enough was found
	refused     []string
	gone        []string
	down        []string // the server fell silent there, and was asked no more
	approximate bool
}

// through looks through folders, in their order.
func (l *looking) through(ctx context.Context, folders []mailserver.Folder) error {
	for _, f := range folders {
		if err := l.folder(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

// widen looks into the bodies as well: whoever types a word of the letter they have
// before their eyes means that letter. What who and subject gave stays, and so does
// what is said of it, whatever time or the server then refuse: nobody asked for this.
func (l *looking) widen(ctx context.Context, folders []mailserver.Folder) error {
	long := widenTime
	if len(l.res.Items) > 0 {
		long = widenBrief
	}
	wide := looking{b: l.b, q: l.q, words: l.words, until: l.b.h.now().Add(long), left: l.left}
	wide.q.Everywhere = true
	if l.until.Before(wide.until) {
		wide.until = l.until
	}
	if err := wide.through(ctx, folders); err != nil && (ctx.Err() != nil || problem.Is(err, problem.SignInNeeded)) {
		return err
	} else if err == nil {
		l.res.Widened, l.res.WidenedWhole = true, wide.complete()
	}
	for _, it := range wide.res.Items {
		if !slices.ContainsFunc(l.res.Items, func(x Item) bool { return x.Ref == it.Ref }) {
			l.res.Items = append(l.res.Items, it)
		}
	}
	for _, p := range wide.res.Found.parts {
		l.res.Found.add(p)
	}
	l.res.More = l.res.More || wide.res.More
	l.approximate = l.approximate || wide.approximate
	return nil
}

// folder looks through one. A folder that fails does not cost the others; an ended
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
	hits, err := l.b.mail.Search(ctx, mailserver.Search{Folder: f.Name, Words: l.words, Everywhere: l.q.Everywhere, Limit: l.q.Limit, Within: left})
	if err == nil {
		err = l.b.addHits(ctx, f.Name, hits, &l.res)
	}
	if err != nil {
		return l.failed(ctx, label, err)
	}
	l.looked++
	l.res.Found.add(part{f.Name, l.b.folderID(f.Name), hits.Validity, hits.All})
	l.approximate = l.approximate || hits.Approximate
	l.res.More = l.res.More || hits.Found > len(hits.UIDs) || hits.Enough
	switch part := label + " (" + strconv.FormatUint(uint64(hits.Looked), 10) + " lettres les plus récentes sur " + strconv.FormatUint(uint64(hits.Of), 10) + ")"; {
	case hits.Complete:
	case hits.Enough:
		l.enough = append(l.enough, part)
	default:
		l.late = append(l.late, part)
	}
	return nil
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
