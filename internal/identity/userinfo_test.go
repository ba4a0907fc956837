package identity

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

// hospital is a cardiologist with a practice and a hospital post, in the shape
// real answers have; one exercice is repeated, as they sometimes are.
const hospital = `{"sub":"f:00000000-0000-4000-8000-000000000001:810007009999","SubjectNameID":"810007009999","given_name":"Anne",
"family_name":"MOREL","authMode":"CARD","SubjectRole":["10^1.2.250.1.213.1.1.5.5"],
"otherIds":[{"identifiant":"810007009999","origine":"RPPS","qualite":1}],
"SubjectRefPro":{"codeCivilite":"MME","exercices":[
 {"codeProfession":"10","codeCategorieProfessionnelle":"C","codeCiviliteDexercice":"DR","nomDexercice":"MOREL","prenomDexercice":"Anne",
  "codeTypeSavoirFaire":"S","codeSavoirFaire":"SM04","activities":[
  {"codeModeExercice":"L","codeSecteurDactivite":"SA07","codeRole":"","raisonSocialeSite":"CABINET MOREL","bureauCedex":"69003 LYON","codePostal":"69003"},
  {"codeModeExercice":"S","codeSecteurDactivite":"SA01","codeRole":"FON-41","numeroFinessSite":"690000001","raisonSocialeSite":"","enseigneCommercialeSite":"CHU EXEMPLE","bureauCedex":"BRON CEDEX"}]},
 {"codeProfession":"10","codeCategorieProfessionnelle":"C","codeCiviliteDexercice":"DR","nomDexercice":"MOREL","prenomDexercice":"Anne",
  "codeTypeSavoirFaire":"S","codeSavoirFaire":"SM04","activities":[
  {"codeModeExercice":"L","codeSecteurDactivite":"SA07","codeRole":"","raisonSocialeSite":"CABINET MOREL","bureauCedex":"69003 LYON","codePostal":"69003"}]}]}}`

func parse(t *testing.T, s string) mssante.Practitioner {
	t.Helper()
	p, err := ParseUserinfo([]byte(s))
	if err != nil {
		t.Fatalf("%v in %s", err, s)
	}
	return p
}

func TestParseUserinfo(t *testing.T) {
	t.Parallel()
	p := parse(t, hospital)
	if p.NationalID != "810007009999" || p.Civility != "MME" || p.AuthMode != "CARD" || len(p.Situations) != 2 ||
		len(p.OtherIDs) != 1 || p.OtherIDs[0] != (mssante.OtherID{ID: "810007009999", Origin: "RPPS"}) {
		t.Fatalf("%+v", p)
	}
	practice, post := p.Situations[0], p.Situations[1]
	if practice.Work() != "Médecin · Cardiologie et maladies vasculaires" || practice.Place() != "Cabinet Morel, Lyon" ||
		p.DisplayName(practice) != "Dr Anne Morel" || practice.ModeCode != "L" || practice.SectorCode == "" {
		t.Errorf("practice: %+v", practice)
	}
	// A function of TRE_R21 is not a role of the RPPS+: the profession stays.
	if post.Place() != "CHU Exemple, Bron" || post.FINESS != "690000001" || post.RoleCode != "FON-41" || post.Role != "" {
		t.Errorf("post: %+v", post)
	}
	if practice.Key == post.Key || practice.Key != parse(t, hospital).Situations[0].Key || len(practice.Key) != 16 {
		t.Errorf("keys %q, %q", practice.Key, post.Key)
	}
	// The key does not depend on the order of activities, nor on names.
	other := strings.Replace(hospital, `"prenomDexercice":"Anne"`, `"prenomDexercice":"Annie"`, 1)
	if parse(t, other).Situations[0].Key != practice.Key {
		t.Error("the key moved with a name")
	}
}

