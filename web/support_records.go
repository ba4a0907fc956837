package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"pli.example/pli/internal/ledger"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/support"
	"pli.example/pli/templates"
)

// span reads the days of a form; the last one is whole.
func (s *Server) span(f url.Values) (from, to time.Time, wrong templates.SupportWrong) {
	for _, x := range []struct {
		name string
		days int
		at   *time.Time
	}{{"from", 0, &from}, {"to", 1, &to}} {
		if v := f.Get(x.name); v != "" {
			t, err := time.ParseInLocation(time.DateOnly, v, s.clock.loc)
			if err != nil || t.Year() < 2000 || t.Year() > 2200 {
				return from, to, templates.SupportWrong{Field: x.name, Say: "Cette date ne se lit pas\u00a0: écrivez-la comme 2026-11-30. Rien n’a été cherché."}
			}
			*x.at = t.AddDate(0, 0, x.days)
		}
	}
	return from, to, wrong
}

// boxAsked is the mailbox that a field names, whole or in part; what cannot be found is
// said beside the field.
func (s *Server) boxAsked(r *http.Request) (string, templates.SupportWrong, error) {
	words, err := typed(r.PostForm, "box")
	if err != nil || words == "" {
		return "", templates.SupportWrong{}, err
	}
	box, err := s.staff.Desk.Box(r.Context(), scopeOf(r).staff.Actor, words)
	if problem.Is(err, problem.Invalid) {
		return "", templates.SupportWrong{Field: "box", Say: problem.SayOf(err)}, nil
	}
	return box, templates.SupportWrong{}, err
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
	box, wrong, err := s.boxAsked(r)
	if err != nil {
		return err
	}
	if q.Mailbox = box; wrong.Say == "" {
		q.From, q.To, wrong = s.span(r.PostForm)
	}
	if wrong.Say != "" {
		f := r.PostForm
		v := templates.SupportDeliveriesView{SupportFrame: s.supportFrame(r, "Envois", "deliveries"), Box: boxTyped(f), From: f.Get("from"), To: f.Get("to"),
			States: stateChoices(q.State), Filtered: true, Wrong: wrong}
		return s.render(w, r, http.StatusUnprocessableEntity, templates.SupportDeliveriesPage(v))
	}
	if q == (support.DeliveryQuery{}) {
		redirect(w, r, "/support/deliveries")
		return nil
	}
	kept := scopeOf(r).kept
	redirect(w, r, path("support", "deliveries", keepIn(kept, &kept.deliveries, q, s.clock.now().Add(staffKeptLife))))
	return nil
}

// boxTyped is the field as it comes back to be mended: a patient's address does not,
// nothing of a patient stands on a page of support.
func boxTyped(f url.Values) string {
	words := strings.TrimSpace(f.Get("box"))
	if a, err := mssante.ParseAddress(words); err == nil && a.IsPatient() {
		return ""
	}
	return words
}

func stateChoices(chosen ledger.Kind) []templates.Choice {
	var out []templates.Choice
	for _, k := range ledger.States() {
		out = append(out, templates.Choice{Value: string(k), Label: k.Label(), Chosen: k == chosen})
	}
	return out
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
		States: stateChoices(q.State), Filtered: chi.URLParam(r, "handle") != ""}
	q.Before = before(r)
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
	v := templates.SupportDelivery{When: s.clock.stamp(d.At), Reference: deliveryReference(d.Letter), Box: d.Mailbox.String(), Sender: d.Sender, To: string(d.Domain), Patient: d.Patient, State: d.State.Label(),
		Codes: strings.TrimSpace(d.SMTP + " " + d.Enhanced), Meaning: enhancedWords(d.Enhanced), Failed: d.State == ledger.Refused || d.State == ledger.Bounced}
	if !d.StateAt.IsZero() {
		v.Since = s.clock.stamp(d.StateAt)
	}
	return v
}

// deliveryReference is enough of a letter's opaque id to quote it: its recipients share it.
func deliveryReference(letter string) string { return strings.ToUpper(letter[:min(len(letter), 8)]) }

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
