package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
	"pli.example/pli/templates"
)

const pageSize = 50

// listQuery reads how a list is asked for. The anchors are UIDs, so a letter
// removed elsewhere never shifts a page; a number that is not one is ignored.
func listQuery(folder string, q url.Values) mailbox.ListQuery {
	lq := mailbox.ListQuery{Folder: folder, Size: pageSize}
	if n, err := strconv.ParseUint(q.Get("before"), 10, 32); err == nil {
		lq.Before = uint32(n)
	} else if n, err := strconv.ParseUint(q.Get("after"), 10, 32); err == nil {
		lq.After = uint32(n)
	} else if n, err := strconv.ParseUint(q.Get("page"), 10, 31); err == nil && n > 1 && n < 1<<24 {
		lq.Page = int(n)
	}
	switch q.Get("filter") {
	case "unread":
		lq.Unread = true
	case "flagged":
		lq.Flagged = true
	case "todo":
		lq.ToDo = true
	}
	return lq
}

// listParams is the same, as an address: what a row carries so that its letter is
// shown beside the page it was on.
func listParams(lq mailbox.ListQuery) string {
	v := url.Values{}
	switch {
	case lq.Before > 0:
		v.Set("before", fmt.Sprint(lq.Before))
	case lq.After > 0:
		v.Set("after", fmt.Sprint(lq.After))
	case lq.Page > 1:
		v.Set("page", fmt.Sprint(lq.Page))
	}
	if f := filterOf(lq); f != "" {
		v.Set("filter", f)
	}
	if len(v) == 0 {
		return ""
	}
	return "?" + v.Encode()
}

func filterOf(lq mailbox.ListQuery) string {
	switch {
	case lq.Unread:
		return "unread"
	case lq.Flagged:
		return "flagged"
	case lq.ToDo:
		return "todo"
	}
	return ""
}

// boxHome opens a mailbox at its inbox.
func (s *Server) boxHome(w http.ResponseWriter, r *http.Request) error {
	b, err := s.box(r)
	if err != nil {
		return err
	}
	folders, err := b.Folders(r.Context())
	if err != nil {
		return err
	}
	in, ok := inbox(folders)
	if !ok {
		return problem.New(problem.UpstreamRefused, "Le serveur ne montre aucun dossier dans cette boîte. Prévenez votre opérateur.")
	}
	sc := scopeOf(r)
	sc.desk.keepFolders(sc.box.ID, folders, b.Notice())
	to := path("mail", sc.box.ID, in.ID)
	if h := r.URL.Query().Get("note"); opaqueHandle(h) {
		to = withQuery(to, "note", h)
	}
	redirect(w, r, to)
	return nil
}

// list is a folder's page.
func (s *Server) list(w http.ResponseWriter, r *http.Request) error {
	folder, err := param(r, "folder")
	if err != nil {
		return err
	}
	b, err := s.box(r)
	if err != nil {
		return err
	}
	if !isPrefetch(r) {
		b.AttendReminders(r.Context())
		s.askRoom(r)
	}
	defer b.Index() // behind the page, never before it
	if s.asConversations(r, b, folder) {
		return s.conversationList(w, r, b, folder)
	}
	lq := listQuery(folder, r.URL.Query())
	var p *prepared
	_, _, err = b.Desk(r.Context(), lq, func(folders []mailbox.FolderView, l mailbox.List) {
		s.attend(r, b)
		s.askCounters(r)
		p = s.prepareHTML(w, r, listOrPart(r, s.listView(r, b, lq, folders, l)))
	})
	if err != nil {
		return err
	}
	return p.answer(w, http.StatusOK)
}

