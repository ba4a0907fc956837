package message

import (
	"strings"
	"unicode/utf8"
)

// invisible reports runes that change how a line reads without being seen: bidi
// overrides and isolates, zero-width characters, blank fillers, tags. A name
// holding them can show another name.
func invisible(r rune) bool {
	switch {
	case r < 0x80:
		return false
	case r == 0xAD, r == 0x61C, r == 0x180E, r == 0x115F, r == 0x1160, r == 0x3164, r == 0xFFA0, r == 0xFEFF:
		return true
	case r >= 0x200B && r <= 0x200F, r >= 0x202A && r <= 0x202E, r >= 0x2060 && r <= 0x206F:
		return true
	case r >= 0xFFF0 && r <= 0xFFFB, r >= 0xE0000 && r <= 0xE0FFF:
		return true
	}
	return false
}

// control reports C0, DEL and C1 controls.
func control(r rune) bool { return r < 0x20 || r >= 0x7F && r <= 0x9F }

// cleanLine makes s one line that is safe to show as text: line breaks and tabs
// become spaces, other controls and invisible runes go, bad UTF-8 becomes U+FFFD.
func cleanLine(s string) string {
	plain := true
	for i := range len(s) {
		if s[i] < 0x20 || s[i] >= 0x7F {
			plain = false
			break
		}
	}
	if plain {
		return strings.TrimSpace(s)
	}
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range s {
		switch {
		case r == '\t', r == '\n', r == '\r', r == 0x2028, r == 0x2029, r == 0x85:
			b.WriteByte(' ')
		case control(r), invisible(r):
		default:
			b.WriteRune(r)
		}
	}
	return strings.TrimSpace(b.String())
}

// cleanText keeps the lines of a text and drops what could disguise it: line ends
// become \n, controls and bidi overrides go.
func cleanText(s string) string {
	i := disguise(s)
	if i == len(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for {
		b.WriteString(s[:i])
		if s = s[i:]; s == "" {
			return b.String()
		}
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == '\r' && strings.HasPrefix(s[n:], "\n"):
		case r == '\r', r == '\f', r == '\v':
			b.WriteByte('\n')
		case r == utf8.RuneError && n == 1:
			b.WriteRune(r)
		}
		s = s[n:]
		i = disguise(s)
	}
}

// disguise is where the first character stands that cleanText does not keep as it
// is, len(s) for none. It looks at bytes: texts are long, and such characters begin
// with few of them.
func disguise(s string) int {
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c >= 0x20 && c < 0x7F, c == '\n', c == '\t':
			i++
		case c < 0x80:
			return i
		default:
			r, n := utf8.DecodeRuneInString(s[i:])
			if control(r) || bidi(r) || r == utf8.RuneError && n == 1 {
				return i
			}
			i += n
		}
	}
	return len(s)
}

func bidi(r rune) bool { return r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 }

// cutUTF8 cuts s to at most n bytes without splitting a character.
func cutUTF8(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
