package directory

import "strings"

// An expression is FTS5 query text. It is made of folded words only, letters and
// digits between double quotes: nothing typed is ever syntax.

func exact(words ...string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = `"` + w + `"`
	}
	if len(quoted) == 1 {
		return quoted[0]
	}
	return "(" + strings.Join(quoted, " OR ") + ")"
}

func either(parts ...string) string {
	kept := parts[:0:0]
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	if len(kept) == 1 {
		return kept[0]
	}
	return "(" + strings.Join(kept, " OR ") + ")"
}

func all(parts ...string) string { return strings.Join(parts, " AND ") }

func inFamily(expression string) string { return "family : " + expression }

const (
	// Beginnings of two to four letters have an index of their own; longer ones are
	// written out as the words they may become, because FTS5 would gather every row
	// of every such word before giving the first.
	longestIndexed = 4
	maxWrittenOut  = 24
	// A beginning whose words stand in few rows may as well be gathered.
	fewRows = 8_000
)

// begins matches words that begin so.
func (d *dictionary) begins(word string) string {
	if len(word) <= longestIndexed {
		return `"` + word + `" *`
	}
	e := d.expand(word, maxWrittenOut)
	switch {
	case len(e.words) == 0:
		return ""
	case !e.all && e.rows <= fewRows:
		return `"` + word + `" *`
	}
	return exact(e.words...)
}

// strict is a token as typed: the whole word or its trades; the last one may go on.
func (d *dictionary) strict(t token) string {
	var parts []string
	if len(t.codes) > 0 {
		parts = append(parts, exact(t.codes...))
	}
	if t.last {
		parts = append(parts, d.begins(t.word))
	} else if c := d.count(t.word); c.total() > 0 || len(t.codes) == 0 {
		parts = append(parts, exact(t.word))
	}
	return either(orWord(parts, t.word)...)
}

// loose lets any token be a beginning.
func (d *dictionary) loose(t token) string {
	parts := []string{d.begins(t.word)}
	if len(t.codes) > 0 {
		parts = append(parts, exact(t.codes...))
	}
	return either(orWord(parts, t.word)...)
}

// orWord: a word nobody has matches nothing, which is also an expression.
func orWord(parts []string, word string) []string {
	for _, p := range parts {
		if p != "" {
			return parts
		}
	}
	return []string{exact(word)}
}

// attempts are the expressions of a question, the best reading first; each is run
// only while the ones before did not give enough.
func (g *generation) attempts(q question) []string {
	d := g.terms
	strict := make([]string, len(q.tokens))
	for i, t := range q.tokens {
		strict[i] = d.strict(t)
	}
	with := func(at int, expression string) string {
		parts := append([]string{}, q.quotedFilters()...)
		parts = append(parts, expression)
		for i, s := range strict {
			if i != at {
				parts = append(parts, s)
			}
		}
		return all(parts...)
	}
	var out []string
	// One of the words is a family name, whole; then still being typed.
	readings := 0
	for i, t := range q.tokens {
		if readings < 3 && d.count(t.word).family > 0 {
			out = append(out, with(i, inFamily(exact(t.word))))
			readings++
		}
	}
	for i, t := range q.tokens {
		if t.last && !t.trade {
			if b := d.begins(t.word); b != "" {
				out = append(out, with(i, inFamily(b)))
			}
		}
	}
	if len(strict) > 0 {
		out = append(out, all(append(q.quotedFilters(), strict...)...))
	} else if len(q.filters) > 0 {
		out = append(out, all(q.quotedFilters()...))
	}
	if len(q.tokens) > 1 {
		loose := q.quotedFilters()
		for _, t := range q.tokens {
			loose = append(loose, d.loose(t))
		}
		out = append(out, all(loose...))
	}
	return out
}

func (q question) quotedFilters() []string {
	out := make([]string, 0, len(q.filters)+len(q.tokens))
	for _, f := range q.filters {
		out = append(out, exact(f))
	}
	return out
}

// maxNear are the words a mistyped one may have been.
const maxNear = 12

// forgiving are the expressions when nothing fits: one word was mistyped. A word
// that stands nowhere is the one; else each in turn.
func (g *generation) forgiving(q question) []string {
	d := g.terms
	suspects := make([]int, 0, len(q.tokens))
	for i, t := range q.tokens {
		if len(t.codes) == 0 && d.count(t.word).total() == 0 && (!t.last || len(d.expand(t.word, 1).words) == 0) {
			suspects = append(suspects, i)
		}
	}
	if len(suspects) == 0 {
		for i := range q.tokens {
			suspects = append(suspects, i)
		}
	}
	var out []string
	for _, i := range suspects {
		near := d.near(q.tokens[i].word, q.tokens[i].last, maxNear)
		if len(near) == 0 {
			continue
		}
		parts := q.quotedFilters()
		for j, t := range q.tokens {
			if j == i {
				parts = append(parts, exact(near...))
			} else {
				parts = append(parts, d.strict(t))
			}
		}
		if out = append(out, all(parts...)); len(out) == 3 {
			break
		}
	}
	return out
}
