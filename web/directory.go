package web

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"pli.example/pli/internal/directory"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/trust"
	"pli.example/pli/templates"
)

// directoryHome is the search page before any search.
func (s *Server) directoryHome(w http.ResponseWriter, r *http.Request) error {
	return s.render(w, r, http.StatusOK, templates.DirectoryPage(s.directoryView(r, directory.Query{})))
}

// directoryStore keeps a search on the server and gives it an opaque handle: whom one
// looks for does not stand in an address.
func (s *Server) directoryStore(w http.ResponseWriter, r *http.Request) error {
	f := r.PostForm
	q := directory.Query{Text: strings.TrimSpace(f.Get("words")), Profession: code(f.Get("profession")), Speciality: code(f.Get("speciality")),
		Department: strings.ToUpper(strings.TrimSpace(f.Get("department"))), Kind: code(f.Get("kind"))}
	if len(q.Text) > 4*maxWords {
		return problem.New(problem.TooLarge, "Ces mots sont trop longs pour une recherche. Cherchez avec un nom et une ville.")
	}
	if len(q.Department) > 3 || code(q.Department) != q.Department {
		if len(q.Department) > maxWords {
			q.Department = ""
		}
		v := s.directoryView(r, q)
		v.DepartmentError, v.Filters.Open = "Ce département n’existe pas. Écrivez par exemple 37, 2A ou 974.", true
		return s.render(w, r, http.StatusUnprocessableEntity, templates.DirectoryPage(v))
	}
	if q == (directory.Query{}) {
		redirect(w, r, "/directory")
		return nil
	}
	sc := scopeOf(r)
	redirect(w, r, path("directory", "search", strings.ToLower(sc.desk.keepDirectory(q, s.clock.now()))))
	return nil
}

// code accepts what the lists of codes are made of, and nothing else.
func code(v string) string {
	if len(v) > 12 {
		return ""
	}
	for _, c := range v {
		if (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return ""
		}
	}
	return v
}

const directorySize = 20

// directoryShow runs the search a handle names.
func (s *Server) directoryShow(w http.ResponseWriter, r *http.Request) error {
	sc := scopeOf(r)
	q, ok := sc.desk.directorySearch(strings.ToUpper(chi.URLParam(r, "handle")), s.clock.now())
	if !ok {
		return problem.New(problem.Gone, "Cette recherche n’est plus gardée\u00a0: Pli oublie les mots cherchés. Relancez-la depuis l’annuaire.")
	}
	q.Size, q.Page = directorySize, 1
	if n, err := strconv.Atoi(r.URL.Query().Get("page")); err == nil && n > 1 && n < 10_000 {
		q.Page = n
	}
	v := s.directoryView(r, q)
	res, err := s.directory.Search(r.Context(), sc.session.Actor, q)
	if problem.Is(err, problem.Invalid) { // too little to search with: the form as it was, and why beside it
		v.Error = problem.SayOf(err)
		return s.render(w, r, http.StatusUnprocessableEntity, templates.DirectoryPage(v))
	}
	if err != nil {
		return err
	}
	v.Searched, v.Total, v.More, v.Forgiven = true, res.Total, res.More, res.Forgiven
	for _, e := range res.Entries {
		v.Entries = append(v.Entries, s.entryView(e))
	}
	base := path("directory", "search", strings.ToLower(chi.URLParam(r, "handle")))
	if res.Page > 1 {
		v.PrevHref = withQuery(base, "page", strconv.Itoa(res.Page-1))
	}
	if res.Page < res.Pages {
		v.NextHref = withQuery(base, "page", strconv.Itoa(res.Page+1))
	}
	if res.Pages > 1 {
		v.PageSays = fmt.Sprintf("page %d sur %d", res.Page, res.Pages)
	}
	return s.render(w, r, http.StatusOK, templates.DirectoryPage(v))
}

func (s *Server) directoryView(r *http.Request, q directory.Query) templates.DirectoryView {
	v := templates.DirectoryView{Page: s.page(r, "Annuaire"), Action: "/directory", Words: q.Text, WriteTo: s.writeTo(scopeOf(r)),
		Filters: templates.DirectoryFilters{Department: q.Department, Professions: choices(professions(), q.Profession), Specialties: choices(specialities(), q.Speciality),
			Kinds: choices(boxKinds(), q.Kind), Open: q.Profession+q.Speciality+q.Department+q.Kind != ""}}
	v.Page.Section = "directory"
	v.State, v.StateWarn = s.directoryState()
	return v
}

// directoryOld is when a page says that the data may have aged: the service publishes
// every day.
const directoryOld = 7

// directoryState tells how old what is searched is.
func (s *Server) directoryState() (say string, warn bool) {
	st := s.directory.State()
	switch {
	case !st.Ready && st.Importing != nil:
		return "L’annuaire est en cours de chargement\u00a0: la recherche sera possible dans quelques minutes. Vos correspondants passés sont déjà proposés quand vous écrivez.", true
	case !st.Ready:
		return "L’annuaire n’est pas encore chargé sur cette installation. Vous pouvez écrire à une adresse que vous connaissez.", true
	}
	at := st.FileDate
	if at.IsZero() {
		at = st.ImportedAt
	}
	say = count(int(st.Mailboxes)) + "\u00a0boîtes de l’Annuaire Santé, au " + s.clock.day(at) + "."
	if s.clock.daysAgo(at.In(s.clock.loc)) > directoryOld {
		return say + " Ces données n’ont pas pu être renouvelées depuis\u00a0: une adresse a pu changer.", true
	}
	return say, false
}

