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
	out, say, err := s.doAct(r, b, which)
	if err != nil {
		return err
	}
	to := localPath(r.Form.Get("next"), path("mail", sc.box.ID, which[0].Folder))
	n := note{boxID: sc.box.ID, say: say.of(out), kind: noteKind(out)}
	if out.Done > 0 {
		n.undo = string(out.Undo)
	}
	redirect(w, r, withQuery(to, "note", sc.desk.keepNote(n, s.clock.now())))
	return nil
}

// noteKind warns when an act was not done to every letter it named.
func noteKind(o mailbox.Outcome) string {
	if o.Missed > 0 || o.Say != "" {
		return "warn"
	}
	return "ok"
}

// doAct maps the form's word to the box's method and to what is said afterwards.
func (s *Server) doAct(r *http.Request, b *mailbox.Box, which []mailbox.Ref) (mailbox.Outcome, saying, error) {
	ctx := r.Context()
	flags := func(say saying, add, remove []mailbox.Flag) (mailbox.Outcome, saying, error) {
		out, err := b.SetFlags(ctx, which, add, remove)
		return out, say, err
	}
	seen, starred := []mailbox.Flag{mailbox.Seen}, []mailbox.Flag{mailbox.Flagged}
	switch r.Form.Get("do") {
	case "archive":
		out, err := b.Archive(ctx, which)
		return out, saying{"classée", "classées"}, err
	case "bin":
		out, err := b.Bin(ctx, which)
		return out, saying{"mise à la corbeille", "mises à la corbeille"}, err
	case "read":
		return flags(saying{"marquée lue", "marquées lues"}, seen, nil)
	case "unread":
		return flags(saying{"marquée non lue", "marquées non lues"}, nil, seen)
	case "star":
		return flags(saying{"suivie", "suivies"}, starred, nil)
	case "unstar":
		return flags(saying{"laissée sans suivi", "laissées sans suivi"}, nil, starred)
	case "move":
		to := r.PostForm.Get("to")
		if !opaque.MatchString(to) {
			return mailbox.Outcome{}, saying{}, problem.New(problem.Invalid, "Aucun dossier n’est choisi\u00a0: rien n’a changé. Choisissez où déplacer.")
		}
		out, err := b.Move(ctx, which, to)
		return out, saying{"déplacée", "déplacées"}, err
	}
	return mailbox.Outcome{}, saying{}, problem.New(problem.Invalid, "Cette action n’existe pas\u00a0: rien n’a changé.")
}

// saying is what happened to a letter, and to letters.
type saying struct{ one, many string }

// of tells what was done and what was not: the numbers are those of the outcome,
// never those of the request.
func (s saying) of(o mailbox.Outcome) string {
	var out string
	switch {
	case o.Done == 0:
		out = "Rien n’a changé"
	case o.Done == 1 && o.Missed == 0:
		out = "Lettre " + s.one
	case o.Done == 1:
		out = "1\u00a0lettre " + s.one
	default:
		out = count(o.Done) + "\u00a0lettres " + s.many
	}
	switch {
	case o.Say != "":
		return out + ". " + o.Say
	case o.Missed == 1:
		return out + "\u00a0; 1 n’était plus là."
	case o.Missed > 1:
		return out + "\u00a0; " + count(o.Missed) + " n’étaient plus là."
	}
	return out + "."
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
	out, err := b.Undo(r.Context(), mailbox.Undo(token))
	if err != nil {
		return err
	}
	sc := scopeOf(r)
	to := localPath(r.PostForm.Get("next"), path("mail", sc.box.ID))
	say := "C’est annulé\u00a0: tout est comme avant."
	switch {
	case out.Missed > 0: // not "as before": some letters could not be brought back
		say = saying{"remise comme avant", "remises comme avant"}.of(out)
	case out.Say != "":
		say += " " + out.Say
	}
	h := sc.desk.keepNote(note{boxID: sc.box.ID, say: say, kind: noteKind(out)}, s.clock.now())
	redirect(w, r, withQuery(to, "note", h))
	return nil
}
