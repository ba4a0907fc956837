package support

import (
	"strings"
	"unicode"
)

// inert keeps a spreadsheet from running a cell (a name that begins with "="). Some
// leave blanks out first, and take a full-width sign for the plain one.
func inert(s string) string {
	first := strings.TrimLeftFunc(s, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsGraphic(r) })
	for _, r := range first {
		if strings.ContainsRune("=+-@", narrow(r)) {
			return "'" + s
		}
		break
	}
	if s != "" && strings.IndexByte("\t\r\n", s[0]) >= 0 {
		return "'" + s
	}
	return s
}

// narrow is the ASCII sign that r is another width or form of, else r.
func narrow(r rune) rune {
	switch r {
	case '\u207a', '\u208a', '\ufe62': // superscript, subscript, small
		return '+'
	case '\u207b', '\u208b', '\u2212', '\ufe63': // the same, and the minus of mathematics
		return '-'
	case '\u207c', '\u208c', '\ufe66':
		return '='
	case '\ufe6b':
		return '@'
	}
	if r >= '\uff01' && r <= '\uff5e' { // fullwidth forms of ! to ~
		return r - 0xfee0
	}
	return r
}
