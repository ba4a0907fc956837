package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"

	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/problem"
	"pli.example/pli/templates"
)

// Bounds of one search.
const (
	maxWords    = 200                    // bytes: the field says so
	searchFew   = 10                     // fewer than that found by who and subject: texts are looked into as well
	searchOnFor = 5 * time.Second        // of reading on when a page waits for it
	searchOnBit = 700 * time.Millisecond // when a script does
)

// searchRun is what a search found so far, one request at a time.
type searchRun struct {
	mu    sync.Mutex
	found *mailbox.Hunt
}

func (r *searchRun) get() *mailbox.Hunt {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.found
}

func (r *searchRun) set(f *mailbox.Hunt) {
	r.mu.Lock()
	r.found = f
	r.mu.Unlock()
}

// searchPage is the form before any search.
func (s *Server) searchPage(w http.ResponseWriter, r *http.Request) error {
	b, err := s.box(r)
	if err != nil {
		return err
	}
	v, _, err := s.searchView(r, b, mailbox.Query{})
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, templates.SearchPage(v))
}

// searchStore keeps the words on the server and gives the address an opaque
// handle: what one looks for in letters is clinical and never stands in a URL.
func (s *Server) searchStore(w http.ResponseWriter, r *http.Request) error {
	b, err := s.box(r)
	if err != nil {
		return err
	}
	sc := scopeOf(r)
	q, err := queryOf(r.PostForm, s.clock.loc)
	if problem.Is(err, problem.Invalid) { // a date that cannot be read: the form as it was, and why
		return s.searchRefused(w, r, b, q, err)
	}
	if err != nil {
		return err
	}
	if q.IsZero() {
		redirect(w, r, path("mail", sc.box.ID, "search"))
		return nil
	}
	redirect(w, r, s.keptSearch(sc, q))
	return nil
}

// keptSearch keeps a query and gives its address.
func (s *Server) keptSearch(sc *scope, q mailbox.Query) string {
	h := sc.desk.keepSearch(search{boxID: sc.box.ID, query: q, run: &searchRun{}}, s.clock.now())
	return path("mail", sc.box.ID, "search", strings.ToLower(h))
}

func (s *Server) searchRefused(w http.ResponseWriter, r *http.Request, b *mailbox.Box, q mailbox.Query, why error) error {
	v, _, err := s.searchView(r, b, q)
	if err != nil {
		return err
	}
	v.Error, v.Box.Fields.Open = problem.SayOf(why), true
	return s.render(w, r, http.StatusUnprocessableEntity, templates.SearchPage(v))
}

// searchOf gives the search of the address.
func (s *Server) searchOf(r *http.Request) (search, error) {
	sc := scopeOf(r)
	q, ok := sc.desk.search(strings.ToUpper(chi.URLParam(r, "handle")), s.clock.now())
	if !ok || q.boxID != sc.box.ID {
		return search{}, problem.New(problem.Gone, "Cette recherche n’est plus gardée\u00a0: Pli oublie les mots cherchés. Relancez-la depuis vos lettres.")
	}
	return q, nil
}

// searchShow runs the search a handle names, each time anew: what it shows is what the
// server holds now. Once texts were read on in, and on later pages, what was found stays.
func (s *Server) searchShow(w http.ResponseWriter, r *http.Request) error {
	b, err := s.box(r)
	if err != nil {
		return err
	}
	q, err := s.searchOf(r)
	if err != nil {
		return err
	}
	page, err := strconv.Atoi(r.URL.Query().Get("page"))
	if err != nil || page < 1 || page > 1000 {
		page = 1
	}
	still := r.URL.Query().Get("still") == "1"
	found := q.run.get()
	var res mailbox.SearchResult
	if found != nil && (page > 1 || still || found.ReadOn()) {
		res, err = b.SearchPage(r.Context(), found, page)
	} else if found, res, err = b.Search(r.Context(), q.query, searchFew); err == nil {
		q.run.set(found)
		if page > 1 {
			res, err = b.SearchPage(r.Context(), found, page)
		}
	}
	if problem.Is(err, problem.Invalid) {
		return s.searchRefused(w, r, b, q.query, err)
	}
	if err != nil {
		return err
	}
	res.Texts.Going = res.Texts.Going && !still && page == 1
	v, folders, err := s.searchView(r, b, found.Query())
	if err != nil {
		return err
	}
	s.showResults(r, &v, chi.URLParam(r, "handle"), folders, res)
	if v.CanAct && page == 1 && !res.Texts.Going {
		v.Many = s.wholeOfSearch(r, b, res, path("mail", v.BoxID, "search", chi.URLParam(r, "handle")))
	}
	return s.render(w, r, http.StatusOK, templates.SearchPage(v))
}

