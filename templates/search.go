package templates

func searchEmpty(v SearchView) string {
	if v.Empty != "" {
		return v.Empty
	}
	if v.Box.Words == "" {
		return "Écrivez un nom, une adresse ou un mot" + nbsp + ": les lettres trouvées paraîtront ici."
	}
	return "Aucune lettre ne contient ces mots. Essayez un seul mot, ou cochez «" + nbsp + "aussi dans le texte" + nbsp + "»."
}
