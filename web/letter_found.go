package web

import (
	"net/http"
	"slices"
	"strings"

	"pli.example/pli/internal/mailbox"
	"pli.example/pli/templates"
)

// foundBeside gives what a search found, for the page of a letter opened from it; false
// when the letter's address names no search that is still kept.
func (s *Server) foundBeside(r *http.Request, b *mailbox.Box, at mailbox.Ref) (*templates.SearchView, bool) {
	sc, handle := scopeOf(r), r.URL.Query().Get("from")
	if !searchHandle.MatchString(handle) {
		return nil, false
	}
	q, ok := sc.desk.search(strings.ToUpper(handle), s.clock.now())
	if !ok || q.boxID != sc.box.ID {
		return nil, false
	}
	found := q.run.get()
	if found == nil {
		return nil, false
	}
	res, err := b.SearchPage(r.Context(), found, 1)
	if err != nil {
		return nil, false // the letter matters more than the list beside it
	}
	v, folders, err := s.searchView(r, b, found.Query())
	if err != nil {
		return nil, false
	}
	res.Texts.Going = false // reading on is for the page of the search
	v.BulkTo, v.Page.Flash = actTo(sc.box.ID, path("mail", sc.box.ID, "search", handle)), nil
	s.showResults(r, &v, handle, folders, res)
	here := letterHref(sc.box.ID, at)
	for i := range v.Rows {
		if p, _, _ := strings.Cut(v.Rows[i].Href, "?"); p == here {
			v.Rows[i].Current, v.Rows[i].Unread = true, false
		}
	}
	return &v, true
}

// letterAmong is a letter beside the search it was opened from.
func (s *Server) letterAmong(w http.ResponseWriter, r *http.Request, b *mailbox.Box, at mailbox.Ref, found *templates.SearchView) error {
	var p *prepared
	var d *document
	l, err := b.Letter(r.Context(), at, mailbox.LetterOptions{MarkRead: looked(r), Loaded: func(l *mailbox.Letter) { d = s.prepare(r, l) }, Ready: func(l *mailbox.Letter) {
		folders, err := s.knownFolders(r, b, l)
		if err != nil {
			p = &prepared{err: err}
			return
		}
		p = whenSettled(r.Context(), d, func(d *document) (*prepared, look) {
			v, saw := s.letterView(r, b, l, d)
			s.withFolders(r, &v.Page, b, folders, l.Folder)
			v.Found, v.Moves = found, moves(v.Page.Folders)
			v.PrevHref, v.NextHref = foundAround(found.Rows)
			return s.prepareHTML(w, r, templates.LetterPage(v)), saw
		})
	}})
	if err != nil {
		return err
	}
	s.heard(r, b, l)
	return p.answer(w, http.StatusOK)
}

// foundAround are the results before and after the one being read.
func foundAround(rows []templates.Row) (prev, next string) {
	i := slices.IndexFunc(rows, func(x templates.Row) bool { return x.Current })
	if i > 0 {
		prev = rows[i-1].Href
	}
	if i >= 0 && i+1 < len(rows) {
		next = rows[i+1].Href
	}
	return prev, next
}
