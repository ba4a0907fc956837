package mssante

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Practitioner is a professional as Pro Santé Connect describes them (SC.SSI/IE.33:
// national id, names, profession are kept). Empty strings are absent values.
type Practitioner struct {
	NationalID NationalID
	Subject    string // the provider's sub
	Civility   string // code: M, MME, DR …
	GivenName  string
	FamilyName string
	OtherIDs   []OtherID
	Situations []Situation // one per exercice and activity; never empty for a professional
	AuthMode   string      // CARD, MOBILE, or "" when the provider does not say
}

// OtherID is one of the other identifiers of a professional.
type OtherID struct {
	ID     string
	Origin string
}

// Situation is one "situation d'exercice": a profession practised somewhere. The
// person picks which one they act in; we never take the first for granted.
type Situation struct {
	Key            string // stable within the person; opaque
	ProfessionCode string // TRE_G15 or TRE_R85 (RPPS+ roles)
	Profession     string // French label; the code when the list does not know it
	SpecialtyCode  string // savoir-faire, TRE_R38
	Specialty      string
	ModeCode       string // L libéral, S salarié
	SectorCode     string // TRE_R02
	RoleCode       string
	Role           string
	Civility       string // civilité d'exercice: DR, PR …
	Woman          bool   // the person's civility says Mme: their work is written so
	GivenName      string // prénom d'exercice
	FamilyName     string // nom d'exercice
	Structure      string // raison sociale or enseigne
	FINESS         string
	City           string
}

// Title gives "Dr", "Pr" or "" from the civility of exercise.
func (s Situation) Title() string {
	switch strings.ToUpper(s.Civility) {
	case "DR":
		return "Dr"
	case "PR":
		return "Pr"
	}
	return ""
}

// Work says what the person does: "Médecin · Médecine générale", "Infirmier"
// or "Infirmière".
func (s Situation) Work() string {
	role, profession := s.Role, s.Profession
	if s.Woman || IsWoman(s.Civility) {
		role, profession = Feminine(role), Feminine(profession)
	}
	switch {
	case role != "":
		return upperFirst(role)
	case s.Specialty != "":
		return upperFirst(profession + " · " + s.Specialty)
	}
	return upperFirst(profession)
}

// IsWoman reports a civility of TRE_R81 that is a woman's.
func IsWoman(civility string) bool {
	switch strings.ToUpper(strings.TrimSuffix(strings.TrimSpace(civility), ".")) {
	case "MME", "MLLE", "MADAME", "MADEMOISELLE":
		return true
	}
	return false
}

// Place says where: structure and town, the registers' capitals made readable.
func (s Situation) Place() string {
	return joinNonEmpty(", ", structureName(s.Structure), titleCase(s.City))
}

// DisplayName is how a page names the person in this situation.
func (p Practitioner) DisplayName(s Situation) string {
	given, family := p.GivenName, p.FamilyName
	if s.GivenName != "" {
		given = s.GivenName
	}
	if s.FamilyName != "" {
		family = s.FamilyName
	}
	return joinNonEmpty(" ", s.Title(), titleCase(given), titleCase(family))
}

// Actor is who acts now and for whom the trail will say so: the real person, in
// the situation they chose, under one browser session. Every act on a mailbox
// carries one, shared mailboxes included.
type Actor struct {
	SessionID  string // public id of the session, never its secret
	AccountID  string // opaque
	NationalID NationalID
	Name       string // display name
	Work       string // profession in words
	ACR        string // authentication level the provider gave
}

// IsZero reports whether nobody acts.
func (a Actor) IsZero() bool { return a.AccountID == "" && a.NationalID == "" }

// titleCase turns the registers' capitals into a name one reads: MARTIN → Martin,
// JEAN-PAUL → Jean-Paul. Mixed case is somebody's choice and stays.
func titleCase(s string) string {
	if s != strings.ToUpper(s) {
		return s
	}
	r := []rune(strings.ToLower(s))
	up := true
	for i, c := range r {
		if up {
			r[i] = []rune(strings.ToUpper(string(c)))[0]
		}
		up = c == ' ' || c == '-' || c == '\'' || c == '’'
	}
	return string(r)
}

// Words a structure's name keeps as they are: abbreviations stay capitals, small
// words become small.
var (
	abbreviations = map[string]bool{"CHU": true, "CHRU": true, "CHR": true, "CH": true, "GHU": true, "GHT": true, "CLCC": true,
		"EHPAD": true, "HAD": true, "SSIAD": true, "SAMU": true, "SMUR": true, "CPTS": true, "MSP": true, "SCM": true, "SCP": true,
		"SELARL": true, "SELAS": true, "SAS": true, "SARL": true, "CMP": true, "PMI": true, "SSR": true, "USLD": true, "IRM": true}
	smallWords = map[string]bool{"de": true, "des": true, "du": true, "la": true, "le": true, "les": true, "et": true,
		"d": true, "l": true, "à": true, "au": true, "aux": true, "en": true, "sur": true, "sous": true}
)

// structureName turns CABINET DES LILAS into Cabinet des Lilas. Mixed case is
// somebody's choice and stays.
func structureName(s string) string {
	if s != strings.ToUpper(s) {
		return s
	}
	words := strings.Fields(s)
	for i, w := range words {
		switch low := strings.ToLower(w); {
		case abbreviations[w]:
		case i > 0 && smallWords[low]:
			words[i] = low
		default:
			words[i] = titleCase(w)
		}
	}
	return strings.Join(words, " ")
}

func upperFirst(s string) string {
	if s == "" {
		return ""
	}
	c, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(c)) + s[n:]
}

func joinNonEmpty(sep string, parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		if p == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(sep)
		}
		b.WriteString(p)
	}
	return b.String()
}
