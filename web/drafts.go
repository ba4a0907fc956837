package web

import (
	"log/slog"
	"net/http"
	"strings"

	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/outgoing"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/sanitize"
)

// draftWho names up to three recipients as typed, and counts the others, unlisted
// ones too; a patient's address, which is an identity number, is no name.
func (s *Server) draftWho(to []outgoing.Recipient, unlisted int) string {
	var names []string
	for _, x := range to[:min(3, len(to))] {
		a, ok := x.Parse()
		switch {
		case ok && a.IsPatient() && strings.TrimSpace(x.Name) != "": // one string, kept as it is
			names = append(names, strings.TrimSpace(x.Name))
		case strings.TrimSpace(x.Name) != "":
			names = append(names, tidyName(x.Name))
		case ok && a.IsPatient():
			names = append(names, "Patient")
		default:
			names = append(names, x.Address)
		}
	}
	switch more := len(to) - len(names) + unlisted; {
	case len(names) == 0:
		return "Sans destinataire"
	case more > 0:
		return strings.Join(names, ", ") + " et " + count(more) + " autres"
	}
	return strings.Join(names, ", ")
}

// savedData answers a save.
type savedData struct {
	ID      string `json:"id"`
	Href    string `json:"href"`
	Version int64  `json:"version"`
	Saved   string `json:"saved"`           // 'Brouillon enregistré à 10:51'
	Copy    bool   `json:"copy,omitempty"`  // kept as a concurrent version
	Other   string `json:"other,omitempty"` // the other version's page
	Say     string `json:"say,omitempty"`
	Limit   string `json:"limit"`
	Bytes   int64  `json:"bytes"`
	Patient bool   `json:"patient"`
	Who     string `json:"who"` // who is signed in now: a page never sends in another's name
}

// fieldsData is a letter as the page's script sends it.
type fieldsData struct {
	Version  int64                `json:"version"`
	Writer   string               `json:"writer"`
	Seq      int64                `json:"seq"`
	To       []outgoing.Recipient `json:"to"`
	Cc       []outgoing.Recipient `json:"cc"`
	Bcc      []outgoing.Recipient `json:"bcc"`
	Subject  string               `json:"subject"`
	HTML     string               `json:"html"`
	Text     string               `json:"text"`
	Delivery bool                 `json:"delivery"`
	Read     bool                 `json:"read"`
	NoReply  bool                 `json:"noreply"`
}

func (f fieldsData) fields() outgoing.Fields {
	return outgoing.Fields{To: f.To, Cc: f.Cc, Bcc: f.Bcc, Subject: f.Subject, HTML: f.HTML, Text: f.Text,
		DeliveryReceipt: f.Delivery, ReadReceipt: f.Read, NoReply: f.NoReply}
}

// draftSave keeps what stands in the page: durable once it is answered.
func (s *Server) draftSave(w http.ResponseWriter, r *http.Request) error {
	if stranger(w, r) {
		return nil
	}
	b, id, err := s.writingDraft(r)
	if err != nil {
		return err
	}
	var in fieldsData
	if err := readData(r, &in); err != nil {
		return err
	}
	f := in.fields()
	saved, err := s.outbox.Save(r.Context(), b, id, outgoing.Edit{Version: in.Version, Writer: in.Writer, Seq: in.Seq, Fields: f, Account: r.Header.Get(whoHeader)})
	if err != nil {
		return err
	}
	limit := s.outbox.Limit(f)
	boxID := scopeOf(r).box.ID
	out := savedData{ID: saved.ID, Href: draftHref(boxID, saved.ID), Version: saved.Version, Saved: "Brouillon enregistré " + s.clock.at(saved.At),
		Copy: saved.Copy, Say: saved.Say, Limit: limit.Say(), Bytes: limit.Files(), Patient: hasPatient(f), Who: whoSigns(scopeOf(r))}
	if saved.ID != id {
		out.Other = draftHref(boxID, id)
	}
	writeData(w, http.StatusOK, out)
	return nil
}

