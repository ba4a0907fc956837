package directory

import (
	"context"
	"database/sql"
	"slices"
	"sort"
	"strings"
	"sync/atomic"
)

// termCount says in how many rows a word stands, by meaning.
type termCount struct{ family, given, place, org uint32 }

func (c termCount) names() uint32 { return c.family + c.given }
func (c termCount) total() uint32 { return c.family + c.given + c.place + c.org }

// dictionary is every distinct word of a generation, in memory: what a beginning
// may become, what a mistyped name may have been. Some 10 bytes a word.
type dictionary struct {
	text   string // the words, one after the other, sorted
	at     []uint32
	counts []termCount
	named  [maxWord + 1][]uint32 // words of names and towns, by length
	added  atomic.Pointer[map[string]termCount]
}

// maxAdded words may come from single records between two imports.
const maxAdded = 20_000

func loadDictionary(ctx context.Context, db *sql.DB) (*dictionary, error) {
	rows, err := db.QueryContext(ctx, `SELECT term, family, given, place, org FROM terms ORDER BY term`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	d := &dictionary{}
	var text strings.Builder
	for rows.Next() {
		var term sql.RawBytes
		var c termCount
		if err := rows.Scan(&term, &c.family, &c.given, &c.place, &c.org); err != nil {
			return nil, err
		}
		if c.names()+c.place > 0 && len(term) >= 3 && len(term) <= maxWord && !allDigits(string(term)) {
			d.named[len(term)] = append(d.named[len(term)], uint32(len(d.counts)))
		}
		d.at = append(d.at, uint32(text.Len()))
		d.counts = append(d.counts, c)
		text.Write(term)
	}
	d.text = text.String()
	return d, rows.Err()
}

func (d *dictionary) term(i int) string {
	end := len(d.text)
	if i+1 < len(d.at) {
		end = int(d.at[i+1])
	}
	return d.text[d.at[i]:end]
}

// count of a whole word; the zero value when it stands nowhere.
func (d *dictionary) count(word string) termCount {
	if i := d.search(word); i < len(d.at) && d.term(i) == word {
		return d.counts[i]
	}
	if more := d.added.Load(); more != nil {
		return (*more)[word]
	}
	return termCount{}
}

func (d *dictionary) search(word string) int {
	return sort.Search(len(d.at), func(i int) bool { return d.term(i) >= word })
}

// add makes new words known. One caller at a time.
func (d *dictionary) add(words map[string]termCount) {
	next := map[string]termCount{}
	if old := d.added.Load(); old != nil {
		for w, c := range *old {
			next[w] = c
		}
	}
	for w, c := range words {
		if i := d.search(w); (i >= len(d.at) || d.term(i) != w) && len(next) < maxAdded {
			have := next[w]
			next[w] = termCount{have.family + c.family, have.given + c.given, have.place + c.place, have.org + c.org}
		}
	}
	d.added.Store(&next)
}

// expansion is what a beginning may become.
type expansion struct {
	words []string // the most frequent, at most the number asked for
	all   bool     // words is all of them
	rows  uint64   // in how many rows any of them stands, counted by meaning
	names bool     // one of them is a family name
}

// expand looks at up to maxExpand words that begin so.
func (d *dictionary) expand(prefix string, limit int) expansion {
	const maxExpand = 5_000
	type found struct {
		word string
		n    uint32
	}
	var out []found
	e := expansion{all: true}
	see := func(w string, c termCount) {
		out = append(out, found{w, c.total()})
		e.rows += uint64(c.total())
		e.names = e.names || c.family > 0
	}
	for i := d.search(prefix); i < len(d.at) && strings.HasPrefix(d.term(i), prefix); i++ {
		if len(out) == maxExpand {
			e.all = false
			break
		}
		see(d.term(i), d.counts[i])
	}
	if more := d.added.Load(); more != nil {
		for w, c := range *more {
			if strings.HasPrefix(w, prefix) {
				see(w, c)
			}
		}
	}
	if len(out) > limit {
		slices.SortFunc(out, func(a, b found) int { return int(b.n) - int(a.n) })
		out, e.all = out[:limit], false
	}
	for _, f := range out {
		e.words = append(e.words, f.word)
	}
	return e
}

// near gives words of names and towns one slip away (a letter wrong, missing, too
// many, or two swapped), the most frequent first; begun accepts those that begin
// so. Every word of a fitting length is looked at: 100,000 take under a
// millisecond, because two words mostly part at their first letter.
func (d *dictionary) near(word string, begun bool, limit int) []string {
	if len(word) < 4 || len(word) > maxWord-1 {
		return nil
	}
	type found struct {
		word string
		n    uint32
	}
	var out []found
	longest := len(word) + 1
	if begun {
		longest = maxWord
	}
	for length := len(word) - 1; length <= longest; length++ {
		for _, i := range d.named[length] {
			t := d.term(int(i))
			if oneSlip(word, t) || begun && length > len(word) && beginsNear(word, t) {
				out = append(out, found{t, d.counts[i].names() + d.counts[i].place})
			}
		}
	}
	if more := d.added.Load(); more != nil {
		for t, c := range *more {
			if c.names()+c.place > 0 && (oneSlip(word, t) || begun && len(t) > len(word) && beginsNear(word, t)) {
				out = append(out, found{t, c.names() + c.place})
			}
		}
	}
	slices.SortFunc(out, func(a, b found) int {
		if a.n != b.n {
			return int(b.n) - int(a.n)
		}
		return strings.Compare(a.word, b.word)
	})
	words := make([]string, 0, min(limit, len(out)))
	for _, f := range out[:min(limit, len(out))] {
		words = append(words, f.word)
	}
	return words
}

// beginsNear reports whether a beginning of t is one slip away from word. The first
// letter must hold: while a word is being typed, anything else is noise.
func beginsNear(word, t string) bool {
	if word[0] != t[0] {
		return false
	}
	return oneSlip(word, t[:len(word)]) || oneSlip(word, t[:len(word)-1]) || len(t) > len(word) && oneSlip(word, t[:len(word)+1])
}

// oneSlip reports whether a and b differ by exactly one letter changed, added,
// dropped, or by two neighbours swapped.
func oneSlip(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) < len(b) {
		return a[i:] == b[i+1:]
	}
	if i == len(a) {
		return false // the same word
	}
	if a[i+1:] == b[i+1:] {
		return true
	}
	return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}
