package web

import (
	"net/http"
	"strconv"

	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/outgoing"
	"pli.example/pli/templates"
)

// seenAll is what a page showed of an exchange: what the patient wrote, and how many letters
// there are in all.
func seenAll(e mailbox.Exchange) string {
	return seenWords(e) + " " + strconv.Itoa(len(e.Letters))
}

// exchangeTold notes that the patient whom our last letter did not reach was told otherwise.
func (s *Server) exchangeTold(w http.ResponseWriter, r *http.Request) error {
	b, err := s.writing(r)
	if err != nil {
		return err
	}
	if err := b.MaySend(r.Context()); err != nil {
		return err
	}
	if strange(r, r.PostForm.Get("who")) {
		return errStranger
	}
	e, err := s.exchangeOf(r, b)
	if err != nil {
		return err
	}
	self := path("mail", scopeOf(r).box.ID, "patients", e.ID)
	l, back := e.CameBack()
	switch {
	case !e.Told.IsZero(): // the same click again, or a colleague's
		return s.comeBack(w, r, self, note{say: "C’est déjà noté\u00a0: cet échange n’est plus à traiter.", kind: "ok"})
	case !back || r.PostForm.Get("seen") != seenAll(e):
		return s.comeBack(w, r, self, note{say: "L’échange a changé entre-temps\u00a0: rien n’a été noté. Voici où il en est.", kind: "warn"})
	}
	o := outgoing.ToldOptions{Exchange: e.ID, Patient: e.Patient, MessageID: l.MessageID, Account: r.PostForm.Get("who")}
	if err := s.outbox.TellOtherwise(r.Context(), b, o); err != nil {
		return err
	}
	return s.comeBack(w, r, self, note{say: "C’est noté\u00a0: cet échange n’est plus à traiter. Une nouvelle lettre le remettra en cours.", kind: "ok"})
}

// saidOfLost puts right, where a letter that was just sent came back at once, the sentence
// that says it left: nobody reads a tick above 'rien reçu'.
func (s *Server) saidOfLost(r *http.Request, f *templates.Flash, e mailbox.Exchange) {
	if _, back := e.CameBack(); f == nil || !back {
		return
	}
	n, ok := scopeOf(r).desk.note(r.URL.Query().Get("note"), s.clock.now())
	if ok && n.sent {
		f.Kind, f.Say = "warn", "Votre lettre est partie, puis revenue\u00a0: "+orPatient(e.Name)+" ne l’a pas reçue. Elle est gardée dans Envoyés."
	}
}
