package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/outgoing"
	"pli.example/pli/internal/problem"
	"pli.example/pli/templates"
)

// drafts is the page of letters being written in a mailbox: the server's Drafts
// folder, seen by a writer. Without that folder, or without its server, those of Pli
// stand alone: they are kept here.
func (s *Server) drafts(w http.ResponseWriter, r *http.Request) error {
	b, err := s.writing(r)
	if err != nil {
		return err
	}
	if err := s.mayWrite(r, b); err != nil {
		return err
	}
	var p *prepared
	folder, err := s.draftsFolder(r, b)
	if err == nil && folder != "" {
		lq := listQuery(folder, nil)
		_, _, err = b.Desk(r.Context(), lq, func(folders []mailbox.FolderView, l mailbox.List) {
			s.attend(r, b)
			s.askCounters(r)
			p = s.prepareHTML(w, r, listOrPart(r, s.listView(r, b, lq, folders, l)))
		})
		if err == nil {
			return p.answer(w, http.StatusOK)
		}
	}
	if err != nil && !away(err) {
		return err
	}
	all, err := s.outbox.List(r.Context(), b)
	if err != nil {
		return err
	}
	self := path("mail", scopeOf(r).box.ID, "compose")
	v := templates.ListView{Page: s.page(r, "Brouillons"), FolderLabel: "Brouillons", RefreshHref: self, CanTriage: true}
	s.fillDrafts(r, b, all, &v)
	v.Total = len(v.Drafts)
	return s.render(w, r, http.StatusOK, listOrPart(r, v))
}

// listOrPart is a list's page, or what a script swaps of it.
func listOrPart(r *http.Request, v templates.ListView) templ.Component {
	if isFragment(r) {
		return templates.ListFragment(v)
	}
	return templates.ListPage(v)
}

// away reports that the mailbox's server does not serve now, or has the folder no more.
func away(err error) bool {
	switch problem.KindOf(err) {
	case problem.UpstreamDown, problem.UpstreamRefused, problem.Timeout, problem.NotFound, problem.Gone:
		return true
	}
	return false
}

// draftsFolder is the id of the mailbox's Drafts folder, "" when it has none. It is
// asked for when this session has not seen the folders yet.
func (s *Server) draftsFolder(r *http.Request, b *mailbox.Box) (string, error) {
	sc := scopeOf(r)
	folders := sc.desk.foldersOf(sc.box.ID).views
	if len(folders) == 0 {
		var err error
		if folders, err = b.Folders(r.Context()); err != nil {
			return "", err
		}
	}
	for _, f := range folders {
		if f.Role == "drafts" && f.Selectable {
			return f.ID, nil
		}
	}
	return "", nil
}

// withDrafts puts the letters being written above those another program left in the
// server's Drafts folder, and takes their own copies out of its rows: a letter shows,
// and counts, once. Only the other programs' are shown to whoever may not write, or
// when ours cannot be read.
func (s *Server) withDrafts(r *http.Request, b *mailbox.Box, lq mailbox.ListQuery, l mailbox.List, v *templates.ListView) {
	if l.Folder.Role != "drafts" {
		return
	}
	v.Drafting = true
	for i := range v.Rows { // on this page that goes without saying
		v.Rows[i].Unread = false
		v.Rows[i].Chips = slices.DeleteFunc(v.Rows[i].Chips, func(c templates.Chip) bool { return c == draftChip })
	}
	if s.outbox == nil || s.writeTo(scopeOf(r)) == "" {
		return
	}
	all, err := s.outbox.List(r.Context(), b)
	if err != nil {
		return
	}
	ours := map[mailbox.Place]bool{}
	for _, d := range all {
		if d.Place.UID != 0 && d.Place.UIDValidity == l.UIDValidity {
			ours[d.Place] = true
		}
	}
	whole := int(l.Total) == len(l.Items) // of a folder of several pages the copies are counted unseen
	v.Rows = slices.DeleteFunc(v.Rows, func(row templates.Row) bool {
		return ours[mailbox.Place{UIDValidity: l.UIDValidity, UID: row.UID}]
	})
	v.Total = len(all) + max(len(v.Rows), int(l.Total)-len(ours))
	if whole {
		v.Total = len(all) + len(v.Rows)
	}
	if lq.Before != 0 || lq.After != 0 || lq.Page > 1 {
		all = nil // ours are at the top of the first page
	}
	s.fillDrafts(r, b, all, v)
	for i, f := range v.Page.Folders { // the rail says the same number
		if f.Role == "drafts" && filterOf(lq) == "" {
			v.Page.Folders[i].Total = v.Total
		}
	}
}

// fillDrafts shows the letters of Pli, and where those ticked are sent to.
func (s *Server) fillDrafts(r *http.Request, b *mailbox.Box, all []outgoing.Summary, v *templates.ListView) {
	boxID := scopeOf(r).box.ID
	v.Drafting, v.Drafts, v.SignatureHref = true, s.draftRows(r, b, all), signatureHref(boxID)
	v.BulkTo = withQuery(path("mail", boxID, "compose", "chosen"), "next", v.RefreshHref)
}

var draftChip = templates.Chip{Kind: "plain", Text: "brouillon"}

