package web

import (
	"net/http"

	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/message"
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
	left, err := s.left(r, b)
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
	sc.desk.countPatients(sc.box.ID, all.Waiting(), all.Unfinished, s.clock.now())
	s.askCounters(r)
	v := s.exchangeView(r, b, e)
	s.saidOfLost(r, v.Page.Flash, e)
	if v.Say = all.Say; all.Unsure {
		v.StateSay = "Sous réserve des lettres qui n’ont pas été regardées\u00a0: " + lowerFirst(v.StateSay)
	}
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
	who, _ := patientWords(e.Patient)
	v.LostTitle, v.LostSay = lostWords(e)
	v.ContestedSay = contestedWords(e)
	if e.State.ClosingLeaves {
		v.LeavingSay = "Une lettre de clôture est en train de partir, ou son envoi reste à confirmer dans Brouillons. Tant que ce n’est pas sûr, " + who + " peut encore répondre."
	}
	if e.State.NearClosing {
		v.NearSay = "Une de vos lettres a un objet qui ressemble à «\u00a0[FIN]\u00a0» sans l’être exactement\u00a0: Mon espace santé ne l’a sans doute pas prise pour une clôture."
	}
	g := b.Grant()
	if s.outbox != nil && g.Rights.Has(delegation.Write) {
		v.AnswerTo, v.Answer = self+"/write", answerWords(e.State)
	}
	if s.outbox != nil && g.Rights.Has(delegation.Send) && mayClose(e.State) {
		v.CloseTo = self + "/close"
		v.CloseSay = upperFirst(who) + " reçoit un message «\u00a0[FIN]\u00a0» et ne peut plus répondre aux lettres précédentes. Lui écrire de nouveau rouvre l’échange."
		v.Last = seenWords(e)
	}
	if _, back := e.CameBack(); back && e.Told.IsZero() && s.outbox != nil && g.Rights.Has(delegation.Send) {
		v.ToldTo, v.ToldLast = self+"/told", seenAll(e)
	}
	before := ""
	for i, l := range e.Letters {
		row := s.exchangeLetter(r, b, e, l, i >= len(e.Letters)-shownWhole)
		subject := baseWords(row.Subject)
		row.Repeated, before = i > 0 && subject == before, subject
		v.Letters = append(v.Letters, row)
	}
	v.Older = max(len(e.Letters)-shownWhole, 0)
	s.withKnownFolders(sc, &v.Page) // letters just read count no more
	return v
}

// baseWords is a subject without what answering adds to it.
func baseWords(subject string) string {
	return message.ReplySubject(subject)
}
