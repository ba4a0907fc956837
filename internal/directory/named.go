package directory

import "strings"

// Named reports whether every word typed begins a word of the name, whatever the
// case, accents and order: as past correspondents are found. No word names nobody.
func Named(name, typed string) bool {
	words, asked := strings.Fields(fold(name)), strings.Fields(fold(typed))
	for _, a := range asked {
		found := false
		for _, w := range words {
			found = found || strings.HasPrefix(w, a)
		}
		if !found {
			return false
		}
	}
	return len(asked) > 0
}