func TestUserinfoShapes(t *testing.T) {
	t.Parallel()
	one := func(exercice, activity string) string {
		return fmt.Sprintf(`{"SubjectNameID":"8","SubjectRefPro":{"exercices":[{%s"activities":[{%s}]}]}}`, exercice, activity)
	}
	rows := []struct {
		name, in string
		want     func(mssante.Practitioner) bool
	}{
		{"otherIDs", `{"SubjectNameID":"8","otherIDs":[{"identifiant":"9","origine":"EDIT"}]}`,
			func(p mssante.Practitioner) bool { return len(p.OtherIDs) == 1 && p.OtherIDs[0].Origin == "EDIT" }},
		{"codeCivilite on top", `{"SubjectNameID":"8","codeCivilite":"M","SubjectRefPro":{"exercices":[]}}`,
			func(p mssante.Practitioner) bool { return p.Civility == "M" }},
		{"codeCivilite nested wins when set", `{"SubjectNameID":"8","codeCivilite":"M","SubjectRefPro":{"codeCivilite":""}}`,
			func(p mssante.Practitioner) bool { return p.Civility == "M" }},
		{"preferred_username", `{"SubjectNameID":"","preferred_username":"500000001815646/CPAT00045"}`,
			func(p mssante.Practitioner) bool { return p.NationalID == "500000001815646/CPAT00045" }},
		{"no exercice: SubjectRole", `{"SubjectNameID":"8","SubjectRole":["60^1.2.250.1.213.1.1.5.5"],"SubjectOrganization":"IDEL","Secteur_Activite":"SA08^1.2"}`,
			func(p mssante.Practitioner) bool {
				s := p.Situations[0]
				return len(p.Situations) == 1 && s.Profession == "infirmier" && s.Structure == "IDEL" && s.SectorCode == "SA08" && s.Key != ""
			}},
		{"no exercice: role with specialty, not a list", `{"SubjectNameID":"8","SubjectRole":"10/SM26^1.2"}`,
			func(p mssante.Practitioner) bool {
				return p.Situations[0].Specialty == "Médecine générale (qualifié)"
			}},
		{"no exercice: RPPS+ role", `{"SubjectNameID":"8","SubjectRole":["331^1.2"]}`,
			func(p mssante.Practitioner) bool {
				return p.Situations[0].Work() == "Secrétaire assistante médico-administrative"
			}},
		{"nothing at all", `{"SubjectNameID":"8"}`, func(p mssante.Practitioner) bool {
			return len(p.Situations) == 1 && p.Situations[0].Profession == "" && p.Situations[0].Key != ""
		}},
		{"RPPS+ role without profession", one(`"codeProfession":"",`, `"codeRole":"300"`),
			func(p mssante.Practitioner) bool {
				return p.Situations[0].Work() == "Assistant de service social (PAERPA)"
			}},
		{"RPPS+ role as profession", one(`"codeProfession":"332",`, ``),
			func(p mssante.Practitioner) bool {
				return p.Situations[0].Work() == "Assistant médical" && p.Situations[0].RoleCode == "332"
			}},
		{"unknown codes are their own labels", one(`"codeProfession":"ZZ","codeSavoirFaire":"SM999",`, `"codeSecteurDactivite":"SA999"`),
			func(p mssante.Practitioner) bool {
				return p.Situations[0].Work() == "ZZ · SM999" && p.Situations[0].SectorCode == "SA999"
			}},
		{"unknown role without profession", one(``, `"codeRole":"999"`), func(p mssante.Practitioner) bool { return p.Situations[0].Work() == "999" }},
		{"trainee", one(`"codeProfession":"10","codeCategorieProfessionnelle":"E",`, ``),
			func(p mssante.Practitioner) bool { return p.Situations[0].Profession == "médecin en formation" }},
		{"student without a title of its own", one(`"codeProfession":"60","codeCategorieProfessionnelle":"E",`, ``),
			func(p mssante.Practitioner) bool { return p.Situations[0].Profession == "infirmier (étudiant)" }},
		{"pharmacist by section", one(`"codeProfession":"21","codeCategorieProfessionnelle":"C",`, `"codeSectionPharmacien":"A"`),
			func(p mssante.Practitioner) bool {
				return p.Situations[0].Profession == "pharmacien titulaire d’officine"
			}},
		{"exercice without activity", `{"SubjectNameID":"8","SubjectRefPro":{"exercices":[{"codeProfession":"70"}]}}`,
			func(p mssante.Practitioner) bool { return p.Situations[0].Profession == "masseur-kinésithérapeute" }},
		{"objects where lists are due", `{"SubjectNameID":"8","otherIds":{"identifiant":"9"},"SubjectRefPro":{"exercices":{"codeProfession":"50","activities":{"codeModeExercice":"S"}}}}`,
			func(p mssante.Practitioner) bool {
				return p.Situations[0].Profession == "sage-femme" && p.Situations[0].ModeCode == "S" && len(p.OtherIDs) == 1
			}},
		{"numbers and nulls", `{"SubjectNameID":810007001372,"given_name":null,"family_name":false,"SubjectRefPro":{"exercices":[null,3,{"codeProfession":10,"activities":[null]}]}}`,
			func(p mssante.Practitioner) bool {
				return p.NationalID == "810007001372" && p.Situations[0].Profession == "médecin" && p.FamilyName == ""
			}},
		{"wrong types everywhere", `{"SubjectNameID":"8","SubjectRefPro":[],"otherIds":"x","SubjectRole":{},"authMode":["CARD"],"sub":3}`,
			func(p mssante.Practitioner) bool {
				return len(p.Situations) == 1 && p.AuthMode == "" && p.Subject == ""
			}},
		{"hostile names", `{"SubjectNameID":"8","family_name":"MAR\u0000TIN\u202e\nX\ud800","authMode":"<b>"}`,
			func(p mssante.Practitioner) bool { return p.FamilyName == "MARTIN X" && p.AuthMode == "" }},
	}
	for _, row := range rows {
		if p := parse(t, row.in); !row.want(p) {
			t.Errorf("%s: %+v", row.name, p)
		}
	}
	for _, bad := range []string{``, `null`, `[]`, `{}`, `{"SubjectNameID":""}`, `{"SubjectNameID":"a b"}`, `{"SubjectNameID":"8\r\nX: y"}`,
		`{"SubjectNameID":"8"} trailing`, `{"SubjectNameID":"` + strings.Repeat("8", 65) + `"}`, `{"SubjectNameID":"8","x":"` + strings.Repeat("x", maxUserinfo) + `"}`} {
		if p, err := ParseUserinfo([]byte(bad)); !problem.Is(err, problem.UpstreamRefused) || problem.SayOf(err) == "" {
			t.Errorf("%.60s: %+v, %v", bad, p, err)
		}
	}
}

