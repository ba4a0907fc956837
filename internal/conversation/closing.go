package conversation

import (
	"mime"
	"strings"
	"unicode"

	"pli.example/pli/internal/mssante"
)

// MESEnd is the one value of X-MSS-MES that forbids the answer to its letter:
// 'trois caractères en majuscules' (ECO.2.2.8).
const MESEnd = "FIN"

// maxSubject is how many bytes of a subject are looked at: as many as one written in Pli
// has at most (400 characters). What is longer is no closing; it resembles one by its head.
const maxSubject = 4 * 400

// Closes reports whether a subject, as the header carries it, closes an exchange:
// exactly [FIN], case kept, nothing before or after. Encoded words are decoded as the
// standard library does, so that no character is dropped on the way to equality.
func Closes(raw string) bool {
	raw = strings.TrimRight(strings.TrimLeft(raw, " \t\r\n"), "\r\n") // the field's own separator, not a blank typed after
	if raw == mssante.SubjectClose {
		return true
	}
	if len(raw) > maxSubject || !strings.Contains(raw, "=?") {
		return false
	}
	decoded, err := (&mime.WordDecoder{}).DecodeHeader(raw)
	return err == nil && decoded == mssante.SubjectClose
}

// Resembles reports whether a decoded subject is [FIN] or could be meant for it, or be
// taken for it by Mon espace santé: another case, brackets or spaces, a prefix, words
// around it. None of them may be relied on; none is written by a person.
func Resembles(subject string) bool {
	s := withoutPrefixes(folded(subject[:min(len(subject), maxSubject)]))
	if strings.Contains(strings.ReplaceAll(s, " ", ""), "[fin]") {
		return true
	}
	return strings.TrimFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) == "fin"
}

// folded makes one form of what looks alike: case, widths, brackets, blanks; what
// cannot be seen is dropped.
func folded(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r >= 0xFF01 && r <= 0xFF5E { // full width forms
			r -= 0xFEE0
		}
		switch r {
		case '(', '{', '<', '«', '【', '〔', '⟦', '〚', '⁅':
			r = '['
		case ')', '}', '>', '»', '】', '〕', '⟧', '〛', '⁆':
			r = ']'
		}
		switch {
		case unicode.IsSpace(r):
			b.WriteByte(' ')
		case !unicode.IsGraphic(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Mn, r):
		default:
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return strings.TrimSpace(b.String())
}

// withoutPrefixes takes 're:', 'tr :', 'fwd:' away, however many.
func withoutPrefixes(s string) string {
	for {
		before, after, ok := strings.Cut(s, ":")
		if !ok {
			return s
		}
		switch strings.TrimSpace(before) {
		case "re", "tr", "fw", "fwd", "ref", "rép", "rep":
			s = strings.TrimSpace(after)
		default:
			return s
		}
	}
}
