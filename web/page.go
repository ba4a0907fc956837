package web

import (
	"net/http"
	"net/url"
	"strings"

	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/templates"
)

// page fills the frame of a page from what the request already knows: no call to
// any server, so that an error page shows the same rail.
func (s *Server) page(r *http.Request, title string) templates.Page {
	sc := scopeOf(r)
	p := templates.Page{Title: title, Nonce: sc.nonce, Banner: s.banner, BannerTo: s.bannerTo, Section: "mail", Keys: true}
	p.Nav.Home, p.Support = "/", s.operator
	if sc.session == nil {
		return p
	}
	cur := sc.session
	sit := situation(cur)
	p.Me = templates.Me{
		Name: cur.Practitioner.DisplayName(sit), Work: railWork(sit), Place: sit.Place(), SignedBy: signedBy(cur.Practitioner.AuthMode),
		Several: len(cur.Practitioner.Situations) > 1, MailUntil: cur.MailUntil,
	}
	p.Nav = templates.Nav{Home: "/", Sessions: "/sessions", Journal: "/journal", Situations: "/situations", SignOut: toProvider(r, "/sign-out")}
	p.Nav.Write, p.Nav.Directory = s.writeTo(sc), "/directory"
	p.Boxes = s.boxLinks(sc, "")
	if sc.box != nil {
		p.Boxes = s.boxLinks(sc, sc.box.ID)
	}
	s.withKnownFolders(sc, &p)
	s.withPatients(sc, &p)
	s.withRules(sc, &p)
	p.Flash, p.Job = s.flash(r), s.jobOf(r)
	return p
}

// railWork is what the person does in the few words a rail has room for: of a
// physician, the speciality.
func railWork(x mssante.Situation) string {
	if x.Role == "" && x.Specialty != "" {
		return x.Specialty
	}
	return x.Work()
}

func signedBy(mode string) string {
	if means := meansWords(mode); means != "" {
		return "Pro Santé Connect, " + strings.TrimPrefix(means, "carte ")
	}
	return "Pro Santé Connect"
}

// boxLinks lists the person's mailboxes with the counters this node last saw.
func (s *Server) boxLinks(sc *scope, current string) []templates.BoxLink {
	links := make([]templates.BoxLink, 0, len(sc.grants))
	for _, g := range sc.grants {
		c, known := sc.desk.counter(g.Mailbox.ID)
		l := templates.BoxLink{
			ID: g.Mailbox.ID, Label: boxLabel(g), Address: g.Mailbox.Address.String(), Kind: g.Mailbox.Kind.Label(), Unread: -1,
			Current: current == g.Mailbox.ID, Shared: g.Kind != delegation.Owner, Failing: c.failing,
			Href: path("mail", g.Mailbox.ID),
		}
		if known {
			l.Unread = c.unread
		}
		links = append(links, l)
	}
	return links
}

func boxLabel(g delegation.Grant) string {
	if g.Mailbox.Label != "" {
		return g.Mailbox.Label
	}
	return g.Mailbox.Address.String()
}

// folderLinks maps a box's folders to the rail and takes note of its counter.
func folderLinks(boxID string, folders []mailbox.FolderView, current string) []templates.FolderLink {
	links := make([]templates.FolderLink, 0, len(folders))
	for _, f := range folders {
		links = append(links, templates.FolderLink{
			ID: f.ID, Label: f.Label, Role: string(f.Role), Depth: f.Depth, Unseen: int(f.Unseen), Total: int(f.Messages),
			Current: f.ID == current, Href: folderHref(boxID, f),
		})
		if l := &links[len(links)-1]; f.Reminders {
			l.Role, l.Href = "reminders", path("mail", boxID, "reminders")
		}
	}
	return links
}

// folderHref is "" for a folder that only holds others.
func folderHref(boxID string, f mailbox.FolderView) string {
	if !f.Selectable {
		return ""
	}
	return path("mail", boxID, f.ID)
}

// moves are the folders a selection may go to: all but the one it is in.
// A folder inside others bears their names: in a flat list nothing else tells where
// it stands.
func moves(links []templates.FolderLink) []templates.FolderLink {
	out := make([]templates.FolderLink, 0, len(links))
	var above []string
	for _, l := range links {
		above = append(above[:min(l.Depth, len(above))], l.Label)
		if !l.Current && l.Role != "drafts" && l.Role != "reminders" && l.Href != "" {
			l.Label, l.Depth = strings.Join(above, " › "), 0
			out = append(out, l)
		}
	}
	return out
}

func inbox(folders []mailbox.FolderView) (mailbox.FolderView, bool) {
	for _, f := range folders {
		if f.Role == "inbox" {
			return f, true
		}
	}
	if len(folders) > 0 {
		return folders[0], true
	}
	return mailbox.FolderView{}, false
}

// flash is the sentence a note handle in the address names, while it lives.
// Showing it changes nothing: reloading shows it again.
func (s *Server) flash(r *http.Request) *templates.Flash {
	sc := scopeOf(r)
	h := r.URL.Query().Get("note")
	if h == "" || sc.desk == nil || !opaqueHandle(h) {
		return nil
	}
	n, ok := sc.desk.note(h, s.clock.now())
	if !ok {
		return nil
	}
	f := &templates.Flash{Say: n.say, Kind: n.kind, Undo: n.undo, Row: n.row, Next: localPath(withoutNote(r.URL), "/")}
	switch {
	case n.goOn != "":
		f.GoOn = draftHref(n.boxID, n.goOn)
	case n.reopen != "":
		f.Reopen = draftHref(n.boxID, n.reopen) + "/restore"
	case len(n.drafts) > 0:
		f.UndoTo = path("mail", n.boxID, "compose", "chosen")
		for _, id := range n.drafts {
			f.Drafts = append(f.Drafts, draftRef(id))
		}
	case n.search != "":
		f.UndoTo, f.Undo = savedTo(n.boxID), n.search
	case n.undo != "" && n.undoTo != "":
		f.UndoTo = n.undoTo
	case n.undo != "":
		f.UndoTo = path("mail", n.boxID, "undo")
	}
	return f
}

// withoutNote is the page an address shows, its page of the list and its filter
// kept, without the sentence: an undo comes back to where it was clicked.
func withoutNote(u *url.URL) string {
	q := u.Query()
	q.Del("note")
	if len(q) == 0 {
		return u.EscapedPath()
	}
	return u.EscapedPath() + "?" + q.Encode()
}

// opaqueHandle accepts what crypto/rand.Text makes.
func opaqueHandle(h string) bool {
	if len(h) != 20 {
		return false
	}
	for i := range len(h) {
		if c := h[i]; (c < 'A' || c > 'Z') && (c < '2' || c > '7') {
			return false
		}
	}
	return true
}
