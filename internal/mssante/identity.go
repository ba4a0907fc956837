package mssante

import (
	"errors"
	"fmt"
	"strings"
)

// MailboxKind is the kind of a mailbox (TRE_R257). The open extraction knows PER
// and ORG only; the rest comes from FHIR. "" means unknown: said as such.
type MailboxKind string

// The kinds of mailbox.
const (
	KindNominative     MailboxKind = "PER"
	KindOrganisational MailboxKind = "ORG"
	KindCabinet        MailboxKind = "CAB"
	KindApplicative    MailboxKind = "APP"
	KindPatient        MailboxKind = "PATIENT" // ours: TRE_R257 has none
	KindUnknown        MailboxKind = ""
)

// Label says the kind in words a hurried reader understands.
func (k MailboxKind) Label() string {
	switch k {
	case KindNominative:
		return "Boîte nominative"
	case KindOrganisational:
		return "Boîte organisationnelle"
	case KindCabinet:
		return "Boîte de cabinet"
	case KindApplicative:
		return "Boîte applicative, ne lit pas les réponses"
	case KindPatient:
		return "Patient, Mon espace santé"
	}
	return "Type de boîte inconnu"
}

// NationalID is a professional's national identifier as Pro Santé Connect gives
// it ("8"+RPPS, "0"+ADELI, establishment ids with letters and a slash). Opaque:
// never assume digits, never drop one for its check digit.
type NationalID string

// RPPS gives the 11-digit number inside an "8"+RPPS identifier.
func (id NationalID) RPPS() (RPPS, bool) {
	if len(id) == 12 && id[0] == '8' && digits(string(id)) {
		return RPPS(id[1:]), true
	}
	if len(id) == 11 && digits(string(id)) {
		return RPPS(id), true
	}
	return "", false
}

// RPPS is the 11-digit number of a professional in the national repository.
type RPPS string

// CheckDigitOK runs Luhn over the 11 digits (not the 12 of the national id). A
// failing digit is shown, never a reason to refuse: real data has them.
func (r RPPS) CheckDigitOK() bool {
	if len(r) != 11 || !digits(string(r)) {
		return false
	}
	sum := 0
	for i := range 11 {
		d := int(r[10-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// String groups the number for reading: 1000 7001 372.
func (r RPPS) String() string {
	if len(r) != 11 {
		return string(r)
	}
	return string(r[:4]) + "\u00a0" + string(r[4:8]) + "\u00a0" + string(r[8:])
}

// INS is a matricule of 15 characters: 13 and a key of 2 (NIR or NIA). It names a
// patient: never in a URL, a title, a log.
type INS string

var errINS = errors.New("not an INS")

// ParseINS checks the shape only; a wrong key is a warning (KeyOK), because test
// identities and received documents carry wrong ones.
func ParseINS(s string) (INS, error) {
	s = strings.ToUpper(strings.TrimSpace(s))
	if len(s) != 15 {
		return "", fmt.Errorf("%w: %d characters", errINS, len(s))
	}
	for i := range 15 {
		c := s[i]
		if c >= '0' && c <= '9' {
			continue
		}
		if i == 6 && (c == 'A' || c == 'B') && s[5] == '2' {
			continue // Corse: 2A, 2B
		}
		return "", fmt.Errorf("%w: character %d", errINS, i+1)
	}
	if strings.IndexByte("12378", s[0]) < 0 {
		return "", fmt.Errorf("%w: first digit", errINS)
	}
	return INS(s), nil
}

// KeyOK checks the key: 97 − (n mod 97), with 2A read as 19 and 2B as 18.
func (i INS) KeyOK() bool {
	if len(i) != 15 {
		return false
	}
	body := strings.NewReplacer("2A", "19", "2B", "18").Replace(string(i[5:7]))
	n := 0
	for _, c := range string(i[:5]) + body + string(i[7:13]) {
		if c < '0' || c > '9' {
			return false
		}
		n = (n*10 + int(c-'0')) % 97
	}
	key := int(i[13]-'0')*10 + int(i[14]-'0')
	return key == 97-n
}

// Masked shows the last three characters only.
func (i INS) Masked() string {
	if len(i) < 3 {
		return "•••"
	}
	return "•••\u00a0" + string(i[len(i)-3:])
}

// Sex, as the first digit tells: "masculin", "féminin" or "" when it does not.
func (i INS) Sex() string {
	if len(i) != 15 {
		return ""
	}
	switch d := i[0]; {
	case d == '1', (d == '7' || d == '8') && i[1] == '1':
		return "masculin"
	case d == '2', (d == '7' || d == '8') && i[1] == '2':
		return "féminin"
	}
	return ""
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
