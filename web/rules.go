package web

import (
	"net/http"

	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/rules"
	"pli.example/pli/templates"
)

const (
	rulesPath = "/mail/{box}/rules"
	newRule   = "new" // in the place of a rule's id
)

// rulesRoutes are the pages of rules; none where no server keeps any.
func (s *Server) rulesRoutes() []route {
	if s.rules == nil {
		return nil
	}
	return []route{
		{method: get, pattern: rulesPath, set: pageHeaders, access: forTriage, act: true, handle: s.rulesPage},
		{method: post, pattern: rulesPath, set: pageHeaders, access: forTriage, act: true, handle: s.rulesAct},
		{method: get, pattern: rulesPath + "/absence", set: pageHeaders, access: forSenders, act: true, handle: s.absencePage},
		{method: post, pattern: rulesPath + "/absence", set: pageHeaders, access: forSenders, act: true, handle: s.absenceStore},
		{method: get, pattern: rulesPath + "/{rule}", set: pageHeaders, access: forTriage, act: true, handle: s.rulePage},
		{method: post, pattern: rulesPath + "/{rule}", set: pageHeaders, access: forTriage, act: true, handle: s.ruleStore},
	}
}

func rulesHref(boxID string, more ...string) string {
	return path(append([]string{"mail", boxID, "rules"}, more...)...)
}

// withRules links to the rules of the mailbox of the page.
func (s *Server) withRules(sc *scope, p *templates.Page) {
	if s.rules == nil || sc.box == nil || sc.session.Mail != nil {
		return
	}
	for _, g := range sc.grants {
		switch {
		case g.Mailbox.ID != sc.box.ID:
		case g.Rights.Has(delegation.Triage):
			p.Nav.Rules = rulesHref(sc.box.ID)
		case g.Rights.Has(delegation.Send):
			p.Nav.Rules = rulesHref(sc.box.ID, "absence")
		}
	}
}

// rulesPage shows what the server holds.
func (s *Server) rulesPage(w http.ResponseWriter, r *http.Request) error {
	b, err := s.box(r)
	if err != nil {
		return err
	}
	st, err := s.rules.Look(r.Context(), b)
	if err != nil {
		return err
	}
	folders, err := s.ruleFolders(r, b)
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, templates.RulesPage(s.rulesView(r, b, st, folders)))
}

func (s *Server) rulesView(r *http.Request, b *mailbox.Box, st rules.State, folders map[string]string) templates.RulesView {
	id := b.Grant().Mailbox.ID
	v := templates.RulesView{Page: s.page(r, "Règles"), BoxLabel: boxLabel(b.Grant()), ActTo: rulesHref(id), NewHref: rulesHref(id, newRule), BackHref: path("mail", id),
		Version: st.Version, Running: st.Active && !st.Altered, Altered: st.Altered, Other: st.Other, Forward: st.Forward}
	v.Page.Section, v.Page.Keys = "rules", false
	for i, x := range st.Set.Rules {
		row := templates.RuleRow{ID: x.ID, Name: x.Name, Asks: x.Asks(), Written: rules.Written(x.By, x.At, s.clock.loc), Href: rulesHref(id, x.ID),
			Off: x.Off, First: i == 0, Last: i == len(st.Set.Rules)-1}
		label, there := folders[b.FolderID(x.Folder)]
		if !there {
			label = x.Folder
		}
		if row.Does = x.Does(label); x.Folder != "" && !there {
			row.Warn = "Ce dossier n’existe plus\u00a0: ces lettres restent en Réception."
		}
		v.Rules = append(v.Rules, row)
	}
	v.Absence = s.absenceLine(b, st)
	return v
}

func (s *Server) absenceLine(b *mailbox.Box, st rules.State) templates.AbsenceLine {
	a := st.Set.Absence
	l := templates.AbsenceLine{Say: s.absenceWords(a), Running: st.Active && !st.Altered && a.Running(s.clock.now(), s.clock.loc)}
	if a.Text != "" {
		l.Written = rules.Written(a.By, a.At, s.clock.loc)
	}
	if b.Grant().Rights.Has(delegation.Send) {
		l.Href = rulesHref(b.Grant().Mailbox.ID, "absence")
	}
	return l
}

