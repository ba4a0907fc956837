package web

import (
	"net/http"
	"net/url"
	"strings"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/outgoing"
	"pli.example/pli/internal/problem"
	"pli.example/pli/templates"
)

// composeBegin begins a letter and leads to it: a blank one, an answer, a forward, or
// a draft another program left in the Drafts folder.
func (s *Server) composeBegin(w http.ResponseWriter, r *http.Request) error {
	b, err := s.writing(r)
	if err != nil {
		return err
	}
	from, err := s.origin(r, b)
	if err != nil {
		return err
	}
	begun, err := s.outbox.New(r.Context(), b, from)
	if problem.Is(err, problem.Gone) && from.Ref.UID != 0 { // another tab was first: the list, with a sentence
		return s.comeBack(w, r, path("mail", scopeOf(r).box.ID, from.Ref.Folder), note{say: goneWords(1), kind: "warn"})
	}
	if err != nil {
		return err
	}
	sc := scopeOf(r)
	sc.desk.cameFrom(begun.Draft.ID, s.pageBehind(r))
	to := draftHref(sc.box.ID, begun.Draft.ID)
	if begun.Say != "" {
		return s.comeBack(w, r, to, note{say: begun.Say, kind: "warn"})
	}
	redirect(w, r, to)
	return nil
}

// origin reads how a letter begins. Without a script the form says plain=1: a text
// box shows no formatting, so none is made.
func (s *Server) origin(r *http.Request, b *mailbox.Box) (outgoing.Origin, error) {
	f := r.PostForm
	from := outgoing.Origin{Kind: outgoing.Kind(f.Get("kind")), Plain: f.Get("plain") == "1", Signature: s.signature(r, b)}
	switch from.Kind {
	case "":
		from.Kind = outgoing.Blank
	case outgoing.Blank:
	case outgoing.Answer, outgoing.AnswerAll, outgoing.Forwarding, outgoing.Imported:
		which, err := refs(f["ref"])
		if err != nil {
			return from, err
		}
		from.Ref = which[0]
		from.WithFiles = from.Kind == outgoing.Imported || from.Kind == outgoing.Forwarding && f.Get("files") != "0"
	default:
		return from, problem.New(problem.Invalid, "Cette façon de commencer une lettre n’existe pas\u00a0: rien n’a changé.")
	}
	if len(f["address"]) > 100 {
		return from, problem.New(problem.TooLarge, "Une lettre a 100 destinataires au plus\u00a0: rien n’a changé.")
	}
	for _, a := range f["address"] {
		from.To = append(from.To, s.knownRecipients(r, outgoing.Recipients(a))...)
	}
	return from, nil
}

// knownRecipients gives addresses without a name the one of the directory.
func (s *Server) knownRecipients(r *http.Request, list []outgoing.Recipient) []outgoing.Recipient {
	cards := s.cards(r.Context(), addressesOf(list))
	for i, x := range list {
		if a, ok := x.Parse(); ok && x.Name == "" {
			if c, known := cards[a]; known && c.Name != x.Address {
				list[i].Name = c.Name
			}
		}
	}
	return list
}

func addressesOf(list []outgoing.Recipient) []mssante.Address {
	var out []mssante.Address
	for _, x := range list {
		if a, ok := x.Parse(); ok {
			out = append(out, a)
		}
	}
	return out
}

// composePage shows a draft: its sheet while it is being written, else what became
// of it.
func (s *Server) composePage(w http.ResponseWriter, r *http.Request) error {
	b, id, err := s.writingDraft(r)
	if err != nil {
		return err
	}
	d, begun, err := s.outbox.See(r.Context(), b, id)
	if err != nil {
		return err
	}
	if d.State != outgoing.Open {
		return s.sendingPage(w, r, b, d)
	}
	if hasPatient(d.Fields) { // the sheet holds the address, an INS whole: as traced as the click that shows it
		if err := b.Note(r.Context(), audit.Event{Action: audit.PatientINS, Target: d.ID, Request: "in a draft"}, nil); err != nil {
			return err
		}
	}
	v := s.composeView(r, b, d)
	v.Begun = begun
	q := r.URL.Query()
	if q.Get("check") == "1" {
		remarks, err := s.outbox.Check(r.Context(), b, d.ID)
		if err != nil {
			return err
		}
		v.Remarks = remarkViews(scopeOf(r), remarks)
		v.Strips = append(v.Strips, checkStrip(remarks)...)
	}
	if q.Get("sent") == "1" {
		res, err := s.outbox.Progress(r.Context(), b, d.ID)
		if err == nil && res.Came == outgoing.CameKept {
			v.Strips = append(v.Strips, templates.Strip{Kind: "error", Text: res.Say})
			v.Fates = s.fateViews(r, d, res.Recipients)
		}
	}
	return s.render(w, r, http.StatusOK, templates.ComposePage(v))
}

