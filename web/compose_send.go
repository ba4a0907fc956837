package web

import (
	"context"
	"net/http"
	"strings"
	"time"

	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/outgoing"
	"pli.example/pli/internal/problem"
	"pli.example/pli/templates"
)

// sendWait is how long a page waits for the operator's answer before it shows that
// the letter is on its way. The submission goes on in any case.
const sendWait = 10 * time.Second

// sentData answers a click on 'Envoyer'.
type sentData struct {
	Came    string                 `json:"came"`
	Say     string                 `json:"say"`
	To      string                 `json:"to,omitempty"` // the page to go to
	Remarks []templates.RemarkView `json:"remarks,omitempty"`
	Fates   []templates.FateView   `json:"fates,omitempty"`
}

// draftSend submits the letter the person has before them: this version, these files,
// their answers.
func (s *Server) draftSend(w http.ResponseWriter, r *http.Request) error {
	if stranger(w, r) {
		return nil
	}
	b, d, err := s.draftAt(r)
	if err != nil {
		return err
	}
	var in struct {
		Version   int64    `json:"version"`
		Files     []string `json:"files"`
		Confirmed []string `json:"confirmed"`
	}
	if err := readData(r, &in); err != nil {
		return err
	}
	if in.Files == nil {
		in.Files = []string{}
	}
	ctx, cancel := context.WithTimeout(r.Context(), sendWait)
	defer cancel()
	res, err := s.outbox.Send(ctx, b, d.ID, outgoing.SendOptions{Version: in.Version, Files: in.Files, Confirmed: in.Confirmed, Account: r.Header.Get(whoHeader)})
	if err != nil {
		return err
	}
	out := sentData{Came: string(res.Came), Say: res.Say, Remarks: remarkViews(scopeOf(r), res.Remarks)}
	switch res.Came {
	case outgoing.CameSent:
		out.To = s.sentTo(r, d)
	case outgoing.CameFlying, outgoing.CameUnknown:
		out.To = draftHref(scopeOf(r).box.ID, d.ID)
	case outgoing.CameKept:
		out.Fates = s.fateViews(r, d, res.Recipients)
	}
	writeData(w, http.StatusOK, out)
	return nil
}

// sendForm does the same without a script, and leads to the page that says what came
// of it.
func (s *Server) sendForm(w http.ResponseWriter, r *http.Request, b *mailbox.Box, saved outgoing.Saved, f *draftForm) error {
	sc := scopeOf(r)
	to := draftHref(sc.box.ID, saved.ID)
	if saved.Copy { // another window wrote meanwhile: nothing leaves before it was read
		return s.comeBack(w, r, to, note{say: saved.Say, kind: "warn"})
	}
	d, err := s.outbox.Get(r.Context(), b, saved.ID)
	if err != nil {
		return err
	}
	o := outgoing.SendOptions{Version: saved.Version, Files: append([]string{}, f.values["shown"]...), Confirmed: f.values["confirmed"], Account: f.get("who")}
	if f.joined != "" { // by this very click; never another that came meanwhile
		o.Files = append(o.Files, f.joined)
	}
	ctx, cancel := context.WithTimeout(r.Context(), sendWait)
	defer cancel()
	res, err := s.outbox.Send(ctx, b, saved.ID, o)
	if problem.Is(err, problem.Conflict) {
		return s.comeBack(w, r, to, note{say: problem.SayOf(err), kind: "warn"})
	}
	if err != nil {
		return err
	}
	switch res.Came {
	case outgoing.CameAsked:
		w.Header().Set("Location", withQuery(to, "check", "1")+toQuestion(res.Remarks))
		w.WriteHeader(http.StatusSeeOther)
		return nil
	case outgoing.CameKept:
		to = withQuery(to, "sent", "1")
	case outgoing.CameSent:
		to = s.sentTo(r, d)
	}
	redirect(w, r, to)
	return nil
}

// toQuestion leads to the first question of a sheet: below the window nobody sees it, and
// clicks 'Envoyer' again.
func toQuestion(all []outgoing.Remark) string {
	for _, level := range []outgoing.Level{outgoing.Block, outgoing.Ask} {
		for _, x := range all {
			if x.Level == level {
				return "#" + templates.RemarksID(remarkPlace(x))
			}
		}
	}
	return ""
}