// absenceWords says when it answers, "" when there is none.
func (s *Server) absenceWords(a rules.Absence) string {
	day := func(d rules.Day) string {
		t, _ := d.Time(s.clock.loc)
		return t.Format("02/01/2006")
	}
	when := ""
	switch {
	case a.From != "" && a.Until != "":
		when = " du " + day(a.From) + " au " + day(a.Until) + " compris"
	case a.From != "":
		when = " à partir du " + day(a.From)
	case a.Until != "":
		when = " jusqu’au " + day(a.Until) + " compris"
	}
	switch {
	case !a.On && a.Text == "":
		return ""
	case !a.On:
		return "Écrite, pas activée."
	case a.Over(s.clock.now(), s.clock.loc):
		return "Finie depuis le " + day(a.Until) + "\u00a0: elle ne répond plus."
	}
	return "Répond" + when + ", objet «\u00a0" + a.Subject + "\u00a0»."
}

// ruleFolders are the names of the folders a rule may move to, by opaque id.
func (s *Server) ruleFolders(r *http.Request, b *mailbox.Box) (map[string]string, error) {
	out := map[string]string{}
	views, err := b.Folders(r.Context())
	for _, l := range folderChoices(b.Grant().Mailbox.ID, views) {
		out[l.ID] = l.Label
	}
	return out, err
}

// folderChoices are the folders a letter may be moved to, each with the names of those
// it lies in.
func folderChoices(boxID string, views []mailbox.FolderView) []templates.FolderLink {
	var out []templates.FolderLink
	for _, l := range moves(folderLinks(boxID, views, "")) {
		if l.Role != "inbox" {
			out = append(out, l)
		}
	}
	return out
}

// rulesAct does one thing to one rule, or to all.
func (s *Server) rulesAct(w http.ResponseWriter, r *http.Request) error {
	b, err := s.box(r)
	if err != nil {
		return err
	}
	n := note{kind: "ok"}
	ctx, version, id := r.Context(), r.PostForm.Get("version"), r.PostForm.Get("rule")
	say := ""
	if token := r.PostForm.Get("undo"); token != "" {
		n.say = "C’est annulé\u00a0: la règle est revenue à sa place."
		say, err = s.rules.Restore(ctx, b, rules.Undo(token))
		return s.ruled(w, r, n, say, err)
	}
	switch r.PostForm.Get("do") {
	case "up":
		n.say = "Règle montée."
		say, err = s.rules.Move(ctx, b, version, id, -1)
	case "down":
		n.say = "Règle descendue."
		say, err = s.rules.Move(ctx, b, version, id, 1)
	case "on":
		n.say = "Règle appliquée aux prochaines lettres."
		say, err = s.rules.Switch(ctx, b, version, id, false)
	case "off":
		n.say = "Règle suspendue\u00a0: elle reste écrite ici."
		say, err = s.rules.Switch(ctx, b, version, id, true)
	case "delete":
		n.say = "Règle supprimée."
		var undo rules.Undo
		undo, say, err = s.rules.Delete(ctx, b, version, id)
		n.undo, n.undoTo = string(undo), rulesHref(b.Grant().Mailbox.ID)
	case "activate":
		n.say = "Les règles de Pli sont appliquées."
		say, err = s.rules.Activate(ctx, b, true)
	case "suspend":
		n.say = "Règles et absence sont suspendues."
		say, err = s.rules.Activate(ctx, b, false)
	default:
		return problem.New(problem.Invalid, "Cette action n’existe pas\u00a0: rien n’a changé.")
	}
	return s.ruled(w, r, n, say, err)
}

// ruled comes back to the rules with a sentence. What changed meanwhile is shown as it
// is now, with the reason.
func (s *Server) ruled(w http.ResponseWriter, r *http.Request, n note, say string, err error) error {
	if problem.Is(err, problem.Conflict) || problem.Is(err, problem.Gone) {
		n, err = note{say: problem.SayOf(err), kind: "warn"}, nil
	}
	if err != nil {
		return err
	}
	if say != "" {
		n.say, n.kind = n.say+" "+say, "warn"
	}
	return s.comeBack(w, r, rulesHref(scopeOf(r).box.ID), n)
}
