package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"pli.example/pli/internal/conversation"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/message"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/outgoing"
)

// exchangeOf finds the exchange of the address for an act on it.
func (s *Server) exchangeOf(r *http.Request, b *mailbox.Box) (mailbox.Exchange, error) {
	id, err := param(r, "exchange")
	if err != nil {
		return mailbox.Exchange{}, err
	}
	left, err := s.left(r, b)
	if err != nil {
		return mailbox.Exchange{}, err
	}
	e, _, err := b.Exchange(r.Context(), id, left)
	return e, err
}

// exchangeWrite begins an answer to the patient's last letter when it waits for one,
// else a new letter to them.
func (s *Server) exchangeWrite(w http.ResponseWriter, r *http.Request) error {
	b, err := s.writing(r)
	if err != nil {
		return err
	}
	if err := s.mayWrite(r, b); err != nil {
		return err
	}
	e, err := s.exchangeOf(r, b)
	if err != nil {
		return err
	}
	from := outgoing.Origin{Kind: outgoing.ToPatient, To: []outgoing.Recipient{{Name: e.Name, Address: e.Patient.String()}}, Subject: nextSubject(e),
		Plain: r.PostForm.Get("plain") == "1", Signature: s.signature(r, b)}
	switch l, wrote := e.LastOfPatient(); {
	case !wrote: // only letters of ours, perhaps to a matricule mistyped elsewhere: who they are is asked
		from.Kind = outgoing.Blank
	case e.State.Phase == conversation.WaitingForUs:
		from = outgoing.Origin{Kind: outgoing.Answer, Ref: l.Ref, Plain: from.Plain, Signature: from.Signature}
	}
	begun, err := s.outbox.New(r.Context(), b, from)
	if err != nil {
		return err
	}
	redirect(w, r, draftHref(scopeOf(r).box.ID, begun.Draft.ID))
	return nil
}

// nextSubject is what a new letter of an exchange is most likely about: the newest letter
// that closes nothing, as an answer to it when the patient has one of the exchange.
func nextSubject(e mailbox.Exchange) string {
	_, wrote := e.LastOfPatient()
	for _, l := range slices.Backward(e.Letters) {
		subject := strings.TrimSpace(l.Subject)
		switch {
		case subject == "" || l.Fin || conversation.Resembles(subject):
		case wrote:
			return message.ReplySubject(subject)
		default:
			return mssante.VisibleSubject(subject)
		}
	}
	return ""
}

const sayNewLetter = "Une lettre vient d’arriver\u00a0: l’échange n’a pas été clos. Lisez-la, puis répondez, ou cliquez de nouveau sur «\u00a0Clore la conversation\u00a0»."

// seenWords is what a page showed of the patient's letters: how many, and the newest.
func seenWords(e mailbox.Exchange) string {
	l, ok := e.LastOfPatient()
	if !ok {
		return "0"
	}
	n := 0
	for _, x := range e.Letters {
		if !x.Ours {
			n++
		}
	}
	return strconv.Itoa(n) + " " + refValue(l.Ref)
}

// newestKnown is the newest letter but those not known to have left: two clicks while a
// closing flies are one closing.
func newestKnown(e mailbox.Exchange) (l mailbox.ExchangeLetter) {
	for _, x := range e.Letters {
		if x.Mark != conversation.Leaving {
			l = x
		}
	}
	return l
}

// exchangeClose closes the exchange: the one way a [FIN] leaves Pli.
func (s *Server) exchangeClose(w http.ResponseWriter, r *http.Request) error {
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
	sc := scopeOf(r)
	self := path("mail", sc.box.ID, "patients", e.ID)
	last, wrote := e.LastOfPatient()
	switch {
	case e.State.Phase == conversation.Closed && !e.State.ContestedClosing: // the same click again, or a colleague's
		return s.comeBack(w, r, self, note{say: "Cet échange est déjà clos.", kind: "ok"})
	case r.PostForm.Get("last") != seenWords(e):
		return s.comeBack(w, r, self, note{say: sayNewLetter, kind: "warn"})
	}
	ctx, cancel := context.WithTimeout(r.Context(), sendWait)
	defer cancel()
	newest := newestKnown(e)
	o := outgoing.CloseOptions{Exchange: e.ID, Patient: outgoing.Recipient{Name: e.Name, Address: e.Patient.String()}, LastID: newest.MessageID, Account: r.PostForm.Get("who")}
	if newest.MessageID != "" {
		o.Refs = []string{newest.MessageID}
	}
	if wrote {
		o.Last = last.Ref
	}
	res, err := s.outbox.CloseExchange(ctx, b, o)
	if err != nil {
		return err
	}
	switch res.Came {
	case outgoing.CameSent:
		return s.comeBack(w, r, self, note{say: "Conversation close\u00a0: " + orPatient(e.Name) + " ne peut plus répondre.", kind: "ok"})
	case outgoing.CameFlying:
		return s.comeBack(w, r, self, note{say: "La clôture est en train de partir\u00a0: rechargez cette page dans un instant. Si l’échange y est encore ouvert, elle n’est pas partie\u00a0: cliquez de nouveau sur Clore.", kind: "warn"})
	case outgoing.CameUnknown:
		return s.comeBack(w, r, self, note{say: "La messagerie MSSanté n’a pas confirmé la clôture\u00a0: elle est peut-être partie. Dites ce qu’il en est dans Brouillons.", kind: "warn"})
	}
	return s.comeBack(w, r, self, note{say: res.Say, kind: "warn"})
}
