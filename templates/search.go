package templates

import "strings"

func searchEmpty(v SearchView) string {
	if v.Empty != "" {
		return v.Empty
	}
	if v.Box.Words == "" {
		return "Écrivez un nom, une adresse ou un mot" + nbsp + ": les lettres trouvées paraîtront ici."
	}
	which, one := "ces mots", ", ou un seul des mots"
	if len(strings.Fields(v.Box.Words)) < 2 {
		which, one = "ce mot", ""
	}
	return "Aucune lettre ne contient " + which + ". Vérifiez l’orthographe, ou n’écrivez que le début du nom" + one +
		". Selon le serveur, les accents comptent" + nbsp + ": essayez avec et sans («" + nbsp + "Besançon" + nbsp + "», «" + nbsp + "Besancon" + nbsp + "»)."
}
