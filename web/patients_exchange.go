package web

import (
	"context"
	"net/http"
	"strconv"

	"pli.example/pli/internal/conversation"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/message"
	"pli.example/pli/internal/outgoing"
	"pli.example/pli/internal/problem"
	"pli.example/pli/templates"
)

// shownWhole is how many letters of an exchange are read in its page, the newest; the
// older ones are lines that open theirs.
const shownWhole = 8

// exchange is the page of one exchange: its state, its letters, what to do.
func (s *Server) exchange(w http.ResponseWriter, r *http.Request) error {
	return s.showExchange(w, r, false)
}

// exchangeINS is the same page with the patient's INS whole: asked for by a click, in
// the trail, and gone with the page.
func (s *Server) exchangeINS(w http.ResponseWriter, r *http.Request) error {
	return s.showExchange(w, r, true)
}

func (s *Server) showExchange(w http.ResponseWriter, r *http.Request, whole bool) error {
	b, err := s.box(r)
	if err != nil {
		return err
	}
	id, err := param(r, "exchange")
	if err != nil {
		return err
	}
	left, err := s.unfiled(r, b)
	if err != nil {
		return err
	}
	look := b.Exchange
	if whole {
		look = b.ShowINS
	}
	e, all, err := look(r.Context(), id, left)
	if err != nil {
		return err
	}
	s.attend(r, b)
	sc := scopeOf(r)
	sc.desk.countPatients(sc.box.ID, all.Waiting(), s.clock.now())
	s.askCounters(r)
	v := s.exchangeView(r, b, e)
	v.Say = all.Say
	if ins, ok := e.Patient.INS(); ok {
		v.INS, v.Tells = ins.Masked(), ins.Tells(s.clock.now())
		if v.ShowTo = path("mail", sc.box.ID, "patients", e.ID, "ins"); whole {
			v.INSWhole, v.ShowTo = ins.Grouped(), ""
		}
	}
	return s.render(w, r, http.StatusOK, templates.ExchangePage(v))
}

func (s *Server) exchangeView(r *http.Request, b *mailbox.Box, e mailbox.Exchange) templates.ExchangeView {
	sc := scopeOf(r)
	base := path("mail", sc.box.ID, "patients")
	self := base + "/" + e.ID
	v := templates.ExchangeView{Page: s.page(r, "Échange"), BackHref: base, Name: e.Name, Who: whoSigns(sc)}
	v.Page.Section = "patients"
	v.State, v.StateSay = s.stateWords(e)
	if e.State.NearClosing {
		v.NearSay = "Une de vos lettres a un objet qui ressemble à «\u00a0[FIN]\u00a0» sans l’être exactement\u00a0: Mon espace santé ne l’a sans doute pas prise pour une clôture."
	}
	g := b.Grant()
	if s.outbox != nil && g.Rights.Has(delegation.Write) {
		v.AnswerTo, v.Answer = self+"/write", answerWords(e.State)
	}
	if s.outbox != nil && g.Rights.Has(delegation.Send) && e.State.Phase != conversation.Closed {
		v.CloseTo = self + "/close"
		v.CloseSay = "Le patient reçoit un message «\u00a0[FIN]\u00a0» et ne peut plus répondre aux lettres précédentes. Lui écrire de nouveau rouvre l’échange."
		v.Last = seenWords(e)
	}
	before := ""
	for i, l := range e.Letters {
		row := s.exchangeLetter(r, b, e, l, i >= len(e.Letters)-shownWhole)
		subject := baseWords(row.Subject)
		row.Repeated, before = i > 0 && subject == before, subject
		v.Letters = append(v.Letters, row)
	}
	v.Older = max(len(e.Letters)-shownWhole, 0)
	return v
}

// baseWords is a subject without what answering adds to it.
func baseWords(subject string) string {
	return message.ReplySubject(subject)
}

func answerWords(st conversation.State) string {
	switch {
	case st.Phase == conversation.WaitingForUs:
		return "Répondre"
	case st.Phase == conversation.Closed:
		return "Écrire de nouveau"
	}
	return "Écrire"
}

// stateWords says where an exchange stands, in a sentence.
func (s *Server) stateWords(e mailbox.Exchange) (state, say string) {
	st := e.State
	switch st.Phase {
	case conversation.WaitingForUs:
		since := "Le patient attend depuis " + s.clock.span(st.Since) + "."
		switch {
		case st.AfterClosing:
			return "after", since + " Il a écrit après la clôture\u00a0: il attend peut-être une réponse. Lui écrire rouvre l’échange\u00a0; sinon, vous pouvez le clore de nouveau."
		case st.Open:
			return "todo", since + " L’échange est ouvert."
		}
		return "todo", since
	case conversation.WaitingForPatient:
		say = "Échange ouvert\u00a0: le patient peut répondre. Vous lui avez écrit " + s.clock.full(st.Since) + "."
		if st.NoReply {
			say = "Échange ouvert\u00a0: votre dernière lettre n’autorise pas de réponse, mais le patient peut encore répondre aux précédentes."
		}
		return "open", say
	}
	if st.ClosedAt.IsZero() {
		return "silent", "Lettre sans réponse possible\u00a0: le patient ne peut pas y répondre. Une lettre ordinaire ouvrirait l’échange."
	}
	return "closed", "Échange clos " + s.clock.full(st.ClosedAt) + "\u00a0: le patient ne peut plus répondre. Lui écrire de nouveau le rouvre."
}

