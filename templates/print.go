package templates

import "strings"

// angled writes an address after a name, as on an envelope.
func angled(s Sender) string {
	if s.Address == "" || s.Address == s.Name {
		return ""
	}
	return "<" + s.Address + ">"
}

func people(all []Person) string {
	names := make([]string, 0, len(all))
	for _, p := range all {
		if p.Name == "" {
			names = append(names, p.Address)
			continue
		}
		names = append(names, p.Name+" <"+p.Address+">")
	}
	return strings.Join(names, ", ")
}

// maxPrinted bounds the pictures of one print.
const maxPrinted = 12

// printed are the pictures that go on paper with the letter.
func printed(all []Attachment) []Attachment {
	var out []Attachment
	for _, a := range all {
		if picture(a) && len(out) < maxPrinted {
			out = append(out, a)
		}
	}
	return out
}
