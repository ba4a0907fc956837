package web

import (
	"strings"

	"pli.example/pli/internal/rules"
)

// Entry is one line of the site map, for the README and the figures.
type Entry struct {
	Method  string
	Pattern string // without the shapes of its parameters
	Who     string // whom it serves
}

// SiteMap lists every address, in the order of the route table.
func SiteMap() []Entry {
	var out []Entry
	whole := &Server{staff: &Staff{}, rules: &rules.Room{}} // with the pages some installations lack
	for _, rt := range whole.routes() {                     // handlers are named, none is called
		out = append(out, Entry{Method: rt.method, Pattern: plainPattern.Replace(rt.pattern), Who: rt.access.words()})
	}
	return out
}

// words says an access in a table for a stranger. A test asks that each has some.
func (a access) words() string {
	switch a {
	case forAnyone:
		return "anyone"
	case forPersons:
		return "whoever is signed in, their own things"
	case forReaders:
		return "readers of the mailbox"
	case forTriage:
		return "readers who may sort"
	case forWriters:
		return "readers who may prepare letters"
	case forSenders:
		return "readers who may send"
	case forPatients:
		return "readers who may exchange with patients"
	case forPatientWriters:
		return "readers who may exchange with patients and prepare letters"
	case forPatientSenders:
		return "readers who may exchange with patients and send"
	case forSupport:
		return "support staff, no practitioner"
	}
	return ""
}

// SiteMapMarkdown is the table of addresses for the README; addresses that one line
// serves by two methods stand once.
func SiteMapMarkdown() string {
	var b strings.Builder
	b.WriteString("| address | methods | whom it serves |\n|---|---|---|\n")
	all := SiteMap()
	for i, e := range all {
		methods, who, first := "", []string{}, true
		for j, o := range all {
			if o.Pattern != e.Pattern {
				continue
			}
			first = first && j >= i
			if methods != "" {
				methods += ", "
			}
			methods += o.Method
			if len(who) == 0 || who[len(who)-1] != o.Who {
				who = append(who, o.Who)
			}
		}
		if first {
			b.WriteString("| `" + e.Pattern + "` | " + methods + " | " + strings.Join(who, "; ") + " |\n")
		}
	}
	return b.String()
}
