package mssante

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
)

// PatientDomain is the domain of Mon espace santé mailboxes; the local part is
// the patient's INS.
const PatientDomain Domain = "patient.mssante.fr"

// Domain is a mail domain, lower case, without a final dot. Domains are compared
// exactly: the trusted space is a list, never a suffix.
type Domain string

// Address is one mailbox address. The zero value is "no address".
type Address struct {
	Local  string // as written; compared without case
	Domain Domain
}

// Limits of RFC 5321 §4.5.3.1, in bytes.
const (
	maxLocal   = 64
	maxAddress = 254
)

var errAddress = errors.New("not a mail address")

// ParseAddress reads a bare addr-spec: ASCII dot-atom local part, dotted host
// name. No display name, quoted string, comment, literal or control character
// gets through: an address that could be read two ways is refused.
func ParseAddress(s string) (Address, error) {
	s = strings.TrimSpace(s)
	at := strings.LastIndexByte(s, '@')
	if at <= 0 || at > maxLocal || len(s) > maxAddress {
		return Address{}, fmt.Errorf("%w: %d bytes", errAddress, len(s))
	}
	local, domain := s[:at], strings.ToLower(s[at+1:])
	if !dotAtom(local) {
		return Address{}, fmt.Errorf("%w: local part", errAddress)
	}
	d, err := ParseDomain(domain)
	if err != nil {
		return Address{}, err
	}
	return Address{Local: local, Domain: d}, nil
}

// ParseDomain reads a host name of at least two labels.
func ParseDomain(s string) (Domain, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	if len(s) == 0 || len(s) > 253 || !strings.Contains(s, ".") {
		return "", fmt.Errorf("%w: domain", errAddress)
	}
	for label := range strings.SplitSeq(s, ".") {
		if len(label) == 0 || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return "", fmt.Errorf("%w: domain", errAddress)
		}
		for i := range len(label) {
			c := label[i]
			if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
				return "", fmt.Errorf("%w: domain", errAddress)
			}
		}
	}
	return Domain(s), nil
}

func dotAtom(s string) bool {
	prevDot := true
	for i := range len(s) {
		c := s[i]
		switch {
		case c == '.':
			if prevDot {
				return false
			}
			prevDot = true
			continue
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9',
			strings.IndexByte("!#$%&'*+-/=?^_`{|}~", c) >= 0:
		default:
			return false
		}
		prevDot = false
	}
	return !prevDot
}

// String gives the address as written, or "" for the zero value.
func (a Address) String() string {
	if a.IsZero() {
		return ""
	}
	return a.Local + "@" + string(a.Domain)
}

// Key is the form to compare and index by: lower case throughout.
func (a Address) Key() string { return strings.ToLower(a.String()) }

// Equal compares two addresses without case.
func (a Address) Equal(b Address) bool { return a.Key() == b.Key() }

// IsZero reports whether there is no address.
func (a Address) IsZero() bool { return a.Local == "" && a.Domain == "" }

// IsPatient reports whether the address belongs to Mon espace santé (ECO.3.1.1).
func (a Address) IsPatient() bool { return a.Domain == PatientDomain }

// INS gives the identity a patient address is built on.
func (a Address) INS() (INS, bool) {
	if !a.IsPatient() {
		return "", false
	}
	ins, err := ParseINS(a.Local)
	return ins, err == nil
}

// LogValue keeps a patient's identity out of logs: the local part of a patient
// address is an INS.
func (a Address) LogValue() slog.Value {
	if a.IsPatient() {
		return slog.StringValue("patient")
	}
	return slog.StringValue(a.String())
}