func checkStrip(remarks []outgoing.Remark) []templates.Strip {
	if outgoing.Blocked(remarks) {
		return []templates.Strip{{Kind: "error", Text: "La lettre n’est pas partie. Ce qui l’en empêche est signalé ci-dessous\u00a0; tout est gardé."}}
	}
	for _, x := range remarks {
		if x.Level == outgoing.Ask {
			return []templates.Strip{{Kind: "warn", Text: "La lettre n’est pas encore partie\u00a0: répondez à ce qui est signalé ci-dessous."}}
		}
	}
	return nil
}

// composeView maps a draft being written.
func (s *Server) composeView(r *http.Request, b *mailbox.Box, d outgoing.Draft) templates.ComposeView {
	sc := scopeOf(r)
	self := draftHref(sc.box.ID, d.ID)
	from := s.outbox.From(r.Context(), b)
	limit := s.outbox.Limit(d.Fields)
	chips := s.recipientChips(r, d.Fields.Everybody())
	nTo, nCc := len(d.Fields.To), len(d.Fields.Cc)
	v := templates.ComposeView{
		Page: s.page(r, "Écrire"), BoxID: sc.box.ID, DraftID: d.ID, Self: self, Heading: draftHeading(d.Origin),
		SuggestTo: path("mail", sc.box.ID, "suggest"), BackHref: s.behind(sc, d), DirectoryHref: "/directory",
		SignInHref: "/sign-in?next=" + url.QueryEscape(self+"/back"),
		FromLabel:  tidyName(from.Mailbox.Name), FromAddress: b.Address().String(), FromPerson: from.Person, Holder: boxLabel(b.Grant()),
		Who: whoSigns(sc), MaySend: b.Grant().Rights.Has(delegation.Send), Version: d.Version,
		To: chips[:nTo], Cc: chips[nTo : nTo+nCc], Bcc: chips[nTo+nCc:], Subject: d.Fields.Subject, HTML: d.Fields.HTML, Text: d.Fields.Text,
		Files: fileViews(self, d.Files), Limit: limit.Say(), LimitBytes: limit.Files(),
		Delivery: d.Fields.DeliveryReceipt, Read: d.Fields.ReadReceipt, NoReply: d.Fields.NoReply, Patient: hasPatient(d.Fields),
		Saved: "Brouillon enregistré " + s.clock.at(d.SavedAt), SignatureHref: signatureOf(sc.box.ID, d.ID),
	}
	if v.FromLabel == "" {
		v.FromLabel = v.FromAddress
	}
	v.Page.Section, v.Page.Keys = "compose", false // a letter's keys belong to whoever is writing
	if d.CopyOf != "" {
		v.Strips = append(v.Strips, templates.Strip{Kind: "info", Text: "Cette lettre est une version concurrente\u00a0: un autre brouillon a été écrit en même temps. Aucun des deux n’est perdu.",
			LinkText: "Voir l’autre version", LinkHref: draftHref(sc.box.ID, d.CopyOf)})
	}
	if d.Author != "" && d.AuthorID != sc.session.Actor.AccountID {
		v.Strips = append(v.Strips, templates.Strip{Kind: "info", Text: "Brouillon préparé par " + d.Author + "."})
	}
	return v
}

// behind is the list a letter goes back to: that of the letter it answers, or the
// exchange with the patient it is for.
func (s *Server) behind(sc *scope, d outgoing.Draft) string {
	if to := s.exchangeHref(sc, addressesOf(d.Fields.Everybody())); to != "" && (d.State == outgoing.Sent || d.Original != nil || d.Origin == outgoing.Closing) {
		return to
	} else if to != "" && d.Origin == outgoing.ToPatient {
		return path("mail", sc.box.ID, "patients")
	}
	if d.Original != nil {
		return path("mail", sc.box.ID, d.Original.Folder)
	}
	if to := sc.desk.behind(d.ID); to != "" {
		return to
	}
	return path("mail", sc.box.ID)
}

func draftHeading(k outgoing.Kind) string {
	switch k {
	case outgoing.Answer, outgoing.AnswerAll:
		return "Réponse"
	case outgoing.Forwarding:
		return "Transfert"
	}
	return "Nouvelle lettre"
}

