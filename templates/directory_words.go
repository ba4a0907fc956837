package templates

func foundWords(v DirectoryView) string {
	switch {
	case len(v.Entries) == 0:
		return "Aucun résultat"
	case v.More:
		return "Plus de " + plural(v.Total, "résultat", "résultats") + nbsp + ": précisez pour en voir moins"
	}
	return plural(v.Total, "résultat", "résultats")
}

func entryIcon(e DirectoryEntry) string {
	switch {
	case e.NoReply:
		return "send"
	case e.Work != "":
		return "user"
	}
	return "building-2"
}

// entryKind is the kind of the mailbox, and who reads it when that matters.
func entryKind(e DirectoryEntry) string {
	switch {
	case e.NoReply:
		return joined(e.Kind, "personne ne lit les réponses")
	case e.Paperless:
		return joined(e.Kind, "préfère les documents dématérialisés")
	}
	return e.Kind
}
