package web

import (
	"html"
	"log/slog"
	"net/http"
	"strings"

	"pli.example/pli/internal/account"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
	"pli.example/pli/templates"
)

// signature closes a new letter: the person's own for this mailbox, else the one
// made for them. One that cannot be read leaves the one made.
func (s *Server) signature(r *http.Request, b *mailbox.Box) string {
	sc := scopeOf(r)
	lines := s.madeSignature(sc, b)
	text, own, err := s.accounts.Signature(r.Context(), sc.session.Actor.AccountID, b.Grant().Mailbox.ID)
	if err != nil {
		s.log.LogAttrs(r.Context(), slog.LevelWarn, "signature", slog.String("request", sc.id), slog.String("error", cause(err)))
	} else if own {
		if text == "" {
			return ""
		}
		lines = strings.Split(text, "\n")
	}
	out := []string{"", "—"} // a line of rest between the text and who signs
	for _, l := range lines {
		out = append(out, html.EscapeString(l))
	}
	return strings.Join(out, "<br>")
}

// madeSignature is who writes, what they are, where, and the number by which the
// registers know them. In another's mailbox it is the mailbox that signs: From says
// already who really wrote.
func (s *Server) madeSignature(sc *scope, b *mailbox.Box) []string {
	cur := sc.session
	sit := situation(cur)
	lines := []string{cur.Practitioner.DisplayName(sit)}
	if b.Grant().Mailbox.Kind == mssante.KindNominative && ownFirst(b.Grant()) == 0 {
		lines = append(lines, railWork(sit), sit.Place())
		if n, ok := cur.Practitioner.NationalID.RPPS(); ok {
			lines = append(lines, "RPPS "+n.String())
		}
	} else {
		lines = append(lines, boxLabel(b.Grant()))
	}
	var out []string
	for _, l := range lines {
		if l = strings.TrimSpace(l); l != "" {
			out = append(out, l)
		}
	}
	return out
}

// signaturePage lets a person write the signature of their letters in a mailbox.
func (s *Server) signaturePage(w http.ResponseWriter, r *http.Request) error {
	b, err := s.signing(r)
	if err != nil {
		return err
	}
	text, own, err := s.accounts.Signature(r.Context(), scopeOf(r).session.Actor.AccountID, b.Grant().Mailbox.ID)
	if err != nil {
		return err
	}
	if !own {
		text = strings.Join(s.madeSignature(scopeOf(r), b), "\n")
	}
	return s.showSignature(w, r, b, http.StatusOK, templates.SignatureView{Text: text, Shown: text, Own: own})
}

// signatureStore keeps it, shows it first, or goes back to the one made.
func (s *Server) signatureStore(w http.ResponseWriter, r *http.Request) error {
	b, err := s.signing(r)
	if err != nil {
		return err
	}
	sc, m := scopeOf(r), b.Grant().Mailbox
	to, typed := signatureHref(m.ID), r.PostForm.Get("text")
	if id := r.URL.Query().Get("draft"); opaque.MatchString(id) {
		to = signatureOf(m.ID, id)
	}
	switch r.PostForm.Get("do") {
	case "reset":
		if err := s.accounts.ResetSignature(r.Context(), sc.session.Actor, m); err != nil {
			return err
		}
		return s.comeBack(w, r, to, note{say: "Vos prochaines lettres porteront de nouveau la signature faite par Pli.", kind: "ok"})
	case "preview":
		text, err := account.TidySignature(typed)
		if err != nil {
			return s.signatureRefused(w, r, b, typed, err)
		}
		return s.showSignature(w, r, b, http.StatusOK, templates.SignatureView{Text: typed, Shown: text, Own: true, Unsaved: true})
	}
	if err := s.accounts.SetSignature(r.Context(), sc.session.Actor, m, typed); problem.Is(err, problem.Invalid) {
		return s.signatureRefused(w, r, b, typed, err)
	} else if err != nil {
		return err
	}
	return s.comeBack(w, r, to, note{say: "Signature enregistrée. Vos prochaines lettres la porteront\u00a0; les brouillons déjà commencés gardent la leur.", kind: "ok"})
}

// signatureRefused keeps what was typed and says beside it what to mend.
func (s *Server) signatureRefused(w http.ResponseWriter, r *http.Request, b *mailbox.Box, typed string, err error) error {
	return s.showSignature(w, r, b, http.StatusUnprocessableEntity, templates.SignatureView{Text: typed, Own: true, Unsaved: true, Error: problem.SayOf(err)})
}

func (s *Server) showSignature(w http.ResponseWriter, r *http.Request, b *mailbox.Box, status int, v templates.SignatureView) error {
	m := b.Grant().Mailbox
	v.Page, v.Action, v.BackHref, v.Holder = s.page(r, "Signature"), signatureHref(m.ID), path("mail", m.ID, "compose"), boxLabel(b.Grant())
	v.BackSays = "Brouillons"
	if id := r.URL.Query().Get("draft"); opaque.MatchString(id) {
		v.Action, v.BackHref, v.BackSays = signatureOf(m.ID, id), draftHref(m.ID, id), "Revenir à ma lettre"
	}
	v.Page.Section, v.Page.Keys = "signature", false
	return s.render(w, r, status, templates.SignaturePage(v))
}

// signatureOf is that page with the way back to a letter being written.
func signatureOf(boxID, draftID string) string { return signatureHref(boxID) + "?draft=" + draftID }

// signing opens the mailbox for somebody who may prepare letters in it.
func (s *Server) signing(r *http.Request) (*mailbox.Box, error) {
	b, err := s.writing(r)
	if err != nil {
		return nil, err
	}
	return b, s.mayWrite(r, b)
}

func signatureHref(boxID string) string { return path("mail", boxID, "signature") }
