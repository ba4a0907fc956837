package directory

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

// Query is a search on the directory's page.
type Query struct {
	Text                   string
	Profession, Speciality string // codes; "" = any
	Department             string // "37"
	Kind                   string // a mssante.MailboxKind
	Page                   int    // from 1
	Size                   int    // 1 to 50; 0 = 20
}

// Results of a search, the best first.
type Results struct {
	Entries []Entry
	Total   int  // found, at most maxFound
	More    bool // there are more than Total: the query should say more
	Page    int
	Pages   int
	// Forgiven: nothing fits what was typed, these are one slip away.
	Forgiven bool
}

const (
	// maxFound rows are gathered and ranked by a search; what is beyond is not
	// reachable, which is also a bound on harvesting.
	maxFound   = 200
	maxSize    = 50
	maxSuggest = 20
	// suggestRows are gathered and ranked for suggestions.
	suggestRows = 48
)

const sayQuery = "Indiquez au moins deux caractères, et au plus 200\u00a0: un nom, une profession, une ville, un numéro RPPS, une adresse."

// Search finds mailboxes. It is written to the trail before the answer is given.
func (d *Directory) Search(ctx context.Context, actor mssante.Actor, query Query) (Results, error) {
	res, err := d.search(ctx, actor, query)
	err = problem.Wrap(err, problem.KindOf(err), sayFailed(err))
	if trailErr := d.trace(ctx, audit.Event{Actor: actor, Action: audit.DirectorySearch, Outcome: outcome(err), Request: "search", Detail: query.detail(), Count: len(res.Entries)}); trailErr != nil {
		return Results{}, trailErr
	}
	return res, err
}

// sayFailed keeps the sentence an error has, and gives one to those without.
func sayFailed(err error) string {
	if say := problem.SayOf(err); say != "" || err == nil {
		return say
	}
	return "La recherche n’a pas abouti. Rien n’est perdu\u00a0: réessayez dans un instant."
}

// detail is what the trail keeps, sealed.
func (q Query) detail() string {
	text := q.Text
	if len(text) > maxQuery {
		text = text[:maxQuery]
	}
	return joined(strings.ToValidUTF8(text, ""), code("profession", q.Profession), code("specialite", q.Speciality), code("departement", q.Department), code("type", q.Kind))
}

func code(name, value string) string {
	if value == "" || len(value) > 40 {
		return ""
	}
	return name + "=" + strings.ToValidUTF8(value, "")
}

func (d *Directory) search(ctx context.Context, actor mssante.Actor, query Query) (Results, error) {
	if err := d.limiter.take(actor.AccountID, costSearch, d.o.Now()); err != nil {
		return Results{}, err
	}
	g, release := d.hold()
	defer release()
	if g == nil {
		return Results{}, errNotReady
	}
	q, ok := understand(query.Text, g.trades)
	q.filter(query)
	if !ok && (strings.TrimSpace(query.Text) != "" || query.Profession == "" && query.Speciality == "") || q.empty() {
		return Results{}, problem.New(problem.Invalid, sayQuery)
	}
	found, forgiven, err := d.find(ctx, g, q, maxFound+1)
	if err != nil {
		return Results{}, err
	}
	past, err := d.pastOf(ctx, g, actor.AccountID)
	if err != nil {
		return Results{}, err
	}
	rank(found, q, past.has)
	found = onePerAddress(found)
	res := Results{Total: min(len(found), maxFound), More: len(found) > maxFound, Forgiven: forgiven}
	size := query.Size
	if size <= 0 {
		size = 20
	}
	size = min(size, maxSize)
	res.Pages = (res.Total + size - 1) / size
	res.Page = max(1, min(query.Page, res.Pages))
	from := (res.Page - 1) * size
	res.Entries = found[min(from, res.Total):min(from+size, res.Total)]
	return res, nil
}

// Suggest completes a recipient: those the account has written to first, then the
// directory. Too little or too much text gives nothing. It writes to the trail once
// per word typed, not per key (see typing). Over the limit, and before any import,
// it gives past correspondents only, with the error.
func (d *Directory) Suggest(ctx context.Context, actor mssante.Actor, text string, limit int) ([]Entry, error) {
	g, release := d.hold()
	defer release()
	var t trades
	if g != nil {
		t = g.trades
	}
	q, ok := understand(text, t)
	if !ok || q.empty() {
		return nil, nil
	}
	out, err := d.suggest(ctx, g, actor, q, max(1, min(limit, maxSuggest)))
	d.typed(ctx, actor, text, len(out), err)
	return out, problem.Wrap(err, problem.KindOf(err), sayFailed(err))
}

