package support

import (
	"slices"
	"strings"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/session"
)

// RequestWords says what a row of the trail adds to the name of its act, in words of
// support: "" when it adds nothing but how machines spoke. The export as NDJSON keeps
// the rows' own codes.
func RequestWords(a audit.Action, request string) string {
	switch a {
	case audit.SignIn:
		_, means, _ := strings.Cut(request, " ")
		return map[string]string{"CARD": "avec sa carte", "MOBILE": "avec son mobile"}[means]
	case audit.SessionEnd, audit.SignOut, audit.SessionRevoke:
		return endWords(request)
	case audit.SupportLook:
		return map[string]string{"health": "état du service", "deliveries": "envois", "mailbox": "boîte", "account": "compte", "sessions": "sessions du support"}[request]
	case audit.SupportSearch:
		return map[string]string{"search": "personnes et boîtes", "trail": "journal", "box": "boîtes"}[request]
	case audit.SupportRefused:
		return "rôle du support absent"
	case audit.TrailExport:
		format, cut, _ := strings.Cut(request, ", ")
		return strings.ToUpper(format) + map[string]string{"cut": ", incomplet\u00a0: trop de lignes"}[cut]
	case audit.GrantAdd, audit.GrantRevoke:
		return grantWords(request)
	case audit.TrustRefresh:
		if at, err := time.Parse(time.RFC3339, strings.TrimPrefix(request, "generated=")); err == nil {
			return "générée le " + at.Format("02/01/2006")
		}
	case audit.DraftCreate:
		return originWords(request)
	case audit.FlagSet, audit.FlagClear:
		return flagWords(request)
	case audit.Undo:
		return map[string]string{"draft": "brouillon remis"}[request]
	case audit.RuleSwitch:
		return map[string]string{"SETACTIVE": "toutes activées", "SETACTIVE none": "toutes suspendues", "PUTSCRIPT": "une règle"}[request]
	}
	return lettersWords(request)
}

// endWords: why a session ended, and whose it was is told apart.
func endWords(request string) string {
	_, why, ok := strings.Cut(request, "reason=")
	if !ok {
		return ""
	}
	words := session.Reason(why).Label()
	if strings.HasPrefix(request, "mail,") {
		words = "accès aux lettres\u00a0: " + words
	}
	return words
}

// grantWords reads "delegate read,send to 899… until 2027-01-31T…".
func grantWords(request string) string {
	f := strings.Fields(request)
	if len(f) < 4 {
		return ""
	}
	rights, err := delegation.ParseRights(f[1])
	if err != nil {
		return ""
	}
	return delegation.Kind(f[0]).Label() + " " + f[3] + "\u00a0: " + strings.Join(rights.Labels(), ", ")
}

func flagWords(request string) string {
	var out []string
	for _, f := range strings.Fields(request) {
		if w := map[string]string{`\Seen`: "lue", `\Flagged`: "suivie", `\Answered`: "répondue", "answered": "répondue", "$Forwarded": "transférée", "forwarded": "transférée",
			"seen": "lue", "flagged": "suivie"}[f]; w != "" && !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return strings.Join(out, ", ")
}

// originWords: how a draft began.
func originWords(request string) string {
	return map[string]string{"blank": "lettre neuve", "reply": "réponse", "reply_all": "réponse à tous", "forward": "transfert", "import": "brouillon d’un autre logiciel", "patient": "à un patient"}[request]
}

// lettersWords: what happened on the way out, and with patients.
func lettersWords(request string) string {
	return map[string]string{
		"SUBMIT, answer lost": "réponse du serveur perdue", "SUBMIT, cut off by a restart": "coupé par un redémarrage",
		"said not to have left": "déclarée non partie", "found in Sent": "retrouvée dans Envoyés", "found a notice or an answer": "retrouvée par un avis ou une réponse",
		"INS typed, key right": "clé exacte", "INS typed, key wrong": "clé inexacte", "identity confirmed": "identité confirmée", "in a draft": "dans un brouillon", "in suggestions": "en saisissant un destinataire",
		"SEARCH, page of results": "page de résultats", "SEARCH, reading on in texts": "dans le texte des lettres", "SEARCH for patients written to": "patients à qui la boîte a écrit",
		"SEARCH for notices of a letter sent": "avis et réponses à une lettre partie", "SEARCH all of them": "toutes celles d’un dossier ou d’une recherche", "page": "page de résultats",
		"STATUS SIZE, SEARCH LARGER": "ce qui prend de la place", "FETCH reminders": "lettres remises à plus tard", "LIST STATUS, FETCH CHANGEDSINCE": "conversations", "draft file": "fichier d’un brouillon", "watch": "liste tenue à jour",
		"refused by grant": "aucun droit pour cet acte", "open": "aucun droit", "drafts": "brouillons", "suggest": "en saisissant un destinataire",
	}[request]
}
