package sanitize

import (
	"strings"
	"unicode/utf8"
)

// visibleText drops what changes how text reads without being seen: controls and
// bidi overrides. Line ends become \n.
func visibleText(s string) string {
	if plainText(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range s { // bad UTF-8 comes as U+FFFD
		if !hidden(r) {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func hidden(r rune) bool {
	return r < 0x20 && r != '\n' && r != '\t' || r >= 0x7F && r <= 0x9F ||
		r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 || r >= 0xFFF9 && r <= 0xFFFB || r >= 0xE0000 && r <= 0xE007F
}

// plainText reports words with nothing to drop, which most are, at the speed of a
// look at each byte: what is hidden begins with one of four bytes.
func plainText(s string) bool {
	ascii := true
	for i := range len(s) {
		c := s[i]
		if c >= 0x20 && c < 0x7F {
			continue
		}
		if c < 0x80 {
			if c != '\n' && c != '\t' {
				return false
			}
			continue
		}
		ascii = false
		if c == 0xC2 || c == 0xE2 || c == 0xEF || c == 0xF3 {
			if r, _ := utf8.DecodeRuneInString(s[i:]); hidden(r) {
				return false
			}
		}
	}
	return ascii || utf8.ValidString(s)
}

func escapedLen(s string) int {
	return len(s) + 4*(strings.Count(s, "&")+strings.Count(s, `"`)) + 3*(strings.Count(s, "<")+strings.Count(s, ">"))
}

// cutEscaped gives as much of s as fits escaped in n bytes, at a character.
func cutEscaped(s string, n int) string {
	for i, r := range s {
		cost := len(string(r))
		switch r {
		case '&', '"':
			cost = 5
		case '<', '>':
			cost = 4
		}
		if n -= cost; n < 0 {
			return s[:i]
		}
	}
	return s
}