func (s *Server) entryView(e directory.Entry) templates.DirectoryEntry {
	v := templates.DirectoryEntry{Name: e.Name(), Work: e.Work(), Place: e.Place(), Street: streetWords(e), Address: e.Address.String(), Kind: e.Kind.Label(),
		Purpose: e.Purpose(), NoReply: e.NoReply, Past: e.Past, Paperless: e.Paperless, Outside: s.trust.Allows(e.Address) == trust.Outside, Identifier: identifierWords(e)}
	if v.Kind == "" {
		v.Kind = "type de boîte inconnu"
	}
	switch {
	case e.PersonID != "":
		v.Href = path("directory", "person", e.PersonID)
		if e.StructureID != "" {
			v.StructureHref = path("directory", "structure", e.StructureID)
		}
	case e.StructureID != "":
		v.Href = path("directory", "structure", e.StructureID)
	}
	return v
}

// identifierWords is the number by which two of a name are told apart.
func identifierWords(e directory.Entry) string {
	if e.FamilyName == "" {
		return ""
	}
	if n, ok := mssante.NationalID(e.NationalID).RPPS(); ok {
		return "RPPS " + n.String()
	}
	return ""
}

// tidyStreet makes the registers' capitals readable.
func tidyStreet(street string) string {
	return mssante.Situation{Structure: strings.TrimSpace(street)}.Place()
}

func streetWords(e directory.Entry) string {
	street := tidyStreet(e.Street)
	if e.PostCode != "" && e.FamilyName == "" {
		street = strings.TrimPrefix(street+", "+e.PostCode, ", ")
	}
	return street
}

// directoryPerson is a professional with all their mailboxes.
func (s *Server) directoryPerson(w http.ResponseWriter, r *http.Request) error {
	id, err := param(r, "entry")
	if err != nil {
		return err
	}
	p, err := s.directory.Person(r.Context(), scopeOf(r).session.Actor, id)
	if err != nil {
		return err
	}
	v := s.entryPage(r, p.Name(), p.Work(), p.More)
	v.BoxesTitle = "Sa boîte"
	if len(p.Mailboxes) > 1 {
		v.BoxesTitle = "Ses boîtes, et laquelle pour quoi"
	}
	places := map[string]bool{}
	for _, e := range p.Mailboxes {
		row := s.entryView(e)
		v.Mailboxes = append(v.Mailboxes, row)
		if e.Place() != "" && !places[e.Place()] {
			places[e.Place()] = true
			v.Facts = append(v.Facts, templates.Fact{Label: "Exerce", Value: e.Place(), Href: row.StructureHref})
		}
	}
	if id := identifierWords(p.Entry); id != "" {
		v.Facts = append(v.Facts, templates.Fact{Label: "Identifiant", Value: id})
	}
	return s.render(w, r, http.StatusOK, templates.DirectoryEntryPage(v))
}

// directoryStructure is a place of care with its mailboxes and people.
func (s *Server) directoryStructure(w http.ResponseWriter, r *http.Request) error {
	id, err := param(r, "entry")
	if err != nil {
		return err
	}
	p, err := s.directory.Structure(r.Context(), scopeOf(r).session.Actor, id)
	if err != nil {
		return err
	}
	name := mssante.Situation{Structure: firstOf(p.Sign, p.Name)}.Place()
	v := s.entryPage(r, firstOf(name, "Structure"), mssante.Situation{City: p.Town}.Place(), p.More)
	v.BoxesTitle = "Boîtes de la structure, et laquelle pour quoi"
	for _, e := range p.Mailboxes {
		row := s.entryView(e)
		row.Place, row.StructureHref = "", ""
		if e.Service != "" {
			row.Purpose = e.Service + " · " + row.Purpose
		}
		v.Mailboxes = append(v.Mailboxes, row)
	}
	for _, e := range p.People {
		row := s.entryView(e)
		row.Place, row.StructureHref, row.Street = "", "", ""
		v.People = append(v.People, row)
	}
	for _, f := range []templates.Fact{
		{Label: "Adresse", Value: strings.TrimSpace(strings.Join(slices.DeleteFunc([]string{tidyStreet(p.Street), p.PostCode + " " + mssante.Situation{City: p.Town}.Place()},
			func(x string) bool { return strings.TrimSpace(x) == "" }), ", "))},
		{Label: "FINESS", Value: p.FINESS}, {Label: "SIRET", Value: p.SIRET},
	} {
		if f.Value != "" {
			v.Facts = append(v.Facts, f)
		}
	}
	return s.render(w, r, http.StatusOK, templates.DirectoryEntryPage(v))
}

func (s *Server) entryPage(r *http.Request, heading, sub string, more bool) templates.DirectoryPageView {
	v := templates.DirectoryPageView{Page: s.page(r, "Annuaire"), Heading: heading, Sub: sub, More: more, BackHref: "/directory", WriteTo: s.writeTo(scopeOf(r))}
	v.Page.Section = "directory"
	if h, ok := scopeOf(r).desk.lastDirectory(s.clock.now()); ok {
		v.BackHref = path("directory", "search", strings.ToLower(h))
	}
	v.State, _ = s.directoryState()
	return v
}
