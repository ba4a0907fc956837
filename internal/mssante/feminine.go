package mssante

import "strings"

// Feminine writes the label of a profession or role as a woman bears it: "infirmier
// psychiatrique" is "infirmière psychiatrique". The registers write the masculine
// only. What follows "de", "en" or a bracket is where and what, and stays; a word
// not known here stays too.
func Feminine(label string) string {
	head, rest := label, ""
	for _, cut := range []string{" de ", " d’", " en ", " des ", " ni ", " à ", " ("} {
		if i := strings.Index(head, cut); i >= 0 {
			head, rest = head[:i], head[i:]+rest
		}
	}
	words := strings.Split(head, " ")
	for i, w := range words {
		parts := strings.Split(w, "-")
		for j, p := range parts {
			parts[j] = feminineWord(p)
		}
		words[i] = strings.Join(parts, "-")
	}
	return strings.Join(words, " ") + rest
}

func feminineWord(w string) string {
	bare, tail := strings.TrimRight(w, ",;"), ""
	tail = w[len(bare):]
	lower := strings.ToLower(bare)
	var out string
	switch lower {
	case "masseur":
		out = "masseuse"
	case "médecin", "aide", "membre", "externe", "auxiliaire", "autre", "responsable":
		out = lower
	case "infirmier", "ambulancier", "conseiller", "lunetier", "brancardier":
		out = strings.TrimSuffix(lower, "er") + "ère"
	case "pharmacien", "chirurgien", "opticien", "diététicien", "psychomotricien", "technicien", "physicien", "praticien":
		out = lower + "ne"
	case "éducateur", "médiateur", "moniteur", "préparateur", "manipulateur", "coordonnateur", "directeur", "animateur", "opérateur", "chiropracteur":
		out = strings.TrimSuffix(lower, "teur") + "trice"
	case "assistant", "soignant", "accompagnant", "étudiant", "surveillant", "adjoint", "remplaçant", "gérant", "salarié", "spécialisé", "attaché",
		"familial", "médical", "social":
		out = lower + "e"
	case "professionnel", "intervenant":
		out = map[string]string{"professionnel": "professionnelle", "intervenant": "intervenante"}[lower]
	case "éducatif":
		out = "éducative"
	case "minier":
		out = "minière"
	default:
		return w
	}
	if bare != lower {
		out = upperFirst(out)
	}
	return out + tail
}
