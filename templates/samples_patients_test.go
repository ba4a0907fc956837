package templates_test

import (
	"strings"

	"pli.example/pli/templates"
)

// patientSamples are the pages about patients: nothing, a few, and what is too long.
func patientSamples() []sample {
	long := strings.TrimSpace(strings.Repeat("Marie-Antoinette Françoise ", 3)) + " de La Rochefoucauld"
	page := func(title string) templates.Page {
		p := samplePage(title)
		p.Section, p.Nav.Patients, p.Nav.PatientsWaiting = "patients", "/patients.html", 12
		return p
	}
	rows := []templates.PatientRow{
		{Href: "/exchange.html", Name: "Odile Besançon", INS: "•••\u00a0108", ShowTo: "/ins", Subject: "Re : Vos rendez-vous de cardiologie", Last: "Voici mes chiffres. Depuis le nouveau comprimé je suis un peu fatiguée.", When: "06:55", WhenISO: "2026-11-19T06:55:00+01:00", Wait: "attend depuis 2\u00a0h", Unread: true, Chips: []templates.Chip{{Kind: "plain", Text: "1\u00a0pièce jointe"}}},
		{Href: "/exchange.html", Name: long, INS: "•••\u00a0412", ShowTo: "/ins", Subject: strings.Repeat("Renouvellement ", 14), Last: strings.Repeat("Bonjour Docteur, ", 20), When: "18/11/2026", WhenISO: "2026-11-18T06:55:00+01:00", Wait: "attend depuis 400\u00a0jours", Chips: []templates.Chip{{Kind: "plain", Text: "écrit après la clôture"}}},
		{Href: "/exchange.html", Subject: "", When: "hier"},
	}
	groups := []templates.PatientGroup{{Key: "waiting", Title: "À traiter", Rows: rows}, {Key: "awaited", Title: "En attente du patient", Empty: "Vous n’attendez de réponse d’aucun patient."}, {Key: "closed", Title: "Clos", Rows: rows[:1], More: 20}}
	letter := templates.ExchangeLetterView{Who: "Odile Besançon", When: "aujourd’hui à 06:55", WhenISO: "2026-11-19T06:55:00+01:00", Subject: "Ma tension", Href: "/letter.html", BodyHref: "/body-plain.html", Attachments: sampleAttachments()[:2],
		Chips: []templates.Chip{{Kind: "patient", Text: "écrite après la clôture"}}, Notices: []templates.Notice{{Kind: "warn", Text: "L’adresse de l’expéditeur n’est pas une adresse valide."}}, Nested: 1}
	ours := templates.ExchangeLetterView{Who: "Dr Claire Martin", When: "hier à 12:50", WhenISO: "2026-11-18T12:50:00+01:00", Subject: "Re : Ma tension", Ours: true, Href: "/letter.html", Snippet: strings.Repeat("Non, ne changez rien. ", 12), Chips: []templates.Chip{{Kind: "plain", Text: "sans réponse possible"}}}
	exchange := templates.ExchangeView{Page: page("Échange"), BackHref: "/patients.html", Name: "Odile Besançon", INS: "•••\u00a0108", ShowTo: "/ins", Tells: "sexe féminin, née en mars 1955 (siècle supposé\u00a0: l’INS ne donne que «\u00a055\u00a0»)",
		State: "todo", StateSay: "Le patient attend depuis 2\u00a0h. L’échange est ouvert.", NearSay: "Une de vos lettres ressemble à une clôture.", Letters: []templates.ExchangeLetterView{ours, letter, letter},
		AnswerTo: "/write", Answer: "Répondre", CloseTo: "/close", CloseSay: "Le patient ne peut plus répondre aux lettres précédentes.", Last: "1 a/1/1", Who: "x"}
	closed := exchange
	closed.State, closed.StateSay, closed.CloseTo, closed.INSWhole, closed.ShowTo, closed.Name, closed.NearSay = "closed", "Échange clos hier à 18:30.", "", "2\u00a055\u00a003\u00a037\u00a0990\u00a0011\u00a008", "", long, ""
	return []sample{
		{"patients", "page", templates.PatientsPage(templates.PatientsView{Page: page("Patients"), BoxLabel: "Pharmacie du Marché", Groups: groups, Total: 24, Say: "Cette boîte est grande\u00a0: seules les lettres récentes ont été regardées.", FindTo: "/find", SearchTo: "/seek"})},
		{"patients-error", "page", templates.PatientsPage(templates.PatientsView{Page: page("Patients"), BoxLabel: "Pharmacie du Marché", Groups: groups, Total: 24, FindTo: "/find", Open: true, Typed: "2 55", FindError: "Ce n’est pas un INS complet."})},
		{"patients-found", "page", templates.PatientsPage(templates.PatientsView{Page: page("Patients"), BoxLabel: "Pharmacie du Marché", Groups: groups, Total: 24, FindTo: "/find", SearchTo: "/seek", Sought: "besan", Found: 2, AllHref: "/patients.html"})},
		{"patients-none", "page", templates.PatientsPage(templates.PatientsView{Page: page("Patients"), BoxLabel: "Pharmacie du Marché", Groups: groups, Total: 24, FindTo: "/find", SearchTo: "/seek", Sought: "zzz", AllHref: "/patients.html", LettersTo: "/search"})},
		{"exchange-contested", "page", templates.ExchangePage(templates.ExchangeView{Page: page("Échange"), BackHref: "/patients.html", Name: "Jean Dupont", State: "contested",
			StateSay:     "Échange peut-être clos\u00a0: un avis non vérifié dit que votre lettre de clôture, partie le 1 mars 2026 à 10:02, n’a pas été remise.",
			ContestedSay: "Un avis non vérifié dit que votre lettre de clôture n’a pas été remise\u00a0: sa boîte est pleine. Rien ne prouve qu’il vient d’un serveur, et Pli n’en a rien conclu. En cas de doute, cliquez de nouveau sur «\u00a0Clore la conversation\u00a0»\u00a0: une seconde clôture ne gêne personne. Sinon, supprimez cet avis.",
			AnswerTo:     "/write", Answer: "Écrire de nouveau", CloseTo: "/close", CloseSay: "Le patient reçoit un message «\u00a0[FIN]\u00a0».", Who: "x"})},
		{"exchange-lost", "page", templates.ExchangePage(templates.ExchangeView{Page: page("Échange"), BackHref: "/patients.html", Name: "Jean Dupont", State: "lost", StateSay: "Aucune de vos lettres n’est arrivée.", LostTitle: "Lettre non remise", LostSay: "Joignez-le autrement.", AnswerTo: "/write", Answer: "Écrire de nouveau", ToldTo: "/told", ToldLast: "0 1", Who: "x"})},
		{"patients-empty", "page", templates.PatientsPage(templates.PatientsView{Page: page("Patients"), BoxLabel: "Dr Claire Martin"})},
		{"exchange", "page", templates.ExchangePage(exchange)},
		{"exchange-closed", "page", templates.ExchangePage(closed)},
		{"identity", "page", templates.IdentityPage(templates.IdentityView{Page: page("Identité"), INS: "2\u00a055\u00a003\u00a037\u00a0990\u00a0011\u00a008", Tells: "sexe féminin, née en mars 1955", KeySay: "La clé ne correspond pas.", Known: "Odile Besançon", KnownHref: "/exchange.html", To: "/confirm", BackHref: "/patients.html", MendHref: "/patients.html"})},
	}
}
