package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"pli.example/pli/internal/account"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/problem"
	"pli.example/pli/templates"
)

// What folders show: the words of the form, of PrefList and of an address.
const (
	viewConversations = "conversations"
	viewLetters       = "letters"
)

// viewStore keeps, for the person, whether folders are shown as conversations or as
// single letters, and comes back to the folder's first page: pages of the two differ.
func (s *Server) viewStore(w http.ResponseWriter, r *http.Request) error {
	if _, err := s.box(r); err != nil {
		return err
	}
	sc := scopeOf(r)
	view := r.PostForm.Get("view")
	if view != viewConversations && view != viewLetters {
		return problem.New(problem.Invalid, "")
	}
	if err := s.accounts.SetPreference(r.Context(), sc.session.Actor.AccountID, account.PrefList, view); err != nil {
		return err
	}
	sc.desk.chooseView(view)
	to, _, _ := strings.Cut(localPath(r.PostForm.Get("next"), path("mail", sc.box.ID)), "?")
	redirect(w, r, to)
	return nil
}

func (k *desk) chooseView(view string) {
	k.mu.Lock()
	k.view, k.viewKnown = view, true
	k.mu.Unlock()
}

// viewChosen is what this person chose, "" for nothing. It is read once a session.
func (s *Server) viewChosen(r *http.Request) string {
	sc := scopeOf(r)
	sc.desk.mu.Lock()
	view, known := sc.desk.view, sc.desk.viewKnown
	sc.desk.mu.Unlock()
	if known {
		return view
	}
	view, err := s.accounts.Preference(r.Context(), sc.session.Actor.AccountID, account.PrefList)
	if err != nil { // asked again at the next page; a list is shown meanwhile
		return ""
	}
	sc.desk.chooseView(view)
	return view
}

// conversational: the letters of such a folder make conversations.
func conversational(role string) bool { return role != "drafts" && role != "junk" && role != "trash" }

// roleKnown is the role of a folder as last listed, false when it was not.
func roleKnown(sc *scope, folder string) (string, bool) {
	for _, f := range sc.desk.foldersOf(sc.box.ID).views {
		if f.ID == folder {
			return string(f.Role), true
		}
	}
	return "", false
}

// asConversations reports that a folder is to be shown so: as the person chose, else as
// this node does, once all its letters are read. Until then, and on the pages that follow
// a page of letters, single letters are shown; a page that asks again for itself names
// what it shows.
func (s *Server) asConversations(r *http.Request, b *mailbox.Box, folder string) bool {
	if role, known := roleKnown(scopeOf(r), folder); !known || !conversational(role) {
		return false
	}
	q := r.URL.Query()
	view := q.Get("view")
	if view != viewConversations && view != viewLetters {
		view = s.viewChosen(r)
	}
	switch view {
	case viewConversations:
		return true
	case viewLetters:
		return false
	}
	lq := listQuery(folder, q)
	return s.conversations && lq.Before == 0 && lq.After == 0 && b.Reading().Done
}

// conversationQuery reads how a page of conversations is asked for. Anchors are not
// those of letters: one of the other kind is ignored.
func conversationQuery(folder string, q url.Values) mailbox.ConversationQuery {
	lq := listQuery(folder, q)
	out := mailbox.ConversationQuery{Folder: folder, Size: pageSize, Page: lq.Page, Unread: lq.Unread, Flagged: lq.Flagged, ToDo: lq.ToDo}
	if a := q.Get("before"); conversationAnchor(a) {
		out.Before = a
	} else if a := q.Get("after"); conversationAnchor(a) {
		out.After = a
	}
	out.Refresh = q.Get("fresh") == "1"
	return out
}

// conversationAnchor accepts what the index makes: two numbers in base 36.
func conversationAnchor(a string) bool {
	at, id, ok := strings.Cut(a, "-")
	if !ok || at == "" || id == "" || len(a) > 24 {
		return false
	}
	return strings.Trim(at+id, "0123456789abcdefghijklmnopqrstuvwxyz") == ""
}

// conversationParams is the same, as an address.
func conversationParams(q mailbox.ConversationQuery) string {
	v := url.Values{}
	switch {
	case q.Before != "":
		v.Set("before", q.Before)
	case q.After != "":
		v.Set("after", q.After)
	case q.Page > 1:
		v.Set("page", fmt.Sprint(q.Page))
	}
	if f := filterOf(asLetters(q)); f != "" {
		v.Set("filter", f)
	}
	if len(v) == 0 {
		return ""
	}
	return "?" + v.Encode()
}

// asLetters is how the letters that a page of conversations is about are chosen.
func asLetters(q mailbox.ConversationQuery) mailbox.ListQuery {
	return mailbox.ListQuery{Folder: q.Folder, Unread: q.Unread, Flagged: q.Flagged, ToDo: q.ToDo, Page: q.Page}
}

// conversationList is a folder's page as conversations.
func (s *Server) conversationList(w http.ResponseWriter, r *http.Request, b *mailbox.Box, folder string) error {
	q := conversationQuery(folder, r.URL.Query())
	var p *prepared
	_, _, err := b.ConversationsWhile(r.Context(), q, func(folders []mailbox.FolderView, l mailbox.ConversationList) {
		s.attend(r, b)
		s.askCounters(r)
		p = s.prepareHTML(w, r, listOrPart(r, s.conversationsView(r, b, q, folders, l)))
	})
	if err != nil {
		return err
	}
	return p.answer(w, http.StatusOK)
}

