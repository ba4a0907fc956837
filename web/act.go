package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"pli.example/pli/internal/audit"
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
	which, err := someRefs(actedOn(r), maxChosen)
	if err != nil {
		return err
	}
	to := localPath(r.Form.Get("next"), path("mail", sc.box.ID, which[0].Folder))
	if len(which) > maxRefs {
		return s.actOnMany(w, r, b, which, to)
	}
	about := letterNamed(r, b, which)
	out, say, err := s.doAct(r, b, which)
	switch {
	case missedAll(out, err):
		return s.comeBack(w, r, listOf(to), note{say: goneWords(out.Missed), kind: "warn"})
	case errors.Is(err, errNoFolder), err != nil && problem.SayOf(err) == mailbox.SayUnkept:
		return s.comeBack(w, r, to, note{say: problem.SayOf(err), kind: "warn"})
	case err != nil:
		return err
	}
	n := note{say: say.of(out, about), kind: noteKind(out)}
	if out.Done > 0 {
		n.undo = string(out.Undo)
	}
	return s.comeBack(w, r, to, n)
}

// actedOn are the letters an act names. A conversation is followed, or unread again, by
// its newest letter: a counter says one and the list of followed letters has one; all
// else concerns each of its letters.
func actedOn(r *http.Request) []string {
	if do := r.Form.Get("do"); do == "star" || do == "unread" {
		return newestRefs(r.PostForm["ref"])
	}
	return r.PostForm["ref"]
}

// actOnMany is an act on more letters than one answer waits for: those of many
// conversations.
func (s *Server) actOnMany(w http.ResponseWriter, r *http.Request, b *mailbox.Box, which []mailbox.Ref, to string) error {
	if err := b.MaySort(r.Context(), audit.LetterMove); err != nil {
		return err
	}
	c, err := b.ChooseLetters(r.Context(), which)
	if err != nil {
		return err
	}
	r.PostForm.Set("choice", c.Handle)
	return s.bulkChosen(w, r, b, to)
}

// comeBack leads to the page an act was asked from, with a sentence.
func (s *Server) comeBack(w http.ResponseWriter, r *http.Request, to string, n note) error {
	sc := scopeOf(r)
	n.boxID = sc.box.ID
	redirect(w, r, withQuery(to, "note", sc.desk.keepNote(n, s.clock.now())))
	return nil
}

// missedAll reports that the letters were looked for where the form says and are
// all gone: another tab or program was first. A folder or a mailbox that is not
// this one's never gets that far.
func missedAll(o mailbox.Outcome, err error) bool {
	return problem.Is(err, problem.Gone) && o.Done == 0 && o.Missed > 0
}

func goneWords(n int) string {
	const since = " entre-temps, sans doute depuis un autre poste. Voici la liste à jour."
	if n > 1 {
		return "Rien n’a changé\u00a0: ces " + count(n) + "\u00a0lettres ne sont plus ici, déplacées ou supprimées" + since
	}
	return "Rien n’a changé\u00a0: cette lettre n’est plus ici, déplacée ou supprimée" + since
}

// listOf is the list behind a page: a letter that is gone cannot be come back to.
func listOf(to string) string {
	p, q, _ := strings.Cut(to, "?")
	v, err := url.ParseQuery(q)
	parts := strings.Split(p, "/") // "", mail, box, folder, validity, uid
	if err != nil || len(parts) != 6 || parts[1] != "mail" {
		return to
	}
	if from := v.Get("from"); searchHandle.MatchString(from) {
		return path("mail", parts[2], "search", from)
	}
	return path(parts[1:4]...) + listParams(listQuery(parts[3], v))
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
	case "processed":
		return flags(saying{"marquée traitée", "marquées traitées"}, []mailbox.Flag{mailbox.Processed}, nil)
	case "unprocessed":
		return flags(saying{"remise à traiter", "remises à traiter"}, nil, []mailbox.Flag{mailbox.Processed})
	case "move":
		to := r.PostForm.Get("to")
		if !opaque.MatchString(to) {
			if to == "" {
				return mailbox.Outcome{}, saying{}, errNoFolder
			}
			return mailbox.Outcome{}, saying{}, problem.New(problem.Invalid, "")
		}
		out, err := b.Move(ctx, which, to)
		return out, movedWords(scopeOf(r), to), err
	}
	return mailbox.Outcome{}, saying{}, problem.New(problem.Invalid, "Cette action n’existe pas\u00a0: rien n’a changé.")
}

