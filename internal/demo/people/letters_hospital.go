package people

// hospitalLetters: discharge, consultation and imaging letters.
func hospitalLetters(c *composer) {
	liaison := clinicalDocument{patient: patientNamed("leroy"), typeCode: "11490-0", typeName: "Lettre de liaison à la sortie d'un établissement de soins",
		class: "10", className: "Compte rendu", authorID: string(national("9970090021")), authorFamily: "BRETON", authorGiven: "Cécile", specialty: "G15_10/SM85",
		institution: "CH DU VAL D'INDRE", at: c.at(-1, "17:50"), pdf: paper{head: "CH du Val d’Indre · Service des urgences · Dr C. Breton", pages: [][]string{{
			"# Lettre de liaison à la sortie", "Mme LEROY Jeanne, née le 17/05/1992", "", "* Motif", "Chute de vélo, traumatisme du poignet gauche.", "",
			"* Examen", "Douleur de la tabatière anatomique, pas de déficit. Glasgow 15, pas de perte de connaissance.", "", "* Imagerie", "Radiographies : pas de fracture visible. Doute sur le scaphoïde.", "",
			"* Traitement de sortie", "Attelle poignet-pouce 10 jours. Paracétamol 1 g, trois fois par jour.", "", "* À faire", "Radiographies de contrôle à J10 ou IRM si la douleur persiste.", "Arrêt de travail : 10 jours.",
		}}}.pdf()}
	surgery := paper{head: "CHU de Touraine · Chirurgie digestive", pages: [][]string{{
		"# Compte rendu d’hospitalisation", "Mme COLONNA Lisandra, née le 11/08/1966", "Séjour de 2 jours", "", "* Motif", "Cholécystectomie programmée pour lithiase symptomatique.", "",
		"* Intervention", "Cœlioscopie, cholécystectomie sans incident, durée 48 minutes.", "Pas de lithiase de la voie biliaire principale à la cholangiographie.", "", "* Suites",
		"Simples. Reprise alimentaire le soir même. Glycémies entre 1,6 et 2,1 g/L.",
	}, {"* Traitement de sortie", "Paracétamol 1 g si douleur, 3 fois par jour au plus, 5 jours.", "Énoxaparine 4 000 UI par jour, 7 jours.", "Metformine reprise à J2.", "", "* Consignes",
		"Ablation des fils à J10 par l’infirmière.", "Pas de port de charge supérieur à 5 kg pendant 3 semaines.", "Consultation de contrôle à un mois.", "", "Anatomopathologie : en cours, sera transmise.", "", "Dr P. Lambert"}}}
	mri := paper{head: "Imagerie des Tanneurs · Dr S. Okonkwo", pages: [][]string{{
		"# IRM du genou droit", "M. IMBERT Loïc, né le 30/10/1997", "", "* Indication", "Suites de ligamentoplastie du LCA à 10 semaines.", "", "* Résultats",
		"Transplant continu, bien positionné, signal intermédiaire habituel à ce délai.", "Ménisques intacts. Épanchement minime. Cartilage fémoro-patellaire respecté.", "", "* Conclusion", "Aspect satisfaisant. Pas de cyclope.",
	}}}
	rcp := paper{head: "CHU de Touraine · Oncologie médicale · Dr Anne Kerbrat", pages: [][]string{{
		"# Fiche de réunion de concertation pluridisciplinaire", "M. VIAL Paul, né le 26/11/1978", "", "Dossier discuté : néphropathie sous immunothérapie.", "Décision : arrêt du pembrolizumab, biopsie rénale, corticothérapie 1 mg/kg.", "Prochaine RCP : après résultat de la biopsie.",
	}}}
	c.add(
		draft{id: "leroy-liaison", purpose: "lettre de liaison structurée d'un autre établissement", from: "urgences", to: "martin", day: -1, clock: "18:05",
			subject: liaison.xdmSubject(), header: liaison.headers(), files: liaison.files(),
			text: `Cher confrère, chère consœur,

Nous avons reçu aux urgences votre patiente, Mme Jeanne Leroy. Vous trouverez ci-joint la lettre de liaison à la sortie. Un contrôle radiographique du poignet est nécessaire au dixième jour.

Bien confraternellement,
Dr Cécile Breton
`},
		draft{id: "colonna-chirurgie", purpose: "compte rendu d'hospitalisation de deux pages, non lu", from: "chirurgie", to: "martin", day: -2, clock: "16:12",
			subject: "Compte rendu d’hospitalisation, Mme Colonna", marks: "martin unread",
			files: []file{{name: "CRH_COLONNA_Lisandra.pdf", contentType: "application/pdf", data: surgery.pdf()}},
			text: `Docteur,

Veuillez trouver ci-joint le compte rendu d’hospitalisation de Mme Lisandra Colonna. Les glycémies étaient élevées pendant le séjour ; nous vous laissons le soin d’adapter son traitement.

Secrétariat de chirurgie digestive, poste 4 15 30
`},
		draft{id: "imbert-irm", purpose: "imagerie à deux destinataires", from: "radio", to: "mercier martin", day: -3, clock: "11:58",
			subject: "IRM du genou, M. Imbert",
			files:   []file{{name: "IRM genou droit.pdf", contentType: "application/pdf", data: mri.pdf()}},
			text:    "Compte rendu d’IRM ci-joint. Les images sont accessibles au patient et aux correspondants avec le code remis à l’accueil.\n\nImagerie des Tanneurs\n"},
		draft{id: "vial-rcp", purpose: "étiquette d'expéditeur réglementaire à soulignés, étoilée", from: "kerbrat", to: "martin", cc: "petit", day: -4, clock: "15:27",
			subject: "RCP de M. Vial", marks: "martin flagged; petit in Archive",
			files: []file{{name: "RCP_VIAL.pdf", contentType: "application/pdf", data: rcp.pdf()}},
			text: `Chère consœur,

Le dossier de M. Vial a été discuté ce jour. Nous suspendons l’immunothérapie devant la dégradation rénale. Merci de contrôler l’ionogramme et la créatinine deux fois par semaine et de m’appeler au-dessus de 5,5 mmol/L de potassium (02 99 00 44 20, ligne directe).

Dr Anne Kerbrat
`},
		draft{id: "ehpad-renouvellement", purpose: "question d'un EHPAD, non lue", from: "ehpad", to: "martin", day: -1, clock: "19:20",
			subject: "Renouvellement et chute de Mme Pasquier", marks: "martin unread",
			text: `Bonjour Docteur Martin,

Mme Pasquier (chambre 114) a glissé dans sa salle de bains hier soir. Pas de traumatisme crânien, pas de douleur, constantes normales, surveillance de nuit sans particularité. La famille est prévenue.

Son ordonnance se termine samedi. Faut-il garder le zopiclone ? L’équipe le voit plutôt comme un risque.

Passez-vous toujours jeudi ?

Sandrine Morel, infirmière coordinatrice
`},
		draft{id: "colonna-fond-oeil", purpose: "courrier de spécialiste", from: "ophtalmo", to: "martin", day: -10, clock: "10:45", marks: "martin in Archive",
			subject: "Fond d’œil de Mme Colonna",
			text: `Chère Claire,

Fond d’œil dilaté ce jour : quelques microanévrismes aux deux yeux, pas d’œdème maculaire. Rétinopathie diabétique non proliférante minime. Acuité 10/10 P2 des deux côtés. Contrôle dans un an si l’HbA1c baisse, six mois sinon.

Bien amicalement,
Yann Le Goff
`},
		draft{id: "had-roux", purpose: "proposition de prise en charge, cabinet en copie", from: "had", to: "martin", cc: "lilas", day: -6, clock: "09:33",
			subject: "M. Roux : pas d’indication d’HAD", marks: "lilas in Archive",
			text: `Bonjour Docteur,

Après visite de notre médecin coordonnateur, l’état de M. Roux ne relève pas de l’hospitalisation à domicile : les soins de l’infirmière libérale suffisent. Nous restons disponibles si la plaie se complique.

HAD Touraine, coordination
`},
	)
}