// exchangeLetter maps one letter, read whole or as a line. One that cannot be read
// costs its own place only.
func (s *Server) exchangeLetter(r *http.Request, b *mailbox.Box, e mailbox.Exchange, l mailbox.ExchangeLetter, whole bool) templates.ExchangeLetterView {
	sc := scopeOf(r)
	v := templates.ExchangeLetterView{Who: orPatient(e.Name), When: s.clock.full(l.Received), WhenISO: s.clock.iso(l.Received), Subject: subjectWords(l.Subject),
		Snippet: l.Snippet, Ours: l.Ours, Unread: l.Unread, Files: l.Attachments, Chips: markChips(l)}
	if l.Ours {
		v.Who = boxLabel(b.Grant())
	}
	if l.Mark == conversation.Closing {
		v.Subject, whole = "Conversation close", false
	}
	if l.Gone {
		v.Chips = append(v.Chips, templates.Chip{Kind: "plain", Text: "partie, sa copie n’est plus dans Envoyés"})
		return v
	}
	if l.UID == 0 {
		v.Chips = append(v.Chips, templates.Chip{Kind: "plain", Text: "partie, copie en cours de classement"})
		return v
	}
	v.Href = letterHref(sc.box.ID, l.Ref)
	if !whole {
		return v
	}
	opened, err := b.Letter(r.Context(), l.Ref, mailbox.LetterOptions{MarkRead: looked(r) && !l.Ours})
	if err != nil {
		say := problem.SayOf(err)
		if say == "" {
			say = failureOf(problem.KindOf(err)).say
		}
		v.Notices = []templates.Notice{{Kind: "warn", Text: say}}
		return v
	}
	lv, err := s.settledView(r, opened)
	if err != nil {
		v.Notices = []templates.Notice{{Kind: "warn", Text: problem.SayOf(err)}}
		return v
	}
	v.BodyHref, v.Attachments, v.AllHref, v.Nested = lv.BodyHref, lv.Attachments, lv.AllHref, len(lv.Nested)
	if !l.Ours {
		v.Notices = lv.Notices
		if lv.From.Warning != "" {
			v.Notices = append(v.Notices, templates.Notice{Kind: "warn", Text: lv.From.Warning})
		}
	}
	if lv.RemoteBlocked > 0 || lv.Truncated {
		v.Notices = append(v.Notices, templates.Notice{Kind: "info", Text: "Tout n’est pas montré ici\u00a0: ouvrez la lettre pour savoir pourquoi."})
	}
	return v
}

func orPatient(name string) string {
	if name == "" {
		return "Patient"
	}
	return name
}

func markChips(l mailbox.ExchangeLetter) []templates.Chip {
	chip := func(kind, text string) []templates.Chip { return []templates.Chip{{Kind: kind, Text: text}} }
	switch l.Mark {
	case conversation.Closing:
		return chip("plain", "clôt l’échange")
	case conversation.Unanswerable:
		return chip("plain", "sans réponse possible")
	case conversation.NearClosing:
		return chip("plain", "n’a sans doute pas clos")
	case conversation.AfterClosing:
		return chip("patient", "écrite après la clôture")
	case conversation.Reopening:
		return chip("state", "rouvre l’échange")
	}
	return nil
}

// exchangeOf finds the exchange of the address for an act on it.
func (s *Server) exchangeOf(r *http.Request, b *mailbox.Box) (mailbox.Exchange, error) {
	id, err := param(r, "exchange")
	if err != nil {
		return mailbox.Exchange{}, err
	}
	left, err := s.unfiled(r, b)
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
	from := outgoing.Origin{Kind: outgoing.ToPatient, To: []outgoing.Recipient{{Name: e.Name, Address: e.Patient.String()}},
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

const sayNewLetter = "Le patient vient d’écrire\u00a0: l’échange n’a pas été clos. Lisez sa lettre, puis répondez, ou cliquez de nouveau sur «\u00a0Clore la conversation\u00a0»."

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
	case e.State.Phase == conversation.Closed: // the same click again, or a colleague's
		return s.comeBack(w, r, self, note{say: "Cet échange est déjà clos.", kind: "ok"})
	case r.PostForm.Get("last") != seenWords(e):
		return s.comeBack(w, r, self, note{say: sayNewLetter, kind: "warn"})
	}
	ctx, cancel := context.WithTimeout(r.Context(), sendWait)
	defer cancel()
	newest := e.Last()
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
