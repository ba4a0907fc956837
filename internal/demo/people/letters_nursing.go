package people

// nursingLetters: a wound followed by photographs, sugar levels, an absence.
func nursingLetters(c *composer) {
	levels := paper{head: "Cabinet infirmier Benali · 3 place du Grand Orme, 37000 Tours", pages: [][]string{{
		"# Carnet de glycémies, semaine écoulée", "Mme COLONNA Lisandra, née le 11/08/1966", "", "! Jour | À jeun (g/L) | 18 h (g/L)", "---",
		"Lundi | 1,68 | 2,10", "Mardi | 1,72 | 1,94", "Mercredi | 1,81 | 2,32", "Jeudi | 1,59 | 1,88", "Vendredi | 1,77 | 2,05", "Samedi | 1,90 | 2,41", "Dimanche | 1,84 | 2,20",
	}}}
	order := paper{head: "Dr Claire Martin · Médecin généraliste · Cabinet des Lilas, 12 rue des Lilas, 37000 Tours", pages: [][]string{{
		"# Ordonnance", "Mme COLONNA Lisandra, née le 11/08/1966", "", "Insuline glargine 100 U/mL, stylo prérempli :", "12 unités le soir, à augmenter de 2 unités tous les 3 jours",
		"jusqu’à une glycémie à jeun inférieure à 1,20 g/L.", "", "Soins infirmiers à domicile tous les jours, dimanches et fériés compris,", "pour surveillance glycémique et injection, un mois.", "", "Bandelettes et lancettes, une boîte de chaque.", "", "Dr C. Martin",
	}}}
	photo := func(name string, healed float64) file {
		return file{name: name, contentType: "image/jpeg", data: woundPhoto(640, 480, healed, 80)}
	}
	c.add(
		draft{id: "roux-plaie-1", purpose: "première photo de plaie", from: "benali", to: "martin", day: -7, clock: "18:50",
			subject: "Pansement de M. Roux", marks: "martin answered",
			files: []file{photo("jambe droite J0.jpg", 0)},
			text: `Bonjour Docteur,

M. Marcel Roux s’est cogné contre son lit samedi : plaie de la face interne de la jambe droite, 4 cm sur 3, fond fibrineux, peu exsudative, pas d’odeur, pouls pédieux perçus. Photo jointe avec la réglette.

J’ai mis un interface et un hydrocellulaire. Êtes-vous d’accord pour un pansement un jour sur deux ? Il me faudrait une ordonnance.

Nadia Benali
06 99 00 00 06
`},
		draft{id: "roux-plaie-2", purpose: "réponse du médecin", from: "martin", to: "benali", day: -7, clock: "19:34", re: "roux-plaie-1",
			subject: "Re: Pansement de M. Roux",
			text: `Bonjour Nadia,

D’accord pour un jour sur deux et une compression légère si elle est tolérée. L’ordonnance part ce soir à la pharmacie. Revoyons les photos dans une semaine ; appelez-moi avant en cas de fièvre ou de rougeur qui s’étend, il est sous anticoagulant.

Dr Martin
`},
		draft{id: "roux-plaie-3", purpose: "évolution du matin, deux photos, non lue", from: "benali", to: "martin", day: 0, clock: "07:58", re: "roux-plaie-2",
			subject: "Pansement de M. Roux, évolution", marks: "martin unread",
			files: []file{photo("jambe droite J4.jpg", 0.35), photo("jambe droite J7.jpg", 0.6)},
			text: `Bonjour,

La plaie est propre, deux photos jointes (J4 et J7). Le fond bourgeonne, 3 cm sur 2 ce matin, les berges sont souples, plus de fibrine. Compression gardée toute la journée.

Dois-je espacer à deux fois par semaine ? Son albumine est à 33, il mange peu depuis que son fils est reparti : un complément oral vous paraît-il utile ?

Bonne journée,
Nadia Benali
`},
		draft{id: "colonna-glycemies", purpose: "tableau à traiter, étoilé", from: "benali", to: "martin", day: -2, clock: "12:25",
			subject: "Glycémies de Mme Colonna", marks: "martin flagged answered",
			files: []file{{name: "glycémies semaine.pdf", contentType: "application/pdf", data: levels.pdf(), naming: "2047"}},
			text: `Bonjour Docteur,

Ci-joint les glycémies de Mme Colonna. À jeun toujours au-dessus de 1,60 malgré la metformine et le régime. Elle est d’accord pour l’insuline, un peu inquiète pour les injections : je peux passer matin et soir au début.

Nadia
`},
		draft{id: "colonna-insuline", purpose: "prescription en réponse", from: "martin", to: "benali", cc: "pharmacie", day: -2, clock: "13:40", re: "colonna-glycemies",
			subject: "Re: Glycémies de Mme Colonna", marks: "pharmacie in Ordonnances",
			files: []file{{name: "Ordonnance insuline.pdf", contentType: "application/pdf", data: order.pdf()}},
			text: `Merci Nadia. On démarre la glargine ce soir à 12 unités, titration comme sur l’ordonnance jointe (copie à la pharmacie). Objectif à jeun < 1,20. Je la vois vendredi.

Dr Martin
`},
		draft{id: "benali-absence", purpose: "absence annoncée", from: "benali", to: "martin lilas pharmacie", day: -4, clock: "20:10",
			subject: "Absence et remplacement", marks: "lilas in Archive",
			text: `Bonjour à tous,

Je serai absente dix jours à partir de lundi prochain. Ma remplaçante, Mélanie Perrot, reprend toute la tournée et a accès à cette boîte. Même numéro de téléphone.

Bien à vous,
Nadia Benali
`},
		draft{id: "benali-materiel", purpose: "demande de l'infirmière à la pharmacie", from: "benali", to: "pharmacie", day: -3, clock: "14:05",
			subject: "Bandes de compression pour M. Roux", marks: "pharmacie answered",
			text: "Bonjour, pourriez-vous préparer pour M. Roux deux bandes à étalonnage (tour de cheville 22 cm) et une boîte d’interfaces 10 x 10 ? Je passe ce soir vers 18 h. Merci, Nadia\n"},
		draft{id: "benali-materiel-re", purpose: "réponse depuis la boîte partagée", from: "pharmacie", to: "benali", day: -3, clock: "15:22", re: "benali-materiel",
			subject: "Re: Bandes de compression pour M. Roux",
			text: `Bonjour Nadia,

C’est prêt au comptoir, au nom de M. Roux. Les interfaces 10 x 10 sont en rupture, j’ai mis des 7,5 x 10.

Karim Haddad, pour la Pharmacie du Marché
`},
	)
}