// sentTo is the list with the sentence that says to whom the letter went.
func (s *Server) sentTo(r *http.Request, d outgoing.Draft) string {
	sc := scopeOf(r)
	d.State = outgoing.Sent // it was read before it left
	n := note{boxID: sc.box.ID, say: "Lettre envoyée à " + s.draftWho(s.knownRecipients(r, d.Fields.Everybody()), 0) + ".", kind: "ok", sent: true}
	return withQuery(s.behind(sc, d), "note", sc.desk.keepNote(n, s.clock.now()))
}

// sendingPage shows a draft that is no longer being written.
func (s *Server) sendingPage(w http.ResponseWriter, r *http.Request, b *mailbox.Box, d outgoing.Draft) error {
	sc := scopeOf(r)
	self := draftHref(sc.box.ID, d.ID)
	v := templates.SendingView{Page: s.page(r, "Envoi"), State: string(d.State), BackHref: s.behind(sc, d), ProgressAt: self + "/progress",
		SettleTo: self + "/settle", Who: whoSigns(sc), MaySettle: b.Grant().Rights.Has(delegation.Send), Closing: d.Origin == outgoing.Closing}
	v.Page.Section = "compose"
	res, err := s.outbox.Progress(r.Context(), b, d.ID)
	if err != nil {
		return err
	}
	v.Say, v.Fates = res.Say, s.fateViews(r, d, res.Recipients)
	switch d.State {
	case outgoing.Sending:
		v.Heading = "Votre lettre part"
		v.Fates = nil
	case outgoing.Unknown:
		v.Heading = "Envoi à confirmer"
		if v.Closing {
			v.Heading, v.Say = "Clôture à confirmer", "La messagerie MSSanté n’a pas confirmé avoir reçu la clôture de cet échange\u00a0: elle est peut-être partie. Regardez si le patient a écrit depuis, puis dites ce qu’il en est. Aucune lettre n’est perdue."
		}
	default:
		v.Heading = "Lettre envoyée"
	}
	return s.render(w, r, http.StatusOK, templates.SendingPage(v))
}

// draftProgress tells a waiting page whether to go elsewhere: back to the sheet, or
// to the list once the letter has left.
func (s *Server) draftProgress(w http.ResponseWriter, r *http.Request) error {
	b, id, err := s.writingDraft(r)
	if err != nil {
		return err
	}
	res, err := s.outbox.Progress(r.Context(), b, id)
	if err != nil {
		return err
	}
	out := sentData{Came: string(res.Came), Say: res.Say}
	self := draftHref(scopeOf(r).box.ID, id)
	switch res.Came {
	case outgoing.CameFlying:
	case outgoing.CameSent:
		d, err := s.outbox.Get(r.Context(), b, id)
		if err != nil {
			return err
		}
		out.To = s.sentTo(r, d)
	case outgoing.CameKept:
		out.To = self + "?sent=1"
	default:
		out.To = self
	}
	writeData(w, http.StatusOK, out)
	return nil
}

// draftSettle ends the doubt about a letter, as the person says.
func (s *Server) draftSettle(w http.ResponseWriter, r *http.Request) error {
	if strange(r, r.PostForm.Get("who")) {
		return errStranger
	}
	b, d, err := s.draftAt(r)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), sendWait)
	defer cancel()
	verdict := outgoing.Verdict(r.PostForm.Get("verdict"))
	res, err := s.outbox.Settle(ctx, b, d.ID, verdict)
	if err != nil {
		return err
	}
	to := draftHref(scopeOf(r).box.ID, d.ID)
	switch {
	case res.Came == outgoing.CameSent && verdict == outgoing.ItLeft:
		return s.comeBack(w, r, s.behind(scopeOf(r), d), note{say: "C’est noté\u00a0: la lettre est partie, sa copie est rangée dans Envoyés.", kind: "ok"})
	case res.Came == outgoing.CameKept && verdict == outgoing.NotLeft:
		return s.comeBack(w, r, s.behind(scopeOf(r), d), note{say: res.Say, kind: "warn"})
	case res.Came == outgoing.CameSent:
		to = s.sentTo(r, d)
	case res.Came == outgoing.CameKept:
		to = withQuery(to, "sent", "1")
	case res.Came == outgoing.CameAsked:
		var all []string
		for _, x := range res.Remarks {
			if x.Level == outgoing.Block {
				all = append(all, x.Say)
			}
		}
		return s.comeBack(w, r, to, note{say: "La lettre n’a pas été renvoyée. " + strings.Join(all, " "), kind: "warn"})
	}
	redirect(w, r, to)
	return nil
}
