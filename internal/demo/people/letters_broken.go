package people

import (
	"bytes"
	"fmt"
	"strings"
)

// brokenLetters: mail that breaks the rules and arrives all the same.
func brokenLetters(c *composer) {
	c.add(
		draft{id: "frontiere-absente", purpose: "multipart sans frontière", from: "had", to: "martin", day: -9, clock: "10:10", subject: "Transmission sans frontière", marks: "martin in Archive",
			raw: withBody("Content-Type: multipart/mixed\r\n\r\n--perdue\r\nContent-Type: text/plain\r\n\r\nLe texte est bien ici, sous une frontière que l'en-tête ne nomme pas.\r\n--perdue--\r\n")},
		draft{id: "entete-casse", purpose: "ligne d'en-tête qui n'en est pas une", from: "radio", to: "martin", day: -6, clock: "15:15", subject: "Échographie rénale de M. Vial",
			raw: brokenHeader},
		draft{id: "parametre-vide", purpose: "Content-Type: text/plain; =x, qui fait échouer BODYSTRUCTURE chez certains clients", from: "labo2", to: "lilas", day: -2, clock: "09:09", subject: "Résultat de M. Fontaine",
			raw: withBody("Content-Type: text/plain; =x\r\nContent-Transfer-Encoding: 7bit\r\n\r\nINR 2,4. Cette lettre a un type de contenu mal forme ; elle doit pourtant s'afficher dans la liste.\r\n")},
		draft{id: "octets-bruts", purpose: "en-têtes et corps en octets bruts windows-1252, sans charset", from: "chirurgie", to: "martin", day: -12, clock: "11:45", subject: "-", marks: "martin in Archive", raw: rawBytes},
		draft{id: "base64-tronque", purpose: "pièce jointe base64 tronquée, frontière finale manquante", from: "radio", to: "petit", day: -3, clock: "19:29", subject: "Radiographie du thorax", raw: truncated},
		draft{id: "charset-inconnu", purpose: "charset qui n'existe pas", from: "ars", to: "benali", day: -10, clock: "10:10", subject: "Note",
			raw: withBody("Content-Type: text/plain; charset=x-inconnu-37\r\nContent-Transfer-Encoding: 8bit\r\n\r\nCette note est en UTF-8 malgré son étiquette : été, cœur, Noël.\r\n")},
		draft{id: "poupees", purpose: "vingt-cinq niveaux de multipart", from: "suspect", to: "benali", day: -15, clock: "05:05", subject: "Poupées", marks: "benali in Junk", raw: nested(25)},
		draft{id: "sans-date", purpose: "ni date ni Message-ID lisibles", from: "ehpad", to: "benali", day: -5, clock: "16:50", subject: "Passage de ce soir",
			raw: func(c *composer, d draft) []byte {
				return []byte("From: soins@ehpad-tilleuls.mssante.fr\r\nTo: nadia.benali@infirmier.mssante.fr\r\nSubject: Passage de ce soir\r\nDate: hier soir\r\n\r\nBonjour Nadia, peut-on avancer le passage de ce soir a 18 h ? Sandrine\r\n")
			}},
	)
}

func withBody(body string) func(*composer, draft) []byte {
	return func(c *composer, d draft) []byte {
		var b bytes.Buffer
		c.writeHeader(&b, d)
		b.WriteString(body)
		return b.Bytes()
	}
}

func brokenHeader(c *composer, d draft) []byte {
	var b bytes.Buffer
	c.writeHeader(&b, d)
	head := strings.Replace(b.String(), "MIME-Version: 1.0\r\n", "ceci n'est pas un en-tete\r\n: vide\r\nMIME-Version: 1.0\r\n", 1)
	return []byte(head + "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nReins de taille normale, bien différenciés, sans dilatation. Pas d’obstacle.\r\n")
}

func rawBytes(c *composer, d draft) []byte {
	d.subject = "X"
	var b bytes.Buffer
	c.writeHeader(&b, d)
	head := strings.Replace(b.String(), "Subject: X\r\n", "Subject: Prise en charge différée, opérée du 12\r\n", 1)
	return encodeCharset(head+"\r\nBonjour,\r\n\r\nLa patiente a été opérée à l'heure prévue. Réveil calme.\r\n", "windows-1252")
}

func truncated(c *composer, d draft) []byte {
	d.raw = nil
	d.text = "La radiographie est jointe.\n"
	d.files = []file{{name: "thorax.png", contentType: "image/png", data: ecgTrace(false), naming: "raw"}}
	raw := c.compose(d)
	return append(raw[:len(raw)*2/3:len(raw)*2/3], '\r', '\n')
}

func nested(levels int) func(*composer, draft) []byte {
	return func(c *composer, d draft) []byte {
		var b bytes.Buffer
		c.writeHeader(&b, d)
		part := []byte("Content-Type: text/plain\r\n\r\nAu fond.\r\n")
		for i := range levels {
			part = multipart("mixed", fmt.Sprintf("poupee-%d", i), part)
		}
		b.Write(part)
		return b.Bytes()
	}
}
