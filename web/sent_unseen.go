package web

import (
	"net/http"

	"pli.example/pli/templates"
)

// saySent makes one page of two sentences that contradict each other: a letter has
// left, and the list it leads back to cannot be read. What the person did comes first;
// the copy in Sent is laid by itself once the server answers.
func (s *Server) saySent(r *http.Request, v *templates.ErrorView) {
	sc, h := scopeOf(r), r.URL.Query().Get("note")
	if r.Method != http.MethodGet || v.Status < 500 || sc.desk == nil || !opaqueHandle(h) {
		return
	}
	n, ok := sc.desk.note(h, s.clock.now())
	if !ok || !n.sent {
		return
	}
	v.Page.Flash = nil
	v.Heading = "La lettre est partie"
	v.Say = n.say + " Vos dossiers ne peuvent pas être montrés pour l’instant\u00a0: la messagerie ne répond pas. La copie de la lettre sera rangée dans Envoyés dès que le serveur répond\u00a0; vous n’avez rien à renvoyer."
	v.ActLabel, v.AlsoLabel, v.AlsoURL, v.CallSupport, v.RequestID = "Voir mes lettres", "", "", false, "" // nothing failed that the person asked for
}