func (d *Directory) suggest(ctx context.Context, g *generation, actor mssante.Actor, q question, limit int) ([]Entry, error) {
	past, err := d.pastOf(ctx, g, actor.AccountID)
	if err != nil {
		return nil, err
	}
	out := past.matching(q, limit)
	if len(out) == limit {
		return out, nil
	}
	if err := d.limiter.take(actor.AccountID, costSuggest, d.o.Now()); err != nil {
		return out, err
	}
	if g == nil {
		return out, errNotReady
	}
	found, _, err := d.find(ctx, g, q, suggestRows)
	if err != nil {
		return out, err
	}
	rank(found, q, past.has)
	for _, e := range found {
		if len(out) == limit {
			break
		}
		if !slices.ContainsFunc(out, func(o Entry) bool { return o.Address.Equal(e.Address) }) {
			out = append(out, e)
		}
	}
	return out, nil
}

// find gathers up to limit rows that answer a question.
func (d *Directory) find(ctx context.Context, g *generation, q question, limit int) (found []Entry, forgiven bool, err error) {
	f := finder{ctx: ctx, d: d, g: g, limit: limit, seen: map[int64]bool{}}
	if q.person != "" {
		f.where(wherePerson, d.ids.personRef(nationalID(q.person, "")))
	}
	for _, n := range q.numbers {
		f.where(whereStructure, d.ids.structureRef(n))
	}
	if q.address != "" {
		f.where(`key >= ? AND key < ?`, q.address, q.address+"\x7f")
	}
	if q.domain != "" {
		f.domain(q.domain)
	}
	if len(q.tokens) > 0 || len(q.filters) > 0 {
		for _, expression := range g.attempts(q) {
			f.match(expression)
		}
		if len(f.found) == 0 && len(q.tokens) > 0 {
			for _, expression := range g.forgiving(q) {
				f.match(expression)
			}
			forgiven = len(f.found) > 0
		}
	}
	return f.found, forgiven, f.err
}

// The indexes leave out rows of nobody; saying so lets SQLite use them.
const (
	wherePerson    = `person_ref <> 0 AND person_ref = ?`
	whereStructure = `structure_ref <> 0 AND structure_ref = ?`
)

// finder runs statements until it has enough.
type finder struct {
	ctx   context.Context
	d     *Directory
	g     *generation
	limit int
	seen  map[int64]bool
	found []Entry
	err   error
}

func (f *finder) full() bool { return f.err != nil || len(f.found) >= f.limit }

func (f *finder) where(condition string, args ...any) {
	if f.full() {
		return
	}
	f.rows(`SELECT `+mailboxColumns+` FROM mailboxes WHERE `+condition+` LIMIT ?`, append(args, f.limit)...)
}

// match asks the index for row numbers only, in their order: nothing is sorted, so
// it stops at the limit. The rows are read after.
func (f *finder) match(expression string) {
	if f.full() {
		return
	}
	f.rows(`SELECT `+mailboxColumns+` FROM mailboxes WHERE id IN (SELECT rowid FROM words WHERE words MATCH ? LIMIT ?)`, expression, f.limit)
}

func (f *finder) domain(domain string) {
	word := domainWord(domain)
	if f.g.terms.count(word).org > 0 {
		f.match(exact(word))
		return
	}
	if e := f.g.terms.expand(word, maxWrittenOut); len(e.words) > 0 && len(word) > 4 {
		f.match(exact(e.words...))
	}
}

func (f *finder) rows(query string, args ...any) {
	rows, err := f.g.db.Read().QueryContext(f.ctx, query, args...)
	if err != nil {
		f.err = fmt.Errorf("search: %w", err)
		return
	}
	defer rows.Close()
	for rows.Next() {
		r, id, err := scanRecord(rows, f.g)
		if err != nil {
			f.err = fmt.Errorf("read a row: %w", err)
			return
		}
		if !f.seen[id] {
			f.seen[id] = true
			f.found = append(f.found, f.d.entry(r, id))
		}
	}
	if err := rows.Err(); err != nil {
		f.err = fmt.Errorf("search: %w", err)
	}
}

// onePerAddress keeps the best row of each address: a mailbox that several lines
// of the file name is one mailbox.
func onePerAddress(entries []Entry) []Entry {
	seen := make(map[string]bool, len(entries))
	return slices.DeleteFunc(entries, func(e Entry) bool {
		k := e.Address.Key()
		twice := seen[k]
		seen[k] = true
		return twice
	})
}
