package sanitize

import "strings"

// visibleText drops what changes how text reads without being seen: controls and
// bidi overrides. Line ends become \n.
func visibleText(s string) string {
	clean := true
	for i := range len(s) {
		if c := s[i]; c < 0x20 && c != '\n' && c != '\t' || c >= 0x7F {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range s { // bad UTF-8 comes as U+FFFD
		switch {
		case r < 0x20 && r != '\n' && r != '\t', r >= 0x7F && r <= 0x9F,
			r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069, r >= 0xFFF9 && r <= 0xFFFB, r >= 0xE0000 && r <= 0xE007F:
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func escapedLen(s string) int {
	n := len(s)
	for i := range len(s) {
		switch s[i] {
		case '&', '"':
			n += 4
		case '<', '>':
			n += 3
		}
	}
	return n
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