func hasPatient(f outgoing.Fields) bool {
	for _, x := range f.Everybody() {
		if a, ok := x.Parse(); ok && a.IsPatient() {
			return true
		}
	}
	return false
}

// composeBack is where signing in again from a letter's page ends, in its own tab.
func (s *Server) composeBack(w http.ResponseWriter, r *http.Request) error {
	b, id, err := s.writingDraft(r)
	if err != nil {
		return err
	}
	if !b.Grant().Rights.Has(delegation.Write) {
		return problem.New(problem.Denied, "")
	}
	return s.render(w, r, http.StatusOK, templates.BackPage(templates.BackView{Page: s.page(r, "Connexion"), DraftHref: draftHref(scopeOf(r).box.ID, id)}))
}

// writeTo is where this person's letters begin: in the mailbox of the address, else
// in the one they work in, else in any they may write in. "" when there is none.
func (s *Server) writeTo(sc *scope) string {
	if s.outbox == nil || sc.session == nil || sc.session.Mail != nil {
		return ""
	}
	if g, ok := sc.grantOf(sc.box); ok {
		if g.Rights.Has(delegation.Write) {
			return path("mail", g.Mailbox.ID, "compose")
		}
		return ""
	}
	if g, ok := s.homeBox(sc); ok && g.Rights.Has(delegation.Write) {
		return path("mail", g.Mailbox.ID, "compose")
	}
	for _, g := range sc.grants {
		if g.Rights.Has(delegation.Write) {
			return path("mail", g.Mailbox.ID, "compose")
		}
	}
	return ""
}

// remarkPlaces tell beside what a remark stands.
func remarkPlace(x outgoing.Remark) string {
	switch x.Code {
	case outgoing.NoRecipient, outgoing.BadAddress, outgoing.ManyRecipients, outgoing.OutsideSpace, outgoing.NoList, outgoing.StaleList, outgoing.NotInDirectory,
		outgoing.NoReplyBox, outgoing.SeveralPatients, outgoing.PatientWithOther, outgoing.PatientKey, outgoing.PatientIdentity, outgoing.NoPatientRight:
		return "to"
	case outgoing.NoSubject, outgoing.ReservedSubject:
		return "subject"
	case outgoing.NoText:
		return "text"
	case outgoing.NoFile, outgoing.UnfinishedFile, outgoing.TooBig:
		return "files"
	}
	if x.Address != "" {
		return "to"
	}
	return "letter"
}

func remarkViews(sc *scope, all []outgoing.Remark) []templates.RemarkView {
	out := make([]templates.RemarkView, 0, len(all))
	blocked := map[string]bool{}
	for _, x := range all {
		if x.Level == outgoing.Block && x.Address != "" {
			blocked[x.Address] = true
		}
	}
	for _, x := range all {
		if x.Level == outgoing.Tell && blocked[x.Address] {
			continue // the graver word is enough
		}
		if a, err := mssante.ParseAddress(x.Address); x.Code == outgoing.NotInDirectory && err == nil && ours(sc, a) {
			continue // their own mailbox, or their team's
		}
		out = append(out, templates.RemarkView{Key: x.Key(), Level: string(x.Level), Place: remarkPlace(x), Say: x.Say, Address: x.Address, Suggest: x.Suggest, Yes: yesWords(x)})
	}
	return out
}

// yesWords answer a remark: who a patient is is a question, no warning to pass over.
func yesWords(x outgoing.Remark) string {
	if x.Code == outgoing.PatientIdentity {
		return "Oui, c’est cette personne\u00a0: envoyer"
	}
	return ""
}

// fateViews name recipients as the draft does.
func (s *Server) fateViews(r *http.Request, d outgoing.Draft, all []outgoing.Fate) []templates.FateView {
	names := map[string]string{}
	for _, c := range s.recipientChips(r, d.Fields.Everybody()) {
		names[strings.ToLower(c.Address)] = c.Name
	}
	out := make([]templates.FateView, 0, len(all))
	for _, f := range all {
		who := names[strings.ToLower(f.Address)]
		if a, err := mssante.ParseAddress(f.Address); who == "" || err == nil && !a.IsPatient() && who != f.Address {
			who = strings.TrimSpace(who + " " + f.Address)
		}
		out = append(out, templates.FateView{Who: who, Accepted: f.Accepted, Say: f.Say, Code: f.Code})
	}
	return out
}
