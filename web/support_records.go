package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/ledger"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/support"
	"pli.example/pli/templates"
)

// span reads the days of a form; the last one is whole.
func (s *Server) span(f url.Values) (from, to time.Time, err error) {
	for _, x := range []struct {
		name string
		days int
		at   *time.Time
	}{{"from", 0, &from}, {"to", 1, &to}} {
		if v := f.Get(x.name); v != "" {
			t, err := time.ParseInLocation(time.DateOnly, v, s.clock.loc)
			if err != nil || t.Year() < 2000 || t.Year() > 2200 {
				return from, to, problem.New(problem.Invalid, "Cette date ne se lit pas. Écrivez-la comme 2026-11-30. Rien n’a été cherché.")
			}
			*x.at = t.AddDate(0, 0, x.days)
		}
	}
	return from, to, nil
}

// dateField is a day as a date field holds it; days is what span added.
func (s *Server) dateField(t time.Time, days int) string {
	if t.IsZero() {
		return ""
	}
	return t.In(s.clock.loc).AddDate(0, 0, -days).Format(time.DateOnly)
}

// typed is a field of a form as somebody typed it.
func typed(f url.Values, name string) (string, error) {
	v := strings.TrimSpace(f.Get(name))
	if len(v) > 4*maxWords {
		return "", problem.New(problem.TooLarge, "")
	}
	return v, nil
}

func before(r *http.Request) int64 {
	n, _ := strconv.ParseInt(r.URL.Query().Get("before"), 10, 64) // not a number: the newest
	return max(n, 0)
}

func (s *Server) supportDeliveriesStore(w http.ResponseWriter, r *http.Request) error {
	q := support.DeliveryQuery{State: ledger.Kind(code(r.PostForm.Get("state")))}
	var err error
	if q.Mailbox, err = typed(r.PostForm, "box"); err != nil {
		return err
	}
	if q.From, q.To, err = s.span(r.PostForm); err != nil {
		return err
	}
	if q == (support.DeliveryQuery{}) {
		redirect(w, r, "/support/deliveries")
		return nil
	}
	kept := scopeOf(r).kept
	redirect(w, r, path("support", "deliveries", keepIn(kept, &kept.deliveries, q, s.clock.now().Add(staffKeptLife))))
	return nil
}

// supportDeliveries is the whole ledger, or what a handle names.
func (s *Server) supportDeliveries(w http.ResponseWriter, r *http.Request) error {
	sc := scopeOf(r)
	at, q := "/support/deliveries", support.DeliveryQuery{}
	if h := chi.URLParam(r, "handle"); h != "" {
		var ok bool
		if q, ok = findIn(sc.kept, &sc.kept.deliveries, h, s.clock.now()); !ok {
			return errForgotten()
		}
		at = path("support", "deliveries", strings.ToLower(h))
	}
	v := templates.SupportDeliveriesView{SupportFrame: s.supportFrame(r, "Envois", "deliveries"), Box: q.Mailbox, From: s.dateField(q.From, 0), To: s.dateField(q.To, 1),
		Filtered: chi.URLParam(r, "handle") != ""}
	for _, k := range ledger.States() {
		v.States = append(v.States, templates.Choice{Value: string(k), Label: k.Label(), Chosen: k == q.State})
	}
	if q.Before = before(r); !v.Filtered && q.Before == 0 {
		h, err := s.staff.Desk.Days(r.Context(), s.clock.loc)
		if err != nil {
			return err
		}
		v.Chart = s.chart(h)
	}
	page, err := s.staff.Desk.Deliveries(r.Context(), sc.staff.Actor, q)
	if err != nil {
		return err
	}
	for _, d := range page.Rows {
		v.Rows = append(v.Rows, s.deliveryView(d))
	}
	if page.Next > 0 {
		v.NextHref = withQuery(at, "before", strconv.FormatInt(page.Next, 10))
	}
	v.Filtered = v.Filtered || q.Before > 0
	return s.render(w, r, http.StatusOK, templates.SupportDeliveriesPage(v))
}

