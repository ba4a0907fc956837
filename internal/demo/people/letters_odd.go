package people

import "strings"

// oddLetters: nothing broken, everything unusual.
func oddLetters(c *composer) {
	c.add(
		draft{id: "sujet-long", purpose: "sujet de 200 caractères", from: "had", to: "lilas", day: -3, clock: "16:16",
			subject: padTo(200, "Suite à notre conversation téléphonique de ce matin, transmission de l’ensemble des éléments concernant l’organisation du retour à domicile, le matériel, les aides, les soins infirmiers et les rendez-vous de suivi"),
			text:    "Bonjour, tout est dans l’objet. Cordialement.\n"},
		draft{id: "nom-long", purpose: "nom d'expéditeur de près de 60 caractères", from: "longname", to: "petit", day: -4, clock: "08:58", subject: "Jury de thèse",
			text: "Cher collègue, accepteriez-vous de siéger au jury de Mme Perrot le mois prochain ?\n"},
		draft{id: "sans-nom", purpose: "expéditeur sans nom", from: "noname", to: "lilas", day: -6, clock: "13:33", subject: "Audiogramme", text: "Audiogramme normal pour l’âge. Le secrétariat ORL.\n"},
		draft{id: "droite-gauche", purpose: "texte de droite à gauche", from: "rtl", to: "martin", day: -8, clock: "09:01", subject: "مريضة مشتركة / patiente commune", marks: "martin in Archive",
			text: "زميلتي العزيزة،\n\nأشكرك على متابعة السيدة أمينة. ضغطها مستقر عند 13/8.\n\nEn français : tension stable à 13/8, je garde le même traitement.\n\nد. سامية منصور\n"},
		draft{id: "vide", purpose: "ni sujet ni corps", from: "vasseur", to: "martin", day: -7, clock: "22:50", subject: "", text: ""},
		draft{id: "longue", purpose: "lettre très longue, lignes sans fin", from: "cpts", to: "mercier", day: -9, clock: "11:11", subject: "Projet de santé, version de travail",
			text: strings.Repeat("Le projet de santé du territoire s’appuie sur un diagnostic partagé, des objectifs mesurables et une gouvernance légère ; chaque action a un pilote, un calendrier et un indicateur. ", 60) + "\n\nLa coordination\n"},
	)
}

// padTo cuts or fills text to exactly n characters.
func padTo(n int, s string) string {
	r := []rune(s)
	for len(r) < n {
		r = append(r, '.')
	}
	return string(r[:n])
}

// draftLetters: what was begun and not sent.
func draftLetters(c *composer) {
	c.add(
		draft{id: "brouillon-reponse", purpose: "brouillon de réponse", from: "martin", to: "petit", day: -1, clock: "19:15", re: "vial-rcp", subject: "M. Vial, surveillance du potassium", marks: "martin in Drafts draft; petit none",
			text: "Cher Hugo,\n\nJe surveille le potassium de M. Vial deux fois par semaine. Au-dessus de 5,5 je\n"},
		draft{id: "brouillon-vide", purpose: "brouillon sans objet", from: "martin", day: -4, clock: "12:02", marks: "martin in Drafts draft", text: "Penser à appeler la CPTS\n"},
		draft{id: "brouillon-secretaire", purpose: "brouillon préparé par la secrétaire pour signature", from: "lilas", to: "ehpad", day: -1, clock: "18:30", subject: "Passage du Dr Martin jeudi", marks: "lilas in Drafts draft",
			text: "Bonjour,\n\nLe Dr Martin passera jeudi à 14 h. Merci de préparer le pilulier de Mme Pasquier.\n\nJulie Renard, pour le Dr Martin\n"},
		draft{id: "ordonnances-modele", purpose: "brouillon de la pharmacie", from: "pharmacie", to: "moreau", day: -1, clock: "09:30", subject: "Votre ordonnance", marks: "pharmacie in Drafts draft", text: "Bonjour Madame,\n\nVotre ordonnance est prête.\n"},
	)
}
