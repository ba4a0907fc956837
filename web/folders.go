package web

import (
	"net/http"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/problem"
	"pli.example/pli/templates"
)

// maxManaged folders are shown to be changed: beyond, the page is no page. The others
// are counted.
const maxManaged = 300

// foldersPage shows a mailbox's folders to change them.
func (s *Server) foldersPage(w http.ResponseWriter, r *http.Request) error {
	b, err := s.box(r)
	if err != nil {
		return err
	}
	return s.showFoldersPage(w, r, b, http.StatusOK, "", nil)
}

func (s *Server) showFoldersPage(w http.ResponseWriter, r *http.Request, b *mailbox.Box, status int, typed string, failed error) error {
	all, subscriptions, err := b.ManagedFolders(r.Context())
	if err != nil {
		return err
	}
	sc := scopeOf(r)
	g, _ := sc.grantOf(sc.box)
	v := templates.FoldersView{Page: s.page(r, "Dossiers"), Box: boxLabel(g), Action: path("mail", sc.box.ID, "folders"), BackHref: path("mail", sc.box.ID),
		Subscriptions: subscriptions, MaxName: mailbox.MaxFolderName, Name: typed}
	v.Page.Section = "folders"
	if failed != nil {
		v.Error = problem.SayOf(failed)
	}
	views := make([]mailbox.FolderView, 0, len(all))
	v.Left = max(len(all)-maxManaged, 0)
	for i, m := range all {
		views = append(views, m.FolderView)
		if i >= maxManaged {
			continue
		}
		v.Rows = append(v.Rows, templates.FolderRow{ID: m.ID, Label: m.Label, Name: m.Name, Role: string(m.Role), Depth: m.Depth, Messages: int(m.Messages),
			Own: m.Own, Holds: m.Holds, Subscribed: m.Subscribed, Selectable: m.Selectable, Href: folderHref(sc.box.ID, m.FolderView)})
	}
	s.withFolders(r, &v.Page, b, views, "")
	for i, l := range v.Page.Folders {
		if i < min(len(all), maxManaged) && !all[i].Deep && all[i].Own {
			v.Parents = append(v.Parents, l)
		}
	}
	return s.render(w, r, status, templates.FoldersPage(v))
}

// foldersChange does one thing to one folder and comes back to the page with a
// sentence.
func (s *Server) foldersChange(w http.ResponseWriter, r *http.Request) error {
	b, err := s.box(r)
	if err != nil {
		return err
	}
	if err := b.MaySort(r.Context(), audit.LetterMove); err != nil {
		return err
	}
	ctx, id, name := r.Context(), r.PostForm.Get("folder"), r.PostForm.Get("name")
	do := r.PostForm.Get("do")
	if do != "create" && !opaque.MatchString(id) {
		return problem.New(problem.Invalid, "")
	}
	var say string
	switch do {
	case "create":
		in := r.PostForm.Get("in")
		if in != "" && !opaque.MatchString(in) {
			return problem.New(problem.Invalid, "")
		}
		if err = b.CreateFolder(ctx, name, in); err != nil && ofTheName(err) {
			return s.showFoldersPage(w, r, b, http.StatusUnprocessableEntity, name, err)
		}
		say = "Le dossier est créé."
	case "rename":
		err, say = b.RenameFolder(ctx, id, name), "Le dossier est renommé. Les lettres n’ont pas bougé."
	case "delete":
		err, say = b.DeleteFolder(ctx, id), "Le dossier vide est supprimé. Aucune lettre n’y était."
	case "subscribe":
		err, say = b.SubscribeFolder(ctx, id, true), "Vos autres logiciels montreront ce dossier."
	case "unsubscribe":
		err, say = b.SubscribeFolder(ctx, id, false), "Vos autres logiciels ne montreront plus ce dossier. Il reste ici, avec ses lettres."
	case "empty":
		return s.emptyFolder(w, r, b, id)
	default:
		return problem.New(problem.Invalid, "Cette action n’existe pas\u00a0: rien n’a changé.")
	}
	n := note{say: say, kind: "ok"}
	if ofTheName(err) {
		n = note{say: problem.SayOf(err), kind: "warn"}
	} else if err != nil {
		return err
	}
	return s.comeBack(w, r, path("mail", scopeOf(r).box.ID, "folders"), n)
}

// ofTheName: refusals that another name, or another folder, mends.
func ofTheName(err error) bool {
	return problem.Is(err, problem.Invalid) || problem.Is(err, problem.Conflict) || problem.Is(err, problem.Gone) || problem.Is(err, problem.UpstreamRefused) ||
		problem.Is(err, problem.Denied)
}

// emptyFolder puts every letter of a folder in the bin, as one act with its undo.
func (s *Server) emptyFolder(w http.ResponseWriter, r *http.Request, b *mailbox.Box, id string) error {
	to := path("mail", scopeOf(r).box.ID, "folders")
	c, err := b.ChooseAll(r.Context(), id)
	if err == nil {
		_, err = b.BulkAct(r.Context(), c.Handle, mailbox.BulkBin, "")
	}
	return s.bulkBegun(w, r, to, err)
}
