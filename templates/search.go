package templates

import "github.com/a-h/templ"

const searchBlank = "Écrivez un nom, une adresse ou un mot" + nbsp + ": les lettres trouvées paraîtront ici. Vous pouvez aussi écrire de:petit, objet:\"compte rendu\" ou avant:2026-10-01."

// hxOn makes reading on in texts add to the rows; unasked, as soon as it is shown.
func hxOn(p Page, to string, unasked bool) templ.Attributes {
	a := templ.Attributes{"hx-post": to, "hx-target": "#rows", "hx-swap": "beforeend", "hx-nonce": p.Nonce}
	if unasked {
		a["hx-trigger"], a["hx-post"] = "load", to+"?auto=1" // by itself: no click of the person's
	}
	return a
}

// searchWidened: the person did not ask for texts, and the box is ticked for them.
func searchWidened(v SearchProgress) string {
	say := "Peu de lettres trouvées par l’expéditeur, les destinataires ou l’objet" + nbsp + ": "
	if v.Total == 0 {
		say = "Rien par l’expéditeur, les destinataires ou l’objet" + nbsp + ": "
	}
	switch {
	case v.Whole:
		return say + "le texte de toutes les lettres a été cherché aussi."
	case v.Done:
		return say + "le texte des lettres a été cherché aussi, sans pouvoir l’être en entier."
	}
	return say + "leur texte est cherché aussi."
}

func searchRead(v SearchProgress) string {
	if v.Going {
		return "Lecture des textes, des plus récents aux plus anciens" + nbsp + ": " + v.Read + "."
	}
	return "Textes lus " + v.Read + "."
}

func searchOnSays(v SearchProgress) string {
	if v.Texts {
		return "Chercher plus loin"
	}
	return "Chercher aussi dans le texte"
}

func searchMost(kind string) string {
	if kind == "date" {
		return ""
	}
	return "200"
}
