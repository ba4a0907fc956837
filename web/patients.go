package web

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"pli.example/pli/internal/conversation"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/directory"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/message"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/templates"
)

// Addresses of the exchanges of a mailbox with patients.
const (
	patientsPath = "/mail/{box}/patients"
	exchangePath = patientsPath + "/{exchange}"
	identityPath = patientsPath + "/identity/{handle}"
)

// patientRows is how many exchanges of one group a page shows.
const patientRows = 150

// patients lists the exchanges of a mailbox by whose turn it is.
func (s *Server) patients(w http.ResponseWriter, r *http.Request) error {
	b, err := s.box(r)
	if err != nil {
		return err
	}
	v, err := s.patientsView(r, b)
	if err != nil {
		return err
	}
	if ins, ok := s.toMend(r); ok && v.FindTo != "" {
		v.Open, v.Typed = true, ins.Grouped()
	}
	return s.render(w, r, http.StatusOK, templates.PatientsPage(v))
}

func (s *Server) patientsView(r *http.Request, b *mailbox.Box) (templates.PatientsView, error) {
	sc := scopeOf(r)
	left, err := s.left(r, b)
	if err != nil {
		return templates.PatientsView{}, err
	}
	x, err := b.Exchanges(r.Context(), left)
	if err != nil {
		return templates.PatientsView{}, err
	}
	s.attend(r, b)
	sc.desk.countPatients(sc.box.ID, x.Waiting(), x.Unfinished, s.clock.now())
	s.askCounters(r)
	base := path("mail", sc.box.ID, "patients")
	sought := s.soughtName(r)
	v := templates.PatientsView{Page: s.page(r, "Patients"), SearchTo: base + "/find", AllHref: base, Sought: sought, LettersTo: path("mail", sc.box.ID, "search"), BoxLabel: boxLabel(b.Grant()), Total: len(x.All), Say: x.Say, Unsure: x.Unsure, Groups: []templates.PatientGroup{
		{Key: "waiting", Title: "À traiter", Empty: "Aucun patient n’attend de réponse."},
		{Key: "awaited", Title: "En attente du patient", Empty: "Vous n’attendez de réponse d’aucun patient."},
		{Key: "closed", Title: "Clos", Empty: "Aucun échange clos."},
	}}
	v.Page.Section = "patients"
	if v.Total == 0 {
		v.SearchTo = ""
	}
	if s.outbox != nil && b.Grant().Rights.Has(delegation.Write) {
		v.FindTo = base
	}
	for _, e := range x.All {
		if sought != "" && !directory.Named(e.Name, sought) {
			continue
		}
		v.Found++
		g := &v.Groups[groupOf(e)]
		if len(g.Rows) == patientRows {
			g.More++
			continue
		}
		g.Rows = append(g.Rows, s.patientRow(base, e))
	}
	return v, nil
}

func groupOf(e mailbox.Exchange) int {
	switch {
	case e.Waits():
		return 0
	case e.State.Phase == conversation.WaitingForPatient, e.State.Open: // told otherwise of an answer that came back
		return 1
	}
	return 2
}

// left is what the outbox knows of the letters that left a mailbox.
func (s *Server) left(r *http.Request, b *mailbox.Box) (mailbox.Left, error) {
	if s.outbox == nil {
		return mailbox.Left{}, nil
	}
	return s.outbox.Left(r.Context(), b.Grant().Mailbox)
}

func (s *Server) patientRow(base string, e mailbox.Exchange) templates.PatientRow {
	last := e.Last()
	row := templates.PatientRow{Href: base + "/" + e.ID, Name: e.Name, Subject: subjectWords(last.Subject), Last: masked(last.Snippet),
		When: s.clock.short(last.Received), WhenISO: s.clock.iso(last.Received), Letters: len(e.Letters), Unread: e.Unread > 0}
	if ins, ok := e.Patient.INS(); ok {
		row.INS, row.ShowTo = ins.Masked(), row.Href+"/ins"
	}
	if last.Ours {
		row.LastWho = "Vous\u00a0:"
	}
	if last.Fin { // the magic word is no subject to read
		row.Subject, row.Last, row.LastWho = finWords(last), "", ""
	}
	st := e.State
	if st.Phase == conversation.WaitingForUs && e.Told.IsZero() {
		row.Wait = "attend depuis " + s.clock.span(st.Since)
	}
	add := func(on bool, text string) {
		if on {
			row.Chips = append(row.Chips, templates.Chip{Kind: "plain", Text: text})
		}
	}
	add(!st.Lost.IsZero(), lostChip(st.LostClosing))
	add(!st.Contested.IsZero(), contestedChip(st.ContestedClosing))
	add(!e.Told.IsZero(), "prévenu autrement")
	add(st.AfterClosing, "écrit après la clôture")
	add(st.NearClosing && st.Phase == conversation.WaitingForPatient, "n’a sans doute pas été clos")
	add(st.Phase == conversation.WaitingForPatient && st.Reopened, "rouvert")
	add(st.Phase == conversation.Closed && last.Mark == conversation.Unanswerable, "lettre sans réponse possible")
	if n := last.Attachments; n > 0 {
		add(true, plural(n, "pièce jointe", "pièces jointes"))
	}
	return row
}

