package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/problem"
	"pli.example/pli/templates"
)

// Bounds of one search.
const (
	maxWords      = 200 // bytes: the field says so
	searchResults = 100
	searchFew     = 10 // fewer than that found by who and subject: texts are looked into as well
)

// searchStore keeps the words on the server and gives the address an opaque
// handle: what one looks for in letters is clinical and never stands in a URL.
func (s *Server) searchStore(w http.ResponseWriter, r *http.Request) error {
	if _, err := s.box(r); err != nil {
		return err
	}
	sc := scopeOf(r)
	q := search{boxID: sc.box.ID, words: strings.TrimSpace(r.PostForm.Get("words")), everywhere: r.PostForm.Get("everywhere") == "1"}
	if len(q.words) > 4*maxWords {
		return problem.New(problem.TooLarge, "Ces mots sont trop longs pour une recherche. Cherchez avec un ou deux mots.")
	}
	if f := r.PostForm.Get("folder"); opaque.MatchString(f) {
		q.folder = f
	}
	redirect(w, r, path("mail", sc.box.ID, "search", strings.ToLower(sc.desk.keepSearch(q, s.clock.now()))))
	return nil
}

// searchShow runs the search a handle names, each time anew: what it shows is
// what the server holds now.
func (s *Server) searchShow(w http.ResponseWriter, r *http.Request) error {
	b, err := s.box(r)
	if err != nil {
		return err
	}
	sc := scopeOf(r)
	q, ok := sc.desk.search(strings.ToUpper(chi.URLParam(r, "handle")), s.clock.now())
	if !ok || q.boxID != sc.box.ID {
		return problem.New(problem.Gone, "Cette recherche n’est plus gardée\u00a0: Pli oublie les mots cherchés. Relancez-la depuis vos lettres.")
	}
	folders, err := b.Folders(r.Context())
	if err != nil {
		return err
	}
	self := path("mail", sc.box.ID, "search", chi.URLParam(r, "handle"))
	g, _ := sc.grantOf(sc.box)
	v := templates.SearchView{Page: s.page(r, "Recherche"), BoxID: sc.box.ID,
		Box:    templates.SearchBox{Action: path("mail", sc.box.ID, "search"), Words: q.words, Everywhere: q.everywhere},
		CanAct: g.Rights.Has(delegation.Triage), BulkTo: actTo(sc.box.ID, self)}
	v.Page.Section = "search"
	s.withFolders(r, &v.Page, b, folders, "")
	v.Moves = moves(v.Page.Folders)
	if q.words != "" {
		res, err := b.Search(r.Context(), mailbox.SearchQuery{Words: q.words, Everywhere: q.everywhere, Widen: searchFew, Folder: q.folder, Limit: searchResults})
		if err != nil {
			return err
		}
		s.showResults(r, &v, sc.box.ID, chi.URLParam(r, "handle"), folders, res)
		if v.CanAct {
			v.Many = s.wholeOfSearch(r, b, res, self)
		}
	}
	return s.render(w, r, http.StatusOK, templates.SearchPage(v))
}

func (s *Server) showResults(r *http.Request, v *templates.SearchView, boxID, handle string, folders []mailbox.FolderView, res mailbox.SearchResult) {
	roles, labels := map[string]string{}, map[string]string{}
	for _, f := range folders {
		roles[f.ID], labels[f.ID] = string(f.Role), f.Label
	}
	received := slices.Clone(res.Items)
	for i, it := range res.Items {
		sent := roles[it.Folder] == "sent" || roles[it.Folder] == "drafts"
		row := s.row(boxID, it, sent, "?from="+handle)
		row.FolderLabel = labels[it.Folder]
		v.Rows = append(v.Rows, row)
		if sent { // the row names who it went to: its sender's work is not theirs
			received[i].From = nil
		}
	}
	s.introduceRows(r, received, v.Rows)
	v.More = res.More
	v.Say = res.Say
	v.Widened, v.Whole = res.Widened, res.WidenedWhole
}
