package web

import (
	"html"
	"regexp"
	"strings"

	"pli.example/pli/templates"
)

// askNotice warns of a letter that asks for a way in. Two things must meet:
//   - a link that leads out of the services which have a reason to ask somebody to
//     sign in (trustedHosts). A letter without one can be answered but not obeyed by
//     a click, and is left alone;
//   - in one sentence, a word for a secret or an access ("mot de passe", "code",
//     "identifiants", "session", "messagerie") and an order or a threat about it
//     ("saisissez", "confirmez", "réactivez", "va expirer", "suspendu"). One without
//     the other is everyday post: an imaging centre tells which code opens the
//     pictures, a letter says that a certificate expires.
//
// Codes that come with the document ("le mot de passe indiqué sur le compte rendu",
// "le code ci-joint") are given, not asked for: such a sentence does not count. A
// warning that cries wolf is soon read by nobody; what this one misses is still
// stopped by the frame, which lets no form be sent and names the host of each link.
func askNotice(subject, document string) (templates.Notice, bool) {
	host := outsideLink(document)
	if host == "" || !asksForCodes(subject+". "+plainWords(document)) {
		return templates.Notice{}, false
	}
	return templates.Notice{Kind: "error", Title: "Pro Santé Connect ne demande jamais vos codes par messagerie",
		Text: "Votre opérateur non plus. Cette lettre mène vers «\u00a0" + host + "\u00a0»\u00a0: n’y saisissez rien. En cas de doute, téléphonez à l’expéditeur, " +
			"à un numéro que vous connaissez déjà."}, true
}

var (
	linkTarget = regexp.MustCompile(`href="https?://([^"/?#:]+)`)
	markup     = regexp.MustCompile(`<[^>]*>`)
	breaks     = regexp.MustCompile(`</(?:p|div|h[1-6]|li|td|th|tr|blockquote|pre)>|<br ?/?>|<hr ?/?>`)

	asked = regexp.MustCompile(`saisi(?:ssez|r)|confirme[zr]|vérifie[zr]|valide[zr]|communique[zr]|renseigne[zr]|indique[zr] (?:votre|vos)|mett(?:ez|re) à jour|` +
		`réactive[zr]|débloque[zr]|déverrouille[zr]|renouvele[zr]|reconnecte[zr]|authentifie[zr]|identifie[zr]-vous|` +
		`expir|suspend|bloqué|désactivé|sera fermé|être fermé`)
	secret = regexp.MustCompile(`mots? de passe|\bcodes?\b|identifiants?|\be-?cps\b|carte cps|pro santé connect|votre (?:session|accès|compte|messagerie|boîte)|vos accès`)
	given  = regexp.MustCompile(`(?:indiqué|figurant|fourni|inscrit|noté|imprimé|mentionné|communiqué|remis|transmis)e?s? (?:sur|dans|par|au|en|ci|à)|ci-joint|ci-dessous|code postal|code (?:de )?(?:l’)?acte|code ccam|code cim|code d’erreur`)
)

func asksForCodes(text string) bool {
	text = strings.ToLower(strings.ReplaceAll(text, "'", "’"))
	for _, sentence := range strings.FieldsFunc(text, func(r rune) bool { return r == '.' || r == '!' || r == '?' || r == '\n' || r == ';' }) {
		if secret.MatchString(sentence) && asked.MatchString(sentence) && !given.MatchString(sentence) {
			return true
		}
	}
	return false
}

// plainWords is the text of a cleaned document.
func plainWords(document string) string {
	document = breaks.ReplaceAllString(document, "\n")
	return html.UnescapeString(markup.ReplaceAllString(document, " "))
}

// outsideLink is the host of the first link that leads out of the trusted services,
// "" for none.
func outsideLink(document string) string {
	for _, m := range linkTarget.FindAllStringSubmatch(document, 50) {
		if host := strings.ToLower(m[1]); !trustedHost(host) {
			return host
		}
	}
	return ""
}

// trustedHost: the State's and the health insurance's own sites, and addresses of
// the trusted space. A look-alike ("ameli.fr.exemple.com") is none of them.
func trustedHost(host string) bool {
	for _, d := range []string{"mssante.fr", "esante.gouv.fr", "gouv.fr", "ameli.fr", "monespacesante.fr", "has-sante.fr"} {
		if host == d || strings.HasSuffix(host, "."+d) {
			return true
		}
	}
	return false
}
