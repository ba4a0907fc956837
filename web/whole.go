package web

import (
	"net/http"
	"net/url"
	"strconv"

	"pli.example/pli/internal/mailbox"
	"pli.example/pli/templates"
)

// wholeOfFolder offers the choice of every letter of a folder when its page is not
// all of it, or shows the choice the address names.
func (s *Server) wholeOfFolder(r *http.Request, b *mailbox.Box, lq mailbox.ListQuery, l mailbox.List, self string) templates.Whole {
	boxID := scopeOf(r).box.ID
	w := templates.Whole{Count: int(l.Total), Where: l.Folder.Label, Rows: len(l.Items), OfferTo: path("mail", boxID, "choose"), Fields: []templates.Field{
		{Name: "in", Value: l.Folder.ID}, {Name: "validity", Value: strconv.FormatUint(uint64(l.UIDValidity), 10)}, {Name: "filter", Value: filterOf(lq)},
	}}
	switch {
	case lq.Unread:
		w.Where = "non lues de " + w.Where
	case lq.Flagged:
		w.Where = "suivies de " + w.Where
	case lq.ToDo:
		w.Where = "à traiter de " + w.Where
	}
	if l.UIDNext > 1 {
		w.Fields = append(w.Fields, templates.Field{Name: "upto", Value: strconv.FormatUint(uint64(l.UIDNext-1), 10)})
	}
	s.chosen(r, b, &w, l.Folder.ID, self)
	return w
}

// wholeOfConversations is the same where rows are conversations: the choice is of the
// letters of the folder, said as such.
func (s *Server) wholeOfConversations(r *http.Request, b *mailbox.Box, q mailbox.ConversationQuery, l mailbox.ConversationList) templates.Whole {
	lq := asLetters(q)
	base := path("mail", scopeOf(r).box.ID, l.Folder.ID)
	self := base + listParams(mailbox.ListQuery{Unread: q.Unread, Flagged: q.Flagged, ToDo: q.ToDo})
	w := s.wholeOfFolder(r, b, lq, mailbox.List{Folder: l.Folder, Total: l.Letters, UIDValidity: l.Folder.UIDValidity, UIDNext: l.UIDNext}, self)
	if w.Rows, w.Letters = len(l.Items), true; l.Total <= len(l.Items) || l.UIDNext == 0 {
		w.OfferTo = ""
	}
	return w
}

// wholeOfSearch is the same for what a search found beyond what it shows.
func (s *Server) wholeOfSearch(r *http.Request, b *mailbox.Box, res mailbox.SearchResult, self string) templates.Whole {
	w := templates.Whole{Count: res.Found.Count(), Rows: len(res.Items)}
	if s.chosen(r, b, &w, "", self); w.Handle != "" || w.Count <= w.Rows {
		return w
	}
	if c, err := b.ChooseFound(res.Found); err == nil {
		w.OfferHref = withQuery(self, "chosen", c.Handle)
	}
	return w
}

// chosen shows the choice an address names, if it is this session's and of this page.
func (s *Server) chosen(r *http.Request, b *mailbox.Box, w *templates.Whole, folder, self string) {
	h := r.URL.Query().Get("chosen")
	if !opaqueHandle(h) || r.Method != http.MethodGet {
		return
	}
	c, err := b.Choice(h)
	if err != nil || c.Folder != folder {
		return
	}
	w.Handle, w.Count, w.Drop = c.Handle, c.Count, self
	w.To = path("mail", scopeOf(r).box.ID, "bulk") + "?" + "next=" + url.QueryEscape(self)
	if c.Partly {
		w.Say = "Il y en a trop pour être choisies en une fois\u00a0: les plus anciennes restent à choisir ensuite."
	}
}
