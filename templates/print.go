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
