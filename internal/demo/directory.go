package demo

import (
	"strings"

	"pli.example/pli/internal/demo/annuaire"
	"pli.example/pli/internal/demo/people"
	"pli.example/pli/internal/mssante"
)

// colleagues is how many invented entries surround the cast.
const colleagues = 280

// Directory lists the cast, those who write to them, and colleagues around Tours.
func Directory() []annuaire.Entry {
	var out []annuaire.Entry
	seen := map[string]bool{}
	add := func(e annuaire.Entry) {
		if !seen[e.Address.Key()] {
			seen[e.Address.Key()] = true
			out = append(out, e)
		}
	}
	for _, p := range people.Cast() {
		for _, g := range p.Mailboxes {
			add(castEntry(p, g))
		}
	}
	add(annuaire.Entry{Kind: mssante.KindApplicative, Address: people.BiolabBox, Structure: "LABORATOIRE BIOLOIRE", Service: "Envoi automatique des résultats", FINESS: "379900020",
		Number: "4", Street: "R DES ERABLES", Postcode: "37000", Town: "TOURS"})
	for _, c := range people.Correspondents() {
		add(correspondentEntry(c))
	}
	for _, e := range annuaire.Colleagues(colleagues) {
		add(e)
	}
	return out
}

// castEntry reads the situation in which a person has a mailbox out of their claims.
func castEntry(p people.Person, g people.Grant) annuaire.Entry {
	ref := first(p.Userinfo, "SubjectRefPro")
	exercise, place := situationAt(ref, people.SiteOf(g.Address))
	e := annuaire.Entry{
		Kind: g.Kind, Address: g.Address, Structure: text(place, "raisonSocialeSite"), FINESS: text(place, "numeroFinessSite"),
		Number: text(place, "numeroVoie"), Street: strings.TrimSpace(text(place, "codeTypeDeVoie") + " " + text(place, "libelleVoie")),
		Postcode: text(place, "codePostal"),
	}
	_, e.Town, _ = strings.Cut(text(place, "bureauCedex"), " ")
	if g.Kind == mssante.KindOrganisational {
		e.Service = g.Label
		return e
	}
	e.NationalID, e.Title = p.NationalID, text(exercise, "codeCiviliteDexercice")
	if e.Title == "" { // whoever has no title is Mme or M.
		e.Title = text(ref, "codeCivilite") + text(p.Userinfo, "codeCivilite") // one of the two has it
	}
	e.Family, e.Given = text(exercise, "nomDexercice"), text(exercise, "prenomDexercice")
	e.Profession, e.Skill = text(exercise, "codeProfession"), text(exercise, "codeSavoirFaire")
	e.Work = workLabels[e.Profession]
	e.Specialty = skillLabels[e.Skill]
	return e
}

var (
	workLabels = map[string]string{"10": "Médecin", "21": "Pharmacien", "41": "Assistant de service social", "50": "Sage-femme", "60": "Infirmier",
		"70": "Masseur-kinésithérapeute", "331": "Secrétaire assistante médico-administrative"}
	skillLabels = map[string]string{"SM04": "Cardiologie et maladies vasculaires", "SM26": "Qualifié en médecine générale", "SM54": "Médecine générale"}
)

// situationAt gives the exercise and the activity at a site, by its name; the first
// ones when the site is "" or none of theirs.
func situationAt(ref map[string]any, site string) (exercise, place map[string]any) {
	exercises, _ := ref["exercices"].([]any)
	for _, x := range exercises {
		exercise, _ = x.(map[string]any)
		activities, _ := exercise["activities"].([]any)
		for _, y := range activities {
			if place, _ = y.(map[string]any); site != "" && text(place, "raisonSocialeSite") == site {
				return exercise, place
			}
		}
	}
	exercise = first(ref, "exercices")
	return exercise, first(exercise, "activities")
}

// first gives the object at key, or the first of the list there.
func first(m map[string]any, key string) map[string]any {
	switch v := m[key].(type) {
	case map[string]any:
		return v
	case []any:
		if len(v) > 0 {
			if o, ok := v[0].(map[string]any); ok {
				return o
			}
		}
	}
	return nil
}

func text(m map[string]any, key string) string {
	s, _ := m[key].(string)
	return s
}

// correspondentEntry guesses what a correspondent is from the address: the domains
// of the professions hold people, the others hold services.
func correspondentEntry(c people.Correspondent) annuaire.Entry {
	e := annuaire.Entry{Kind: mssante.KindOrganisational, Address: c.Address, Structure: strings.ToUpper(c.Name), Service: c.Name, Postcode: "37000", Town: "TOURS", FINESS: "379900099"}
	work := map[mssante.Domain][2]string{"medecin.mssante.fr": {"10", "Médecin"}, "chirurgien-dentiste.mssante.fr": {"40", "Chirurgien-dentiste"}}[c.Address.Domain]
	switch {
	case strings.Contains(c.Address.Local, "auto") || strings.HasPrefix(c.Address.Local, "fax"):
		e.Kind, e.Structure = mssante.KindApplicative, strings.ToUpper(string(c.Address.Domain))
	case work[0] != "":
		given, family, _ := strings.Cut(strings.TrimPrefix(c.Name, "Dr "), " ")
		e.Kind, e.Title, e.Given, e.Family, e.Profession, e.Work = mssante.KindNominative, "DR", given, strings.ToUpper(family), work[0], work[1]
		e.NationalID = annuaire.TestID(c.Address.Key())
		e.Structure, e.Service, e.FINESS = "CABINET "+e.Family, "", ""
	}
	return e
}
