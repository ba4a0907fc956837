package web

import (
	"net/http"
	"strconv"
	"strings"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/problem"
	"pli.example/pli/templates"
)

// chooseWhole chooses every letter of a folder as its page showed it, and shows that
// page with the choice made.
func (s *Server) chooseWhole(w http.ResponseWriter, r *http.Request) error {
	b, err := s.box(r)
	if err != nil {
		return err
	}
	folder := r.PostForm.Get("in")
	validity, err := strconv.ParseUint(r.PostForm.Get("validity"), 10, 32)
	if err != nil || !opaque.MatchString(folder) {
		if err := b.MaySort(r.Context(), audit.LetterMove); err != nil {
			return err
		}
		return problem.New(problem.Invalid, "")
	}
	upto, err := strconv.ParseUint(r.PostForm.Get("upto"), 10, 32)
	if err != nil {
		upto = 0
	}
	q := mailbox.FolderChoice{Folder: folder, UIDValidity: uint32(validity), Upto: uint32(upto)}
	lq := mailbox.ListQuery{Folder: folder}
	switch r.PostForm.Get("filter") {
	case "unread":
		q.Unread, lq.Unread = true, true
	case "flagged":
		q.Flagged, lq.Flagged = true, true
	case "todo":
		q.ToDo, lq.ToDo = true, true
	}
	to := path("mail", scopeOf(r).box.ID, folder) + listParams(lq)
	c, err := b.ChooseFolder(r.Context(), q)
	if problem.Is(err, problem.Gone) {
		return s.comeBack(w, r, to, note{say: problem.SayOf(err), kind: "warn"})
	}
	if err != nil {
		return err
	}
	redirect(w, r, withQuery(to, "chosen", c.Handle))
	return nil
}

// bulkAct begins an act on the letters of a choice and comes back to the page, where
// a strip says how far it is.
func (s *Server) bulkAct(w http.ResponseWriter, r *http.Request) error {
	b, err := s.box(r)
	if err != nil {
		return err
	}
	if err := b.MaySort(r.Context(), audit.LetterMove); err != nil {
		return err
	}
	return s.bulkChosen(w, r, b, localPath(r.Form.Get("next"), path("mail", scopeOf(r).box.ID)))
}

func (s *Server) bulkChosen(w http.ResponseWriter, r *http.Request, b *mailbox.Box, to string) error {
	do, folder := mailbox.BulkDo(r.Form.Get("do")), ""
	if do == mailbox.BulkMove {
		if folder = r.PostForm.Get("to"); folder == "" {
			return s.comeBack(w, r, withQuery(to, "chosen", r.PostForm.Get("choice")), note{say: problem.SayOf(errNoFolder), kind: "warn"})
		}
	}
	_, err := b.BulkAct(r.Context(), r.PostForm.Get("choice"), do, folder)
	return s.bulkBegun(w, r, to, err)
}

// bulkBegun comes back, with a sentence when another act is in the way or what it was
// about is no longer known.
func (s *Server) bulkBegun(w http.ResponseWriter, r *http.Request, to string, err error) error {
	if problem.Is(err, problem.Conflict) || problem.Is(err, problem.Gone) {
		return s.comeBack(w, r, to, note{say: problem.SayOf(err), kind: "warn"})
	}
	if err != nil {
		return err
	}
	redirect(w, r, to)
	return nil
}

// sayNoTrace: another node, a new start, or its sentence put away in another tab.
const sayNoTrace = "Ce lot n’est plus suivi ici\u00a0: son message a été fermé dans un autre onglet, ou Pli a redémarré. " +
	"Les lettres déjà traitées le restent, les autres sont à leur place. Actualisez la liste."

