package people

// patientLetters: exchanges with users of Mon espace santé. Odile Besançon's is
// open, Gérard Fontaine's was closed by [FIN].
func patientLetters(c *composer) {
	pressure := sheetJPEG(700, 520, []string{"Ma tension", "", "lundi     142 / 86   pouls 74", "mardi     138 / 84   pouls 70", "mercredi  135 / 80   pouls 62", "jeudi     131 / 79   pouls 58", "vendredi  128 / 78   pouls 56"})
	advice := paper{head: "Dr Claire Martin · Cabinet des Lilas", pages: [][]string{{"# Mesurer sa tension à la maison", "", "Trois mesures le matin, trois le soir, trois jours de suite.", "Assise, au repos depuis cinq minutes, le bras posé.", "Notez tous les chiffres, même s’ils vous étonnent."}}}
	c.add(
		draft{id: "besancon-p1", purpose: "le médecin ouvre l'échange avec une patiente", from: "martin", to: "besancon", day: -9, clock: "12:15", subject: "Vos rendez-vous de cardiologie",
			files: []file{{name: "Automesure.pdf", contentType: "application/pdf", data: advice.pdf()}},
			text: `Bonjour Madame Besançon,

Comme convenu, je vous adresse au Dr Petit pour votre gêne à l’effort. En attendant, gardez le spray sur vous et évitez les efforts brusques. Pouvez-vous mesurer votre tension trois jours de suite et me donner les chiffres ici ? La méthode est jointe.

Si une douleur dure plus de dix minutes, appelez le 15 : cette messagerie n’est pas faite pour les urgences.

Dr Claire Martin
`},
		draft{id: "besancon-p2", purpose: "réponse de la patiente", from: "besancon", to: "martin", day: -8, clock: "10:40", re: "besancon-p1", subject: "Re: Vos rendez-vous de cardiologie", marks: "martin answered",
			text: "Bonjour Docteur,\nMerci, j’ai bien reçu la feuille. Ma fille m’aide pour le tensiomètre. Dois-je arrêter mes comprimés pour le cholestérol avant l’examen ?\nOdile Besançon\n"},
		draft{id: "besancon-p3", purpose: "suite de l'échange", from: "martin", to: "besancon", day: -8, clock: "13:05", re: "besancon-p2", subject: "Re: Vos rendez-vous de cardiologie",
			text: "Non, ne changez rien à votre traitement avant l’examen. Donnez-moi vos chiffres de tension quand vous les avez.\n\nDr Martin\n"},
		draft{id: "besancon-p4", purpose: "patiente qui attend une réponse, photo, non lue", from: "besancon", to: "martin", day: 0, clock: "06:55", re: "besancon-p3", subject: "Re: Vos rendez-vous de cardiologie", marks: "martin unread",
			files: []file{{name: "tension.jpg", contentType: "image/jpeg", data: pressure, naming: "raw"}},
			text: `Bonjour Docteur,

Voici mes chiffres. Depuis le nouveau comprimé du Dr Petit je suis un peu fatiguée et mon pouls est descendu à 56. Est-ce normal ? Dois-je continuer ?

Ce message a été rédigé par Hélène, l’aidant de Odile Besançon.
`},
		draft{id: "fontaine-p1", purpose: "échange clos : première lettre", from: "martin", to: "fontaine", day: -15, clock: "18:05", subject: "Votre sortie d’hôpital", marks: "martin answered",
			text: "Bonjour Monsieur Fontaine,\n\nJe suis heureuse d’apprendre votre retour à la maison. Comment vous sentez-vous ? Prenez bien les deux comprimés qui fluidifient le sang, tous les jours.\n\nDr Martin\n"},
		draft{id: "fontaine-p2", purpose: "échange clos : réponse", from: "fontaine", to: "martin", day: -14, clock: "09:12", re: "fontaine-p1", subject: "Re: Votre sortie d’hôpital", marks: "martin answered in Archive",
			text: "Bonjour docteur ça va mieux, un peu essoufflé dans l’escalier. Est-ce que je peux reprendre la voiture ?\nG. Fontaine\n"},
		draft{id: "fontaine-p3", purpose: "échange clos : conseil", from: "martin", to: "fontaine", day: -14, clock: "12:50", re: "fontaine-p2", subject: "Re: Votre sortie d’hôpital",
			text: "Oui pour de petits trajets, après notre consultation de vendredi. D’ici là, faites-vous conduire.\n\nDr Martin\n"},
		draft{id: "fontaine-p4", purpose: "échange clos : merci", from: "fontaine", to: "martin", day: -13, clock: "19:48", re: "fontaine-p3", subject: "Re: Votre sortie d’hôpital", marks: "martin in Archive",
			text: "Entendu, merci beaucoup docteur à vendredi.\nG. Fontaine\n"},
		draft{id: "fontaine-fin", purpose: "clôture : sujet exactement [FIN]", from: "martin", to: "fontaine", day: -11, clock: "18:30", re: "fontaine-p4", subject: "[FIN]", header: []string{"X-MSS-MES: FIN"},
			text: "Bonjour Monsieur Fontaine, tout est en ordre après la consultation de ce jour. Je mets fin à cet échange ; pour toute question, appelez le cabinet au 02 99 00 00 01.\n\nDr Martin\n"},
		draft{id: "leroy-p1", purpose: "lettre à une patiente sans réponse possible", from: "martin", to: "leroy", day: -1, clock: "18:55", subject: "Votre résultat de thyroïde", header: []string{"X-MSS-MES: FIN"},
			text: "Bonjour Madame Leroy,\n\nVotre TSH est un peu élevée, sans urgence. Prenez rendez-vous dans les trois semaines pour en parler. Ce message n’appelle pas de réponse ici.\n\nDr Martin\n"},
		draft{id: "roux-aidant", purpose: "message rédigé par un aidant", from: "roux", to: "martin", day: -18, clock: "20:31", subject: "Ordonnance de papa", marks: "martin in Archive",
			text: "Bonjour, mon père n’a plus que trois jours de comprimés. Peut-il passer au cabinet jeudi ?\n\nCe message a été rédigé par Antoine, l’aidant de Marcel Roux.\n"},
	)
}