func (s *Server) deliveryView(d support.Delivery) templates.SupportDelivery {
	v := templates.SupportDelivery{When: s.clock.exact(d.At), Box: d.Mailbox.String(), Sender: d.Sender, To: string(d.Domain), Patient: d.Patient, State: d.State.Label(),
		Codes: strings.TrimSpace(d.SMTP + " " + d.Enhanced), Meaning: enhancedWords(d.Enhanced), Failed: d.State == ledger.Refused || d.State == ledger.Bounced}
	if !d.StateAt.IsZero() {
		v.Since = s.clock.exact(d.StateAt)
	}
	return v
}

// enhancedWords says the codes that support meets most (RFC 3463 §3).
func enhancedWords(code string) string {
	class, rest, _ := strings.Cut(code, ".")
	if class == "2" || class == "" {
		return ""
	}
	words := map[string]string{"1.1": "boîte inconnue", "1.2": "domaine inconnu", "1.6": "boîte déplacée", "1.10": "le domaine ne reçoit pas de courrier", "2.1": "boîte fermée", "2.2": "boîte pleine",
		"2.3": "lettre trop volumineuse pour la boîte", "3.4": "lettre trop volumineuse pour le serveur", "4.1": "serveur du destinataire injoignable", "4.4": "route introuvable",
		"4.7": "délai dépassé", "7.0": "refus de sécurité", "7.1": "refus par règle du serveur"}[rest]
	switch {
	case words == "" && class == "4":
		return "refus temporaire"
	case class == "4":
		return words + ", refus temporaire"
	}
	return words
}

func (s *Server) supportTrailStore(w http.ResponseWriter, r *http.Request) error {
	q := support.TrailQuery{}
	var err error
	if q.Person, err = typed(r.PostForm, "person"); err != nil {
		return err
	}
	if q.Mailbox, err = typed(r.PostForm, "box"); err != nil {
		return err
	}
	if q.From, q.To, err = s.span(r.PostForm); err != nil {
		return err
	}
	if a := audit.Action(r.PostForm.Get("action")); a.Known() {
		q.Action = a
	}
	if q == (support.TrailQuery{}) {
		redirect(w, r, "/support/trail")
		return nil
	}
	kept := scopeOf(r).kept
	redirect(w, r, path("support", "trail", keepIn(kept, &kept.trails, q, s.clock.now().Add(staffKeptLife))))
	return nil
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
		Handle: h, Filtered: h != ""}
	for _, a := range audit.Actions() {
		v.Actions = append(v.Actions, templates.Choice{Value: string(a), Label: a.Label(), Chosen: a == q.Action})
	}
	q.Before = before(r)
	page, err := s.staff.Desk.Trail(r.Context(), sc.staff.Actor, q)
	if err != nil {
		return err
	}
	for _, row := range page.Rows {
		e := row.Event
		v.Rows = append(v.Rows, templates.SupportTrailRow{When: s.clock.exact(row.At), Who: e.Actor.Name, Work: e.Actor.Work, Act: e.Action.Label(), Box: support.MailboxWord(e.Mailbox),
			Outcome: outcomeWords(e.Outcome), Request: e.Request, Failed: e.Outcome != audit.OutcomeOK && e.Outcome != audit.OutcomeAsked})
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
	say, kind := s.verdictWords(v)
	s.supportNote(w, r, "/support/trail", say, kind)
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
		checked += ", avec " + plural(v.Heads, "tête exportée", "têtes exportées")
	}
	unread := ""
	if v.Unread > 0 {
		unread = " " + plural(v.Unread, "ligne illisible", "lignes illisibles") + " dans le fichier des têtes exportées."
	}
	if len(v.Untold) > 0 {
		unread += " La fin du journal n’est comparée à rien pour " + nodeWords(v.Untold) + "\u00a0: le fichier des têtes exportées n’en contient aucune. Des lignes ôtées à la fin ne se verraient pas\u00a0; comparez avec la copie de ce fichier gardée ailleurs."
	}
	b := v.Broken
	if b == nil {
		if len(v.Untold) > 0 {
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
