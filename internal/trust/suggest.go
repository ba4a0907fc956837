package trust

import (
	"strings"

	"pli.example/pli/internal/mssante"
)

const spaceSuffix = ".mssante.fr"

// maxSuggest bounds what Suggest compares: the longest name of 2025 has 52 bytes.
const maxSuggest = 80

// Suggest gives the address somebody likely meant when its domain is not in the
// list: the ending forgotten or another ("medecin.fr" for "medecin.mssante.fr"),
// or one or two letters wrong. Only a single best name counts: two that fit
// equally well are no answer, for the wrong one may be another hospital.
// It is a proposal to show, never to apply unasked. Work is bounded by the list.
func (l *List) Suggest(a mssante.Address) (mssante.Address, bool) {
	s := l.current.Load()
	d := strings.ToLower(string(a.Domain))
	if s == nil || a.Local == "" || d == "" || len(d) > maxSuggest || "."+d == spaceSuffix || s.has(a.Domain) {
		return mssante.Address{}, false
	}
	found, ok := s.completed(d)
	if !ok {
		found, ok = s.nearest(d)
	}
	out := mssante.Address{Local: a.Local, Domain: found}
	if _, ins := out.INS(); ok && out.IsPatient() && !ins {
		ok = false // the mailbox of a patient is an INS: this is somebody else's
	}
	if !ok {
		return mssante.Address{}, false
	}
	return out, true
}

// completed tries the ending put behind, or in place of the last label or two.
func (s *snapshot) completed(d string) (mssante.Domain, bool) {
	for stem := d; stem != ""; {
		whole := mssante.Domain(stem + spaceSuffix)
		if s.has(whole) {
			return whole, true
		}
		dot := strings.LastIndexByte(stem, '.')
		if dot < 0 {
			break
		}
		stem = stem[:dot]
	}
	return "", false
}

// nearest looks for the one name at the least distance, 2 at most; 1 for a short
// name, where two letters make another name.
func (s *snapshot) nearest(d string) (mssante.Domain, bool) {
	within := 2
	if len(strings.TrimSuffix(d, spaceSuffix)) < 6 {
		within = 1
	}
	var best mssante.Domain
	ties := 0
	for n := max(0, len(d)-within); n <= len(d)+within && n < len(s.byLength); n++ {
		for _, name := range s.byLength[n] {
			switch dist := distance(d, string(name), within); {
			case dist > within:
			case dist < within || ties == 0:
				if dist < within {
					ties = 0
				}
				best, within, ties = name, dist, ties+1
			default:
				ties++
			}
		}
	}
	return best, ties == 1
}

// distance counts the letters added, dropped, changed or swapped with the next
// (optimal string alignment); more than limit comes back as limit+1. Both are at
// most maxSuggest+2 bytes.
func distance(a, b string, limit int) int {
	// What is alike at both ends costs nothing: most names end alike.
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	if len(a)-len(b) > limit || len(b)-len(a) > limit || len(b) > maxSuggest+2 {
		return limit + 1
	}
	var rows [3][maxSuggest + 3]uint8 // small: they are cleared for every name
	before, last, row := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		last[j] = uint8(j)
	}
	for i := 1; i <= len(a); i++ {
		row[0] = uint8(i)
		least := uint8(i)
		for j := 1; j <= len(b); j++ {
			cost := uint8(1)
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
			least = min(least, row[j])
		}
		if int(least) > limit {
			return limit + 1
		}
		before, last, row = last, row, before
	}
	return min(int(last[len(b)]), limit+1)
}
