package directory

import (
	"slices"
	"strings"
)

// trades finds what trade a word means: the table of meanings, and the words of
// the labels that the file itself gave.
type trades struct {
	words []tradeWord // sorted
}

type tradeWord struct {
	word  string
	codes []string
}

func newTrades(labels map[[2]string]string) trades {
	codes := map[string][]string{}
	for k, label := range labels {
		code := professionWord(k[1])
		if k[0] == listSpeciality {
			code = specialityWord(k[1])
		}
		for _, w := range wordsOf(fold(label)) {
			if len(w) >= 4 && !small(w) {
				codes[w] = append(codes[w], code)
			}
		}
	}
	var t trades
	for w, c := range codes {
		slices.Sort(c)
		t.words = append(t.words, tradeWord{w, slices.Compact(c)})
	}
	slices.SortFunc(t.words, func(a, b tradeWord) int { return strings.Compare(a.word, b.word) })
	return t
}

// of gives the index words of the trades a word may mean. whole reports that it is
// a trade's word in full, not the beginning of one.
func (t trades) of(word string) (codes []string, whole bool) {
	codes, whole = codesOf(word)
	if len(word) < 4 {
		return codes, whole
	}
	i, _ := slices.BinarySearchFunc(t.words, word, func(a tradeWord, w string) int { return strings.Compare(a.word, w) })
	for ; i < len(t.words) && strings.HasPrefix(t.words[i].word, word); i++ {
		if whole && t.words[i].word != word {
			continue // "radio" is the trade of radiologists, not every label with radiotherapy
		}
		codes = append(codes, t.words[i].codes...)
	}
	slices.Sort(codes)
	return slices.Compact(codes), whole
}
