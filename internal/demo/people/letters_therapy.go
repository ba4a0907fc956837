package people

// therapyLetters: a rehabilitation from prescription to follow-up.
func therapyLetters(c *composer) {
	order := paper{head: "Dr Claire Martin · Médecin généraliste · Cabinet des Lilas", pages: [][]string{{
		"# Prescription de masso-kinésithérapie", "M. IMBERT Loïc, né le 30/10/1997", "", "Rééducation du genou droit après ligamentoplastie du LCA.", "Selon le protocole du chirurgien : récupération des amplitudes,", "renforcement, proprioception.", "", "À domicile si nécessaire les deux premières semaines.",
	}}}
	review := paper{head: "Paul Mercier · Masseur-kinésithérapeute · 8 avenue de la Loire, 37700 Saint-Pierre-des-Corps", pages: [][]string{{
		"# Bilan-diagnostic kinésithérapique intermédiaire", "M. IMBERT Loïc, 10e séance", "", "! Mesure | Entrée | Ce jour", "---", "Flexion active | 75° | 110°", "Extension | -10° | 0°",
		"Périmètre + 10 cm | -3,5 cm | -2 cm", "Douleur (EVA) | 6 | 2", "Marche | deux cannes | sans canne", "", "* Projet", "Poursuite du renforcement en chaîne fermée, vélo sans résistance, début de proprioception.",
	}}}
	c.add(
		draft{id: "imbert-prescription", purpose: "prescription envoyée il y a longtemps", from: "martin", to: "mercier", day: -30, clock: "09:40",
			subject: "Kinésithérapie pour M. Imbert", marks: "mercier answered",
			files: []file{{name: "Prescription kiné Imbert.pdf", contentType: "application/pdf", data: order.pdf()}},
			text:  "Bonjour Paul,\n\nPouvez-vous prendre en charge M. Loïc Imbert, opéré du LCA le 3 ? Prescription jointe. Il est très motivé, un peu trop peut-être.\n\nDr Martin\n"},
		draft{id: "imbert-initial", purpose: "bilan initial, classé", from: "mercier", to: "martin", day: -26, clock: "13:02", re: "imbert-prescription",
			subject: "Re: Kinésithérapie pour M. Imbert", marks: "martin in Archive",
			text: `Bonjour Docteur,

J’ai vu M. Imbert : flexion 75°, flexum de 10°, épanchement modéré, quadriceps sidéré. Trois séances par semaine. Je l’ai convaincu d’attendre avant de remonter sur son vélo.

Paul Mercier
`},
		draft{id: "imbert-bilan", purpose: "bilan intermédiaire, PDF à tableau", from: "mercier", to: "martin", day: -1, clock: "12:30", re: "imbert-initial",
			subject: "Bilan intermédiaire, 10e séance", marks: "martin answered",
			files: []file{{name: "Bilan 10e séance.pdf", contentType: "application/pdf", data: review.pdf()}},
			text: `Bonjour Docteur,

La flexion atteint 110°, la marche se fait sans canne depuis lundi. Le verrouillage est acquis. Bilan détaillé joint.

Il demande à reprendre le travail (manutention légère) : qu’en pensez-vous ?

Paul Mercier
`},
		draft{id: "imbert-reprise", purpose: "question en retour", from: "martin", to: "mercier", day: -1, clock: "18:41", re: "imbert-bilan",
			subject: "Re: Bilan intermédiaire, 10e séance", marks: "mercier answered",
			text: "Merci Paul, beau résultat. Pour la reprise : porte-t-il plus de 10 kg à son poste, et est-il debout toute la journée ? Je pense à un temps partiel thérapeutique.\n\nDr Martin\n"},
		draft{id: "imbert-reprise-re", purpose: "réponse du matin, non lue", from: "mercier", to: "martin", day: 0, clock: "07:31", re: "imbert-reprise",
			subject: "Re: Bilan intermédiaire, 10e séance", marks: "martin unread",
			text: `Bonjour,

Charges de 5 à 8 kg, debout six heures, pas d’escabeau. Un mi-temps pendant trois semaines me paraît raisonnable, avec une séance de plus en fin de semaine.

Bonne journée,
Paul
`},
		draft{id: "besancon-readaptation", purpose: "échange entre deux spécialités, formaté flowed", from: "mercier", to: "petitlib", day: -6, clock: "14:15", flowed: true, encoding: "8bit",
			subject: "Réadaptation à l’effort, capacité d’accueil", marks: "petitlib answered",
			text: "Bonjour Docteur,\n\nJ’ouvre en janvier un créneau de réadaptation à l’effort pour \npatients stables (six places, mardi et jeudi à 17 h). Souhaitez-vous \nm’adresser des patients de la clinique ? Il me faut une épreuve \nd’effort de moins de trois mois.\n\nPaul Mercier\n"},
		draft{id: "besancon-readaptation-re", purpose: "réponse flowed avec citation", from: "petitlib", to: "mercier", day: -5, clock: "17:59", re: "besancon-readaptation", flowed: true, encoding: "8bit",
			subject: "Re: Réadaptation à l’effort, capacité d’accueil",
			text:    "Très volontiers, deux patients dès l’ouverture.\n\n> J’ouvre en janvier un créneau de réadaptation à l’effort pour \n> patients stables (six places, mardi et jeudi à 17 h).\n>> Il me faut une épreuve d’effort de moins de trois mois.\n\nJe les fais faire ici.\n-- \nDr H. Petit\nClinique des Tanneurs\n"},
	)
}
