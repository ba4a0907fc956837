package people

import (
	"fmt"
	"image/color"
)

// mimeLetters: legal mail that lazy readers get wrong.
func mimeLetters(c *composer) {
	fax := sheetTIFF(800, 1100, []string{"TÉLÉCOPIE", "", "De : Dr P. Lambert, chirurgie digestive", "À : Dr C. Martin", "", "Anatomopathologie de Mme Colonna :", "vésicule biliaire lithiasique,", "cholécystite chronique banale,", "pas de lésion suspecte.", "", "Confraternellement"})
	letter := paper{head: "Archives", pages: [][]string{{"# Pièce du dossier", "Document numérisé."}}}.pdf()
	dozen := make([]file, 0, 12)
	for i := range 12 {
		switch {
		case i%4 == 3:
			dozen = append(dozen, file{name: fmt.Sprintf("Radio %02d.png", i+1), contentType: "image/png", data: logo(200, 140, color.RGBA{uint8(20 + 15*i), 40, 60, 255})})
		default:
			dozen = append(dozen, file{name: fmt.Sprintf("%02d - Pièce du dossier de suivi.pdf", i+1), contentType: "application/pdf", data: letter})
		}
	}
	c.add(
		draft{id: "dentiste-latin1", purpose: "ISO-8859-1 en quoted-printable, en-têtes compris", from: "dentiste", to: "martin", day: -6, clock: "17:45", charset: "iso-8859-1", headerEncoding: "legacy",
			subject: "Extraction prévue, M. Roux : conduite à tenir", marks: "martin answered",
			text: "Chère consoeur,\n\nJe dois extraire la 36 de M. Roux, à un stade très délabré. Il m'indique prendre de l'apixaban : faut-il décaler la prise du matin ? J'effectuerai une hémostase locale soignée (éponge, sutures).\n\nBien à vous,\nÉlodie Chauvin\n"},
		draft{id: "dentiste-latin1-re", purpose: "réponse en base64", from: "martin", to: "dentiste", day: -6, clock: "19:10", re: "dentiste-latin1", subject: "Re: Extraction prévue, M. Roux : conduite à tenir", encoding: "base64", headerEncoding: "b",
			text: "Chère consoeur,\n\nPas d’arrêt : prise du soir la veille, on saute celle du matin et on reprend le soir après vérification de l’hémostase.\n\nDr Martin\n"},
		draft{id: "legoff-1252", purpose: "windows-1252 en 8 bits, guillemets et tirets de traitement de texte", from: "ophtalmo", to: "martin", day: -14, clock: "08:30", charset: "windows-1252", encoding: "8bit", headerEncoding: "legacy",
			subject: "Mme Pasquier – cataracte", marks: "martin in Archive",
			text: "Chère amie,\n\nMme Pasquier souhaite « attendre l’été » pour sa cataracte droite… Aucune urgence. Je la reverrai – si tu en es d’accord – dans six mois.\n\nYann\n"},
		draft{id: "fax-anapath", purpose: "télécopie en TIFF non compressé", from: "fax", to: "martin", day: -1, clock: "15:03", subject: "Télécopie de 02 99 00 15 30, 1 page",
			files: []file{{name: "FAX0001.TIF", contentType: "image/tiff", data: fax, naming: "raw"}}, text: "Vous avez reçu une télécopie d’une page.\n"},
		draft{id: "dossier-douze", purpose: "douze pièces jointes", from: "vasseur", to: "lilas", day: -4, clock: "14:41", subject: "Dossier de Mme Pasquier, douze pièces",
			files: dozen, text: "Bonjour Julie,\n\nComme convenu, le dossier numérisé de Mme Pasquier, en douze fichiers.\n\nRémi Vasseur\n"},
		draft{id: "photo-lourde", purpose: "photo de 6 Mo", from: "vasseur", to: "martin", day: -3, clock: "18:22", subject: "Avis sur une lésion, photo en pleine définition",
			files: []file{{name: "lésion dos.jpg", contentType: "image/jpeg", data: bigPhoto(6_000_000)}}, text: "Claire,\n\nPatient de 52 ans, lésion du dos apparue cet été, photo jointe sans compression. Tu l’adresserais ?\n\nRémi\n"},
		draft{id: "piece-vide", purpose: "pièce jointe de zéro octet", from: "chirurgie", to: "martin", day: -8, clock: "12:12", subject: "Compte rendu opératoire", marks: "martin in Archive",
			files: []file{{name: "CRO_COLONNA.pdf", contentType: "application/pdf", data: nil, naming: "raw"}}, text: "Veuillez trouver ci-joint le compte rendu opératoire.\n"},
		draft{id: "transfert-piece", purpose: "lettre transférée en pièce jointe, à ouvrir sur place", from: "vasseur", to: "martin", day: -2, clock: "20:40", subject: "TR: Compte rendu d’hospitalisation", raw: forwarded("colonna-chirurgie")},
		draft{id: "nom-brut", purpose: "noms de fichier 2047, 2231 et octets bruts côte à côte", from: "ehpad", to: "lilas", day: -2, clock: "16:05", subject: "Feuilles de température",
			files: []file{
				{name: "température été.pdf", contentType: "application/pdf", data: letter, naming: "2047"},
				{name: "température hiver – côté cour (chambre 114).pdf", contentType: "application/pdf", data: letter},
				{name: string(encodeCharset("feuille de décembre.pdf", "windows-1252")), contentType: "application/pdf", data: letter, naming: "raw"},
				{contentType: "application/pdf", data: letter, naming: "none"},
			},
			text: "Bonjour, les feuilles demandées. Sandrine Morel\n"},
		draft{id: "html-seul", purpose: "HTML sans texte de secours", from: "radio", to: "petitlib", day: -1, clock: "09:14", subject: "Coroscanner de Mme Besançon : créneau confirmé", marks: "petitlib unread",
			html: "<div style=\"font-family:Calibri,sans-serif\"><p>Bonjour Docteur,</p><p>Le coroscanner de <b>Mme Besançon</b> est confirmé lundi à <b>14&nbsp;h&nbsp;15</b>. Merci de vérifier la fréquence cardiaque (objectif &lt; 65/min).</p><p>Imagerie des Tanneurs</p></div>\n"},
	)
}

// forwarded carries another letter as a message/rfc822 part.
func forwarded(original string) func(*composer, draft) []byte {
	return func(c *composer, d draft) []byte {
		d.files = []file{{name: "Compte rendu d’hospitalisation.eml", contentType: "message/rfc822", data: c.sent[original].raw, encoding: "8bit"}}
		d.text = "Claire,\n\nReçu dans ma boîte par erreur, je te le transmets.\n\nRémi\n"
		d.raw = nil
		return c.compose(d)
	}
}
