package directory

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

// Person is a professional with all their mailboxes.
type Person struct {
	Entry     // of the mailbox that says most of them
	Mailboxes []Entry
	// More: some of the mailboxes are not listed.
	More bool
}

// Structure is a place of care with all its mailboxes.
type Structure struct {
	ID, Name, Sign         string
	Street, PostCode, Town string
	Department             string
	FINESS, SIRET          string  // whichever the directory has
	Mailboxes              []Entry // of the structure: organisational, cabinet, applicative, unknown
	People                 []Entry // nominative mailboxes of those who work there
	More                   bool    // some are not listed
}

// Bounds of a page, which are bounds on harvesting too.
const (
	maxOfPerson    = 40
	maxOfStructure = 300
)

const sayNoPage = "Cette fiche n’existe pas, ou plus, dans l’annuaire."

// Person gives a professional by opaque id.
func (d *Directory) Person(ctx context.Context, actor mssante.Actor, id string) (Person, error) {
	rows, more, err := d.page(ctx, actor, id, wherePerson, maxOfPerson, func(e Entry) bool { return e.PersonID == id })
	if err != nil {
		return Person{}, err
	}
	p := Person{Mailboxes: onePerAddress(rows), More: more}
	slices.SortStableFunc(p.Mailboxes, usefulFirst)
	p.Entry = slices.MaxFunc(p.Mailboxes, func(a, b Entry) int { return cmp.Compare(tells(a), tells(b)) })
	return p, nil
}

// Structure gives a structure by opaque id.
func (d *Directory) Structure(ctx context.Context, actor mssante.Actor, id string) (Structure, error) {
	rows, more, err := d.page(ctx, actor, id, whereStructure, maxOfStructure, func(e Entry) bool { return e.StructureID == id })
	if err != nil {
		return Structure{}, err
	}
	best := slices.MaxFunc(rows, func(a, b Entry) int { return cmp.Compare(tells(a), tells(b)) })
	s := Structure{ID: id, Name: best.Structure, Sign: best.Sign, Street: best.Street, PostCode: best.PostCode, Town: best.Town, Department: best.Department, More: more}
	switch key := best.structureKey; {
	case len(key) == 10 && key[0] == '1':
		s.FINESS = key[1:]
	case len(key) == 15 && key[0] == '3':
		s.SIRET = key[1:]
	}
	for _, e := range onePerAddress(rows) {
		if e.Kind == mssante.KindNominative {
			s.People = append(s.People, e)
		} else {
			s.Mailboxes = append(s.Mailboxes, e)
		}
	}
	slices.SortStableFunc(s.Mailboxes, usefulFirst)
	slices.SortStableFunc(s.People, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(fold(a.FamilyName), fold(b.FamilyName)), cmp.Compare(fold(a.GivenName), fold(b.GivenName)))
	})
	return s, nil
}

// page reads the rows of one opaque id, traced and counted as a search: who looked
// whom up is in the trail.
func (d *Directory) page(ctx context.Context, actor mssante.Actor, id, condition string, limit int, is func(Entry) bool) (rows []Entry, more bool, err error) {
	rows, more, err = d.readPage(ctx, actor, id, condition, limit, is)
	err = problem.Wrap(err, problem.KindOf(err), sayFailed(err))
	target := id
	if refOf(id) == 0 {
		target = "" // not ours: nothing hostile in the trail
	}
	if trailErr := d.trace(ctx, audit.Event{Actor: actor, Action: audit.DirectorySearch, Target: target, Outcome: outcome(err), Request: "page", Count: len(rows)}); trailErr != nil {
		return nil, false, trailErr
	}
	return rows, more, err
}

func (d *Directory) readPage(ctx context.Context, actor mssante.Actor, id, condition string, limit int, is func(Entry) bool) (rows []Entry, more bool, err error) {
	if err := d.limiter.take(actor.AccountID, costPage, d.o.Now()); err != nil {
		return nil, false, err
	}
	g, release := d.hold()
	defer release()
	if g == nil {
		return nil, false, errNotReady
	}
	ref := refOf(id)
	if ref == 0 {
		return nil, false, problem.New(problem.NotFound, sayNoPage)
	}
	f := finder{ctx: ctx, d: d, g: g, limit: limit + 1, seen: map[int64]bool{}}
	f.where(condition, ref)
	if f.err != nil {
		return nil, false, fmt.Errorf("read a page: %w", f.err)
	}
	more = len(f.found) > limit
	rows = slices.DeleteFunc(f.found[:min(len(f.found), limit)], func(e Entry) bool { return !is(e) })
	if len(rows) == 0 {
		return nil, false, problem.New(problem.NotFound, sayNoPage)
	}
	past, err := d.pastOf(ctx, g, actor.AccountID)
	if err != nil {
		return nil, false, err
	}
	for i := range rows {
		rows[i].Past = past.has(rows[i].Address)
	}
	return rows, more, nil
}

// usefulFirst puts the mailboxes somebody reads before the others.
func usefulFirst(a, b Entry) int {
	order := func(e Entry) int {
		switch {
		case e.NoReply:
			return 4
		case e.Past:
			return 0
		case e.Kind == mssante.KindNominative:
			return 1
		case e.Kind == mssante.KindUnknown:
			return 3
		}
		return 2
	}
	return cmp.Or(cmp.Compare(order(a), order(b)), cmp.Compare(a.Address.Key(), b.Address.Key()))
}

// tells is how much a row says.
func tells(e Entry) int {
	n := 0
	for _, s := range []string{e.FamilyName, e.Speciality, e.Structure, e.Street, e.Town} {
		if s != "" {
			n++
		}
	}
	return n
}
