package templates

import (
	"slices"

	"github.com/a-h/templ"
)

// hxList makes a link of the list column swap that column alone.
func hxList(p Page, href string) templ.Attributes {
	return templ.Attributes{
		"hx-get":      href,
		"hx-target":   "#list",
		"hx-swap":     "innerHTML scroll:top",
		"hx-push-url": "true",
		"hx-sync":     "#list:replace",
		"hx-nonce":    p.Nonce,
	}
}

// hxRead makes a link swap the reading pane.
func hxRead(p Page, href string) templ.Attributes {
	return templ.Attributes{
		"hx-get":      href,
		"hx-target":   "#reading",
		"hx-swap":     "innerHTML scroll:top",
		"hx-push-url": "true",
		"hx-sync":     "#reading:replace",
		"hx-nonce":    p.Nonce,
	}
}

// inOrder puts the patient first, then what is urgent: a narrow row may hide the
// last chips, never those.
func inOrder(chips []Chip) []Chip {
	rank := func(kind string) int {
		switch kind {
		case "patient":
			return 0
		case "critical", "doubt":
			return 1
		case "doc", "state":
			return 2
		default:
			return 3
		}
	}
	sorted := slices.Clone(chips)
	slices.SortStableFunc(sorted, func(a, b Chip) int { return rank(a.Kind) - rank(b.Kind) })
	return sorted
}

func emptyIcon(filter string) string {
	switch filter {
	case "unread":
		return "mail-open"
	case "flagged":
		return "star"
	case "todo":
		return "circle-check"
	default:
		return "inbox"
	}
}

// emptySay says what will come to an empty list.
func emptySay(v ListView) string {
	switch {
	case v.Empty != "":
		return v.Empty
	case v.Filter == "unread":
		return "Toutes les lettres de ce dossier sont lues."
	case v.Filter == "flagged":
		return "Les lettres que vous suivez (touche s) paraîtront ici."
	default:
		return "Ce dossier est vide. Les lettres qui y arrivent paraîtront ici."
	}
}
