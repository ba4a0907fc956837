package directory

import (
	"cmp"
	"slices"
	"strings"

	"pli.example/pli/internal/mssante"
)

// What a word of the query is worth where it is found. Names first, then where,
// then what: 'martin tours' means somebody called Martin.
const (
	worthPast       = 1000
	worthFamily     = 100
	worthGiven      = 60
	worthFamilyPart = 45 // a beginning
	worthGivenPart  = 25
	worthTown       = 40
	worthTownPart   = 15
	worthTrade      = 30
	worthOrg        = 25
	worthOrgPart    = 10
	worthAddress    = 200 // the very address
	worthInitial    = 12
	worthOwn        = 8 // 'chu tours': the hospital's own mailbox before its people's
)

type ranked struct {
	Entry
	worth int
	sort  string
}

// rank puts the best first; equals go by name, then by address, always alike.
func rank(entries []Entry, q question, past func(mssante.Address) bool) {
	all := make([]ranked, len(entries))
	for i, e := range entries {
		e.Past = past(e.Address)
		all[i] = ranked{e, worth(e, q), fold(e.FamilyName) + " " + fold(e.GivenName) + " " + fold(e.Structure)}
	}
	slices.SortFunc(all, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(b.worth, a.worth), strings.Compare(a.sort, b.sort), strings.Compare(a.Address.Key(), b.Address.Key()), cmp.Compare(a.id, b.id))
	})
	for i := range all {
		entries[i] = all[i].Entry
	}
}

func worth(e Entry, q question) int {
	n := 0
	if e.Past {
		n += worthPast
	}
	if q.address != "" && e.Address.Key() == q.address {
		n += worthAddress
	}
	family, given := nameWords(e.FamilyName), nameWords(e.GivenName)
	place := placeWords(nil, e.Town)
	org := placeWords(placeWords(placeWords(nil, e.Structure), e.Sign), e.Service)
	aboutPerson := false // some word fits a person rather than a place
	for _, t := range q.tokens {
		w, person := t.worth(e, family, given, place, org)
		n += w
		aboutPerson = aboutPerson || person
	}
	if !aboutPerson && e.FamilyName == "" && len(q.tokens) > 0 {
		n += worthOwn
	}
	for _, i := range q.initials {
		if len(given) > 0 && strings.HasPrefix(given[0], i) {
			n += worthInitial
		}
	}
	if e.Town != "" {
		n += 2
	}
	if e.Kind == mssante.KindNominative {
		n++
	}
	if e.NoReply {
		n -= 60 // last: it cannot be answered
	}
	return n
}

// worth of one word; person reports that it fits a name or a trade.
func (t token) worth(e Entry, family, given, place, org []string) (n int, person bool) {
	name := 0
	for i, of := range [...]struct {
		words       []string
		whole, part int
	}{{family, worthFamily, worthFamilyPart}, {given, worthGiven, worthGivenPart}, {place, worthTown, worthTownPart}, {org, worthOrg, worthOrgPart}} {
		for at, w := range of.words {
			switch {
			case w == t.word && at == 0:
				n = max(n, of.whole)
			case w == t.word:
				n = max(n, of.whole-5)
			case strings.HasPrefix(w, t.word):
				n = max(n, of.part)
			}
		}
		if i == 1 { // family and given name are behind
			name = n
		}
	}
	person = name > 0
	if e.PostCode == t.word || strings.EqualFold(e.Department, t.word) {
		n = max(n, worthTown)
	}
	for _, c := range t.codes {
		if e.ProfessionCode != "" && c == professionWord(e.ProfessionCode) || e.SpecialityCode != "" && c == specialityWord(e.SpecialityCode) {
			n, person = max(n, worthTrade), true
		}
	}
	if t.trade && len(e.FamilyName) == 0 && slices.Contains(org, t.word) {
		n = max(n, worthTrade+10) // 'pharmacie': the place itself before who works there
	}
	return n, person
}
