package web

import (
	"net/http"

	"pli.example/pli/internal/problem"
)

// whoHeader is how the writing page's script says whose page it is. On a shared
// computer another person may have signed in since, in the same browser: nothing is
// then kept or sent in their name.
const whoHeader = "Pli-Who"

var errStranger = problem.New(problem.Conflict, "Une autre personne est maintenant connectée dans ce navigateur\u00a0: rien n’a été enregistré ni envoyé en son nom. Votre texte est toujours dans votre page\u00a0: copiez-le, ou reconnectez-vous avec votre compte.")

// whoSigns tells one person from another to the page, and nothing else.
func whoSigns(sc *scope) string { return sc.session.Actor.AccountID }

// strange reports that a page is another person's than the session. A page that does
// not say is believed: it is from before pages said so.
func strange(r *http.Request, who string) bool {
	return who != "" && who != whoSigns(scopeOf(r))
}

// stranger answers a script whose page is another person's.
func stranger(w http.ResponseWriter, r *http.Request) bool {
	if !strange(r, r.Header.Get(whoHeader)) {
		return false
	}
	writeData(w, http.StatusConflict, failedData{Say: problem.SayOf(errStranger), Stranger: true})
	return true
}
