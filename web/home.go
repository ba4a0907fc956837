package web

import (
	"net/http"
	"strings"
	"unicode"

	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/templates"
)

// home leads to the mailbox a person works in, or says that there is none.
func (s *Server) home(w http.ResponseWriter, r *http.Request) error {
	sc := scopeOf(r)
	if g, ok := s.homeBox(sc); ok {
		to := path("mail", g.Mailbox.ID)
		if h := r.URL.Query().Get("note"); opaqueHandle(h) {
			to = withQuery(to, "note", h)
		}
		redirect(w, r, to)
		return nil
	}
	return s.render(w, r, http.StatusOK, templates.NoMailboxPage(templates.NoMailboxView{Page: s.page(r, "Aucune boîte"),
		NationalID: string(sc.session.Practitioner.NationalID), Operator: s.operator}))
}

// homeBox is the person's own mailbox. Who has several situations goes to the one
// last looked at in the situation they act in, else to the one that belongs to it,
// else to the last looked at.
func (s *Server) homeBox(sc *scope) (delegation.Grant, bool) {
	if len(sc.session.Practitioner.Situations) > 1 {
		here, anywhere := sc.desk.lastBox(sc.session.Situation)
		if g, ok := readable(sc.grants, here); ok {
			return g, true
		}
		if g, ok := boxOfSituation(sc.grants, situation(sc.session)); ok {
			return g, true
		}
		if g, ok := readable(sc.grants, anywhere); ok {
			return g, true
		}
	}
	for _, g := range sc.grants {
		if g.Rights.Has(delegation.Read) {
			return g, true
		}
	}
	return delegation.Grant{}, false
}

func readable(grants []delegation.Grant, boxID string) (delegation.Grant, bool) {
	for _, g := range grants {
		if g.Mailbox.ID == boxID && g.Rights.Has(delegation.Read) {
			return g, true
		}
	}
	return delegation.Grant{}, false
}

// boxOfSituation finds the person's own mailbox of a place of work. Nothing in the
// claims or the grants ties one to the other; what does, in practice, are the words:
// an establishment's name stands in its mailboxes' domain ("chu-touraine") or in the
// label the operator gave ("…, clinique"). That of the most words in common is taken;
// none in common, or as many in two: not known.
func boxOfSituation(grants []delegation.Grant, x mssante.Situation) (best delegation.Grant, ok bool) {
	place := placeWords(x.Structure)
	most := 0
	for _, g := range grants {
		if ownFirst(g) > 0 || !g.Rights.Has(delegation.Read) {
			continue
		}
		domain := strings.TrimSuffix(string(g.Mailbox.Address.Domain), ".mssante.fr")
		n := 0
		for w := range placeWords(domain + " " + g.Mailbox.Label) {
			if place[w] {
				n++
			}
		}
		switch {
		case n > most:
			best, most, ok = g, n, true
		case n == most:
			ok = false
		}
	}
	return best, ok
}

// placeWords are those of a name that tell one place from another: without case,
// accents and the small ones.
func placeWords(name string) map[string]bool {
	bare := strings.NewReplacer("à", "a", "â", "a", "ä", "a", "ç", "c", "é", "e", "è", "e", "ê", "e", "ë", "e", "î", "i", "ï", "i",
		"ô", "o", "ö", "o", "ù", "u", "û", "u", "ü", "u", "œ", "oe").Replace(strings.ToLower(name))
	out := map[string]bool{}
	for _, w := range strings.FieldsFunc(bare, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		switch w {
		case "les", "des", "aux", "sur", "pour", "mssante", "sante", "pro":
			continue
		}
		if len(w) >= 3 {
			out[w] = true
		}
	}
	return out
}
