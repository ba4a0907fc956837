package directory

import (
	"slices"
	"strings"
	"unicode/utf8"

	"pli.example/pli/internal/mssante"
)

const (
	minText   = 2   // letters and digits
	maxQuery  = 200 // bytes
	maxTokens = 8   // the words after are not looked at
)

// token is one word of a query.
type token struct {
	word  string
	codes []string // index words of the trades it may mean
	trade bool     // a trade's word in full
	last  bool     // still being typed: a beginning
}

// question is a query understood.
type question struct {
	address  string // begins so, lower case
	domain   string // exactly
	person   string // national id
	numbers  []string
	tokens   []token
	initials []string // single letters: they only rank
	filters  []string // index words, all of them
}

func (q question) empty() bool {
	return q.address == "" && q.domain == "" && q.person == "" && len(q.numbers) == 0 && len(q.tokens) == 0 && len(q.filters) == 0
}

// understand reads what was typed. ok is false when there is too little or too much
// of it to search.
func understand(text string, t trades) (q question, ok bool) {
	if len(text) > maxQuery || !utf8.ValidString(text) {
		return q, false
	}
	text = strings.TrimSpace(clean(text))
	folded := fold(text)
	if len(strings.ReplaceAll(folded, " ", "")) < minText {
		return q, false
	}
	switch {
	case strings.ContainsRune(text, '@'):
		return addressQuestion(text), true
	case isNumber(text):
		return numberQuestion(strings.ReplaceAll(folded, " ", ""), t), true
	case strings.ContainsRune(text, '/') && !strings.ContainsRune(text, ' '):
		return question{person: strings.ToUpper(text)}, true
	}
	if !strings.ContainsRune(text, ' ') && strings.ContainsRune(text, '.') {
		lower := strings.ToLower(text)
		q.address = strings.Trim(lower, ".")
		if d, err := mssante.ParseDomain(lower); err == nil {
			q.domain = string(d)
		}
	}
	q.words(folded, t, !strings.HasSuffix(text, "."))
	return q, true
}

func addressQuestion(text string) question {
	local, domain, _ := strings.Cut(strings.ToLower(text), "@")
	// "Jean Dupont <jean.dupont@…>" pasted whole
	local = local[strings.LastIndexAny(local, " <:,;\"")+1:]
	domain, _, _ = strings.Cut(domain, " ")
	domain = strings.TrimRight(domain, ">,;\".")
	if local == "" {
		return question{domain: domain}
	}
	return question{address: local + "@" + domain}
}

// isNumber: digits with spaces, or a FINESS of Corsica.
func isNumber(text string) bool {
	n := strings.ToUpper(strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "", ".", "").Replace(text))
	if len(n) == 9 && (strings.HasPrefix(n, "2A") || strings.HasPrefix(n, "2B")) {
		return allDigits(n[2:])
	}
	return len(n) >= 2 && allDigits(n)
}

// numberQuestion: 11 or 12 digits name a person (RPPS), 9 a structure (FINESS) or a
// person (ADELI), 14 a structure (SIRET), up to 5 a department or post code.
func numberQuestion(n string, t trades) question {
	n = strings.ToUpper(n)
	switch len(n) {
	case 11, 12:
		return question{person: nationalID(n, "")}
	case 9:
		return question{numbers: []string{structureKey("1", n)}, person: "0" + n}
	case 14:
		return question{numbers: []string{structureKey("3", n)}}
	case 10:
		return question{numbers: []string{n}, person: n} // already with its kind
	case 2, 3, 4, 5:
		q := question{}
		q.words(strings.ToLower(n), t, true)
		return q
	}
	return question{person: n}
}

// words takes the folded text apart.
func (q *question) words(folded string, t trades, typing bool) {
	all := wordsOf(folded)
	kept := make([]string, 0, len(all))
	for _, w := range all {
		switch {
		case polite(w) && len(all) > 1, small(w) && len(all) > 1:
		case len(w) == 1:
			q.initials = append(q.initials, w)
		default:
			kept = append(kept, w)
		}
	}
	if len(kept) == 0 { // "de la": somebody is called so
		kept = slices.DeleteFunc(all, func(w string) bool { return len(w) < minText })
		q.initials = nil
	}
	if len(kept) > maxTokens {
		kept = kept[:maxTokens]
	}
	for i, w := range kept {
		codes, trade := t.of(w)
		if long := shortForms[w]; long != "" && trade {
			codes = append(codes, long)
		} else if long != "" {
			codes = []string{long}
		}
		q.tokens = append(q.tokens, token{word: w, codes: codes, trade: trade, last: typing && i == len(kept)-1 && strings.HasSuffix(folded, w)})
	}
}

// filter adds what a page's form narrows to.
func (q *question) filter(f Query) {
	if f.Profession != "" {
		q.filters = append(q.filters, professionWord(f.Profession))
	}
	if f.Speciality != "" {
		q.filters = append(q.filters, specialityWord(f.Speciality))
	}
	if f.Department != "" {
		q.filters = append(q.filters, departmentWord(f.Department))
	}
	if f.Kind != "" {
		q.filters = append(q.filters, kindWord(f.Kind))
	}
}
