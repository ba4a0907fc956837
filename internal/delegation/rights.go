package delegation

import (
	"fmt"
	"strings"
)

// Rights is a set of what a grant allows in one mailbox.
type Rights uint

// The rights. Stored by code, never by number.
const (
	Read     Rights = 1 << iota // folders, lists, letters, attachments, search
	Triage                      // marks, moves, bin
	Write                       // drafts
	Send                        // send in the mailbox's name
	Patients                    // exchanges with patients
	Manage                      // grant and revoke

	All = Read | Triage | Write | Send | Patients | Manage
)

// names is a function, not a variable: no package state.
func names() [6]struct {
	right       Rights
	code, label string
} {
	return [6]struct {
		right       Rights
		code, label string
	}{
		{Read, "read", "lire"},
		{Triage, "triage", "trier et classer"},
		{Write, "write", "préparer des lettres"},
		{Send, "send", "envoyer"},
		{Patients, "patients", "échanger avec les patients"},
		{Manage, "manage", "gérer les accès"},
	}
}

const maxRightsText = 256

// ParseRights reads codes separated by commas ("read,triage"), or "all". Case and
// spaces do not matter; an unknown or missing code is an error that names the
// known ones.
func ParseRights(s string) (Rights, error) {
	if len(s) > maxRightsText {
		return 0, fmt.Errorf("rights: %d bytes, at most %d", len(s), maxRightsText)
	}
	var r Rights
next:
	for code := range strings.SplitSeq(strings.ToLower(s), ",") {
		code = strings.TrimSpace(code)
		if code == "all" {
			r |= All
			continue
		}
		for _, n := range names() {
			if n.code == code {
				r |= n.right
				continue next
			}
		}
		return 0, fmt.Errorf("rights: unknown right %q; known: %s, or all", code, All)
	}
	return r, nil
}

// Has reports whether every right of need is in r. Needing nothing is a mistake
// and never granted.
func (r Rights) Has(need Rights) bool { return need != 0 && r&need == need }

// String gives the codes, as ParseRights reads them; "" for none.
func (r Rights) String() string {
	var codes []string
	for _, n := range names() {
		if r.Has(n.right) {
			codes = append(codes, n.code)
		}
	}
	return strings.Join(codes, ",")
}

// Labels says the rights in French.
func (r Rights) Labels() []string {
	var labels []string
	for _, n := range names() {
		if r.Has(n.right) {
			labels = append(labels, n.label)
		}
	}
	return labels
}
