package web

import (
	"net/http"
	"net/url"

	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/problem"
)

// actTo is the POST target of acts on letters of a box; next is where the reader
// was, do the act when the form has a single button.
func actTo(boxID, next string) string { return doTo(boxID, "", next) }

func doTo(boxID, do, next string) string {
	v := url.Values{}
	if do != "" {
		v.Set("do", do)
	}
	if next != "" {
		v.Set("next", next)
	}
	return path("mail", boxID, "act") + "?" + v.Encode()
}

// act does one thing to the letters a form names and comes back with a sentence
// and, when it can be, an undo.
func (s *Server) act(w http.ResponseWriter, r *http.Request) error {
	b, err := s.box(r)
	if err != nil {
		return err
	}
	sc := scopeOf(r)
	which, err := refs(r.PostForm["ref"])
	if err != nil {
		return err
	}
	undo, say, err := s.doAct(r, b, which)
	if err != nil {
		return err
	}
	to := localPath(r.Form.Get("next"), path("mail", sc.box.ID, which[0].Folder))
	n := note{boxID: sc.box.ID, say: say, kind: "ok", undo: string(undo)}
	if more := b.Notice(); more != "" {
		n.say, n.kind = n.say+" "+more, "warn"
	}
	redirect(w, r, withQuery(to, "note", sc.desk.keepNote(n, s.clock.now())))
	return nil
}

// doAct maps the form's word to the box's method and to what is said afterwards.
func (s *Server) doAct(r *http.Request, b *mailbox.Box, which []mailbox.Ref) (mailbox.Undo, string, error) {
	ctx, n := r.Context(), len(which)
	var undo mailbox.Undo
	var err error
	switch r.Form.Get("do") {
	case "archive":
		undo, err = b.Archive(ctx, which)
		return undo, sentence(n, "classée", "classées"), err
	case "bin":
		undo, err = b.Bin(ctx, which)
		return undo, sentence(n, "mise à la corbeille", "mises à la corbeille"), err
	case "read":
		undo, err = b.SetFlags(ctx, which, []mailbox.Flag{mailbox.Seen}, nil)
		return undo, sentence(n, "marquée lue", "marquées lues"), err
	case "unread":
		undo, err = b.SetFlags(ctx, which, nil, []mailbox.Flag{mailbox.Seen})
		return undo, sentence(n, "marquée non lue", "marquées non lues"), err
	case "star":
		undo, err = b.SetFlags(ctx, which, []mailbox.Flag{mailbox.Flagged}, nil)
		return undo, sentence(n, "suivie", "suivies"), err
	case "unstar":
		undo, err = b.SetFlags(ctx, which, nil, []mailbox.Flag{mailbox.Flagged})
		if n < 2 {
			return undo, "Cette lettre n’est plus suivie.", err
		}
		return undo, "Ces " + count(n) + "\u00a0lettres ne sont plus suivies.", err
	case "move":
		to := r.PostForm.Get("to")
		if !opaque.MatchString(to) {
			return undo, "", problem.New(problem.Invalid, "Aucun dossier n’est choisi\u00a0: rien n’a changé. Choisissez où déplacer.")
		}
		undo, err = b.Move(ctx, which, to)
		return undo, sentence(n, "déplacée", "déplacées"), err
	}
	return undo, "", problem.New(problem.Invalid, "Cette action n’existe pas\u00a0: rien n’a changé.")
}

func sentence(n int, one, many string) string {
	if n < 2 {
		return "Lettre " + one + "."
	}
	return count(n) + "\u00a0lettres " + many + "."
}

// undo takes back the last act its sealed token describes.
func (s *Server) undo(w http.ResponseWriter, r *http.Request) error {
	b, err := s.box(r)
	if err != nil {
		return err
	}
	token := r.PostForm.Get("undo")
	if token == "" {
		return problem.New(problem.Invalid, "")
	}
	if err := b.Undo(r.Context(), mailbox.Undo(token)); err != nil {
		return err
	}
	sc := scopeOf(r)
	to := localPath(r.PostForm.Get("next"), path("mail", sc.box.ID))
	h := sc.desk.keepNote(note{boxID: sc.box.ID, say: "C’est annulé\u00a0: tout est comme avant.", kind: "ok"}, s.clock.now())
	redirect(w, r, withQuery(to, "note", h))
	return nil
}
