package directory

import (
	"strings"
	"unicode/utf8"
)

const (
	// maxText is how much of one text is read for words, in bytes.
	maxText = 512
	maxWord = 40
)

// fold writes text in lower case ASCII letters and digits; all else becomes one
// space. An apostrophe counts as a space, as a hyphen does. Both sides of every
// comparison go through here: what SQLite or another database folds never matters.
func fold(text string) string {
	var b strings.Builder
	b.Grow(min(len(text), maxText))
	space := true
	for i, r := range text {
		if i >= maxText {
			break
		}
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteByte(byte(r))
			space = false
			continue
		case r >= 'A' && r <= 'Z':
			b.WriteByte(byte(r) + 'a' - 'A')
			space = false
			continue
		case r >= 0x300 && r <= 0x36f:
			continue // a combining accent, in decomposed text
		case r >= 0xc0 && r < 0x180:
			if ascii := latin(r); ascii != "" {
				b.WriteString(ascii)
				space = false
				continue
			}
		case r == 'º' || r == '°' || r == utf8.RuneError:
			continue
		}
		if !space {
			b.WriteByte(' ')
			space = true
		}
	}
	return strings.TrimSuffix(b.String(), " ")
}

// latin gives the plain letters of an accented one (Latin-1 and Latin Extended-A).
func latin(r rune) string {
	const (
		one = "AAAAAA\x00CEEEEIIII" + "\x00NOOOOO\x00OUUUUY\x00\x00" + "aaaaaa\x00ceeeeiiii" + "\x00nooooo\x00ouuuuy\x00y"
		two = "AaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIi\x00\x00JjKkkLlLlLlLlLlNnNnNnnNnOoOoOo\x00\x00RrRrRrSsSsSsSsTtTtTtUuUuUuUuUuUuWwYyYZzZzZzs"
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
	var c byte
	if r < 0x100 {
		c = one[r-0xc0]
	} else {
		c = two[r-0x100]
	}
	if c == 0 {
		return ""
	}
	return strings.ToLower(string(rune(c)))
}

// wordsOf cuts folded text into words; Saint and Sainte are written St and Ste, as
// registers and hurried people do.
func wordsOf(folded string) []string {
	words := strings.Fields(folded)
	for i, w := range words {
		switch w {
		case "saint":
			words[i] = "st"
		case "sainte":
			words[i] = "ste"
		}
		if len(w) > maxWord {
			words[i] = w[:maxWord]
		}
	}
	return words
}

// small words say nothing of a place or a structure.
func small(w string) bool {
	switch w {
	case "de", "des", "du", "d", "la", "le", "les", "l", "et", "en", "sur", "sous", "a", "au", "aux", "cedex":
		return true
	}
	return false
}

// polite words come before a name and are no part of it.
func polite(w string) bool {
	switch w {
	case "dr", "docteur", "docteure", "pr", "prof", "professeur", "professeure", "m", "mr", "mme", "mlle", "monsieur", "madame", "me":
		return true
	}
	return false
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
