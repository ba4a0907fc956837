package people

// cardiologyLetters: a request for an opinion that goes back and forth, its
// pictures, and the follow-up of anticoagulants among three people.
func cardiologyLetters(c *composer) {
	echo := paper{head: "CHU de Touraine · Service de cardiologie · Dr Hugo Petit", pages: [][]string{{
		"# Échocardiographie transthoracique", "Mme BESANÇON Odile, née le 14/03/1955", "",
		"* Indication", "Douleur thoracique d’effort, HTA, dyslipidémie.", "", "* Résultats",
		"VG non dilaté, non hypertrophié. FEVG 62 % (Simpson biplan).", "Pas d’anomalie de la cinétique segmentaire au repos.",
		"Oreillette gauche 38 ml/m². Pressions de remplissage normales.", "Fuite mitrale minime. Valve aortique remaniée, gradient moyen 9 mmHg.",
		"PAPS 28 mmHg. Péricarde sec.", "", "* Conclusion", "Fonction systolique conservée, pas d’argument pour une cardiopathie ischémique au repos.",
		"Coroscanner programmé.",
	}}}
	holter := paper{head: "Clinique des Tanneurs · Explorations cardiologiques", pages: [][]string{{
		"# Holter ECG de 24 heures", "M. ROUX Marcel, né le 08/01/1943", "", "Paramètre | Valeur | Commentaire", "---",
		"FC moyenne | 71 / min | 48 à 118", "ESV | 214 | isolées, monomorphes", "ESSV | 1 032 | salves brèves", "Pauses > 2 s | 0 | ", "! FA | 2 épisodes | 6 et 22 min", "",
		"* Conclusion", "FA paroxystique asymptomatique. CHA2DS2-VASc à 4 : anticoagulation à discuter.",
	}}}
	c.add(
		draft{id: "besancon-avis", purpose: "départ d'un fil à trois personnes, image PNG", from: "martin", to: "petit", day: -6, clock: "11:20",
			subject: "Demande d’avis, douleur thoracique de Mme Besançon", marks: "petit answered; martin answered",
			header: []string{"Disposition-Notification-To: claire.martin@medecin.mssante.fr"},
			files:  []file{{name: "ECG du jour.png", contentType: "image/png", data: ecgTrace(false)}},
			text: `Cher Hugo,

Je te serais reconnaissante de recevoir assez rapidement Mme Odile Besançon, 71 ans, HTA traitée par périndopril 5 mg, LDL à 1,62 g/l sous atorvastatine 10 mg.

Depuis trois semaines elle décrit une gêne rétrosternale à la montée des escaliers, cédant en deux à trois minutes au repos, jamais la nuit. Examen sans particularité ce jour, TA 142/84, pas de souffle. ECG joint : rythme sinusal, pas de trouble de la repolarisation à mes yeux. Troponine négative hier au laboratoire.

J’ai ajouté 75 mg d’aspirine et un spray de trinitrine en attendant. Dis-moi si tu préfères la voir en consultation ou directement aux explorations.

Bien amicalement,
Claire Martin
`},
		draft{id: "besancon-re1", purpose: "réponse dans le fil", from: "petit", to: "martin", cc: "cardio", day: -5, clock: "08:05", re: "besancon-avis",
			subject: "Re: Demande d’avis, douleur thoracique de Mme Besançon", marks: "martin answered",
			text: `Chère Claire,

Merci de me confier Mme Besançon. La clinique est évocatrice d’un angor stable récent : je la vois jeudi à 9 h 30 avec une échographie, le secrétariat (en copie) l’appelle.

Peux-tu me dire si elle a une insuffisance rénale ou une allergie à l’iode ? Je pense à un coroscanner plutôt qu’à une épreuve d’effort, son arthrose du genou la limiterait.

Hugo

Le 19, Dr Claire Martin a écrit :
> Je te serais reconnaissante de recevoir assez rapidement Mme Odile Besançon,
> 71 ans, HTA traitée par périndopril 5 mg
`},
		draft{id: "besancon-re2", purpose: "troisième lettre du fil", from: "martin", to: "petit", cc: "cardio", day: -5, clock: "12:48", re: "besancon-re1",
			subject: "Re: Demande d’avis, douleur thoracique de Mme Besançon",
			text: `Clairance à 78 ml/min le mois dernier, pas d’allergie connue, pas de metformine. Elle est d’accord pour le scanner et viendra accompagnée de sa fille.

Claire
`},
		draft{id: "besancon-convocation", purpose: "lettre d'un secrétariat, boîte organisationnelle", from: "cardio", to: "martin", cc: "lilas", day: -4, clock: "10:02", re: "besancon-re2",
			subject: "Convocation de Mme Besançon", marks: "lilas in Archive",
			text: `Bonjour,

Mme Besançon est convoquée le jeudi à 9 h 30, bâtiment B, niveau 1 (échographie), puis le lundi suivant à 14 h 15 pour le coroscanner. Merci de lui rappeler d’apporter son ordonnance et ses derniers résultats de biologie.

Le secrétariat de cardiologie
Poste 4 12 00
`},
		draft{id: "besancon-reponse", purpose: "réponse du matin, non lue, compte rendu PDF", from: "petit", to: "martin", day: 0, clock: "08:15", re: "besancon-re2",
			subject: "Re: Demande d’avis, douleur thoracique de Mme Besançon", marks: "martin unread",
			files: []file{{name: "Échographie cardiaque Mme Besançon.pdf", contentType: "application/pdf", data: echo.pdf()}},
			text: `Chère Claire,

Merci de m’avoir adressé Mme Besançon. L’échographie d’hier est rassurante : FEVG 62 %, pas de trouble de la cinétique, valve aortique un peu remaniée sans sténose (compte rendu joint).

Le coroscanner est prévu lundi. D’ici là :
- bisoprolol 2,5 mg le matin,
- atorvastatine portée à 40 mg, objectif LDL < 0,70 g/l,
- aspirine et trinitrine inchangées.

Je lui ai dit de faire le 15 si une douleur dure plus de dix minutes malgré deux bouffées. Peux-tu contrôler sa fréquence et sa tension dans une dizaine de jours ?

Amitiés,
Hugo
`},
		draft{id: "roux-holter", purpose: "lettre classée, PDF à tableau", from: "petitlib", to: "martin", day: -12, clock: "17:31",
			subject: "Holter de M. Roux", marks: "martin in Archive",
			files: []file{{name: "Holter_ROUX_Marcel.pdf", contentType: "application/pdf", data: holter.pdf(), naming: "raw"}},
			text: `Cher confrère,

Vous trouverez ci-joint le Holter de M. Marcel Roux. Deux épisodes courts de fibrillation atriale : je propose l’apixaban 5 mg matin et soir, sous réserve de sa fonction rénale.

Confraternellement,
Dr H. Petit
`},
		draft{id: "roux-relais", purpose: "fil à trois, infirmière en copie", from: "petit", to: "martin", cc: "benali", day: -8, clock: "16:40",
			subject: "M. Roux : relais AVK – apixaban", marks: "benali answered",
			text: `Bonjour à toutes les deux,

Accord pour arrêter la fluindione chez M. Roux. Premier comprimé d’apixaban 5 mg quand l’INR passe sous 2, puis matin et soir. Nadia, pouvez-vous prélever l’INR mardi et nous prévenir ?

Clairance à 52 ml/min, 68 kg : pas de réduction de dose.

Dr Hugo Petit
`},
		draft{id: "roux-relais-inr", purpose: "réponse à tous", from: "benali", to: "petit", cc: "martin", day: -7, clock: "09:12", re: "roux-relais",
			subject: "Re: M. Roux : relais AVK – apixaban",
			text: `Bonjour,

INR de M. Roux à 1,8 ce matin. Premier comprimé donné à 8 h 45, pilulier refait pour la semaine, ancienne boîte de fluindione rapportée à la pharmacie. Pas de saignement. Sa femme a bien compris les deux prises.

Nadia Benali, IDEL
`},
		draft{id: "fontaine-sca", purpose: "lettre envoyée en urgence, tracé avec sus-décalage", from: "martin", to: "petit", day: -21, clock: "19:06",
			subject: "URGENT M. Fontaine, ECG", headerEncoding: "b", marks: "petit answered flagged",
			files: []file{{name: "ecg_fontaine.png", contentType: "image/png", data: ecgTrace(true), naming: "raw"}},
			text: `Hugo, je viens d’appeler le 15 pour M. Gérard Fontaine, 78 ans, douleur depuis 40 minutes, sus-décalage en inférieur. Le SMUR est parti. ECG joint pour que tu l’aies à l’arrivée.
Claire
`},
		draft{id: "fontaine-sca-re", purpose: "réponse courte", from: "petit", to: "martin", day: -20, clock: "07:15", re: "fontaine-sca",
			subject: "Re: URGENT M. Fontaine, ECG", marks: "martin in Archive flagged",
			text: `Bravo pour la rapidité : coronaire droite occluse, un stent, il va bien. Sortie prévue dans cinq jours, courrier à suivre. Hugo
`},
	)
}