func (s *Server) draftRows(r *http.Request, b *mailbox.Box, all []outgoing.Summary) []templates.DraftRow {
	rows := make([]templates.DraftRow, 0, len(all))
	me := b.Actor().Name
	for _, d := range all {
		row := templates.DraftRow{ID: d.ID, Ref: draftRef(d.ID), Href: draftHref(b.Grant().Mailbox.ID, d.ID), Who: s.draftWho(d.To, d.MoreTo), Subject: d.Subject, Snippet: d.Snippet,
			When: s.clock.short(d.SavedAt), WhenISO: s.clock.iso(d.SavedAt), Copy: d.CopyOf != "", Files: d.Files, Error: d.LastError}
		if len(d.To)+d.MoreTo > 0 {
			row.Who = "À\u00a0: " + row.Who
		}
		if d.Author != me {
			row.Author = d.Author
		}
		if d.State != outgoing.Open {
			row.State = d.State.Label()
		}
		if d.Unreadable {
			row.Who, row.Subject = "Brouillon illisible", "Ce brouillon ne peut pas être affiché\u00a0; il n’est pas effacé. Prévenez le support."
		}
		rows = append(rows, row)
	}
	return rows
}

// draftRef is a draft of Pli as a form field; a letter of the folder is a refValue.
func draftRef(id string) string { return "draft/" + id }

// chosenDrafts tells the drafts of Pli a form names from the letters of the folder.
func chosenDrafts(values []string) (ids []string, letters []mailbox.Ref, err error) {
	var others []string
	for _, v := range values {
		id, ours := strings.CutPrefix(v, "draft/")
		switch {
		case !ours:
			others = append(others, v)
		case !opaque.MatchString(id):
			return nil, nil, problem.New(problem.Invalid, "")
		case !slices.Contains(ids, id):
			ids = append(ids, id)
		}
		if len(ids) > maxRefs {
			return nil, nil, problem.New(problem.TooLarge, "Rien n’a changé\u00a0: trop de brouillons à la fois.")
		}
	}
	if len(others) > 0 {
		letters, err = refs(others)
	}
	return ids, letters, err
}

// draftsChosen puts the ticked drafts away, of both kinds, or brings them back.
func (s *Server) draftsChosen(w http.ResponseWriter, r *http.Request) error {
	b, err := s.writing(r)
	if err != nil {
		return err
	}
	if err := s.mayWrite(r, b); err != nil {
		return err
	}
	to := localPath(r.Form.Get("next"), path("mail", scopeOf(r).box.ID, "compose"))
	ids, letters, err := chosenDrafts(r.PostForm["ref"])
	if err != nil {
		return err
	}
	if r.PostForm.Get("do") == "restore" {
		return s.bringBack(w, r, b, ids, to)
	}
	if r.PostForm.Get("do") != "bin" {
		return problem.New(problem.Invalid, "Cette action n’existe pas\u00a0: rien n’a changé.")
	}
	if len(ids)+len(letters) == 0 {
		return s.comeBack(w, r, to, note{say: "Aucun brouillon n’est coché\u00a0: rien n’a changé. Cochez au moins un brouillon.", kind: "warn"})
	}
	n := note{kind: "ok"}
	var out mailbox.Outcome
	if len(letters) > 0 { // first: what the server refuses changes nothing of ours
		out, err = b.Bin(r.Context(), letters)
		if err != nil && !missedAll(out, err) {
			return err
		}
		if out.Done > 0 {
			n.undo = string(out.Undo)
		}
	}
	var why error
	n.drafts, why = each(ids, func(id string) error { return s.outbox.Discard(r.Context(), b, id) })
	done := out.Done + len(n.drafts)
	if done == 0 && why != nil && !problem.Is(why, problem.Conflict) && !away(why) {
		return why
	}
	n.say = deletedWords(done, len(ids)+len(letters)-done)
	if why != nil {
		n.say += " " + sayOf(why)
	}
	if out.Say != "" {
		n.say += " " + out.Say
	}
	if done < len(ids)+len(letters) || out.Say != "" {
		n.kind = "warn"
	}
	return s.comeBack(w, r, to, n)
}

// each does one thing to every draft; why is the last refusal.
func each(ids []string, do func(id string) error) (done []string, why error) {
	for _, id := range ids {
		if err := do(id); err != nil {
			why = err
			continue
		}
		done = append(done, id)
	}
	return done, why
}

func deletedWords(done, left int) string {
	var out string
	switch done {
	case 0:
		return "Rien n’a été supprimé."
	case 1:
		out = "Brouillon supprimé"
	default:
		out = count(done) + "\u00a0brouillons supprimés"
	}
	switch left {
	case 0:
		return out + "."
	case 1:
		return out + "\u00a0; 1 ne l’a pas été."
	}
	return out + "\u00a0; " + count(left) + " ne l’ont pas été."
}

// bringBack undoes draftsChosen.
func (s *Server) bringBack(w http.ResponseWriter, r *http.Request, b *mailbox.Box, ids []string, to string) error {
	back, why := each(ids, func(id string) error { return s.outbox.Restore(r.Context(), b, id) })
	n, of := len(back), len(ids)
	if token, k := r.PostForm.Get("undo"), scopeOf(r).desk; token != "" && !k.wasUndone(token) {
		out, err := b.Undo(r.Context(), mailbox.Undo(token))
		if err != nil {
			why = err
		}
		if err == nil && out.Missed == 0 {
			k.undone(token)
		}
		n, of = n+out.Done, of+out.Done+out.Missed
	}
	switch {
	case why != nil && n == 0:
		return why
	case why != nil:
		return s.comeBack(w, r, to, note{say: "Une partie des brouillons est revenue. " + sayOf(why), kind: "warn"})
	case n < of:
		return s.comeBack(w, r, to, note{say: "Une partie des brouillons est revenue\u00a0; les autres n’étaient plus là.", kind: "warn"})
	}
	return s.comeBack(w, r, to, note{say: "C’est annulé\u00a0: rien n’est supprimé.", kind: "ok"})
}
