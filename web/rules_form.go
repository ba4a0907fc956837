package web

import (
	"net/http"
	"strings"

	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/rules"
	"pli.example/pli/templates"
)

// rulePage is the form of a rule, or of a new one.
func (s *Server) rulePage(w http.ResponseWriter, r *http.Request) error {
	b, err := s.box(r)
	if err != nil {
		return err
	}
	id, err := param(r, "rule")
	if err != nil {
		return err
	}
	st, err := s.rules.Look(r.Context(), b)
	if err != nil {
		return err
	}
	rule, at := st.Set.Find(id)
	if at < 0 && id != newRule {
		return problem.New(problem.Gone, "Cette règle n’existe plus\u00a0: elle a été supprimée depuis une autre page. Les autres sont en place.")
	}
	return s.showRule(w, r, b, http.StatusOK, rule, templates.RuleForm{Version: st.Version})
}

// ruleStore tries or keeps what was typed.
func (s *Server) ruleStore(w http.ResponseWriter, r *http.Request) error {
	b, err := s.box(r)
	if err != nil {
		return err
	}
	id, err := param(r, "rule")
	if err != nil {
		return err
	}
	rule, err := typedRule(r, b)
	if id != newRule {
		rule.ID = id
	}
	v := templates.RuleForm{Version: r.PostForm.Get("version")}
	if err == nil && r.PostForm.Get("do") == "try" {
		var t rules.Trial
		if t, err = s.rules.Try(r.Context(), b, rule); err == nil {
			v.Trial = s.trialView(b, t)
			return s.showRule(w, r, b, http.StatusOK, rule, v)
		}
	} else if err == nil {
		say := ""
		if say, err = s.rules.Save(r.Context(), b, v.Version, rule); err == nil {
			return s.ruled(w, r, note{say: "Règle enregistrée\u00a0: elle s’applique aux prochaines lettres, pas à celles qui sont là.", kind: "ok"}, say, nil)
		}
	}
	if status, mends := mendable(err); mends {
		v.Error, v.Version = problem.SayOf(err), s.versionNow(r, b, v.Version, err)
		return s.showRule(w, r, b, status, rule, v)
	}
	return err
}

// versionNow is what a form is to give back: after a conflict, which it tells, that of
// the rules as they are, so that whoever read them may go on.
func (s *Server) versionNow(r *http.Request, b *mailbox.Box, given string, err error) string {
	if !problem.Is(err, problem.Conflict) {
		return given
	}
	look := s.rules.Look
	if !b.Grant().Rights.Has(delegation.Triage) {
		look = s.rules.LookAbsence
	}
	if st, err := look(r.Context(), b); err == nil {
		return st.Version
	}
	return given
}

// mendable reports an error that keeps the form and what was typed in it.
func mendable(err error) (int, bool) {
	switch {
	case problem.Is(err, problem.Invalid):
		return http.StatusUnprocessableEntity, true
	case problem.Is(err, problem.Conflict):
		return http.StatusConflict, true
	case problem.Is(err, problem.UpstreamRefused):
		return http.StatusUnprocessableEntity, true
	}
	return 0, false
}

// typedRule reads the form. A folder is named by its opaque id.
func typedRule(r *http.Request, b *mailbox.Box) (rules.Rule, error) {
	f := r.PostForm
	rule := rules.Rule{Name: f.Get("name"), Any: f.Get("any") != "", From: typedLines(f.Get("from")), Subject: typedLines(f.Get("subject")),
		To: typedLines(f.Get("to")), Patient: f.Get("patient") != "", Seen: f.Get("seen") != "", Flagged: f.Get("flagged") != "", Stop: f.Get("stop") != ""}
	if t := f.Get("type"); t != "" {
		rule.Types = []string{t}
	}
	to := f.Get("folder")
	if to == "" {
		return rule, nil
	}
	if !opaque.MatchString(to) {
		return rule, problem.New(problem.Invalid, "")
	}
	name, err := b.FolderPath(r.Context(), to)
	if problem.Is(err, problem.Gone) {
		err = problem.Wrap(err, problem.Invalid, problem.SayOf(err))
	}
	rule.Folder = name
	return rule, err
}

