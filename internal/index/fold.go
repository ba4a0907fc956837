package index

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Fold writes text without case or accents: what is searched and what is looked for
// both go through it. Spaces of all kinds are one plain space, so are runs of them.
func Fold(text string) string {
	plain := true
	for i := range len(text) {
		if c := text[i]; c >= utf8.RuneSelf || c >= 'A' && c <= 'Z' || c < ' ' || c == ' ' && i > 0 && text[i-1] == ' ' {
			plain = false
			break
		}
	}
	if plain {
		return text
	}
	var b strings.Builder
	b.Grow(len(text))
	space := false
	for _, r := range text {
		switch {
		case r >= 'A' && r <= 'Z':
			r += 'a' - 'A'
		case r >= 0x300 && r <= 0x36f:
			continue // an accent written by itself
		case r >= 0xc0 && r < 0x180:
			b.WriteString(latin(r))
			space = false
			continue
		case r == '’' || r == '‘' || r == 'ʼ':
			r = '\''
		case r >= 0x2010 && r <= 0x2015:
			r = '-'
		case r < ' ' || r >= utf8.RuneSelf && unicode.IsSpace(r):
			r = ' '
		case r >= utf8.RuneSelf:
			r = unicode.ToLower(r)
		}
		if r == ' ' {
			if space {
				continue
			}
		}
		space = r == ' '
		b.WriteRune(r)
	}
	return b.String()
}

// latin gives the plain letters of one of Latin-1 or Latin Extended-A.
func latin(r rune) string {
	const (
		one = "aaaaaa?ceeeeiiii?nooooo*ouuuuy??aaaaaa?ceeeeiiii?nooooo*ouuuuy?y"
		two = "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii??jjkkkllllllllllnnnnnnnnnoooooo??rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs"
	)
	switch r {
	case 'Æ', 'æ':
		return "ae"
	case 'Œ', 'œ':
		return "oe"
	case 'ß':
		return "ss"
	case 'Ð', 'ð':
		return "d"
	case 'Þ', 'þ':
		return "th"
	case 'Ĳ', 'ĳ':
		return "ij"
	}
	if r < 0x100 {
		return one[r-0xc0 : r-0xc0+1]
	}
	return two[r-0x100 : r-0x100+1]
}
