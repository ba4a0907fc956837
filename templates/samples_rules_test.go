package templates_test

import (
	"strings"

	"pli.example/pli/templates"
)

// ruleSamples are the pages of rules: none, a few, what is too long, what goes wrong.
func ruleSamples() []sample {
	page := func(title string) templates.Page {
		p := samplePage(title)
		p.Section, p.Nav.Rules = "rules", "/rules.html"
		return p
	}
	long := strings.TrimSpace(strings.Repeat("résultats ", 30))
	rows := []templates.RuleRow{
		{ID: "r1", Name: "Laboratoire", Asks: "l’expéditeur est labo@bio.mssante.fr", Does: "déplacer vers «\u00a0Laboratoire\u00a0»", Written: "par Dr Martin, le 19/11/2026", Href: "/rule.html", First: true},
		{ID: "r2", Asks: "elle vient d’un patient", Does: "suivre", Off: true, Href: "/rule.html"},
		{ID: "r3", Name: long, Asks: "l’objet contient «\u00a0" + long + "\u00a0»", Does: "déplacer vers «\u00a0Disparu\u00a0»", Warn: "Ce dossier n’existe plus\u00a0: ces lettres restent en Réception.", Href: "/rule.html", Last: true},
	}
	few := templates.RulesView{Page: page("Règles"), BoxLabel: "Cabinet des Lilas", ActTo: "/act", NewHref: "/rule.html", Version: "v", Rules: rows, Running: true,
		Absence: templates.AbsenceLine{Say: "Répond du 24/12/2026 au 02/01/2027 compris, objet «\u00a0Absence\u00a0».", Running: true, Written: "par Dr Martin, le 19/11/2026", Href: "/absence.html"}}
	other, altered, suspended := few, few, few
	other.Running, other.Other, other.Forward = false, "sieve-ailleurs", true
	altered.Running, altered.Altered, altered.Absence = false, true, templates.AbsenceLine{}
	suspended.Running = false
	form := templates.RuleForm{Page: page("Règle"), Action: "/act", BackHref: "/rules.html", Version: "v", New: true,
		Types: []templates.RuleChoice{{Text: "N’importe lequel, ou aucun"}, {Value: "11502-2", Text: "CR d’examens biologiques", Chosen: true}}, Folders: []templates.RuleChoice{{Text: "Ne pas la déplacer"}}}
	tried := form
	tried.Name, tried.From, tried.Error = "Labo", "labo@bio.mssante.fr\n"+long, "Ce type de document n’est pas connu."
	tried.Trial = &templates.TrialView{Say: "2\u00a0lettres répondent.", Refused: "Le serveur ne sait pas.", More: "12 de plus.",
		Rows: []templates.TrialRow{{Href: "/letter.html", Who: "Labo", Subject: long, When: "hier", WhenISO: "2026-11-18T06:55:00+01:00"}}}
	absence := templates.AbsenceForm{Page: page("Absence"), BoxLabel: "Cabinet", Action: "/act", BackHref: "/rules.html", On: true, From: "2026-12-24", Until: "2027-01-02", Subject: "Absence", Text: "Je suis absente.", Days: "7",
		Error: "Ces dates ne vont pas.", Waiting: "Elle n’est pas appliquée.", Written: "par Dr Martin, le 19/11/2026"}
	return []sample{
		{"rules", "page", templates.RulesPage(few)},
		{"rules-empty", "page", templates.RulesPage(templates.RulesView{Page: page("Règles"), BoxLabel: "Cabinet", ActTo: "/act", NewHref: "/rule.html", Version: "none"})},
		{"rules-other", "page", templates.RulesPage(other)},
		{"rules-altered", "page", templates.RulesPage(altered)},
		{"rules-suspended", "page", templates.RulesPage(suspended)},
		{"rule", "page", templates.RuleFormPage(form)},
		{"rule-tried", "page", templates.RuleFormPage(tried)},
		{"absence", "page", templates.AbsencePage(absence)},
	}
}