func TestCaps(t *testing.T) {
	t.Parallel()
	var exercices []string
	for i := range 60 {
		exercices = append(exercices, fmt.Sprintf(`{"codeProfession":"%d","activities":[{"codeRole":"a"},{"codeRole":"b"},{"codeRole":"c"}]}`, i))
	}
	p := parse(t, `{"SubjectNameID":"8","family_name":"`+strings.Repeat("é", 1000)+`","SubjectRefPro":{"exercices":[`+strings.Join(exercices, ",")+`]}}`)
	if len(p.Situations) != maxSituations || utf8.RuneCountInString(p.FamilyName) != maxText {
		t.Errorf("%d situations, name of %d", len(p.Situations), utf8.RuneCountInString(p.FamilyName))
	}
}

// FuzzParseUserinfo: never panics; what comes out is bounded and safe to show.
func FuzzParseUserinfo(f *testing.F) {
	f.Add([]byte(hospital))
	f.Add([]byte(`{"SubjectNameID":"8","SubjectRole":["10/SM26^1"],"otherIDs":[{}]}`))
	f.Add([]byte(`{"preferred_username":8e3,"SubjectRefPro":{"exercices":{"activities":[{"bureauCedex":"75009 ıſ CEDEX"}]}}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := ParseUserinfo(b)
		if err != nil {
			return
		}
		if p.NationalID == "" || len(p.Situations) == 0 || len(p.Situations) > maxSituations {
			t.Fatalf("%+v", p)
		}
		seen := map[string]bool{}
		texts := []string{p.GivenName, p.FamilyName, p.Civility, p.AuthMode, string(p.NationalID)}
		for _, s := range p.Situations {
			if s.Key == "" || seen[s.Key] {
				t.Fatalf("key %q", s.Key)
			}
			seen[s.Key] = true
			texts = append(texts, s.Profession, s.Specialty, s.Role, s.Structure, s.City, s.FINESS, s.GivenName)
		}
		for _, s := range texts {
			if !utf8.ValidString(s) || utf8.RuneCountInString(s) > 2*maxText || strings.ContainsFunc(s, func(r rune) bool {
				return unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
			}) {
				t.Fatalf("unsafe text %q", s)
			}
		}
	})
}

// The answers of the test environment, with fictional people.
func TestCorpus(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("PLI_CORPORA")
	if dir == "" {
		t.Skip("PLI_CORPORA not set: no Pro Santé Connect answers to read")
	}
	for name, want := range map[string]struct {
		id    mssante.NationalID
		works []string
		place string
	}{
		"userinfo-bas-card-2023.json":         {"810007001372", []string{"Médecin · Médecine générale (qualifié)", "Médecin · Médecine générale (qualifié)"}, "Cabinet Leroy, Paris"},
		"userinfo-bas-two-exercices.json":     {"810007001745", []string{"Médecin · Médecine générale (qualifié)", "Médecin · Médecine générale (qualifié)"}, "Cabinet Benali, Paris"},
		"userinfo-anssite-multiactivity.json": {"ANS20990101120000", []string{"Médecin · Médecine générale", "Médecin · Médecine générale", "Médecin · Médecine générale", "Médecin · Médecine générale", "Médecin · Médecine générale"}, "Cabinet Martin"},
		"userinfo-edit-pedicure-2023.json":    {"ANS20990101120003", []string{"Pédicure-podologue"}, "Cabinet Petit, Paris"},
	} {
		b, err := os.ReadFile(filepath.Join(dir, "psc-shape", name))
		if err != nil {
			t.Fatal(err)
		}
		p, err := ParseUserinfo(b)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var works []string
		for _, s := range p.Situations {
			works = append(works, s.Work())
		}
		if p.NationalID != want.id || strings.Join(works, "|") != strings.Join(want.works, "|") || p.Situations[0].Place() != want.place || len(p.OtherIDs) != 1 {
			t.Errorf("%s: %s %q %q", name, p.NationalID, works, p.Situations[0].Place())
		}
	}
	b, err := os.ReadFile(filepath.Join(dir, "psc-shape", "wallet-openid-configuration.json"))
	if err != nil {
		t.Fatal(err)
	}
	var md metadata
	if err := json.Unmarshal(b, &md); err != nil {
		t.Fatal(err)
	}
	if err := md.check("https://auth.bas.psc.esante.gouv.fr/auth/realms/esante-wallet", []string{"wallet.bas.psc.esante.gouv.fr"}); err != nil || !md.IssInCallback || md.MTLS.Token == "" {
		t.Errorf("discovery: %v %+v", err, md)
	}
	var in introspection
	if b, err = os.ReadFile(filepath.Join(dir, "psc-shape", "introspection-active.json")); err != nil || json.Unmarshal(b, &in) != nil || !in.Active || in.ACR != "eidas3" {
		t.Errorf("introspection: %v %+v", err, in)
	}
}

func TestLabels(t *testing.T) {
	t.Parallel()
	for table, n := range map[*map[string]string]int{&professionLabels: 40, &roleLabels: 65, &specialtyLabels: 95, &skillLabels: 150} {
		if len(*table) < n {
			t.Errorf("a table of %d labels, want %d", len(*table), n)
		}
		for code, label := range *table {
			if label == "" || clean(label) != label || strings.Contains(label, "'") || strings.HasSuffix(label, ")") && strings.Contains(label, "(SM)") {
				t.Errorf("%s: %q", code, label)
			}
		}
	}
	for code, want := range map[string]string{"SM04": "Cardiologie et maladies vasculaires", "SM54": "Médecine générale", "SM42": "Psychiatrie",
		"SCD01": "Orthopédie dento-faciale"} {
		if got := specialtyLabels[code]; got != want {
			t.Errorf("%s: %q", code, got)
		}
	}
}
