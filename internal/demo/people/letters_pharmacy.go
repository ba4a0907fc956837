package people

import "image/color"

// pharmacyLetters: the shared mailbox of the pharmacy, patients and prescribers.
func pharmacyLetters(c *composer) {
	scan := sheetJPEG(900, 1200, []string{
		"Dr Claire Martin", "Médecin généraliste", "12 rue des Lilas, 37000 Tours", "", "Mme Inès MOREAU", "née le 21/06/1990", "",
		"- Éthinylestradiol 30 µg", "  lévonorgestrel 150 µg", "  1 comprimé par jour, 3 mois", "", "- Paracétamol 1 g", "  si douleur, 3 par jour au plus", "", "À renouveler une fois", "", "Dr C. Martin",
	})
	conciliation := paper{head: "CHU de Touraine · Pharmacie à usage intérieur", pages: [][]string{{
		"# Conciliation médicamenteuse de sortie", "M. FONTAINE Gérard, né le 02/09/1948", "", "! Médicament | À l’entrée | À la sortie", "---", "Aspirine 75 mg | – | ajoutée", "Ticagrélor 90 mg | – | ajouté", "Bisoprolol | 5 mg | 2,5 mg", "Atorvastatine | 10 mg | 80 mg", "Ibuprofène | si besoin | ARRÊT",
	}}}
	c.add(
		draft{id: "amoxicilline-rupture", purpose: "fil pharmacie – médecin", from: "pharmacie", to: "martin", day: -3, clock: "10:10",
			subject: "Rupture : substitution proposée", marks: "martin answered",
			text: `Bonjour Docteur,

L’amoxicilline 500 mg en suspension est en rupture jusqu’à la fin du mois. Pour le petit Hugo Pasquier (18 kg, otite), nous proposons l’amoxicilline 250 mg/5 ml, 6 ml trois fois par jour, soit 50 mg/kg/j.

Êtes-vous d’accord ? La maman repasse à midi.

Sophie Garnier, Pharmacie du Marché
`},
		draft{id: "amoxicilline-ok", purpose: "réponse du médecin", from: "martin", to: "pharmacie", day: -3, clock: "11:02", re: "amoxicilline-rupture",
			subject: "Re: Rupture : substitution proposée",
			text:    "Tout à fait d’accord, durée inchangée (5 jours). Merci de votre vigilance.\nDr Martin\n"},
		draft{id: "amoxicilline-merci", purpose: "fin du fil", from: "pharmacie", to: "martin", day: -3, clock: "11:15", re: "amoxicilline-ok",
			subject: "Re: Rupture : substitution proposée", marks: "martin in Archive",
			text: "C’est délivré, merci Docteur. K. Haddad\n"},
		draft{id: "interaction-roux", purpose: "alerte d'interaction, non lue et étoilée", from: "pharmacie", to: "martin", day: 0, clock: "08:02",
			subject: "M. Roux : apixaban et clarithromycine", marks: "martin unread flagged",
			text: `Bonjour Docteur,

M. Roux présente ce matin une ordonnance de clarithromycine 500 mg matin et soir du médecin de garde. Il est sous apixaban 5 mg x 2 et sa clairance est à 52 : risque de surdosage de l’anticoagulant.

L’azithromycine ou l’amoxicilline conviendraient-elles ? Je garde l’ordonnance en attente de votre réponse, M. Roux est prévenu.

Karim Haddad, pharmacien adjoint
Pharmacie du Marché, 02 99 00 00 04
`},
		draft{id: "moreau-doc-1", purpose: "patiente qui écrit la première à la pharmacie", from: "moreau", to: "pharmacie", day: -40, clock: "18:22",
			subject: "Document de Inès Moreau", marks: "pharmacie answered in Ordonnances",
			files: []file{{name: "ordonnance.jpg", contentType: "image/jpeg", data: scan, naming: "raw"}},
			text:  "Bonjour,\nJe souhaite vous partager mon document.\nBonne réception.\nInès Moreau\n"},
		draft{id: "moreau-prete", purpose: "réponse à une patiente", from: "pharmacie", to: "moreau", day: -40, clock: "18:47", re: "moreau-doc-1",
			subject: "Re: Document de Inès Moreau",
			text:    "Bonjour Madame,\n\nVotre ordonnance est prête, vous pouvez passer jusqu’à 19 h 30. Pensez à apporter l’original papier et votre carte Vitale.\n\nPharmacie du Marché\n"},
		draft{id: "moreau-doc-2", purpose: "nouvelle ordonnance du matin, non lue", from: "moreau", to: "pharmacie", day: 0, clock: "08:20",
			subject: "Document de Inès Moreau", marks: "pharmacie unread",
			files: []file{{name: "IMG_0412.jpg", contentType: "image/jpeg", data: scan, naming: "raw"}},
			text:  "Bonjour,\nJe souhaite vous partager mon document.\nBonne réception.\nInès Moreau\n"},
		draft{id: "besancon-generique", purpose: "question d'une patiente à la pharmacie", from: "besancon", to: "pharmacie", day: -2, clock: "16:33",
			subject: "Question sur mon médicament", marks: "pharmacie unread flagged",
			text: "Bonjour,\nLe cardiologue m’a donné du bisoprolol et la boîte n’est pas la même que celle de ma voisine. Est-ce que c’est bien le même médicament ? Je dois le commencer demain matin.\nMerci beaucoup\nOdile Besançon\n"},
		draft{id: "lilas-duplicata", purpose: "secrétariat à pharmacie", from: "lilas", to: "pharmacie", day: -5, clock: "15:12",
			subject: "Duplicata d’ordonnance, Mme Pasquier",
			files:   []file{{name: "duplicata.pdf", contentType: "application/pdf", data: paper{head: "Cabinet des Lilas", pages: [][]string{{"# Ordonnance (duplicata)", "Mme PASQUIER Renée", "", "Amlodipine 5 mg le matin", "Paracétamol 1 g si douleur", "Macrogol un sachet par jour"}}}.pdf()}},
			text:    "Bonjour, ci-joint le duplicata demandé par la famille de Mme Pasquier (EHPAD Les Tilleuls). Bonne journée, Julie Renard, secrétariat\n"},
		draft{id: "fontaine-conciliation", purpose: "conciliation hospitalière vers l'officine", from: "pui", to: "pharmacie", cc: "martin", day: -16, clock: "10:55",
			subject: "Conciliation de sortie, M. Fontaine", marks: "martin in Archive",
			files: []file{{name: "Conciliation_FONTAINE.pdf", contentType: "application/pdf", data: conciliation.pdf()}},
			text:  "Bonjour,\n\nVous trouverez ci-joint la conciliation médicamenteuse de sortie de M. Gérard Fontaine. Point d’attention : arrêt de tout AINS en automédication.\n\nPharmacie à usage intérieur, CHU de Touraine\n"},
		draft{id: "retrait-lot", purpose: "retrait de lot", from: "ars", to: "pharmacie", day: -1, clock: "16:00",
			subject: "Retrait de lot, à traiter sous 24 heures", marks: "pharmacie unread",
			text: "Retrait, par mesure de précaution, du lot fictif DEMO-2291 de collyre au chlorure de sodium (défaut de bouchage). Merci d’isoler les unités en stock et de répondre au grossiste. Aucun rappel auprès des patients.\n"},
		draft{id: "ordre-lettre", purpose: "lettre d'information HTML à tableau et image par cid", from: "ordre", to: "garnier", day: -5, clock: "07:00",
			subject: "La lettre de novembre", marks: "garnier unread",
			files: []file{{name: "bandeau.png", contentType: "image/png", cid: "bandeau@ordre-demo.mssante.fr", data: logo(560, 90, color.RGBA{0, 110, 86, 255})}},
			text:  "La lettre de novembre\n\n1. Vaccination à l’officine : ce qui change\n2. Entretiens pharmaceutiques\n3. Agenda\n",
			html:  newsletter},
	)
}

