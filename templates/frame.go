package templates

import "slices"

// keyHelp is the '?' sheet, in the order a reader meets the keys.
var keyHelp = []struct{ key, says string }{
	{"j", "lettre suivante"},
	{"k", "lettre précédente"},
	{"o", "ouvrir la lettre (ou Entrée)"},
	{"u", "revenir à la liste"},
	{"n", "actualiser la liste auprès du serveur"},
	{"c", "écrire une lettre"},
	{"r", "répondre"},
	{"a", "répondre à tous"},
	{"f", "transférer"},
	{"e", "classer"},
	{"#", "mettre à la corbeille"},
	{"i", "remettre en Réception (depuis Archives, Indésirables ou Corbeille)"},
	{"s", "suivre, ne plus suivre"},
	{"t", "traitée, à traiter de nouveau"},
	{"v", "déplacer vers un dossier, en tapant son nom"},
	{"m", "marquer non lue"},
	{"z", "annuler le dernier acte"},
	{"x", "choisir la lettre pour un acte groupé"},
	{"p", "imprimer la lettre ouverte"},
	{"/", "chercher"},
	{"Échap", "fermer un menu, une image, un document PDF, cette aide"},
	{"+ − 0", "document PDF" + nbsp + ": agrandir, réduire, ajuster"},
	{"?", "montrer cette aide"},
}

func chosen(all []SituationChoice) bool {
	return slices.ContainsFunc(all, func(c SituationChoice) bool { return c.Current })
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

// mainTab puts a page that scrolls by itself in the keyboard's way; the desk's
// columns have their own stops.
func mainTab(view string) string {
	if view == "page" {
		return "0"
	}
	return "-1"
}
