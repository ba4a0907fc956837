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
	return "Aucune lettre ne porte exactement ces mots. Selon le serveur, les accents comptent\u00a0: essayez avec et sans («\u00a0Besançon\u00a0», «\u00a0Besancon\u00a0»), ou un seul mot, ou cherchez aussi dans le texte."
}
