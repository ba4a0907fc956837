package index

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"time"
)

// Query chooses letters. Every condition that is set must hold; words are folded, and
// every one must be held by what it is looked for in, as a part of it.
type Query struct {
	Words           []string // in who wrote, who received or the subject, each anywhere
	From, To        []string // To: in To or Cc
	Subject         []string
	Patient         []string // in the name or address of a patient who wrote or received
	Unread, Flagged bool
	NotAnswered     bool // nor forwarded, and not written by us
	NotProcessed    bool
	Mixed           bool      // with files, most likely
	PatientOnly     bool      // of an exchange with a patient
	Since, Before   time.Time // received; zero for any
	Folders         []string  // nil: all but those that stand aside
	WithAside       bool      // those too
	Sort            Sort
	Limit           int // default 50
	All             int // Result.All is wanted of so many letters at most
	Skip            int
	Larger          int64 // octets at least
}

// Sort is an order; at equal rank the newest comes first.
type Sort uint8

// The orders.
const (
	Newest Sort = iota
	Oldest
	Largest
	BySender  // by name, else address
	ByPatient // letters of exchanges first, by the patient's name
	UnreadFirst
)

// Result is what a search gives.
type Result struct {
	Found []Found
	Total int
	All   []Set // every letter found, shown or not; nil where there are more than wanted
	// Short are letters of which not all is kept and that what is kept does not choose:
	// only the whole letter tells. Nothing but words keeps them out.
	Short []Ref
}

// Set is letters of one folder, in no order.
type Set struct {
	Folder   string
	Validity uint32
	UIDs     []uint32
}

// MaxShort bounds them; a list that is longer by one was cut.
const MaxShort = 200

// Search looks through all letters. Copies are letters of their own here: a search
// says where things are.
func (ix *Index) Search(q Query) Result {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	if q.Limit <= 0 {
		q.Limit = 50
	}
	m := ix.matcher(q)
	var out Result
	var hits []uint32
	hits, out.Short = ix.scan(m)
	if out.Total = len(hits); out.Total <= q.All {
		out.All = ix.sets(hits)
	}
	hits = ix.sort(hits, q.Sort, q.Skip+q.Limit)
	for _, n := range hits[min(q.Skip, len(hits)):min(q.Skip+q.Limit, len(hits))] {
		out.Found = append(out.Found, ix.found([]uint32{n}))
	}
	return out
}

// Of gives letters of a folder by name, in the order asked. Left out is what is not known,
// and what is not wholly kept.
func (ix *Index) Of(folder string, validity uint32, uids []uint32) (out []Found) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	i := ix.find(folder)
	if i < 0 || ix.folders[i].At.Validity != validity {
		return nil
	}
	for _, uid := range uids {
		if n := ix.at(i, uid); n != 0 && ix.rows.at(n).flags&short == 0 {
			out = append(out, ix.found([]uint32{n}))
		}
	}
	return out
}

// matcher is a query made ready: who holds a word is looked up once for all letters.
type matcher struct {
	ix                *Index
	q                 Query
	folders           []bool
	since, before     uint32
	words, subject    []needle
	who               [][]uint64 // per word, the people who hold it, a bit each
	from, to, patient [][]uint64
	larger            uint32
	none              bool
}

func (ix *Index) matcher(q Query) *matcher {
	m := &matcher{ix: ix, q: q, folders: make([]bool, len(ix.folders)), before: 1<<32 - 1}
	for i, f := range ix.folders {
		m.folders[i] = f.used && (q.Folders == nil && (f.Kind != Aside || q.WithAside) || slices.Contains(q.Folders, f.Name))
	}
	if !q.Since.IsZero() {
		m.since = seconds(q.Since)
	}
	if !q.Before.IsZero() {
		m.before = seconds(q.Before)
		m.none = m.before == 0
		m.before--
	}
	m.larger = uint32(min(max(q.Larger, 0), 1<<32-1))
	words := foldAll(q.Words)
	m.words, m.subject = needlesOf(words), needlesOf(foldAll(q.Subject))
	m.who = ix.holders(words, false)
	m.from, m.to = ix.holders(foldAll(q.From), false), ix.holders(foldAll(q.To), false)
	m.patient = ix.holders(foldAll(q.Patient), true)
	return m
}

func foldAll(words []string) (out [][]byte) {
	for _, w := range words {
		if w = strings.TrimSpace(Fold(w)); w != "" {
			out = append(out, []byte(w))
		}
	}
	return out
}

// sets puts letters with those of their folder.
func (ix *Index) sets(all []uint32) (out []Set) {
	at := make([]int, len(ix.folders)) // places in out, 1 is the first
	for _, n := range all {
		r := ix.rows.at(n)
		if at[r.folder] == 0 {
			f := &ix.folders[r.folder]
			out = append(out, Set{Folder: f.Name, Validity: f.At.Validity})
			at[r.folder] = len(out)
		}
		s := &out[at[r.folder]-1]
		s.UIDs = append(s.UIDs, r.uid)
	}
	return out
}

func among(who []uint64, list []uint32) bool {
	for _, n := range list {
		if who[n/64]&(1<<(n%64)) != 0 {
			return true
		}
	}
	return false
}

