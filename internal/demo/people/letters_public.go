package people

import "image/color"

// socialLetters: a discharge prepared by the social worker of the hospital.
func socialLetters(c *composer) {
	form := paper{head: "CHU de Touraine · Service social", pages: [][]string{{"# Évaluation sociale en vue d’une aide à domicile", "M. ROUX Marcel, né le 08/01/1943", "", "Vit avec son épouse, maison de plain-pied.", "Aide à la toilette nécessaire, repas à surveiller.", "Demande : 45 heures par mois, télé-alarme.", "", "Cadre réservé au médecin traitant : certificat médical joint à compléter."}}}
	c.add(
		draft{id: "social-roux", purpose: "travailleur social vers médecin et infirmière", from: "fournier", to: "petit", cc: "benali", day: -2, clock: "10:20", subject: "Retour à domicile de M. Roux", marks: "petit answered; benali answered",
			text: "Bonjour Docteur,\n\nL’épouse de M. Roux s’épuise. Avant la consultation de la semaine prochaine, puis-je déposer une demande d’aide à domicile ? Il me faudrait votre avis sur son autonomie à la marche.\n\nLéa Fournier, assistante de service social\n"},
		draft{id: "social-roux-petit", purpose: "réponse du cardiologue", from: "petit", to: "fournier", cc: "benali", day: -2, clock: "14:02", re: "social-roux", subject: "Re: Retour à domicile de M. Roux",
			text: "Bonjour, oui, c’est nécessaire. Marche limitée à cinquante mètres avec une canne, pas d’escalier. Son médecin traitant remplira le certificat. Dr Petit\n"},
		draft{id: "social-roux-benali", purpose: "réponse de l'infirmière", from: "benali", to: "fournier", cc: "petit", day: -1, clock: "08:44", re: "social-roux-petit", subject: "Re: Retour à domicile de M. Roux", marks: "fournier unread",
			text: "Bonjour Léa, j’ajoute qu’il ne se lève plus seul des toilettes depuis une semaine. Une barre d’appui aiderait déjà. Nadia Benali\n"},
		draft{id: "social-certificat", purpose: "demande de certificat au médecin traitant", from: "fournier", to: "martin", day: -1, clock: "17:20", subject: "Certificat médical pour M. Roux", marks: "martin flagged",
			files: []file{{name: "Évaluation sociale.pdf", contentType: "application/pdf", data: form.pdf()}, {name: "Certificat à compléter.rtf", contentType: "application/rtf",
				data: []byte(`{\rtf1\ansi\ansicpg1252 {\b Certificat m\'e9dical} \par Nom : ROUX Marcel \par Autonomie : \par}`)}},
			text: "Bonjour Docteur,\n\nPouvez-vous compléter le certificat joint pour la demande d’aide à domicile de M. Marcel Roux ? La commission se réunit dans dix jours.\n\nAvec mes remerciements,\nLéa Fournier\n"},
		draft{id: "social-colonna", purpose: "demande d'un secrétariat au service social", from: "chirurgie", to: "fournier", day: -9, clock: "15:30", subject: "Mme Colonna, avance de frais", marks: "fournier in Archive",
			text: "Bonjour, Mme Colonna signale une difficulté d’avance de frais pour ses bas de contention. Pouvez-vous la rappeler ? Merci.\n"},
	)
}

// publicLetters: alerts and newsletters.
func publicLetters(c *composer) {
	c.add(
		draft{id: "dgs-vaccination", purpose: "alerte DGS-Urgent à toute la profession, HTML et texte", from: "dgs", to: "martin petit benali garnier mercier", day: -3, clock: "17:00", subject: "DGS-Urgent : recommandations de vaccination",
			header: []string{"Precedence: list"},
			text:   "Madame, Monsieur,\n\nVous trouverez ci-dessous les recommandations de vaccination contre la grippe et la Covid-19 pour la saison. La vaccination conjointe est possible, deux sites d’injection.\n\n- personnes de 65 ans et plus ;\n- personnes à risque de forme grave ;\n- femmes enceintes ;\n- professionnels de santé.\n\nDirection générale de la santé (message fictif)\n",
			html: `<html><body style="font-family:Arial"><p><b style="color:#a00">DGS-URGENT</b></p><p>Madame, Monsieur,</p><p>Vous trouverez ci-dessous les recommandations de vaccination contre la grippe et la Covid-19 pour la saison. La vaccination conjointe est possible, deux sites d’injection.</p>
<ul><li>personnes de 65 ans et plus&nbsp;;</li><li>personnes à risque de forme grave&nbsp;;</li><li>femmes enceintes&nbsp;;</li><li>professionnels de santé.</li></ul><p>Direction générale de la santé (message fictif)</p></body></html>
`},
		draft{id: "dgs-rougeole", purpose: "alerte plus ancienne", from: "dgs", to: "martin benali", day: -28, clock: "18:30", subject: "DGS-Urgent : cas groupés de rougeole", marks: "martin in Archive; benali in Archive",
			text: "Des cas groupés de rougeole sont signalés. Vérifiez le statut vaccinal, isolez et signalez sans délai tout cas suspect. (Message fictif.)\n"},
		draft{id: "ars-froid", purpose: "consigne régionale", from: "ars", to: "lilas fournier", day: -7, clock: "11:30", subject: "Plan grand froid, conduite à tenir", marks: "lilas in Archive",
			text: "Le niveau 1 du plan est activé. Repérez les personnes isolées de votre file active et signalez-les au 115. (Message fictif.)\n"},
		draft{id: "cpam-infos", purpose: "lettre d'information en tableau HTML seul, image par cid", from: "cpam", to: "martin", day: -5, clock: "06:15", subject: "Vos informations de la semaine",
			files: []file{{name: "logo.png", contentType: "image/png", cid: "logo-1", data: logo(120, 60, color.RGBA{12, 65, 154, 255})}},
			html:  `<html><head><style>td { padding: 8px } @import url("https://styles.invalid/x.css"); .t { background: url(https://styles.invalid/fond.png) }</style></head><body><table width="620" align="center" class="t" style="border:1px solid #ccd"><tr><td><img src="cid:logo-1" alt="Assurance Maladie" width="120" height="60"></td><td><h1 style="font-size:18px;color:#0c419a">Vos informations de la semaine</h1></td></tr><tr><td colspan="2"><p>Docteur, trois nouveautés cette semaine&nbsp;: la prescription électronique des transports, le nouveau formulaire d’arrêt de travail, les dates des entretiens confraternels.</p><p><a href="https://infos.invalid/?id=42">En savoir plus</a></p></td></tr><tr><td colspan="2" align="center"><font size="1" color="#888888">Message fictif envoyé à votre boîte sécurisée.</font></td></tr></table></body></html>` + "\n"},
		draft{id: "cpts-garde", purpose: "tableau de garde en CSV et texte", from: "cpts", to: "lilas", day: -10, clock: "12:00", subject: "Tableau de garde", marks: "lilas in Archive",
			files: []file{{name: "garde.csv", contentType: "text/csv; charset=utf-8", data: []byte("date;médecin\nsamedi;Dr Martin\ndimanche;Dr Vasseur\n")}, {name: "consignes.txt", contentType: "text/plain; charset=utf-8", data: []byte("Régulation au 15 avant tout déplacement.\n")}},
			text:  "Bonjour, le tableau de garde du mois est joint.\n"},
	)
}
