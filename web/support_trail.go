package web

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/support"
	"pli.example/pli/templates"
)

func (s *Server) supportTrailStore(w http.ResponseWriter, r *http.Request) error {
	q := support.TrailQuery{}
	var err error
	if q.Person, err = typed(r.PostForm, "person"); err != nil {
		return err
	}
	var wrong templates.SupportWrong
	if q.Mailbox, wrong, err = s.boxAsked(r); err != nil {
		return err
	}
	if wrong.Say == "" {
		q.From, q.To, wrong = s.span(r.PostForm)
	}
	if a := audit.Action(r.PostForm.Get("action")); a == "" || a.Known() {
		q.Action = a
	} else if wrong.Say == "" { // left out, it would show everything
		wrong = templates.SupportWrong{Field: "action", Say: "Cet acte n’existe pas dans le journal\u00a0: choisissez-en un dans la liste. Rien n’a été cherché."}
	}
	if wrong.Say != "" {
		f := r.PostForm
		v := templates.SupportTrailView{SupportFrame: s.supportFrame(r, "Journal", "trail"), Person: q.Person, Box: boxTyped(f), From: f.Get("from"), To: f.Get("to"),
			Actions: actionChoices(q.Action), Filtered: true, Wrong: wrong}
		return s.render(w, r, http.StatusUnprocessableEntity, templates.SupportTrailPage(v))
	}
	if q == (support.TrailQuery{}) {
		redirect(w, r, "/support/trail")
		return nil
	}
	kept := scopeOf(r).kept
	redirect(w, r, path("support", "trail", keepIn(kept, &kept.trails, q, s.clock.now().Add(staffKeptLife))))
	return nil
}

func actionChoices(chosen audit.Action) []templates.Choice {
	var out []templates.Choice
	for _, a := range audit.Actions() {
		out = append(out, templates.Choice{Value: string(a), Label: a.Label(), Chosen: a == chosen})
	}
	return out
}

// supportTrail is the whole trail, or what a handle names.
func (s *Server) supportTrail(w http.ResponseWriter, r *http.Request) error {
	sc := scopeOf(r)
	at, q := "/support/trail", support.TrailQuery{}
	h := strings.ToLower(chi.URLParam(r, "handle"))
	if h != "" {
		var ok bool
		if q, ok = findIn(sc.kept, &sc.kept.trails, h, s.clock.now()); !ok {
			return errForgotten()
		}
		at = path("support", "trail", h)
	}
	v := templates.SupportTrailView{SupportFrame: s.supportFrame(r, "Journal", "trail"), Person: q.Person, Box: q.Mailbox, From: s.dateField(q.From, 0), To: s.dateField(q.To, 1),
		Handle: h, Actions: actionChoices(q.Action), Filtered: h != ""}
	q.Before = before(r)
	page, err := s.staff.Desk.Trail(r.Context(), sc.staff.Actor, q)
	if err != nil {
		return err
	}
	for _, row := range page.Rows {
		e := row.Event
		v.Rows = append(v.Rows, templates.SupportTrailRow{When: s.clock.stamp(row.At), Who: e.Actor.Name, Work: e.Actor.Work, Act: e.Action.Label(), Box: support.MailboxWord(e.Mailbox),
			Outcome: outcomeWords(e.Outcome), Request: joinDots(support.RequestWords(e.Action, e.Request), row.About), Failed: e.Outcome != audit.OutcomeOK && e.Outcome != audit.OutcomeAsked})
	}
	if page.Next > 0 {
		v.NextHref = withQuery(at, "before", strconv.FormatInt(page.Next, 10))
	}
	return s.render(w, r, http.StatusOK, templates.SupportTrailPage(v))
}