// conversationsView maps one page of conversations to the column of a list.
func (s *Server) conversationsView(r *http.Request, b *mailbox.Box, q mailbox.ConversationQuery, folders []mailbox.FolderView, l mailbox.ConversationList) templates.ListView {
	sc := scopeOf(r)
	base := path("mail", sc.box.ID, l.Folder.ID)
	g, _ := sc.grantOf(sc.box)
	here := q
	here.Refresh = false
	v := templates.ListView{
		Page: s.page(r, l.Folder.Label), BoxID: sc.box.ID, FolderID: l.Folder.ID, FolderLabel: l.Folder.Label, UIDValidity: l.Folder.UIDValidity,
		Total: l.Total, First: l.First, Last: l.Last, Filter: filterOf(asLetters(q)),
		RefreshHref: withQuery(base+conversationParams(here), "fresh", "1"), FilterAll: base, FilterUnread: base + "?filter=unread", FilterFlagged: base + "?filter=flagged",
		CanTriage: g.Rights.Has(delegation.Triage), Pages: (l.Total + pageSize - 1) / pageSize, Search: &templates.SearchBox{Action: path("mail", sc.box.ID, "search")},
		Views: &templates.ListViews{Action: path("mail", sc.box.ID, "view"), Next: base, Conversations: true, Say: readingWords(l.Reading)},
	}
	v.BulkTo = actTo(sc.box.ID, base+conversationParams(here))
	if l.Folder.Role == "inbox" || l.Folder.Role == "" {
		v.FilterToDo = base + "?filter=todo"
	}
	v.Live = templates.Live{Stream: path("mail", sc.box.ID, "live"), Fresh: withQuery(base+"/fresh"+conversationParams(here), "view", viewConversations), Folder: l.Folder.ID, Mark: l.Folder.Mark, Threads: true}
	if in, ok := inbox(folders); ok {
		v.Live.Unread = int(in.Unseen)
	}
	if v.Filter == "" {
		v.JumpTo = base
	}
	if l.First > 0 && (l.First-1)%pageSize == 0 {
		v.PageNumber = (l.First-1)/pageSize + 1
	}
	if l.Folder.Role == "" { // a folder somebody named may name a patient
		v.Page.Title = "Dossier"
	}
	s.withFolders(r, &v.Page, b, folders, l.Folder.ID)
	v.Moves = moves(v.Page.Folders)
	if v.CanTriage {
		v.Whole = s.wholeOfConversations(r, b, q, l)
	}
	other := func(before, after string) string {
		return base + conversationParams(mailbox.ConversationQuery{Before: before, After: after, Unread: q.Unread, Flagged: q.Flagged, ToDo: q.ToDo})
	}
	if l.Prev != "" {
		v.PrevHref = other("", l.Prev)
	}
	if l.Next != "" {
		v.NextHref = other(l.Next, "")
	}
	for _, c := range l.Items {
		v.Rows = append(v.Rows, s.conversationRow(sc, b, c, l.Folder.ID, conversationParams(here)))
	}
	if len(v.Rows) == 0 {
		if v.Empty = emptyWords(asLetters(q), string(l.Folder.Role)); !l.Reading.Done {
			v.Empty = "Pli lit les lettres de cette boîte\u00a0: les conversations paraîtront ici. Rechargez la page dans un instant, ou choisissez «\u00a0Lettres\u00a0»."
		}
	}
	return v
}

// readingWords says how far the index got, "" when it is whole.
func readingWords(x mailbox.Reading) string {
	switch {
	case x.Full:
		return "Cette boîte est trop grande pour que toutes ses conversations soient montrées\u00a0: celles des " + count(x.Read) + "\u00a0lettres les plus récentes le sont. La vue «\u00a0Lettres\u00a0» montre tout."
	case x.Done:
		return ""
	case x.Of == 0:
		return "Index en cours\u00a0: les conversations viennent."
	}
	return "Index en cours\u00a0: " + count(x.Read) + "\u00a0lettres sur " + count(x.Of) + ". Les plus récentes sont déjà là."
}

// conversationRow maps one conversation to a line.
func (s *Server) conversationRow(sc *scope, b *mailbox.Box, c mailbox.Conversation, folder, params string) templates.Row {
	to := path("mail", sc.box.ID, "conversation", c.ID) + params
	row := templates.Row{
		UID: c.Here.UID, Href: withQuery(to, "in", folder), Ref: conversationRef(c.Here, c.There), Subject: subjectWords(c.Subject), Snippet: masked(c.Snippet),
		When: s.clock.short(c.Received), WhenISO: s.clock.iso(c.Received), Unread: c.Unread > 0, Flagged: c.Flagged, Answered: c.Answered && c.Letters == 1, Patient: c.Patient,
		Who: peopleWords(b, c), Letters: c.Letters, Attachments: c.Attachments, Processed: c.Processed, Unreadable: c.Unreadable,
	}
	if c.Processed {
		row.Chips = append(row.Chips, templates.Chip{Kind: "state", Text: agreed(c.Letters, "Traitée", "Traitées")})
	}
	return row
}

func agreed(n int, one, many string) string {
	if n > 1 {
		return many
	}
	return one
}

// peopleWords names who wrote in a conversation, the reader as such; one where only the
// mailbox wrote is named by whom it wrote to.
func peopleWords(b *mailbox.Box, c mailbox.Conversation) string {
	var names []string
	others := 0
	for _, m := range c.People {
		name := "moi"
		if !m.Address.Equal(b.Address()) {
			name = personName(m)
			others++
		}
		names = append(names, name)
	}
	if others == 0 && len(c.To) > 0 {
		who, _ := whoWords(c.To, true)
		return who
	}
	if len(names) == 0 {
		who, _ := whoWords(nil, false)
		return who
	}
	if more := len(names) - 3; more > 0 {
		return strings.Join(names[:3], ", ") + fmt.Sprintf(" et %d %s", more, agreed(more, "autre", "autres"))
	}
	return strings.Join(names, ", ")
}
