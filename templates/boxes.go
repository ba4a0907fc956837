package templates

import "strings"

// sameStart is how many letters two labels may share before the rail can no
// longer tell them apart.
const sameStart = 12

// boxSub is the second line of a mailbox: that it fails, else what it is.
func boxSub(b BoxLink) string {
	if b.Failing {
		return "ne répond pas"
	}
	return b.Kind
}

// alike reports that another mailbox's label begins as this one's: only the
// address then tells which is which.
func alike(b BoxLink, all []BoxLink) bool {
	n := 0
	for _, o := range all {
		if start(o.Label) == start(b.Label) {
			n++
		}
	}
	return n > 1 && b.Address != b.Label
}

func start(label string) string {
	r := []rune(strings.ToLower(strings.TrimSpace(label)))
	return string(r[:min(len(r), sameStart)])
}

// localAndDomain splits an address for a narrow column: each half keeps both
// its ends, since it is there that addresses differ.
func localAndDomain(address string) (local, domain string) {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return middle(address, 44), ""
	}
	return middle(address[:at], 24), middle(address[at:], 32)
}

// middle cuts a text to n runes by its middle.
func middle(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	head := (n - 1) / 2
	return string(r[:head]) + "…" + string(r[len(r)-(n-1-head):])
}

// currentBox is the label of the mailbox shown when there are several to mistake
// it for, "" otherwise.
func currentBox(p Page) string {
	if len(p.Boxes) < 2 {
		return ""
	}
	for _, b := range p.Boxes {
		if b.Current {
			return b.Label
		}
	}
	return ""
}
