package message

import (
	"strings"

	"pli.example/pli/internal/mssante"
)

// FromLabel is the display name of a nominative mailbox's letters (ECO.2.2.7):
// Titre_Prenom_NOM_Entité, joined by underscores, absent elements left out. s is
// the situation the person writes in.
func FromLabel(p mssante.Practitioner, s mssante.Situation) string {
	given, family := p.GivenName, p.FamilyName
	if s.GivenName != "" {
		given = s.GivenName
	}
	if s.FamilyName != "" {
		family = s.FamilyName
	}
	// The vocabulary makes the registers' capitals readable.
	given = mssante.Practitioner{GivenName: given}.DisplayName(mssante.Situation{})
	entity := mssante.Situation{Structure: s.Structure}.Place()
	var out []string
	for _, e := range []string{s.Title(), given, strings.ToUpper(family), entity} {
		if e = labelElement(e); e != "" {
			out = append(out, e)
		}
	}
	return strings.Join(out, "_")
}

// EntityLabel is the display name of an organisational, cabinet or applicative
// mailbox's letters: the functional entity alone (ECO.2.2.7).
func EntityLabel(entity string) string { return labelElement(entity) }

// SenderLabel names the person who writes for another's mailbox, for the Sender
// field: "Léa Petit, secrétariat pour Dr Anne Martin". owner is how the mailbox
// is called.
func SenderLabel(a mssante.Actor, owner string) string {
	link := "pour "
	work := strings.ToLower(a.Work)
	if strings.Contains(work, "secrétaire") || strings.Contains(work, "secretaire") || strings.Contains(work, "assistant") {
		link = "secrétariat pour "
	}
	name, owner := labelElement(a.Name), labelElement(owner)
	switch {
	case owner == "":
		return name
	case name == "":
		return link + owner
	}
	return name + ", " + link + owner
}

// labelElement makes one element: one line, no underscore of its own, nothing
// that could read as an address or close the name.
func labelElement(s string) string {
	s = strings.Map(func(r rune) rune {
		switch r {
		case '_', '"', '<', '>', '@', '\\', ';', '＠', '﹫':
			return ' '
		}
		return r
	}, cleanLine(s))
	return cutUTF8(strings.Join(strings.Fields(s), " "), 100)
}