func (m *matcher) fits(r *row) bool {
	if !m.marked(r) {
		return false
	}
	if len(m.who)+len(m.from)+len(m.to)+len(m.patient)+len(m.subject) == 0 {
		return true
	}
	return m.reads(r)
}

// marked looks at all but words.
func (m *matcher) marked(r *row) bool {
	q := &m.q
	switch {
	case !m.folders[r.folder] || m.none || r.flags&Deleted != 0,
		r.received < m.since || r.received > m.before,
		q.Unread && r.flags&Seen != 0,
		q.Flagged && r.flags&Flagged == 0,
		q.NotAnswered && (r.flags&(Answered|Forwarded|Draft) != 0 || m.ix.folders[r.folder].Kind == Sent),
		q.NotProcessed && r.flags&Processed != 0,
		q.Mixed && r.flags&Mixed == 0,
		q.PatientOnly && r.patient == 0,
		r.size < m.larger:
		return false
	}
	return true
}

// reads looks at words.
func (m *matcher) reads(r *row) bool {
	subject := m.ix.searched(r)
	for i := range m.subject {
		if !m.subject[i].in(subject) {
			return false
		}
	}
	from, to, cc := m.ix.people(r)
	for _, who := range m.from {
		if !among(who, from) {
			return false
		}
	}
	for _, who := range m.to {
		if !among(who, to) && !among(who, cc) {
			return false
		}
	}
	for _, who := range m.patient {
		if !among(who, from) && !among(who, to) && !among(who, cc) {
			return false
		}
	}
	for i, who := range m.who {
		if !among(who, from) && !among(who, to) && !among(who, cc) && !m.words[i].in(subject) {
			return false
		}
	}
	return true
}

// sort gives the first n hits in order.
func (ix *Index) sort(hits []uint32, by Sort, n int) []uint32 {
	newest := func(x, y *row) int {
		return cmp.Or(cmp.Compare(y.received, x.received), cmp.Compare(y.folder, x.folder), cmp.Compare(y.uid, x.uid))
	}
	var before func(x, y *row) int
	switch by {
	case Oldest:
		before = func(x, y *row) int { return newest(y, x) }
	case Largest:
		before = func(x, y *row) int { return cmp.Or(cmp.Compare(y.size, x.size), newest(x, y)) }
	case BySender, ByPatient:
		names := ix.names(hits, by)
		before = func(x, y *row) int { return cmp.Or(cmp.Compare(names[place(x)], names[place(y)]), newest(x, y)) }
	case UnreadFirst:
		before = func(x, y *row) int { return cmp.Or(cmp.Compare(x.flags&Seen, y.flags&Seen), newest(x, y)) }
	default:
		before = newest
	}
	return first(hits, n, func(a, b uint32) int { return before(ix.rows.at(a), ix.rows.at(b)) })
}

// first gives the n least of a list in order; few of many cost no sorting of all.
func first(list []uint32, n int, compare func(a, b uint32) int) []uint32 {
	if len(list) < 8*n || n > 2000 {
		slices.SortFunc(list, compare)
		return list[:min(n, len(list))]
	}
	out := slices.Clone(list[:n])
	slices.SortFunc(out, compare)
	for _, x := range list[n:] {
		if compare(x, out[n-1]) < 0 {
			i, _ := slices.BinarySearchFunc(out, x, compare)
			copy(out[i+1:], out[i:])
			out[i] = x
		}
	}
	return out
}

// names gives for each letter the rank of its sender, or patient, by name.
func (ix *Index) names(hits []uint32, by Sort) map[uint64]int {
	who := func(r *row) uint32 {
		if by == ByPatient {
			return ix.patientIn(r)
		}
		if from, _, _ := ix.people(r); len(from) > 0 {
			return from[0]
		}
		return 0
	}
	known := map[uint32]int{}
	var people []uint32
	for _, n := range hits {
		if p := who(ix.rows.at(n)); p != 0 {
			if _, ok := known[p]; !ok {
				known[p] = 0
				people = append(people, p)
			}
		}
	}
	slices.SortFunc(people, func(a, b uint32) int {
		return bytes.Compare(ix.foldedPerson(ix.persons.at(a)), ix.foldedPerson(ix.persons.at(b)))
	})
	for i, p := range people {
		known[p] = i
	}
	out := make(map[uint64]int, len(hits))
	for _, n := range hits {
		r := ix.rows.at(n)
		out[place(r)] = len(people) // nobody: last
		if p := who(r); p != 0 {
			out[place(r)] = known[p]
		}
	}
	return out
}

// place tells letters apart.
func place(r *row) uint64 { return uint64(r.folder)<<32 | uint64(r.uid) }

// patientIn is the patient as the letter itself names them, 0 when it is of no exchange.
func (ix *Index) patientIn(r *row) uint32 {
	if r.patient == 0 {
		return 0
	}
	from, to, cc := ix.people(r)
	for _, list := range [][]uint32{from, to, cc} {
		for _, n := range list {
			if ix.persons.at(n).kind == patient {
				return n
			}
		}
	}
	return r.patient
}
