package web

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/go-chi/chi/v5"

	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/problem"
	"pli.example/pli/templates"
)

func savedTo(boxID string) string { return path("mail", boxID, "search", "saved") }

// withSaved lists the person's searches of the mailbox. handle names the one shown, ""
// for none; one that is kept already is not offered to be kept again.
func (s *Server) withSaved(r *http.Request, v *templates.SearchView, q mailbox.Query, handle string) error {
	sc := scopeOf(r)
	all, err := s.accounts.Searches(r.Context(), sc.session.Actor.AccountID, sc.box.ID)
	if err != nil {
		return err
	}
	v.Saved.To = savedTo(sc.box.ID)
	written, err := json.Marshal(q)
	if err != nil {
		return fmt.Errorf("write a query: %w", err)
	}
	kept := false
	for _, x := range all {
		v.Saved.List = append(v.Saved.List, templates.SavedSearch{ID: x.ID, Name: x.Name})
		kept = kept || x.Query == string(written)
	}
	if handle != "" && !kept {
		v.Saved.SaveTo = path("mail", sc.box.ID, "search", handle, "save")
	}
	return nil
}

// searchSave keeps the search of the address under a name.
func (s *Server) searchSave(w http.ResponseWriter, r *http.Request) error {
	b, err := s.box(r)
	if err != nil {
		return err
	}
	q, err := s.searchOf(r)
	if err != nil {
		return err
	}
	sc, handle := scopeOf(r), chi.URLParam(r, "handle")
	self := path("mail", sc.box.ID, "search", handle)
	asked := q.query
	if found := q.run.get(); found != nil {
		asked = found.Query()
	}
	written, err := json.Marshal(asked)
	if err != nil {
		return fmt.Errorf("write a query: %w", err)
	}
	name := r.PostForm.Get("name")
	err = s.accounts.SaveSearch(r.Context(), sc.session.Actor, b.Grant().Mailbox, name, string(written))
	if problem.Is(err, problem.Invalid) {
		v, _, viewErr := s.searchView(r, b, asked)
		if viewErr != nil {
			return viewErr
		}
		if len(name) > 4*maxWords {
			name = ""
		}
		v.Saved.SaveTo, v.Saved.Error, v.Saved.Name = self+"/save", problem.SayOf(err), name
		return s.render(w, r, http.StatusUnprocessableEntity, templates.SearchPage(v))
	}
	if err != nil {
		return err
	}
	return s.comeBack(w, r, self, note{say: "Recherche gardée\u00a0: elle est sous le champ de recherche de cette boîte.", kind: "ok"})
}

// searchSaved runs a saved search, puts one away, or brings it back.
func (s *Server) searchSaved(w http.ResponseWriter, r *http.Request) error {
	b, err := s.box(r)
	if err != nil {
		return err
	}
	sc, m := scopeOf(r), b.Grant().Mailbox
	home := path("mail", sc.box.ID, "search")
	f := r.PostForm
	switch {
	case opaque.MatchString(f.Get("remove")):
		if err := s.accounts.RemoveSearch(r.Context(), sc.session.Actor, m, f.Get("remove")); err != nil {
			return err
		}
		return s.comeBack(w, r, home, note{say: "Recherche retirée. Aucune lettre n’a été touchée.", kind: "ok", search: f.Get("remove")})
	case opaque.MatchString(f.Get("undo")):
		if err := s.accounts.RestoreSearch(r.Context(), sc.session.Actor, m, f.Get("undo")); err != nil {
			return err
		}
		return s.comeBack(w, r, localPath(f.Get("next"), home), note{say: "La recherche est de nouveau gardée.", kind: "ok"})
	case !opaque.MatchString(f.Get("open")):
		redirect(w, r, home)
		return nil
	}
	x, err := s.accounts.Search(r.Context(), sc.session.Actor.AccountID, sc.box.ID, f.Get("open"))
	if err != nil {
		return err
	}
	var q mailbox.Query
	if err := json.Unmarshal([]byte(x.Query), &q); err != nil {
		return problem.Wrapf(err, problem.Gone, "Cette recherche ne se relit plus. Retirez-la, puis gardez-la de nouveau\u00a0; vos lettres sont intactes.", "reading a saved search")
	}
	redirect(w, r, s.keptSearch(sc, q))
	return nil
}
