package people

import "pli.example/pli/internal/mssante"

// claims builds a userinfo answer as Pro Santé Connect gives it: same keys, same
// nesting, absent values as empty strings.
type claims struct {
	id               mssante.NationalID
	given, family    string
	civility, sector string
	origin           string // of the id: RPPS by default, EDIT for establishments
	mobile           bool   // e-CPS instead of a card
	topLevelCivility bool   // some answers carry codeCivilite outside SubjectRefPro
	exercises        []exercise
}

type exercise struct {
	profession, title, skillType, skill string
	activities                          []activity
}

type activity struct {
	mode, sector, section, role string
	finess, technicalID, name   string
	number, way, street         string
	postcode, town, commune     string
	authority                   string
}

// Where the cast works. Places, numbers and streets are invented.
var (
	lilas = activity{mode: "L", sector: "SA08", technicalID: "R990001", name: "CABINET DES LILAS", number: "12", way: "R",
		street: "DES LILAS", postcode: "37000", town: "TOURS", commune: "37261", authority: "CNOM/CNOM/CNOM"}
	chu = activity{mode: "S", sector: "SA01", finess: "379900001", technicalID: "F379900001", name: "CHU DE TOURAINE", number: "2", way: "BD",
		street: "DES TILLEULS", postcode: "37044", town: "TOURS", commune: "37261", authority: "CNOM/CNOM/ARS"}
	clinique = activity{mode: "L", sector: "SA04", finess: "379900002", technicalID: "F379900002", name: "CLINIQUE DES TANNEURS", number: "40", way: "QU",
		street: "DES TANNEURS", postcode: "37000", town: "TOURS", commune: "37261", authority: "CNOM/CNOM/CNOM"}
	faculte = activity{mode: "S", sector: "SA01", finess: "379900001", technicalID: "F379900001", name: "CHU DE TOURAINE UNITE DE RECHERCHE CLINIQUE",
		number: "2", way: "BD", street: "DES TILLEULS", postcode: "37044", town: "TOURS", commune: "37261", authority: "CNOM/CNOM/ARS"}
	kine = activity{mode: "L", sector: "SA07", technicalID: "R990003", name: "CABINET MERCIER", number: "8", way: "AV",
		street: "DE LA LOIRE", postcode: "37700", town: "SAINT PIERRE DES CORPS", commune: "37233", authority: "CNOMK/CNOMK/CNOMK"}
	infirmiere = activity{mode: "L", sector: "SA07", technicalID: "R990006", name: "CABINET BENALI", number: "3", way: "PL",
		street: "DU GRAND ORME", postcode: "37000", town: "TOURS", commune: "37261", authority: "CNOI/CNOI/CNOI"}
	sageFemme = activity{mode: "L", sector: "SA07", technicalID: "R990009", name: "CABINET LEFORT", number: "21", way: "R",
		street: "DES GLYCINES", postcode: "37300", town: "JOUE LES TOURS", commune: "37122", authority: "CNOSF/CNOSF/CNOSF"}
	aubert = activity{mode: "L", sector: "SA07", technicalID: "R990010", name: "CABINET AUBERT", number: "5", way: "R",
		street: "DU MAIL", postcode: "37150", town: "BLERE", commune: "37027", authority: "CNOM/CNOM/CNOM"}
)

func officine(section string) activity {
	return activity{mode: map[bool]string{true: "L", false: "S"}[section == "A"], sector: "SA33", section: section, finess: "379900004",
		technicalID: "F379900004", name: "PHARMACIE DU MARCHE", number: "1", way: "PL", street: "DU MARCHE", postcode: "37000",
		town: "TOURS", commune: "37261", authority: "CNOP/CNOP/CNOP"}
}

func chuRole(role string) activity {
	a := chu
	a.role, a.authority = role, "FINESS/EDIT/EDIT"
	return a
}

func lilasRole(role string) activity {
	a := lilas
	a.mode, a.role, a.authority = "S", role, "CNOM/EDIT/EDIT"
	return a
}

func (c claims) userinfo() map[string]any {
	first := c.exercises[0].activities[0]
	origin := c.origin
	if origin == "" {
		origin = "RPPS"
	}
	exercises := make([]any, 0, len(c.exercises))
	for _, e := range c.exercises {
		exercises = append(exercises, e.claim(c))
	}
	ref := map[string]any{"exercices": exercises}
	u := map[string]any{
		"sub":                       "f:00000000-0000-4000-8000-000000000001:" + string(c.id),
		"SubjectNameID":             string(c.id),
		"preferred_username":        string(c.id),
		"given_name":                c.given,
		"family_name":               c.family,
		"email_verified":            false,
		"Secteur_Activite":          c.sector + "^1.2.250.1.71.4.2.4",
		"SubjectRole":               []any{c.exercises[0].profession + "^1.2.250.1.213.1.1.5.5"},
		"SubjectOrganization":       first.name,
		"SubjectOrganizationID":     first.technicalID,
		"Mode_Acces_Raison":         "",
		"Acces_Regulation_Medicale": "FAUX",
		"UITVersion":                "1.0",
		"Palier_Authentification":   "APPPRIP3^1.2.250.1.213.1.5.1.1.1",
		"PSI_Locale":                "1.2.250.1.213.1.3.1.1",
		"authMode":                  map[bool]string{true: "MOBILE", false: "CARD"}[c.mobile],
		"otherIds":                  []any{map[string]any{"identifiant": string(c.id), "origine": origin, "qualite": 1}},
		"SubjectRefPro":             ref,
	}
	if c.topLevelCivility {
		u["codeCivilite"] = c.civility
	} else {
		ref["codeCivilite"] = c.civility
	}
	return u
}

func (e exercise) claim(c claims) map[string]any {
	activities := make([]any, 0, len(e.activities))
	for _, a := range e.activities {
		activities = append(activities, a.claim())
	}
	return map[string]any{
		"codeProfession": e.profession, "codeCategorieProfessionnelle": "C", "codeCiviliteDexercice": e.title,
		"nomDexercice": c.family, "prenomDexercice": c.given, "codeTypeSavoirFaire": e.skillType, "codeSavoirFaire": e.skill,
		"activities": activities,
	}
}

func (a activity) claim() map[string]any {
	return map[string]any{
		"codeModeExercice": a.mode, "codeSecteurDactivite": a.sector, "codeSectionPharmacien": a.section, "codeRole": a.role,
		"codeGenreActivite": "GENR01", "numeroSiretSite": "", "numeroSirenSite": "", "numeroFinessSite": a.finess,
		"numeroFinessetablissementJuridique": "", "identifiantTechniqueDeLaStructure": a.technicalID, "raisonSocialeSite": a.name,
		"enseigneCommercialeSite": "", "complementDestinataire": "", "complementPointGeographique": "", "numeroVoie": a.number,
		"indiceRepetitionVoie": "", "codeTypeDeVoie": a.way, "libelleVoie": a.street, "mentionDistribution": "",
		"bureauCedex": a.postcode + " " + a.town, "codePostal": a.postcode, "codeCommune": a.commune, "codePays": "99000",
		"telephone": "", "telephone2": "", "telecopie": "", "adresseEMail": "", "codeDepartement": "37",
		"ancienIdentifiantDeLaStructure": "", "autoriteDenregistrement": a.authority,
	}
}

// staffUserinfo is what an operator's own provider says of its staff.
func staffUserinfo(key, given, family string) map[string]any {
	return map[string]any{"sub": "staff:" + key, "preferred_username": key, "given_name": given, "family_name": family,
		"roles": []any{"pli-support"}}
}