// bulkProgress is the strip alone. It moves no clock: nobody asked for it.
func (s *Server) bulkProgress(w http.ResponseWriter, r *http.Request) error {
	b, err := s.box(r)
	if err != nil {
		return err
	}
	if err := b.MaySort(r.Context(), audit.LetterMove); err != nil {
		return err
	}
	if !isFragment(r) {
		redirect(w, r, path("mail", scopeOf(r).box.ID))
		return nil
	}
	j := s.jobIn(r, scopeOf(r).box.ID)
	if j == nil { // only a strip of an act under way asks: it must not vanish without a word
		j = &templates.Job{Says: sayNoTrace, Warn: true}
	}
	return s.render(w, r, http.StatusOK, templates.JobFragment(j))
}

func (s *Server) bulkStop(w http.ResponseWriter, r *http.Request) error {
	return s.onBulk(w, r, func(b *mailbox.Box, id string) error { return b.StopBulk(id) })
}

func (s *Server) bulkSeen(w http.ResponseWriter, r *http.Request) error {
	return s.onBulk(w, r, func(b *mailbox.Box, id string) error { return b.SeenBulk(id) })
}

func (s *Server) bulkUndo(w http.ResponseWriter, r *http.Request) error {
	return s.onBulk(w, r, func(b *mailbox.Box, id string) error {
		_, err := b.UndoBulk(r.Context(), id)
		return err
	})
}

// onBulk does one thing to the act a form names.
func (s *Server) onBulk(w http.ResponseWriter, r *http.Request, do func(*mailbox.Box, string) error) error {
	b, err := s.box(r)
	if err != nil {
		return err
	}
	if err := b.MaySort(r.Context(), audit.LetterMove); err != nil {
		return err
	}
	to := localPath(r.PostForm.Get("next"), path("mail", scopeOf(r).box.ID))
	id := r.PostForm.Get("id")
	if id == "" {
		return problem.New(problem.Invalid, "")
	}
	return s.bulkBegun(w, r, to, do(b, id))
}

// jobOf is the act on many letters a page tells of: that of the mailbox shown, else
// one under way in another mailbox of the person.
func (s *Server) jobOf(r *http.Request) *templates.Job {
	sc := scopeOf(r)
	if sc.session == nil {
		return nil
	}
	if sc.box != nil {
		if j := s.jobIn(r, sc.box.ID); j != nil {
			return j
		}
	}
	var over *templates.Job
	for _, g := range sc.grants {
		if j := s.jobIn(r, g.Mailbox.ID); j != nil {
			if j.Running {
				return j
			}
			over = j
		}
	}
	return over
}

func (s *Server) jobIn(r *http.Request, boxID string) *templates.Job {
	sc := scopeOf(r)
	v, ok := s.house.BulkIn(sc.session.Actor, boxID)
	if !ok {
		return nil
	}
	at := path("mail", boxID, "bulk")
	j := &templates.Job{ID: v.ID, Done: v.Done + v.Missed, Total: v.Total, Running: !v.Over(), Stopping: v.State == mailbox.BulkStopping, Nonce: sc.nonce,
		Poll: at, StopTo: at + "/stop", SeenTo: at + "/seen", Next: nextOf(r, boxID)}
	if j.Running {
		j.Says, j.Count = doingWords(v), count(j.Done)+" sur "+count(j.Total)
		return j
	}
	j.Says, j.Warn = doneWords(v), v.State != mailbox.BulkDone || v.Missed > 0 || v.Say != ""
	if v.CanUndo {
		j.UndoTo, j.UndoSays = at+"/undo", "Tout annuler"
		if v.Back {
			j.UndoSays = "Annuler le reste"
		}
	}
	return j
}

// nextOf is the page the strip stands on. A fragment of it knows that only from its
// Referer, which a browser sends of our own pages.
func nextOf(r *http.Request, boxID string) string {
	home := path("mail", boxID)
	if isFragment(r) {
		at := r.Header.Get("HX-Current-URL")
		if i := strings.Index(at, "://"); i >= 0 {
			if _, p, ok := strings.Cut(at[i+3:], "/"); ok {
				return withoutParams(localPath("/"+p, home), "note", "chosen")
			}
		}
		return home
	}
	if r.Method != http.MethodGet {
		return home
	}
	return withoutParams(localPath(r.URL.RequestURI(), home), "note", "chosen")
}