// supportExport gives the rows of a search, or all, as a file. It is a post: what is
// exported leaves the house, and a link must not be able to ask for it.
func (s *Server) supportExport(w http.ResponseWriter, r *http.Request) error {
	sc := scopeOf(r)
	q := support.TrailQuery{}
	if h := r.PostForm.Get("search"); h != "" {
		var ok bool
		if q, ok = findIn(sc.kept, &sc.kept.trails, h, s.clock.now()); !ok {
			return errForgotten()
		}
	}
	format := support.Format(r.PostForm.Get("format"))
	write, err := s.staff.Desk.Export(r.Context(), sc.staff.Actor, q, format)
	if err != nil {
		return err
	}
	kind := "text/csv; charset=utf-8"
	if format == support.NDJSON {
		kind = "application/x-ndjson; charset=utf-8"
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Disposition", attachmentHeader("journal-pli-"+s.clock.now().In(s.clock.loc).Format("2006-01-02-1504")+"."+string(format)))
	if err := write(&patientWriter{w, http.NewResponseController(w)}); err != nil {
		s.cut(r, err)
	}
	return nil
}

// supportVerify walks the whole trail and says the first place that does not hold.
func (s *Server) supportVerify(w http.ResponseWriter, r *http.Request) error {
	v, err := s.staff.Desk.Verify(r.Context(), scopeOf(r).staff.Actor)
	if err != nil {
		return err
	}
	at := "/support/trail" // or back to the rows searched: nobody typed them to lose them
	if h := strings.ToLower(r.PostForm.Get("search")); h != "" {
		sc := scopeOf(r)
		if _, ok := findIn(sc.kept, &sc.kept.trails, h, s.clock.now()); ok {
			at = path("support", "trail", h)
		}
	}
	say, kind := s.verdictWords(v)
	s.supportNote(w, r, at, say, kind)
	return nil
}

func nodeWords(nodes []string) string {
	const most = 5
	words := "le nœud"
	if len(nodes) > 1 {
		words = "les nœuds"
	}
	shown := nodes[:min(len(nodes), most)]
	words += " «\u00a0" + strings.Join(shown, "\u00a0», «\u00a0") + "\u00a0»"
	if n := len(nodes) - len(shown); n > 0 {
		words += " et " + plural(n, "autre", "autres")
	}
	return words
}

// verdictWords tells the first broken place as somebody would.
func (s *Server) verdictWords(v support.Verdict) (say, kind string) {
	checked := plural(int(v.Rows), "ligne vérifiée", "lignes vérifiées") + " sur " + plural(v.Days, "journée", "journées")
	if v.Heads > 0 {
		checked += ", avec " + plural(v.Heads, "tête exportée", "têtes exportées") + ", jusqu’au " + s.clock.exact(v.Newest)
		if v.Nodes > 1 {
			checked += " pour le nœud le moins suivi"
		}
	}
	unread := ""
	if v.Unread > 0 {
		unread = " " + plural(v.Unread, "ligne illisible", "lignes illisibles") + " dans le fichier des têtes exportées."
	}
	if len(v.Untold) > 0 {
		unread += " La fin du journal n’est comparée à rien pour " + nodeWords(v.Untold) + "\u00a0: le fichier des têtes exportées n’en contient aucune. Des lignes ôtées à la fin ne se verraient pas\u00a0; comparez avec la copie de ce fichier gardée ailleurs."
	}
	if len(v.Behind) > 0 {
		unread += " Les têtes exportées s’arrêtent avant des lignes plus anciennes qu’une heure pour " + nodeWords(v.Behind) + "\u00a0: leur export s’est arrêté, ou la fin du fichier a été ôtée. Comparez avec la copie de ce fichier gardée ailleurs."
	}
	b := v.Broken
	if b == nil {
		if len(v.Untold)+len(v.Behind) > 0 {
			return "Les lignes présentes tiennent\u00a0: " + checked + "." + unread, "warn"
		}
		if unread != "" {
			return "Le journal tient\u00a0: " + checked + "." + unread, "warn"
		}
		return "Le journal tient\u00a0: " + checked + ".", "ok"
	}
	day := b.Day
	if t, err := time.Parse(time.DateOnly, b.Day); err == nil {
		day = t.Format("02/01/2006")
	}
	return fmt.Sprintf("Le journal ne tient pas\u00a0: %s, nœud «\u00a0%s\u00a0», journée du %s, ligne %s. Conservez la base en l’état et prévenez votre responsable de la sécurité. %s avant ce point.%s",
		b.Flaw.Label(), b.Node, day, count(int(b.N)), checked, unread), "error"
}
