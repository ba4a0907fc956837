package directory

import (
	"strings"
	"time"

	"pli.example/pli/internal/mssante"
)

// Entry is one mailbox of the directory with whom it belongs to. Texts are as the
// source writes them (registers write capitals); Name, Work and Place make them
// readable. Empty fields are unknown: most nominative mailboxes carry no place.
type Entry struct {
	Address mssante.Address
	Kind    mssante.MailboxKind
	// Opaque ids of the two pages; "" when there is no such page.
	PersonID, StructureID string

	Title, GivenName, FamilyName string // Title: DR, PR
	ProfessionCode, Profession   string // TRE_G15 and its words
	SpecialityCode, Speciality   string // TRE_R38 and its words
	Structure, Sign, Service     string // raison sociale, enseigne, service of the structure
	Street, PostCode, Town       string
	Department                   string // "37", "2A", "974"
	NationalID                   string // 12 digits for a doctor ("8"+RPPS)
	NoReply                      bool   // nobody reads what is sent there
	Paperless                    bool   // the owner accepts paperless documents only
	Past                         bool   // the account has written there before
	Listed                       bool   // stands in the directory; false: known as a past correspondent only
	Source                       string // extraction, fhir
	UpdatedAt                    time.Time
	structureKey                 string
	id                           int64
}

// Sources of an entry.
const (
	SourceExtraction = "extraction"
	SourceFHIR       = "fhir"
)

func (e Entry) situation() mssante.Situation {
	structure := e.Sign
	if structure == "" {
		structure = e.Structure
	}
	return mssante.Situation{Civility: e.Title, Profession: e.Profession, Specialty: e.Speciality, Structure: structure, City: e.Town}
}

// Name is how a page calls the holder: the person, else the service or structure,
// else the address.
func (e Entry) Name() string {
	p := mssante.Practitioner{GivenName: e.GivenName, FamilyName: e.FamilyName}
	if e.FamilyName != "" || e.GivenName != "" {
		return p.DisplayName(e.situation())
	}
	place := mssante.Situation{Structure: e.situation().Structure}.Place()
	switch {
	case e.Service != "" && place != "" && !strings.EqualFold(e.Service, place):
		return e.Service + ", " + place
	case e.Service != "":
		return e.Service
	case place != "":
		return place
	}
	return e.Address.String()
}

// Work says what the holder does: "Médecin · Cardiologie"; "" for a structure.
func (e Entry) Work() string { return e.situation().Work() }

// Place says where: structure and town. The name of a structure's own mailbox
// tells it already: only the town remains.
func (e Entry) Place() string {
	s := e.situation()
	if e.FamilyName == "" && e.GivenName == "" {
		s.Structure = ""
	}
	return s.Place()
}

// Purpose says which mailbox is for what, in a sentence's end.
func (e Entry) Purpose() string {
	switch {
	case e.NoReply:
		return "Envois automatiques\u00a0: personne ne lit les réponses"
	case e.Kind == mssante.KindNominative:
		return "Lue par la personne elle-même"
	case e.Kind == mssante.KindOrganisational:
		return "Lue par l’équipe ou le secrétariat"
	case e.Kind == mssante.KindCabinet:
		return "Lue par le cabinet"
	}
	return "Usage inconnu"
}

const (
	flagNoReply = 1 << iota
	flagPaperless
)

// SaysNoReply reports an address whose name says that nobody reads what is sent
// there: the open extraction holds no applicative mailbox, so an unknown one is told
// by its name alone.
func SaysNoReply(a mssante.Address) bool { return noReply(mssante.KindUnknown, a.Local) }

// noReply recognises a mailbox nobody reads: applicative by kind, or so named.
func noReply(kind mssante.MailboxKind, local string) bool {
	if kind == mssante.KindApplicative {
		return true
	}
	words := fold(local)
	joined := strings.ReplaceAll(words, " ", "")
	for _, start := range []string{"noreply", "noresponse", "donotreply", "nepasrepondre", "sansreponse", "pasdereponse"} {
		if strings.HasPrefix(joined, start) || strings.HasSuffix(joined, start) {
			return true
		}
	}
	for w := range strings.FieldsSeq(words) {
		switch w {
		case "noreply", "nonreply", "robot", "automate", "mailer", "postmaster":
			return true
		}
	}
	return false
}

// departmentOf reads the department out of a post code: two digits, three
// overseas. Corsica's are told apart by the third digit.
func departmentOf(postcode string) string {
	if len(postcode) != 5 || !allDigits(postcode) {
		return ""
	}
	switch {
	case postcode[:2] == "97" || postcode[:2] == "98":
		return postcode[:3]
	case postcode[:2] == "20" && postcode[2] <= '1':
		return "2A"
	case postcode[:2] == "20":
		return "2B"
	}
	return postcode[:2]
}
