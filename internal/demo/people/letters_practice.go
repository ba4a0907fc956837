package people

// practiceLetters: the practice, the meeting, the locum, training.
func practiceLetters(c *composer) {
	invite := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//CPTS//FR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:reunion-plaies@cpts-rivesdeloire.mssante.fr\r\nDTSTAMP:" +
		c.at(-6, "09:00").UTC().Format("20060102T150405Z") + "\r\nDTSTART:" + c.at(8, "19:30").UTC().Format("20060102T150405Z") + "\r\nDTEND:" + c.at(8, "21:00").UTC().Format("20060102T150405Z") +
		"\r\nSUMMARY:Réunion pluriprofessionnelle plaies chroniques\r\nLOCATION:Salle des fêtes\\, Saint-Pierre-des-Corps\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	minutes := paper{head: "CPTS Rives de Loire", pages: [][]string{{"# Compte rendu de réunion", "Présents : Dr Martin, Mme Benali, M. Mercier, Mme Garnier", "", "1. Circuit court plaies : photo hebdomadaire par messagerie sécurisée.", "2. Sorties d’hospitalisation : appel du cabinet sous 48 heures.", "3. Prochaine réunion dans un mois."}}}
	c.add(
		draft{id: "lilas-demande-rdv", purpose: "le secrétariat écrit au secrétariat", from: "lilas", to: "cardio", day: -3, clock: "09:25", subject: "Rendez-vous pour M. Vial", marks: "cardio answered",
			text: "Bonjour,\n\nLe Dr Martin souhaite un avis cardiologique pour M. Paul Vial avant sa biopsie rénale. Auriez-vous une place cette semaine ou la suivante ?\n\nJulie Renard, secrétariat du Cabinet des Lilas\n"},
		draft{id: "lilas-demande-rdv-re", purpose: "réponse au secrétariat, non lue", from: "cardio", to: "lilas", day: -2, clock: "11:41", re: "lilas-demande-rdv", subject: "Re: Rendez-vous pour M. Vial", marks: "lilas unread",
			text: "Bonjour Julie,\n\nMardi 10 h 45 avec le Dr Petit, bâtiment B. Merci d’envoyer le dernier ECG et l’ionogramme.\n\nSecrétariat de cardiologie\n"},
		draft{id: "lilas-consignes", purpose: "consignes du médecin à son secrétariat", from: "martin", to: "lilas", day: -1, clock: "19:02", subject: "Pour demain matin", marks: "lilas unread flagged",
			text: "Bonsoir Julie,\n\n1. M. Vial : s’il appelle, me le passer tout de suite.\n2. EHPAD Les Tilleuls : je passe jeudi à 14 h, confirmer.\n3. Mme Leroy : rendez-vous sous trois semaines, 20 minutes.\n\nMerci, Claire\n"},
		draft{id: "vasseur-remplacement", purpose: "remplaçant, deux destinataires", from: "vasseur", to: "martin", cc: "lilas", day: -5, clock: "21:14", subject: "Remplacement des vacances", marks: "martin answered; lilas in Archive",
			text: "Bonsoir Claire,\n\nC’est bon pour moi du 22 au 31. J’aurai besoin d’une délégation sur la boîte du cabinet pendant cette période. Peux-tu me laisser la liste des patients fragiles ?\n\nRémi\n"},
		draft{id: "vasseur-remplacement-re", purpose: "réponse du médecin", from: "martin", to: "vasseur", day: -4, clock: "08:20", re: "vasseur-remplacement", subject: "Re: Remplacement des vacances",
			text: "Merci Rémi ! Je te prépare la liste et la délégation. Les clés sont chez Julie.\nClaire\n"},
		draft{id: "vasseur-absent", purpose: "réponse automatique d'absence", from: "vasseur", to: "martin", day: -4, clock: "08:21", re: "vasseur-remplacement-re", subject: "Absence du bureau : Re: Remplacement des vacances",
			header: []string{"Auto-Submitted: auto-replied", "Precedence: bulk"},
			text:   "Je suis absent jusqu’à lundi et ne lis pas cette boîte. En cas d’urgence, contactez le 15.\n\nDr Rémi Vasseur\n"},
		draft{id: "cpts-reunion", purpose: "invitation avec agenda, à quatre personnes, classée dans un dossier accentué", from: "cpts", to: "martin mercier benali pharmacie", day: -6, clock: "09:05", subject: "Réunion pluriprofessionnelle, plaies chroniques",
			marks: "martin in Réunions answered",
			files: []file{{name: "reunion.ics", contentType: "text/calendar; charset=utf-8; method=REQUEST", data: []byte(invite)}},
			text:  "Bonjour à toutes et à tous,\n\nNous vous proposons de nous retrouver la semaine prochaine à 19 h 30 pour parler du circuit court des plaies chroniques. Merci de confirmer votre présence ; un plateau-repas est prévu.\n\nLa coordination de la CPTS\n"},
		draft{id: "cpts-mercier", purpose: "réponse à tous", from: "mercier", to: "cpts", cc: "martin benali pharmacie", day: -6, clock: "12:44", re: "cpts-reunion", subject: "Re: Réunion pluriprofessionnelle, plaies chroniques", marks: "martin in Réunions",
			text: "Présent. Paul Mercier\n"},
		draft{id: "cpts-benali", purpose: "réponse à tous", from: "benali", to: "cpts", cc: "martin mercier pharmacie", day: -5, clock: "19:57", re: "cpts-mercier", subject: "Re: Réunion pluriprofessionnelle, plaies chroniques", marks: "martin in Réunions",
			text: "Je viendrai avec deux dossiers anonymisés. Sans plateau pour moi, merci. Nadia\n"},
		draft{id: "cpts-cr", purpose: "compte rendu de la réunion d'avant", from: "cpts", to: "martin mercier benali pharmacie", day: -24, clock: "10:00", subject: "Compte rendu de la réunion d’octobre", marks: "martin in Réunions; mercier in Archive; benali in Archive; pharmacie in Archive",
			files: []file{{name: "CR octobre.pdf", contentType: "application/pdf", data: minutes.pdf()}}, text: "Bonjour, le compte rendu est joint. Bonne lecture.\n"},
		draft{id: "dpc-inscription", purpose: "formation, dossier imbriqué", from: "formation", to: "martin", day: -15, clock: "14:00", subject: "Votre inscription : antibiothérapie en ville", marks: "martin in Formation/DPC",
			text: "Votre inscription est enregistrée. Huit heures, deux soirées, prise en charge DPC. Programme à venir.\n\nFormation Santé Loire\n"},
		draft{id: "formation-atelier", purpose: "formation, dossier simple", from: "formation", to: "martin", day: -19, clock: "14:00", subject: "Atelier échographie au cabinet", marks: "martin in Formation",
			text: "Il reste trois places pour l’atelier du mois prochain. Réponse souhaitée sous huit jours.\n"},
		draft{id: "aubert-adieux", purpose: "dernière lettre d'un compte clos", from: "aubert", to: "martin", day: -60, clock: "10:30", subject: "Départ en retraite", marks: "martin in Archive",
			text: "Chère Claire,\n\nJe pose ma sacoche vendredi. Merci d’accueillir ceux de mes patients qui le souhaitent ; leurs dossiers sont prêts.\n\nMichel Aubert\n"},
		draft{id: "colonna-a-revoir", purpose: "lettre dans un dossier dont le parent n'existe pas", from: "martin", to: "lilas", day: -8, clock: "18:12", subject: "Mme Colonna, à revoir", marks: "martin in Patients/À_revoir; lilas in Archive",
			text: "Julie, merci de convoquer Mme Colonna après son intervention pour reprendre le traitement du diabète. Claire\n"},
		draft{id: "corbeille", purpose: "lettre à la corbeille", from: "formation", to: "martin", day: -3, clock: "06:30", subject: "Dernières places !", marks: "martin in Trash", text: "Il ne reste que quelques places pour notre séminaire.\n"},
	)
}
