package directory

import (
	"hash/fnv"
	"strings"

	"pli.example/pli/internal/mssante"
)

// indexed is what a record is found by: folded words by meaning.
type indexed struct{ family, given, work, place, org []string }

// words gives the index words of a record. They follow from what is stored in its
// row and nothing else: taking a row out of the index needs them again.
func (r *record) words() indexed {
	x := indexed{
		family: nameWords(r.family), given: nameWords(r.given),
		work: []string{kindWord(string(r.kind)), domainWord(string(r.address.Domain))},
	}
	if r.profession != "" {
		x.work = append(x.work, professionWord(r.profession))
	}
	if r.speciality != "" {
		x.work = append(x.work, specialityWord(r.speciality))
	}
	x.place = placeWords(nil, r.town)
	if allDigits(r.postcode) {
		x.place = append(x.place, r.postcode)
	}
	if r.department != "" {
		x.place = append(x.place, strings.ToLower(fold(r.department)))
		x.work = append(x.work, departmentWord(r.department))
	}
	x.org = placeWords(nil, r.structure)
	x.org = placeWords(x.org, r.sign)
	x.org = placeWords(x.org, r.service)
	if r.kind != mssante.KindNominative {
		x.org = placeWords(x.org, r.address.Local)
	}
	return x
}

// nameWords are the words of a name, and the name in one word: LE GOFF is also
// legoff.
func nameWords(name string) []string {
	words := wordsOf(fold(name))
	if len(words) > 1 {
		if one := strings.Join(words, ""); len(one) <= maxWord {
			words = append(words, one)
		}
	}
	return words
}

// placeWords adds the words of a text that tell something, each once.
func placeWords(to []string, text string) []string {
next:
	for _, w := range wordsOf(fold(text)) {
		if small(w) || len(w) < 2 {
			continue
		}
		for _, have := range to {
			if have == w {
				continue next
			}
		}
		to = append(to, w)
	}
	return to
}

// flags packs the yes-or-no fields.
func (r *record) flags() int {
	f := 0
	if r.noReply {
		f |= flagNoReply
	}
	if r.paperless {
		f |= flagPaperless
	}
	return f
}

// digest tells two contents of one address apart.
func (r *record) digest() int64 {
	h := fnv.New64a()
	for _, s := range [...]string{r.address.String(), string(r.kind), r.nationalID, r.structureKey, r.title, r.given, r.family, r.profession, r.speciality,
		r.structure, r.sign, r.service, r.street, r.postcode, r.town, r.department, string(rune('0' + r.flags()))} {
		_, _ = h.Write([]byte(s)) // a hash does not fail
		_, _ = h.Write([]byte{0})
	}
	return int64(h.Sum64() >> 1)
}