// searchMore reads on in the texts: a script adds what it finds to the page, without one
// the page comes again.
func (s *Server) searchMore(w http.ResponseWriter, r *http.Request) error {
	b, err := s.box(r)
	if err != nil {
		return err
	}
	q, err := s.searchOf(r)
	if err != nil {
		return err
	}
	self := path("mail", scopeOf(r).box.ID, "search", chi.URLParam(r, "handle"))
	found := q.run.get()
	if found == nil { // this node never ran it
		redirect(w, r, self)
		return nil
	}
	long := searchOnFor
	if isFragment(r) {
		long = searchOnBit
	}
	res, err := b.SearchOn(r.Context(), found, long, r.PostForm.Get("auto") != "1")
	if err != nil {
		return err
	}
	if !isFragment(r) {
		redirect(w, r, self)
		return nil
	}
	v := templates.SearchView{Page: s.page(r, "Recherche"), BoxID: scopeOf(r).box.ID}
	g, _ := scopeOf(r).grantOf(scopeOf(r).box)
	v.CanAct, v.BulkTo = g.Rights.Has(delegation.Triage), actTo(v.BoxID, self)
	folders, err := b.Folders(r.Context())
	if err != nil {
		return err
	}
	s.showResults(r, &v, chi.URLParam(r, "handle"), folders, res)
	return s.render(w, r, http.StatusOK, templates.SearchMore(v))
}

// searchView is the page around results.
func (s *Server) searchView(r *http.Request, b *mailbox.Box, q mailbox.Query) (templates.SearchView, []mailbox.FolderView, error) {
	folders, err := b.Folders(r.Context())
	if err != nil {
		return templates.SearchView{}, nil, err
	}
	sc := scopeOf(r)
	g, _ := sc.grantOf(sc.box)
	v := templates.SearchView{Page: s.page(r, "Recherche"), BoxID: sc.box.ID, CanAct: g.Rights.Has(delegation.Triage), BulkTo: actTo(sc.box.ID, withoutNote(r.URL))}
	v.Page.Section = "search"
	s.withFolders(r, &v.Page, b, folders, "")
	v.Moves = moves(v.Page.Folders)
	v.Box = s.searchBox(sc.box.ID, q, v.Page.Folders)
	return v, folders, s.withSaved(r, &v, q, chi.URLParam(r, "handle"))
}

func (s *Server) showResults(r *http.Request, v *templates.SearchView, handle string, folders []mailbox.FolderView, res mailbox.SearchResult) {
	roles, labels := map[string]string{}, map[string]string{}
	for _, f := range folders {
		roles[f.ID], labels[f.ID] = string(f.Role), f.Label
	}
	received := slices.Clone(res.Items)
	for i, it := range res.Items {
		sent := roles[it.Folder] == "sent" || roles[it.Folder] == "drafts"
		row := s.row(v.BoxID, it, sent, "?from="+handle)
		row.FolderLabel = labels[it.Folder]
		v.Rows = append(v.Rows, row)
		if sent { // the row names who it went to: its sender's work is not theirs
			received[i].From = nil
		}
	}
	s.introduceRows(r, received, v.Rows)
	v.Asked = true
	v.SearchProgress = s.searchProgress(path("mail", v.BoxID, "search", handle), res)
	if res.Texts.Begun {
		v.Box.Unasked = !res.Texts.Asked
		v.Box.Everywhere = true // ticked, since texts are looked into
	}
}

// searchProgress says how much was found and how far texts were read.
func (s *Server) searchProgress(self string, res mailbox.SearchResult) templates.SearchProgress {
	t := res.Texts
	p := templates.SearchProgress{Total: res.Total, More: res.More, Say: strings.TrimSpace(res.Say + " " + t.Say), StopHref: self + "?still=1", Self: self,
		Texts: t.Begun, TextsAsked: t.Asked, Whole: t.Whole, Going: t.Going, Done: t.Done, PageNumber: res.Page, Pages: res.Pages}
	if t.Possible {
		p.OnTo = self + "/more"
	}
	if t.Begun {
		p.Read = count(t.Looked) + " lettres sur " + count(t.Of)
		if !t.Since.IsZero() {
			p.Read = "depuis le " + s.clock.day(t.Since) + ", " + p.Read
		}
	}
	if res.Page > 1 {
		p.PrevHref = withQuery(self, "page", strconv.Itoa(res.Page-1))
	}
	if res.Page < res.Pages {
		p.NextHref = withQuery(self, "page", strconv.Itoa(res.Page+1))
	}
	if res.Total == 0 && !t.Going {
		p.Empty = "Aucune lettre ne répond à cette recherche. Vérifiez l’orthographe, n’écrivez que le début du nom, ou retirez un critère. Selon le serveur, les accents comptent\u00a0: essayez avec et sans («\u00a0Besançon\u00a0», «\u00a0Besancon\u00a0»)."
	}
	return p
}
