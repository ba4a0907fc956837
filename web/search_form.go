package web

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/problem"
	"pli.example/pli/templates"
)

// searchTexts are the fields of texts, and what each stands for; its name and the words of
// its chip are here alone.
var searchTexts = []struct {
	name, say string
	of        func(q *mailbox.Query) *[]string
}{
	{"from", "De", func(q *mailbox.Query) *[]string { return &q.From }},
	{"to", "À", func(q *mailbox.Query) *[]string { return &q.To }},
	{"subject", "Objet", func(q *mailbox.Query) *[]string { return &q.Subject }},
	{"body", "Texte", func(q *mailbox.Query) *[]string { return &q.Body }},
	{"patient", "Patient", func(q *mailbox.Query) *[]string { return &q.Patient }},
}

// searchMarks are the boxes to tick.
var searchMarks = []struct {
	name, say string
	of        func(q *mailbox.Query) *bool
}{
	{"unread", "Non lues", func(q *mailbox.Query) *bool { return &q.Unread }},
	{"unanswered", "Sans réponse", func(q *mailbox.Query) *bool { return &q.NotAnswered }},
	{"starred", "Suivies", func(q *mailbox.Query) *bool { return &q.Flagged }},
	{"files", "Avec pièce jointe", func(q *mailbox.Query) *bool { return &q.Files }},
	{"documents", "Documents de santé (XDM)", func(q *mailbox.Query) *bool { return &q.Documents }},
}

var searchSorts = []templates.SearchSort{{Value: "", Text: "Plus récentes d’abord"}, {Value: "oldest", Text: "Plus anciennes d’abord"}, {Value: "sender", Text: "Par expéditeur"},
	{Value: "patient", Text: "Par patient"}, {Value: "unread", Text: "Non lues d’abord"}, {Value: "size", Text: "Plus volumineuses d’abord"}}

// queryOf reads the form: the line as it was typed and the fields, both into the same
// query. drop names a condition to take away. What can be read comes back beside the
// error.
func queryOf(f url.Values, zone *time.Location) (mailbox.Query, error) {
	for _, name := range []string{"words", "from", "to", "subject", "body", "patient"} {
		if len(f.Get(name)) > 4*maxWords {
			return mailbox.Query{}, problem.New(problem.TooLarge, "Ces mots sont trop longs pour une recherche. Cherchez avec un ou deux mots.")
		}
	}
	q, err := mailbox.ParseQuery(f.Get("words"), zone)
	if err != nil {
		q.Words = nil
	}
	drop := f.Get("drop")
	for _, t := range searchTexts {
		for _, w := range mailbox.Words(f.Get(t.name)) {
			if list := t.of(&q); t.name != drop && !slices.Contains(*list, w) {
				*list = append(*list, w)
			}
		}
	}
	for _, m := range searchMarks {
		if f.Get(m.name) == "1" && m.name != drop {
			*m.of(&q) = true
		}
	}
	if id := f.Get("folder"); opaque.MatchString(id) && drop != "folder" {
		q.Folder = id
	}
	since, _, errSince := mailbox.Day(f.Get("since"), zone)
	_, until, errUntil := mailbox.Day(f.Get("until"), zone)
	if !since.IsZero() && drop != "since" {
		q.Since = since
	}
	if !until.IsZero() && drop != "until" {
		q.Before = until
	}
	q.Everywhere = f.Get("everywhere") == "1" && f.Get("unasked") != "1" // Pli ticked it for them: it will again if few are found
	if drop != "sort" && slices.ContainsFunc(searchSorts, func(s templates.SearchSort) bool { return s.Value == f.Get("sort") }) {
		q.Sort = mailbox.Order(f.Get("sort"))
	}
	for _, e := range []error{errSince, errUntil} {
		if err == nil {
			err = e
		}
	}
	return q, err
}

// searchBox shows a query in the form: words in the line, the rest in its fields and as
// chips.
func (s *Server) searchBox(boxID string, q mailbox.Query, folders []templates.FolderLink) templates.SearchBox {
	f := &templates.SearchFields{Unread: q.Unread, Unanswered: q.NotAnswered, Starred: q.Flagged, Files: q.Files, Documents: q.Documents, Folder: q.Folder,
		Folders: openable(folders), Sorts: searchSorts, Sort: string(q.Sort), Since: s.dayField(q.Since, 0), Until: s.dayField(q.Before, -1)}
	for _, t := range searchTexts {
		if list := *t.of(&q); len(list) > 0 {
			line := mailbox.WordsLine(list)
			*map[string]*string{"from": &f.From, "to": &f.To, "subject": &f.Subject, "body": &f.Body, "patient": &f.Patient}[t.name] = line
			f.Chips = append(f.Chips, templates.SearchChip{Name: t.name, Text: t.say + "\u00a0: " + line})
		}
	}
	for _, m := range searchMarks {
		if *m.of(&q) {
			f.Chips = append(f.Chips, templates.SearchChip{Name: m.name, Text: m.say})
		}
	}
	if !q.Since.IsZero() {
		f.Chips = append(f.Chips, templates.SearchChip{Name: "since", Text: "Depuis le " + s.clock.day(q.Since)})
	}
	if !q.Before.IsZero() {
		f.Chips = append(f.Chips, templates.SearchChip{Name: "until", Text: "Jusqu’au " + s.clock.day(q.Before.AddDate(0, 0, -1))})
	}
	for _, o := range f.Folders {
		if o.ID == q.Folder {
			f.Chips = append(f.Chips, templates.SearchChip{Name: "folder", Text: "Dans\u00a0: " + o.Label})
		}
	}
	for _, o := range searchSorts {
		if o.Value != "" && o.Value == string(q.Sort) {
			f.Chips = append(f.Chips, templates.SearchChip{Name: "sort", Text: "Ordre\u00a0: " + strings.ToLower(o.Text[:1]) + o.Text[1:]})
		}
	}
	words := mailbox.WordsLine(q.Words)
	if q.In != "" && q.Folder == "" {
		words = strings.TrimSpace(words + ` dans:"` + q.In + `"`)
	}
	return templates.SearchBox{Action: path("mail", boxID, "search"), Words: words, Everywhere: q.Everywhere, Fields: f}
}

// dayField is a date as a form holds it, "" for none.
func (s *Server) dayField(t time.Time, days int) string {
	if t.IsZero() {
		return ""
	}
	return t.In(s.clock.loc).AddDate(0, 0, days).Format(time.DateOnly)
}

// openable are the folders that hold letters, each named with those it lies in.
func openable(links []templates.FolderLink) []templates.FolderLink {
	out := make([]templates.FolderLink, 0, len(links))
	var above []string
	for _, l := range links {
		above = append(above[:min(l.Depth, len(above))], l.Label)
		if l.Href != "" {
			l.Label, l.Depth = strings.Join(above, " › "), 0
			out = append(out, l)
		}
	}
	return out
}
