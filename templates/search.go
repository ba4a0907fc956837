package templates

func searchEmpty(v SearchView) string {
	if v.Empty != "" {
		return v.Empty
	}
	if v.Box.Words == "" {
		return "Écrivez un nom, une adresse ou un mot" + nbsp + ": les lettres trouvées paraîtront ici."
	}
	if v.Box.Everywhere {
		return "Aucune lettre ne contient ces mots. Essayez un seul mot."
	}
	return "Aucune lettre ne porte ces mots. Essayez un seul mot, ou cherchez aussi dans le texte."
}