const newsletter = `<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>La lettre de novembre</title>
<style>.bloc { border-top: 3px solid #006e56; } .titre { color: #006e56; font-size: 20px }</style></head>
<body style="margin:0;background:#eef3f0">
<table width="100%" cellpadding="0" cellspacing="0" border="0"><tr><td align="center">
<table width="600" cellpadding="16" cellspacing="0" bgcolor="#ffffff" style="font-family:Arial,sans-serif;font-size:15px;color:#222">
<tr><td><img src="cid:bandeau@ordre-demo.mssante.fr" width="560" height="90" alt="La lettre de l’Ordre"></td></tr>
<tr><td class="bloc"><h2 class="titre">Vaccination à l’officine : ce qui change</h2>
<p>La liste des vaccins que le pharmacien peut prescrire et administrer est étendue. Le tableau résume les âges.</p>
<table border="1" cellpadding="6" cellspacing="0" width="100%" style="border-collapse:collapse">
<tr bgcolor="#dcebe5"><th align="left">Vaccin</th><th align="left">Prescrire</th><th align="left">Administrer</th></tr>
<tr><td>Grippe saisonnière</td><td>dès 11 ans</td><td>dès 11 ans</td></tr>
<tr><td>DTP</td><td>dès 11 ans</td><td>dès 11 ans</td></tr>
<tr><td>HPV</td><td>11 à 19 ans</td><td>11 à 19 ans</td></tr></table></td></tr>
<tr><td class="bloc"><h2 class="titre">Entretiens pharmaceutiques</h2><ul><li>anticoagulants oraux</li><li>asthme</li><li>bilan partagé de médication</li></ul>
<p><a href="https://lettre.ordre-demo.invalid/entretiens">Lire la fiche</a></p></td></tr>
<tr><td style="font-size:12px;color:#667">Document fictif. Vous recevez cette lettre car vous êtes inscrite au tableau.</td></tr>
</table></td></tr></table></body></html>
`