// typedLines are the lines of a field; more than a rule may hold are one too many.
func typedLines(s string) []string {
	return strings.SplitN(strings.ReplaceAll(s, "\r", ""), "\n", rules.MaxValues+2)
}

func (s *Server) showRule(w http.ResponseWriter, r *http.Request, b *mailbox.Box, status int, rule rules.Rule, v templates.RuleForm) error {
	views, err := b.Folders(r.Context())
	if err != nil {
		return err
	}
	box := b.Grant().Mailbox.ID
	v.Page, v.BackHref, v.New = s.page(r, "Règle"), rulesHref(box), rule.ID == ""
	v.Page.Section, v.Page.Keys = "rules", false
	if v.Action = rulesHref(box, newRule); !v.New {
		v.Action = rulesHref(box, rule.ID)
	}
	v.Name, v.Any, v.Patient, v.Seen, v.Flagged, v.Stop = rule.Name, rule.Any, rule.Patient, rule.Seen, rule.Flagged, rule.Stop
	v.From, v.Subject, v.To = strings.Join(rule.From, "\n"), strings.Join(rule.Subject, "\n"), strings.Join(rule.To, "\n")
	v.Types, v.Folders = typeChoices(rule.Types), []templates.RuleChoice{{Text: "Ne pas la déplacer"}}
	for _, l := range folderChoices(box, views) {
		v.Folders = append(v.Folders, templates.RuleChoice{Value: l.ID, Text: l.Label, Chosen: rule.Folder != "" && l.ID == b.FolderID(rule.Folder)})
	}
	return s.render(w, r, status, templates.RuleFormPage(v))
}

func typeChoices(chosen []string) []templates.RuleChoice {
	out := []templates.RuleChoice{{Text: "N’importe lequel, ou aucun"}}
	known := false
	for _, t := range rules.DocumentTypes() {
		is := len(chosen) > 0 && chosen[0] == t.Code
		known = known || is
		out = append(out, templates.RuleChoice{Value: t.Code, Text: t.Label, Chosen: is})
	}
	if len(chosen) > 0 && !known {
		out = append(out, templates.RuleChoice{Value: chosen[0], Text: chosen[0], Chosen: true})
	}
	return out
}

// trialView says what a rule would have met, and of how many.
func (s *Server) trialView(b *mailbox.Box, t rules.Trial) *templates.TrialView {
	v := &templates.TrialView{Refused: t.Refused}
	of := "sur " + plural(t.Looked, "lettre reçue", "lettres reçues") + " depuis 30\u00a0jours et encore en Réception"
	switch {
	case t.Looked == 0:
		v.Say = "La Réception ne tient aucune lettre des 30\u00a0derniers jours\u00a0: il n’y a rien à essayer."
	case t.Matched == 0:
		v.Say = "Aucune lettre ne répond à ces conditions, " + of + "."
	case t.Matched == 1:
		v.Say = "1\u00a0lettre répond à ces conditions, " + of + "."
	default:
		v.Say = count(t.Matched) + "\u00a0lettres répondent à ces conditions, " + of + "."
	}
	if !t.Complete {
		v.Say += " Les plus anciennes, sur " + count(t.Of) + ", n’ont pas été regardées."
	}
	for _, l := range t.Letters {
		who, _ := whoWords(l.Envelope.From, false)
		row := templates.TrialRow{Href: letterHref(b.Grant().Mailbox.ID, l.Ref), Who: who, Subject: subjectWords(l.Envelope.Subject), When: s.clock.short(l.At), WhenISO: s.clock.iso(l.At)}
		v.Rows = append(v.Rows, row)
	}
	if more := t.Matched - len(t.Letters); more > 0 {
		v.More = "Les 50\u00a0plus récentes sont montrées\u00a0; " + count(more) + "\u00a0de plus répondent aussi."
	}
	return v
}
