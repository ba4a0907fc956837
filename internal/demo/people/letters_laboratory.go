package people

import "time"

// labDocument is a structured result of the demo's laboratory.
func labDocument(patient string, at time.Time, p paper) clinicalDocument {
	return clinicalDocument{patient: patientNamed(patient), typeCode: "11502-2", typeName: "CR d'examens biologiques", class: "10", className: "Compte rendu",
		authorID: string(national("9970090020")), authorFamily: "TESSIER", authorGiven: "Guillaume", specialty: "G15_10/SM03",
		institution: "LABORATOIRE BIOLOIRE", at: at, pdf: p.pdf()}
}

const labHead = "Laboratoire Bioloire · 4 rue des Érables, 37000 Tours · Dr G. Tessier, biologiste"

// laboratoryLetters: results as a laboratory's machine sends them, structured or
// not, on time or late.
func laboratoryLetters(c *composer) {
	vial := labDocument("vial", c.at(0, "08:30"), paper{head: labHead, pages: [][]string{{
		"# COMPTE RENDU D’EXAMENS BIOLOGIQUES", "M. VIAL Paul, né le 26/11/1978", "Prélevé ce jour à 07:10, prescripteur Dr MARTIN Claire", "",
		"! Analyse | Résultat | Valeurs de référence", "---", "! Potassium | 6,4 mmol/L HH | 3,5 – 5,1", "! Créatinine | 312 µmol/L HH | 59 – 104",
		"Sodium | 139 mmol/L | 136 – 145", "Chlore | 104 mmol/L | 98 – 107", "Urée | 21,4 mmol/L H | 2,8 – 8,1", "DFG (CKD-EPI) | 20 ml/min/1,73 m² | > 60", "",
		"* Commentaire", "Résultats critiques contrôlés sur second prélèvement, communiqués par téléphone", "au cabinet à 08:35. Absence d’hémolyse.",
	}, {
		"* Numération", "! Analyse | Résultat | Valeurs de référence", "---", "Hémoglobine | 13,1 g/dL | 13,0 – 17,0", "Leucocytes | 7,2 G/L | 4,0 – 10,0",
		"Plaquettes | 241 G/L | 150 – 400", "CRP | 4 mg/L | < 5", "", "Validé par le Dr G. Tessier.",
	}}})
	thyroid := labDocument("leroy", c.at(-1, "11:40"), paper{head: labHead, pages: [][]string{{
		"# COMPTE RENDU D’EXAMENS BIOLOGIQUES", "Mme LEROY Jeanne, née le 17/05/1992", "", "! Analyse | Résultat | Valeurs de référence", "---",
		"! TSH | 6,9 mUI/L H | 0,27 – 4,20", "T4 libre | 12,1 pmol/L | 12,0 – 22,0", "Ac anti-TPO | 212 UI/mL H | < 34", "Ferritine | 18 µg/L | 13 – 150",
	}}})
	imbert := labDocument("imbert", c.at(-9, "12:10"), paper{head: labHead, pages: [][]string{{
		"# COMPTE RENDU D’EXAMENS BIOLOGIQUES", "M. IMBERT Loïc, né le 30/10/1997", "", "! Analyse | Résultat | Valeurs de référence", "---",
		"Hémoglobine | 15,2 g/dL | 13,0 – 17,0", "CRP | 2 mg/L | < 5", "TP | 98 % | 70 – 120", "TCA | 1,02 | < 1,20",
	}}})
	roux := paper{head: labHead, pages: [][]string{{
		"# Résultats de biologie", "M. ROUX Marcel, né le 08/01/1943", "", "Albumine | 33 g/L | 35 – 50", "Préalbumine | 0,17 g/L | 0,20 – 0,40", "CRP | 12 mg/L | < 5", "Hémoglobine | 11,8 g/dL | 13,0 – 17,0",
	}}}
	ecbu := paper{head: labHead, pages: [][]string{{
		"# Examen cytobactériologique des urines", "Mme COLONNA Lisandra, née le 11/08/1966", "", "Leucocytes | 240 /mm³ | < 10", "Culture | E. coli 10^6 UFC/mL | ", "",
		"Amoxicilline | R | ", "Fosfomycine | S | ", "Nitrofurantoïne | S | ", "Ciprofloxacine | S | ",
	}}}
	automatic := `Bonjour,

Veuillez trouver ci-joint le compte rendu d’examens biologiques de votre patient, au format structuré et en PDF.

Cette boîte est automatique : elle ne lit pas les réponses. Pour joindre un biologiste : 02 99 00 00 10.

Laboratoire Bioloire
`
	c.add(
		draft{id: "vial-biologie", purpose: "biologie critique du matin : IHE_XDM.zip et PDF, non lue", from: "bioloire", to: "martin", day: 0, clock: "08:42",
			subject: vial.xdmSubject(), header: vial.headers(), files: vial.files(), marks: "martin unread; bioloire none",
			text: "RÉSULTATS CRITIQUES : potassium 6,4 mmol/L, créatinine 312 µmol/L (appel au cabinet à 08:35).\n\n" + automatic},
		draft{id: "leroy-tsh", purpose: "biologie structurée ordinaire", from: "bioloire", to: "martin", day: -1, clock: "12:02",
			subject: thyroid.xdmSubject(), header: thyroid.headers(), files: thyroid.files(), marks: "bioloire none", text: automatic},
		draft{id: "imbert-preop", purpose: "biologie structurée classée", from: "bioloire", to: "martin", day: -9, clock: "12:30",
			subject: imbert.xdmSubject(), header: imbert.headers(), files: imbert.files(), marks: "martin in Archive; bioloire none", text: automatic},
		draft{id: "roux-nutrition", purpose: "même résultat à deux destinataires, PDF seul", from: "bioloire", to: "martin benali", day: -3, clock: "13:15",
			subject: "Résultats de M. Roux Marcel", marks: "bioloire none",
			files: []file{{name: "resultats_ROUX.pdf", contentType: "application/pdf", data: roux.pdf(), naming: "raw"}}, text: automatic},
		draft{id: "colonna-ecbu", purpose: "résultat dans la boîte du cabinet, non lu", from: "bioloire", to: "lilas", day: -1, clock: "17:44",
			subject: "ECBU de Mme Colonna", marks: "lilas unread; bioloire none",
			files: []file{{name: "ECBU_COLONNA.pdf", contentType: "application/pdf", data: ecbu.pdf()}}, text: automatic},
		draft{id: "fontaine-inr", purpose: "texte seul en windows-1252, laboratoire ancien", from: "labo2", to: "martin", day: -2, clock: "11:11", charset: "windows-1252", headerEncoding: "legacy",
			subject: "INR – M. Fontaine Gérard",
			text: `Patient : FONTAINE Gérard – né le 02/09/1948
INR : 2,4 (zone cible 2 – 3)
Prélèvement à domicile, 07 h 50. Prochain contrôle sous 15 jours.

Biologie Vallée du Cher — « résultats sous réserve de validation médicale »
`},
		draft{id: "labo-retard", purpose: "message d'organisation d'un laboratoire", from: "bioloire", to: "lilas", day: -5, clock: "09:00", marks: "bioloire none; lilas in Archive",
			subject: "Délai des résultats de vitamine B12",
			text: `Bonjour,

En raison d’une panne d’automate, les dosages de vitamine B12 et de folates prélevés depuis lundi seront rendus avec 48 heures de retard. Les urgences ne sont pas concernées.

Laboratoire Bioloire
`},
		draft{id: "besancon-bnp", purpose: "résultat au spécialiste, copie au médecin traitant", from: "bioloire", to: "petit", cc: "martin", day: -5, clock: "18:20", marks: "martin in Archive; bioloire none",
			subject: "Résultats de Mme Besançon Odile",
			text: `NT-proBNP : 118 ng/L (< 300)
Troponine T hs : 6 ng/L (< 14)
Créatinine : 68 µmol/L
LDL-cholestérol calculé : 1,62 g/L

` + automatic},
	)
}
