package people

import (
	"bytes"
	"fmt"
)

// reportLetters: what machines write back: integration failures, receipts, bounces.
func reportLetters(c *composer) {
	doc := clinicalDocument{patient: patientNamed("imbert"), typeCode: "96349-6", typeName: "Lettre d'adressage", class: "10", className: "Compte rendu",
		authorID: string(national("9970090001")), authorFamily: "MARTIN", authorGiven: "Claire", specialty: "G15_10/SM54", institution: "CABINET DES LILAS", at: c.at(-2, "10:15"),
		pdf: paper{head: "Dr Claire Martin · Cabinet des Lilas", pages: [][]string{{"# Lettre d’adressage", "M. IMBERT Loïc, né le 30/10/1997", "", "Merci de recevoir ce patient en consultation de suivi", "après ligamentoplastie, pour avis sur la reprise du sport."}}}.pdf()}
	c.add(
		draft{id: "imbert-adressage", purpose: "lettre structurée envoyée à une boîte applicative", from: "martin", to: "integrauto", day: -2, clock: "10:20", subject: doc.xdmSubject(), header: doc.headers(), files: doc.files(),
			text: "Bonjour, veuillez trouver ci-joint une lettre d’adressage au format structuré.\n\nDr Claire Martin\n"},
		draft{id: "imbert-ko", purpose: "compte rendu d'échec d'intégration [KO …][902] avec l'original en message/rfc822", from: "integrauto", to: "martin", day: -2, clock: "10:24",
			subject: "[KO Intégration système !][902] " + doc.xdmSubject(), raw: integrationFailure("imbert-adressage")},
		draft{id: "besancon-mdn", purpose: "accusé de lecture (MDN) demandé par le médecin", from: "petit", to: "martin", day: -6, clock: "13:02", re: "besancon-avis", subject: "Lu : Demande d’avis, douleur thoracique de Mme Besançon", marks: "petit none; martin in Archive",
			raw: readReceipt("besancon-avis")},
		draft{id: "patient-inconnu", purpose: "message non distribué (DSN) : patient sans messagerie ouverte", from: "postmaster", to: "martin", day: -4, clock: "17:58", subject: "Message non distribué",
			raw: bounce(patientNamed("vial"), "550 5.1.1 patient non trouve")},
		draft{id: "trop-gros", purpose: "message non distribué : limite de taille", from: "postmaster", to: "cardio", day: -11, clock: "11:20", subject: "Undelivered Mail Returned to Sender", marks: "cardio in Archive",
			raw: bounce(patientNamed("roux"), "552 5.3.4 message size exceeds fixed limit")},
	)
}

// integrationFailure answers as an establishment's machine does when no receipt
// was asked for: an ordinary letter, the original as one message/rfc822 part.
func integrationFailure(original string) func(*composer, draft) []byte {
	return func(c *composer, d draft) []byte {
		var b bytes.Buffer
		c.writeHeader(&b, d)
		text := draft{text: "Bonjour,\n\nLe document envoyé n’a pas pu être intégré correctement dans le système.\nVoici les détails de l’erreur rencontrée :\n\n- Erreur détectée : Identifiant de patient inconnu\n- Code d’erreur : 902\n\nVotre message est joint. Vérifiez l’identité du patient puis renvoyez le document.\n", encoding: "8bit"}
		inside := append([]byte("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\nContent-Disposition: attachment; filename=\"message_original.eml\"\r\n\r\n"), c.sent[original].raw...)
		b.Write(multipart("mixed", d.id, text.textPart(), inside))
		return b.Bytes()
	}
}

// readReceipt is a message disposition notification (RFC 8098).
func readReceipt(original string) func(*composer, draft) []byte {
	return func(c *composer, d draft) []byte {
		var b bytes.Buffer
		c.writeHeader(&b, d)
		text := draft{text: "Votre lettre du " + c.sent[original].at.Format("02/01/2006 15:04") + " a été affichée.\nCela ne garantit pas qu’elle a été comprise.\n"}
		report := fmt.Sprintf("Content-Type: message/disposition-notification\r\n\r\nReporting-UA: webmail.chu-touraine.mssante.fr\r\nFinal-Recipient: rfc822; %s\r\nOriginal-Message-ID: %s\r\nDisposition: manual-action/MDN-sent-manually; displayed\r\n\r\n", c.contact(d.from).Address, c.sent[original].messageID)
		body := multipart("report", d.id, text.textPart(), []byte(report))
		b.Write(bytes.Replace(body, []byte("multipart/report;"), []byte("multipart/report; report-type=disposition-notification;"), 1))
		return b.Bytes()
	}
}

// bounce is a delivery status notification (RFC 3464) for a patient's mailbox.
func bounce(p Patient, diagnostic string) func(*composer, draft) []byte {
	return func(c *composer, d draft) []byte {
		var b bytes.Buffer
		c.writeHeader(&b, d)
		text := draft{text: "Votre message n’a pas pu être remis à son destinataire.\n\n<" + p.Address().String() + "> : " + diagnostic + "\n"}
		status := fmt.Sprintf("Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; smtp.mssante.demo.invalid\r\nArrival-Date: %s\r\n\r\nFinal-Recipient: rfc822; %s\r\nAction: failed\r\nStatus: %.5s\r\nDiagnostic-Code: smtp; %s\r\n\r\n",
			c.at(d.day, d.clock).Format("Mon, 02 Jan 2006 15:04:05 -0700"), p.Address(), diagnostic[4:], diagnostic)
		original := "Content-Type: text/rfc822-headers\r\n\r\nFrom: " + c.contact(d.to).Address.String() + "\r\nTo: " + p.Address().String() + "\r\nSubject: =?utf-8?q?R=C3=A9sultats?=\r\nMessage-ID: <original." + d.id + "@medecin.mssante.fr>\r\n"
		body := multipart("report", d.id, text.textPart(), []byte(status), []byte(original))
		b.Write(bytes.Replace(body, []byte("multipart/report;"), []byte("multipart/report; report-type=delivery-status;"), 1))
		return b.Bytes()
	}
}
