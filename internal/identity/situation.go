package identity

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"strings"
	"unicode"

	"pli.example/pli/internal/mssante"
)

// situations lists one situation per exercice and activity, without exact
// duplicates (real answers repeat a whole exercice). A person with none gets one
// from SubjectRole, empty of profession when even that is absent.
func situations(top, ref claims) []mssante.Situation {
	var out []mssante.Situation
	seen := map[string]bool{}
	for _, exercice := range ref.list("exercices") {
		activities := exercice.list("activities")
		if len(activities) == 0 {
			activities = []claims{{}}
		}
		for _, activity := range activities {
			s := situation(exercice, activity)
			if seen[s.Key] || len(out) == maxSituations {
				continue
			}
			seen[s.Key] = true
			out = append(out, s)
		}
	}
	if len(out) == 0 {
		out = []mssante.Situation{fromSubject(top)}
	}
	return out
}

func situation(exercice, activity claims) mssante.Situation {
	s := mssante.Situation{
		ModeCode:   activity.text("codeModeExercice"),
		SectorCode: activity.text("codeSecteurDactivite"),
		RoleCode:   activity.text("codeRole"),
		Civility:   exercice.text("codeCiviliteDexercice"),
		GivenName:  exercice.text("prenomDexercice"),
		FamilyName: exercice.text("nomDexercice"),
		Structure: firstOf(activity.text("raisonSocialeSite"), activity.text("enseigneCommercialeSite"),
			activity.text("complementDestinataire")),
		FINESS: activity.text("numeroFinessSite"),
		City:   town(activity.text("bureauCedex")),
	}
	category := exercice.text("codeCategorieProfessionnelle")
	section := activity.text("codeSectionPharmacien")
	name(&s, exercice.text("codeProfession"), exercice.text("codeSavoirFaire"), category, section)
	s.Key = key(s.ProfessionCode, category, exercice.text("codeTypeSavoirFaire"), s.SpecialtyCode, s.ModeCode, s.SectorCode,
		section, s.RoleCode, s.FINESS, activity.text("identifiantTechniqueDeLaStructure"), activity.text("numeroSiretSite"),
		s.Structure, activity.text("numeroVoie"), activity.text("libelleVoie"), activity.text("codePostal"))
	return s
}

// fromSubject reads the claims of the card itself: "10^1.2.250…" or
// "10/SM26^1.2.250…" in SubjectRole.
func fromSubject(top claims) mssante.Situation {
	s := mssante.Situation{
		SectorCode: beforeCaret(top.text("Secteur_Activite")),
		Structure:  top.text("SubjectOrganization"),
	}
	if roles := top.texts("SubjectRole"); len(roles) > 0 {
		profession, specialty, _ := strings.Cut(beforeCaret(roles[0]), "/")
		name(&s, profession, specialty, "", "")
	}
	s.Key = key("subject", s.ProfessionCode, s.SpecialtyCode, s.RoleCode, s.SectorCode, s.Structure,
		top.text("SubjectOrganizationID"))
	return s
}

// name puts words on the codes. An unknown code is its own label: never mapped to
// a neighbour. Role is only filled for people of the RPPS+, because a page shows
// it instead of the profession.
func name(s *mssante.Situation, profession, specialty, category, section string) {
	s.ProfessionCode, s.SpecialtyCode = profession, specialty
	s.Specialty = firstOf(specialtyLabels[specialty], skillLabels[specialty], specialty)
	switch {
	case profession == "":
		s.Role = firstOf(roleLabels[s.RoleCode], s.RoleCode)
	case roleLabels[profession] != "":
		s.Role, s.Profession, s.RoleCode = roleLabels[profession], roleLabels[profession], firstOf(s.RoleCode, profession)
	default:
		s.Profession = firstOf(professionLabels[profession], profession)
		s.Role = roleLabels[s.RoleCode]
	}
	switch {
	case category == "E" && traineeLabels[profession] != "":
		s.Profession = traineeLabels[profession]
	case category == "E" && s.Profession != "":
		s.Profession += " (étudiant)"
	case profession == "21" && pharmacistLabels[section] != "":
		s.Profession = pharmacistLabels[section]
	}
}

// key is a stable, opaque name of a situation within its person: 80 bits of
// SHA-256 over what tells it from the others, each part length-prefixed.
func key(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		var n [4]byte
		binary.BigEndian.PutUint32(n[:], uint32(len(p)))
		h.Write(n[:])
		h.Write([]byte(p))
	}
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(h.Sum(nil)[:10]))
}

func beforeCaret(s string) string {
	s, _, _ = strings.Cut(s, "^")
	return s
}

// town reads the last line of an address: "75009 PARIS" and "PARIS CEDEX 09" are
// both Paris.
func town(s string) string {
	s = strings.TrimLeft(s, "0123456789 ")
	if i := strings.Index(strings.ToUpper(s), " CEDEX"); i >= 0 && len(strings.ToUpper(s)) == len(s) {
		s = s[:i]
	}
	if s != strings.ToUpper(s) {
		return s
	}
	r, up := []rune(strings.ToLower(s)), true
	for i, c := range r {
		if up {
			r[i] = unicode.ToUpper(c)
		}
		up = c == ' ' || c == '-' || c == '\'' || c == '’'
	}
	return string(r)
}