// listView maps one page of a folder.
func (s *Server) listView(r *http.Request, b *mailbox.Box, lq mailbox.ListQuery, folders []mailbox.FolderView, l mailbox.List) templates.ListView {
	sc := scopeOf(r)
	base := path("mail", sc.box.ID, l.Folder.ID)
	g, _ := sc.grantOf(sc.box)
	v := templates.ListView{
		Page: s.page(r, l.Folder.Label), BoxID: sc.box.ID, FolderID: l.Folder.ID, FolderLabel: l.Folder.Label,
		UIDValidity: l.UIDValidity, Total: int(l.Total), First: l.First, Last: l.Last, Filter: filterOf(lq),
		RefreshHref: base + listParams(lq), FilterAll: base, FilterUnread: base + "?filter=unread", FilterFlagged: base + "?filter=flagged",
		CanTriage: g.Rights.Has(delegation.Triage), Pages: (int(l.Total) + pageSize - 1) / pageSize,
		Search: &templates.SearchBox{Action: path("mail", sc.box.ID, "search")}, PageNumber: pageNumber(l),
	}
	v.BulkTo = actTo(sc.box.ID, v.RefreshHref)
	v.Live = templates.Live{Stream: path("mail", sc.box.ID, "live"), Fresh: withQuery(base+"/fresh"+listParams(lq), "view", viewLetters), Folder: l.Folder.ID, Mark: l.Mark}
	if in, ok := inbox(folders); ok {
		v.Live.Unread = int(in.Unseen)
	}
	if conversational(string(l.Folder.Role)) {
		v.Views = &templates.ListViews{Action: path("mail", sc.box.ID, "view"), Next: base}
	}
	if l.Keeps && (l.Folder.Role == "inbox" || l.Folder.Role == "") {
		v.FilterToDo = base + "?filter=todo"
	}
	if filterOf(lq) == "" {
		v.JumpTo = base
	}
	if l.Folder.Role == "" { // a folder somebody named may name a patient
		v.Page.Title = "Dossier"
	}
	s.withFolders(r, &v.Page, b, folders, l.Folder.ID)
	v.Moves = moves(v.Page.Folders)
	if v.CanTriage && len(l.Items) > 0 {
		v.Whole = s.wholeOfFolder(r, b, lq, l, base+listParams(mailbox.ListQuery{Unread: lq.Unread, Flagged: lq.Flagged, ToDo: lq.ToDo}))
	}
	if l.PrevAfter > 0 {
		v.PrevHref = base + listParams(mailbox.ListQuery{After: l.PrevAfter, Unread: lq.Unread, Flagged: lq.Flagged, ToDo: lq.ToDo})
	}
	if l.NextBefore > 0 {
		v.NextHref = base + listParams(mailbox.ListQuery{Before: l.NextBefore, Unread: lq.Unread, Flagged: lq.Flagged, ToDo: lq.ToDo})
	}
	sent := l.Folder.Role == "sent" || l.Folder.Role == "drafts"
	keep := listParams(lq)
	for _, it := range l.Items {
		v.Rows = append(v.Rows, s.row(sc.box.ID, it, sent, keep))
	}
	if !sent {
		s.introduceRows(r, l.Items, v.Rows)
	}
	s.withDrafts(r, b, lq, l, &v)
	if v.Drafting { // two groups, and ticks on both: its own acts load it again
		v.Live.Fresh = ""
	}
	if len(v.Rows) == 0 {
		v.Empty = emptyWords(lq, string(l.Folder.Role))
	}
	return v
}

// pageNumber is the page the first row opens, 0 when the anchor fell between two.
func pageNumber(l mailbox.List) int {
	if l.First > 0 && (l.First-1)%pageSize == 0 {
		return (l.First-1)/pageSize + 1
	}
	return 0
}

// row maps one letter of a list. params keeps the page it was on.
func (s *Server) row(boxID string, it mailbox.Item, sent bool, params string) templates.Row {
	row := templates.Row{
		UID: it.UID, Href: letterHref(boxID, it.Ref) + params, Ref: refValue(it.Ref),
		Subject: subjectWords(it.Subject), Snippet: masked(it.Snippet), When: s.clock.short(it.Received), WhenISO: s.clock.iso(it.Received),
		Unread: it.Unread, Flagged: it.Flagged, Answered: it.Answered, Patient: it.Patient, Unreadable: it.Unreadable, Attachments: it.Attachments,
	}
	people := it.From
	if sent {
		people = it.To
	}
	row.Who, row.What = whoWords(people, sent)
	if it.Doubtful && !sent {
		row.Chips = append(row.Chips, templates.Chip{Kind: "doubt", Text: "Expéditeur à vérifier"})
	}
	if it.Draft {
		row.Chips = append(row.Chips, draftChip)
	}
	if row.Processed = it.Processed; it.Processed {
		row.Chips = append(row.Chips, templates.Chip{Kind: "state", Text: "Traitée"})
	}
	return row
}

func subjectWords(subject string) string {
	if v := strings.TrimSpace(mssante.VisibleSubject(subject)); v != "" {
		return masked(v)
	}
	return "(sans objet)"
}

func emptyWords(lq mailbox.ListQuery, role string) string {
	switch {
	case lq.Unread:
		return "Aucune lettre non lue ici. Tout est lu."
	case lq.ToDo:
		return "Rien à traiter ici\u00a0: toutes les lettres de ce dossier le sont."
	case lq.Flagged:
		return "Aucune lettre suivie ici. Une étoile posée sur une lettre la fait apparaître dans cette vue."
	case lq.Before > 0 || lq.After > 0 || lq.Page > 1:
		return "Aucune lettre sur cette page. Revenez au début du dossier."
	}
	switch role {
	case "inbox":
		return "Aucune lettre. Les lettres que vous recevrez apparaîtront ici."
	case "sent":
		return "Aucune lettre envoyée. Les copies de vos envois apparaîtront ici."
	case "drafts":
		return "Aucun brouillon."
	case "archive":
		return "Aucune lettre classée. «\u00a0Classer\u00a0» range ici les lettres traitées."
	case "trash":
		return "La corbeille est vide."
	case "junk":
		return "Aucun indésirable."
	}
	return "Ce dossier est vide."
}
