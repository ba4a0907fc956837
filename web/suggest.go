package web

import (
	"net/http"
	"strings"

	"pli.example/pli/internal/directory"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/outgoing"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/trust"
	"pli.example/pli/templates"
)

// Bounds of one question.
const (
	maxSuggested = 8
	maxTyped     = 16 << 10 // a pasted list of addresses
	maxAtOnce    = 100      // addresses of such a list: what a letter carries
	maxMended    = 20       // of them, those outside for which another is looked for: each is compared with the whole white list
)

// suggestData answers what is typed in a field of recipients.
type suggestData struct {
	Entries []suggestedData           `json:"entries"`
	Chips   []templates.RecipientChip `json:"chips,omitempty"`
	Say     string                    `json:"say,omitempty"`
}

// suggestedData is one line of the list under the field.
type suggestedData struct {
	Name    string                  `json:"name"`
	Work    string                  `json:"work,omitempty"`
	Place   string                  `json:"place,omitempty"`
	Address string                  `json:"address"`
	Kind    string                  `json:"kind"`
	Past    bool                    `json:"past,omitempty"`
	Warn    string                  `json:"warn,omitempty"`
	Chip    templates.RecipientChip `json:"chip"`
}

// suggest completes a recipient (words) or judges those typed in full (typed). It is a
// POST because an address may name a patient.
func (s *Server) suggest(w http.ResponseWriter, r *http.Request) error {
	b, err := s.writing(r)
	if err != nil {
		return err
	}
	if err := s.mayWrite(r, b); err != nil {
		return err
	}
	if typed := r.PostForm.Get("typed"); typed != "" {
		if len(typed) > maxTyped {
			return problem.New(problem.TooLarge, "Il y a trop d’adresses d’un coup\u00a0: collez-en moins à la fois.")
		}
		list := outgoing.Recipients(typed)
		if len(list) > maxAtOnce {
			return problem.New(problem.TooLarge, "Une lettre a 100\u00a0destinataires au plus\u00a0: collez-en moins à la fois.")
		}
		if err := s.directory.Charge(scopeOf(r).session.Actor.AccountID, len(list)); err != nil {
			return err
		}
		writeData(w, http.StatusOK, suggestData{Entries: []suggestedData{}, Chips: s.recipientChips(r, s.knownRecipients(r, list))})
		return nil
	}
	words := strings.TrimSpace(r.PostForm.Get("words"))
	out := suggestData{Entries: []suggestedData{}}
	if words == "" || len(words) > 4*maxWords {
		writeData(w, http.StatusOK, out)
		return nil
	}
	patients := s.suggestPatients(r, b, words)
	found, err := s.directory.Suggest(r.Context(), scopeOf(r).session.Actor, words, maxSuggested)
	if err != nil {
		if len(found) == 0 && len(patients) == 0 && !problem.Is(err, problem.TooMany) {
			return err
		}
		out.Say = problem.SayOf(err)
	}
	for _, e := range found {
		if !e.Past && len(patients) > 0 { // after those written to already, before strangers
			out.Entries, patients = append(out.Entries, patients...), nil
		}
		out.Entries = append(out.Entries, s.suggested(e))
	}
	out.Entries = append(out.Entries, patients...)
	out.Entries = out.Entries[:min(len(out.Entries), maxSuggested)]
	s.tellEntriesApart(r, out.Entries)
	writeData(w, http.StatusOK, out)
	return nil
}

// tellEntriesApart makes the chip that is picked say which mailbox it is, when one name
// has several; a mailbox the person works in is never called unknown.
func (s *Server) tellEntriesApart(r *http.Request, all []suggestedData) {
	each, at := make([]*templates.RecipientChip, len(all)), make([]mssante.Address, len(all))
	for i := range all {
		d := &all[i]
		each[i] = &d.Chip
		at[i], _ = outgoing.Recipient{Address: d.Address}.Parse()
		if d.Chip.Say == sayUnlisted && ours(scopeOf(r), at[i]) {
			d.Chip.Kind, d.Chip.Say, d.Warn = "", "", ""
		}
	}
	tellTwinsApart(each, at, s.twins(r.Context(), at))
}

func (s *Server) suggested(e directory.Entry) suggestedData {
	d := suggestedData{Name: e.Name(), Work: shortWork(e), Place: e.Place(), Address: e.Address.String(), Kind: e.Kind.Label(), Past: e.Past}
	d.Chip = s.judge(outgoing.Recipient{Name: d.Name, Address: d.Address}, e.Address, true, cardOf(e), e.Listed)
	s.mend(&d.Chip, e.Address, true)
	if d.Chip.Kind != "" {
		d.Warn = d.Chip.Say
	}
	return d
}

// recipientChips tells at once what is known of recipients: one question to the
// directory for all of them.
func (s *Server) recipientChips(r *http.Request, list []outgoing.Recipient) []templates.RecipientChip {
	cards := s.cards(r.Context(), addressesOf(list))
	twins := s.twins(r.Context(), addressesOf(list))
	out, each, at := make([]templates.RecipientChip, len(list)), make([]*templates.RecipientChip, len(list)), make([]mssante.Address, len(list))
	mended := 0
	for i, x := range list {
		a, ok := x.Parse()
		c, known := cards[a]
		out[i], each[i], at[i] = s.judge(x, a, ok, c, known), &out[i], a
		if !known && ours(scopeOf(r), a) && out[i].Say == sayUnlisted {
			out[i].Kind, out[i].Say, out[i].Sub = "", "", a.String()
		}
		if mended < maxMended && s.mend(&out[i], a, ok) {
			mended++
		}
	}
	tellTwinsApart(each, at, twins)
	return out
}

// mend looks for the address that was meant in place of one outside, and tells
// whether it had to.
func (s *Server) mend(chip *templates.RecipientChip, a mssante.Address, ok bool) bool {
	if !ok || a.IsPatient() || s.trust.Allows(a) != trust.Outside {
		return false
	}
	if better, found := s.trust.Suggest(a); found {
		chip.Suggest = better.String()
	}
	return true
}

const sayUnlisted = "adresse absente de l’annuaire"

// judge is what the sheet says of one recipient. It warns; what stops a letter is
// decided when it is sent, by the outbox.
func (s *Server) judge(x outgoing.Recipient, a mssante.Address, ok bool, c templates.Card, known bool) templates.RecipientChip {
	chip := templates.RecipientChip{Name: recipientName(x, a, ok), Typed: x.Name, Address: x.Address}
	if known {
		chip.Name, chip.Sub = c.Name, firstOf(c.Work, c.Kind)
		if c.Place != "" {
			chip.Place, chip.Sub = c.Place, strings.TrimPrefix(chip.Sub+", "+c.Place, ", ")
		}
	}
	switch {
	case !ok:
		chip.Kind, chip.Say = "error", "adresse incomplète"
	case a.IsPatient():
		chip.Kind, chip.Sub = "patient", "Mon espace santé"
		ins, valid := a.INS()
		switch {
		case valid && !ins.KeyOK():
			chip.Say = "INS " + ins.Masked() + ", clé inexacte\u00a0: vérifiez l’identité"
		case valid:
			chip.Sub += ", INS " + ins.Masked()
		}
	case s.trust.Allows(a) == trust.Outside:
		chip.Kind, chip.Say = "error", "hors de l’espace de confiance"
	case known && c.NoReply, !known && directory.SaysNoReply(a):
		chip.Kind, chip.Say = "warn", "ne lit pas les réponses"
	case !known && s.directory.State().Ready:
		chip.Kind, chip.Say = "warn", sayUnlisted
	}
	return chip
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