// movedWords names the folder letters are put in, and says of the inbox that they are back.
func movedWords(sc *scope, to string) saying {
	for _, f := range sc.desk.foldersOf(sc.box.ID).views {
		switch {
		case f.ID == to && f.Role == "inbox":
			return saying{"remise en " + f.Label, "remises en " + f.Label}
		case f.ID == to && f.Label != "":
			in := " vers «\u00a0" + f.Label + "\u00a0»"
			return saying{"déplacée" + in, "déplacées" + in}
		}
	}
	return saying{"déplacée", "déplacées"}
}

// errNoFolder is a move whose folder was not chosen yet.
var errNoFolder = problem.New(problem.Invalid, "Aucun dossier n’est choisi\u00a0: rien n’a changé. Choisissez où déplacer.")

// saying is what happened to a letter, and to letters.
type saying struct{ one, many string }

// of tells what was done and what was not: the numbers are those of the outcome,
// never those of the request.
// about is the letter's name when it was one that has one.
func (s saying) of(o mailbox.Outcome, about string) string {
	var out string
	switch {
	case o.Done == 0:
		out = "Rien n’a changé"
	case o.Done == 1 && o.Missed == 0 && about != "":
		out = about + " " + s.one
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
	to := localPath(r.PostForm.Get("next"), path("mail", scopeOf(r).box.ID))
	if scopeOf(r).desk.wasUndone(token) { // 'z' again, or the page before come back to
		return s.comeBack(w, r, to, note{say: sayUndone, kind: "ok"})
	}
	out, err := b.Undo(r.Context(), mailbox.Undo(token))
	switch {
	case missedAll(out, err):
		return s.comeBack(w, r, listOf(to), note{say: goneWords(out.Missed), kind: "warn"})
	case err != nil:
		return err
	}
	if out.Missed == 0 {
		scopeOf(r).desk.undone(token)
	}
	n := note{say: undoneWords(out), kind: noteKind(out)}
	if at := strings.Split(to, "/"); len(at) > 3 && s.asConversations(r, b, strings.SplitN(at[3], "?", 2)[0]) {
		n.say = strings.Replace(n.say, "en tête de", "dans", 1) // they stand by their newest letter, not by what came last
	}
	if out.Back.UID != 0 {
		n.row = out.Back.UID
		if out.Returned == 1 {
			to = backAt(scopeOf(r).box.ID, to, out.Back)
		}
	}
	return s.comeBack(w, r, to, n)
}

// backAt is the page after an undo: the letter that came back, for who was reading;
// else the list as it was asked from.
func backAt(boxID, to string, back mailbox.Ref) string {
	if listOf(to) == to {
		return to
	}
	_, params, _ := strings.Cut(to, "?")
	if params != "" {
		params = "?" + params
	}
	return letterHref(boxID, back) + params
}

// undoneWords never says more than is true: a letter that came back has its date
// and its marks, but the server counts it as the last to arrive in its folder, and
// it stands at the top of the list.
func undoneWords(o mailbox.Outcome) string {
	where := "en tête de son dossier"
	if o.Returned > 1 {
		where = "en tête de leur dossier"
	}
	if o.ReturnedTo != "" {
		where = "en tête de «\u00a0" + o.ReturnedTo + "\u00a0»"
	}
	switch {
	case o.Missed > 0: // not "as before": some letters could not be brought back
		return saying{"remise " + where, "remises " + where}.of(o, "")
	case o.Returned == 0:
		return strings.TrimSpace("C’est annulé\u00a0: tout est comme avant. " + o.Say)
	case o.Returned == 1:
		return strings.TrimSpace("C’est annulé\u00a0: la lettre est revenue " + where + ", avec sa date. " + o.Say)
	}
	return strings.TrimSpace("C’est annulé\u00a0: " + count(o.Returned) + "\u00a0lettres sont revenues " + where + ", avec leurs dates. " + o.Say)
}