// draftPause lets other programs see the draft: on a rest of the keyboard, and
// (leave=1) when the page is left; unwritten is what the page that began the draft was
// given, when not a word was written in it: what was put away is said, and comes back. kept=1
// asks for the sentence that says where a written one is.
func (s *Server) draftPause(w http.ResponseWriter, r *http.Request) error {
	if stranger(w, r) {
		return nil
	}
	b, id, err := s.writingDraft(r)
	if err != nil {
		return err
	}
	var out struct {
		Note string `json:"note,omitempty"` // for the next page
	}
	var away bool
	switch leave, page := r.PostForm.Get("leave") == "1", r.PostForm.Get("unwritten"); {
	case r.PostForm.Get("kept") == "1": // said before the copy is made, which may take its time
		d, err := s.outbox.Get(r.Context(), b, id)
		if err != nil {
			return err
		}
		if d.State == outgoing.Open {
			sc := scopeOf(r)
			out.Note = sc.desk.keepNote(note{boxID: sc.box.ID, say: "Votre lettre est gardée dans Brouillons.", kind: "ok", goOn: id}, s.clock.now())
		}
	case leave && page != "":
		away, err = s.outbox.Abandon(r.Context(), b, id, page)
	case leave:
		err = s.outbox.Leave(r.Context(), b, id)
	default:
		err = s.outbox.Pause(r.Context(), b, id)
	}
	if err != nil {
		return err
	}
	if away {
		sc := scopeOf(r)
		out.Note = sc.desk.keepNote(note{boxID: sc.box.ID, say: "Brouillon supprimé\u00a0: rien n’y avait été écrit.", kind: "ok", reopen: id}, s.clock.now())
	}
	writeData(w, http.StatusOK, out)
	return nil
}

// draftText gives the plain form of a text, as the letter will carry it. Nothing is
// kept.
func (s *Server) draftText(w http.ResponseWriter, r *http.Request) error {
	if stranger(w, r) {
		return nil
	}
	b, _, err := s.writingDraft(r)
	if err != nil {
		return err
	}
	if err := s.mayWrite(r, b); err != nil {
		return err
	}
	var in struct {
		HTML string `json:"html"`
	}
	if err := readData(r, &in); err != nil {
		return err
	}
	if len(in.HTML) > 2<<20 {
		return problem.New(problem.TooLarge, "Ce texte est trop long pour changer de forme. Il est gardé tel quel.")
	}
	writeData(w, http.StatusOK, struct {
		Text string `json:"text"`
	}{outgoing.PlainOf(string(sanitize.HTML([]byte(in.HTML), sanitize.Options{}).HTML))})
	return nil
}

// draftRestore takes a discarded draft back.
func (s *Server) draftRestore(w http.ResponseWriter, r *http.Request) error {
	b, id, err := s.writingDraft(r)
	if err != nil {
		return err
	}
	if err := s.outbox.Restore(r.Context(), b, id); err != nil {
		return err
	}
	redirect(w, r, draftHref(scopeOf(r).box.ID, id))
	return nil
}

// recipientName is a name for a chip: the directory's first, then what the letter
// said, and never a patient's number.
func recipientName(x outgoing.Recipient, a mssante.Address, ok bool) string {
	switch {
	case strings.TrimSpace(x.Name) != "":
		return tidyName(x.Name)
	case ok && a.IsPatient():
		return "Patient"
	}
	return x.Address
}

// attend lets the outbox do what is left over in a mailbox somebody has before them:
// copies to Sent, evidence of letters whose fate is unknown. It returns at once.
func (s *Server) attend(r *http.Request, b *mailbox.Box) {
	if s.outbox != nil && !isPrefetch(r) && b.Grant().Rights.Has(delegation.Write) {
		s.outbox.Attend(r.Context(), b)
	}
}

// heard tells the outbox of a notice that was just opened: it may settle a letter. A
// page is shown all the same when it cannot be noted.
func (s *Server) heard(r *http.Request, b *mailbox.Box, l *mailbox.Letter) {
	if s.outbox == nil || l.Report == nil || !looked(r) {
		return
	}
	if err := s.outbox.Heard(r.Context(), b, *l.Report); err != nil {
		s.log.LogAttrs(r.Context(), slog.LevelWarn, "notice", slog.String("request", scopeOf(r).id), slog.String("error", cause(err)))
	}
}
