package templates

func dash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// journalSub is which letter, and how many times.
func journalSub(r JournalRow) string {
	if r.Times > 1 {
		return joined(r.Letter, plural(r.Times, "fois", "fois"))
	}
	return r.Letter
}

func journalEmpty(v JournalView) string {
	if v.Empty == "" {
		return "Vos actes paraîtront ici, le plus récent en tête."
	}
	return v.Empty
}

// issueClass: on a phone only what did not go as asked is worth a line.
func issueClass(r JournalRow) string {
	if r.Failed {
		return "journal-failed"
	}
	return "journal-plain"
}