// finWords name a [FIN] by what it did.
func finWords(l mailbox.ExchangeLetter) string {
	switch l.Mark {
	case conversation.Lost:
		return "Clôture non remise"
	case conversation.Leaving:
		return "Clôture en cours d’envoi"
	}
	if l.Doubt != nil {
		return "Conversation peut-être close"
	}
	return "Conversation close"
}

func lostChip(closing bool) string {
	if closing {
		return "clôture non remise"
	}
	return "lettre non remise"
}

func contestedChip(closing bool) string {
	if closing {
		return "avis non vérifié\u00a0: clôture non remise"
	}
	return "avis non vérifié\u00a0: lettre non remise"
}

func plural(n int, one, several string) string {
	if n > 1 {
		one = several
	}
	return count(n) + "\u00a0" + one
}

// span says how long ago, in the one unit that matters; days are rounded.
func (c clock) span(since time.Time) string {
	d := max(c.now().Sub(since), 0)
	switch {
	case d < time.Minute:
		return "moins d’une minute"
	case d < time.Hour:
		return strconv.Itoa(int(d/time.Minute)) + "\u00a0min"
	case d < 24*time.Hour:
		return strconv.Itoa(int(d/time.Hour)) + "\u00a0h"
	}
	return plural(int((d+12*time.Hour)/(24*time.Hour)), "jour", "jours")
}

// patientINS names a patient's address by its mask: the address is an identity number.
func patientINS(a mssante.Address) string {
	if ins, ok := a.INS(); ok {
		return "INS " + ins.Masked()
	}
	return "Mon espace santé"
}

var patientAddress = regexp.MustCompile(`(?i)[0-9][0-9ab]{14}@` + regexp.QuoteMeta(string(mssante.PatientDomain)))

// masked takes patients' addresses out of words that a list shows: a server's report
// begins with one.
func masked(s string) string {
	if !strings.Contains(s, "@") {
		return s
	}
	return patientAddress.ReplaceAllStringFunc(s, func(m string) string {
		a, err := mssante.ParseAddress(m)
		if err != nil {
			return m
		}
		return patientINS(a)
	})
}

// patientLabel is a patient's name as their own label gives it.
func patientLabel(m message.Mailbox) string {
	if name := mailbox.PatientName(m); name != "" {
		return name
	}
	return "Patient"
}

// exchangeHref is the page of the exchange a letter to this one patient belongs to, ""
// for any other letter or for whoever may not see it.
func (s *Server) exchangeHref(sc *scope, to []mssante.Address) string {
	g, ok := sc.grantOf(sc.box)
	if !ok || len(to) != 1 || !to[0].IsPatient() || !g.Rights.Has(delegation.Patients) {
		return ""
	}
	return path("mail", sc.box.ID, "patients", s.house.ExchangeID(sc.box.ID, to[0]))
}

// patientSide is whom a letter's exchange is with: the patient who wrote it, else those it
// was written to. A server's notice belongs to none.
func patientSide(l *mailbox.Letter) (out []mssante.Address) {
	if l.Report != nil {
		return nil
	}
	for _, m := range l.Envelope.From {
		if m.Address.IsPatient() {
			return []mssante.Address{m.Address}
		}
	}
	for _, m := range slices.Concat(l.Envelope.To, l.Envelope.Cc) {
		if m.Address.IsPatient() {
			out = append(out, m.Address)
		}
	}
	return out
}
