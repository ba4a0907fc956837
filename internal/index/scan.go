package index

import (
	"bytes"
	"runtime"
	"strings"
	"sync"
)

// scanAlone: so few are looked through on one core.
const scanAlone = 8192

// scan gives the letters that fit, in the order they are kept, and those of which not
// all is kept.
func (ix *Index) scan(m *matcher) (hits []uint32, cut []Ref) {
	parts := shares(len(ix.rows.all), ix.letters)
	found := make([][]uint32, len(parts))
	shorts := make([][]Ref, len(parts))
	apart(len(parts), func(k int) {
		for b := parts[k].from; b < parts[k].to; b++ {
			block := ix.rows.all[b]
			for i := range block {
				r := &block[i]
				switch {
				case r.uid == 0:
				case m.fits(r):
					found[k] = append(found[k], uint32(b<<blockBits|i))
				case r.flags&short != 0 && len(shorts[k]) <= MaxShort && m.marked(r):
					shorts[k] = append(shorts[k], ix.ref(r))
				}
			}
		}
	})
	for k := range parts {
		if k == 0 {
			hits, cut = found[0], shorts[0]
			continue
		}
		hits = append(hits, found[k]...)
		cut = append(cut, shorts[k][:min(len(shorts[k]), MaxShort+1-len(cut))]...)
	}
	return hits, cut
}

// holders gives, for each word, the people whose name or address holds it.
func (ix *Index) holders(words [][]byte, patients bool) [][]uint64 {
	if len(words) == 0 {
		return nil
	}
	out, all := make([][]uint64, len(words)), make([]needle, len(words))
	for i, w := range words {
		out[i], all[i] = make([]uint64, ix.persons.next/64+1), needleOf(w)
	}
	parts := shares(len(ix.persons.all), int(ix.persons.next))
	apart(len(parts), func(k int) {
		for b := parts[k].from; b < parts[k].to; b++ {
			block := ix.persons.all[b]
			for i := range block {
				p := &block[i]
				if p.hash == 0 && p.text == 0 || patients && p.kind != patient {
					continue
				}
				text, n := ix.foldedPerson(p), uint32(b<<blockBits|i)
				for w := range all {
					if all[w].in(text) {
						out[w][n/64] |= 1 << (n % 64)
					}
				}
			}
		}
	})
	return out
}

// share is a run of blocks.
type share struct{ from, to int }

// shares cuts blocks into runs, as many as there are cores for them.
func shares(blocks, values int) (out []share) {
	n := 1
	if values > scanAlone {
		n = max(1, min(runtime.GOMAXPROCS(0), 4, blocks))
	}
	for k := range n {
		out = append(out, share{blocks * k / n, blocks * (k + 1) / n})
	}
	return out
}

// apart runs each of n on a goroutine of its own. A panic of one is that of who asked.
func apart(n int, do func(k int)) {
	if n == 1 {
		do(0)
		return
	}
	var wg sync.WaitGroup
	panics := make([]any, n)
	for k := range n {
		wg.Go(func() {
			defer func() { panics[k] = recover() }()
			do(k)
		})
	}
	wg.Wait()
	for _, v := range panics {
		if v != nil {
			panic(v)
		}
	}
}

// needle is a word to look for in short texts: its rarest letter first.
type needle struct {
	word []byte
	at   int // of that letter
}

// byRarity are the letters of folded French and of addresses, the rarest first; what is
// not among them is rarer.
const byRarity = "kwzxqjyhgb0123456789vfp'-@mcd.lounratise "

func needleOf(word []byte) needle {
	n := needle{word: word}
	least := len(byRarity)
	for i, c := range word {
		if k := strings.IndexByte(byRarity, c); k < least {
			n.at, least = i, k
		}
	}
	return n
}

func needlesOf(words [][]byte) (out []needle) {
	for _, w := range words {
		out = append(out, needleOf(w))
	}
	return out
}

// in reports whether a text holds the word, which is not empty.
func (n *needle) in(text []byte) bool {
	last := len(text) - len(n.word)
	for i := 0; i <= last; i++ {
		k := bytes.IndexByte(text[i+n.at:last+n.at+1], n.word[n.at])
		if k < 0 {
			return false
		}
		if i += k; string(text[i:i+len(n.word)]) == string(n.word) {
			return true
		}
	}
	return false
}
