package templates

// keyHelp is the '?' sheet, in the order a reader meets the keys.
var keyHelp = []struct{ key, says string }{
	{"j", "lettre suivante"},
	{"k", "lettre précédente"},
	{"o", "ouvrir la lettre (ou Entrée)"},
	{"u", "revenir à la liste"},
	{"e", "classer"},
	{"#", "mettre à la corbeille"},
	{"s", "suivre, ne plus suivre"},
	{"x", "choisir la lettre pour un acte groupé"},
	{"/", "chercher"},
	{"?", "montrer cette aide"},
}

// joined writes "Médecin généraliste · Cabinet des Lilas, Tours".
func joined(a, b string) string {
	switch {
	case a == "":
		return b
	case b == "":
		return a
	default:
		return a + " · " + b
	}
}

// boxSub is the second line of a mailbox: what it is, or that it fails.
func boxSub(b BoxLink) string {
	if b.Failing {
		return "ne répond pas"
	}
	return b.Kind
}

// where is the phone's top bar: the folder shown and its counter.
func where(p Page) string {
	for _, f := range p.Folders {
		if f.Current {
			if n, _ := folderCount(f); n > 0 {
				return f.Label + " · " + grouped(n)
			}
			return f.Label
		}
	}
	return p.Title
}
