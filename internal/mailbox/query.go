package mailbox

import (
	"slices"
	"strings"
	"time"

	"pli.example/pli/internal/index"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/message"
	"pli.example/pli/internal/problem"
)

// Query is what a person looks for. Every condition that is set must hold, and every
// text of each list, as a part of what it is looked for in. The texts are clinical: they
// never leave the server in a URL, and the trail keeps them sealed.
type Query struct {
	Words       []string // in who wrote, who received or the subject; with Everywhere, in the text as well
	From        []string
	To          []string // in To or Cc
	Subject     []string
	Body        []string // in the text
	Patient     []string // the name or INS of a patient who wrote or received
	Files       bool     // with files: what the letter's own type says
	Documents   bool     // an IHE XDM archive, as the subject must say (XDM/1.0)
	Unread      bool
	NotAnswered bool // nor forwarded, and not ours
	Flagged     bool
	Since       time.Time // received then or later; zero for any
	Before      time.Time // received before; zero for any
	Folder      string    // opaque id, "" = all
	In          string    // a folder by its name, as typed; Folder comes first
	Everywhere  bool
	Sort        Order
}

// Order is how results are sorted; at equal rank the newest comes first.
type Order string

// The orders. The zero value is the newest first.
const (
	NewestFirst Order = ""
	OldestFirst Order = "oldest"
	BySender    Order = "sender"
	ByPatient   Order = "patient"
	UnreadFirst Order = "unread"
	LargestOnes Order = "size"
)

var orders = map[Order]index.Sort{NewestFirst: index.Newest, OldestFirst: index.Oldest, BySender: index.BySender,
	ByPatient: index.ByPatient, UnreadFirst: index.UnreadFirst, LargestOnes: index.Largest}

// Bounds of a query.
const (
	MaxQuery      = 800 // octets of a line
	maxQueryWords = 12
	maxQueryWord  = 200 // octets
	xdmSubject    = "XDM/1.0"
)

const (
	sayNoWords      = "Aucun mot à chercher. Saisissez un nom, un mot de l’objet ou du texte, ou choisissez un critère."
	sayManyWords    = "Trop de mots pour une recherche. Cherchez avec douze mots au plus."
	sayLongWord     = "Un de ces mots est trop long pour une recherche. Cherchez avec un ou deux mots."
	sayNoSuchFolder = "Aucun dossier ne porte ce nom dans cette boîte. Choisissez-le dans la liste, ou cherchez dans tous les dossiers."
)

// texts are the lists of a query, to look at them all.
func (q *Query) texts() []*[]string {
	return []*[]string{&q.Words, &q.From, &q.To, &q.Subject, &q.Body, &q.Patient}
}

// IsZero reports that nothing is looked for.
func (q Query) IsZero() bool {
	for _, list := range q.texts() {
		if len(*list) > 0 {
			return false
		}
	}
	return q.narrows() == 0
}

// narrows counts the conditions that are no text.
func (q Query) narrows() (n int) {
	for _, set := range []bool{q.Files, q.Documents, q.Unread, q.NotAnswered, q.Flagged, !q.Since.IsZero(), !q.Before.IsZero(), q.Folder != "" || q.In != ""} {
		if set {
			n++
		}
	}
	return n
}

// Chips reports conditions beside words.
func (q Query) Chips() bool {
	return q.narrows()+len(q.From)+len(q.To)+len(q.Subject)+len(q.Body)+len(q.Patient) > 0
}

// check refuses what says nothing or too much.
func (q Query) check() error {
	n := 0
	for _, list := range q.texts() {
		n += len(*list)
		for _, w := range *list {
			if len(w) > maxQueryWord {
				return problem.New(problem.Invalid, sayLongWord)
			}
		}
	}
	switch {
	case n > maxQueryWords:
		return problem.New(problem.Invalid, sayManyWords)
	case q.IsZero():
		return problem.New(problem.Invalid, sayNoWords)
	}
	if _, known := orders[q.Sort]; !known {
		return problem.New(problem.Invalid, "Cet ordre de tri n’existe pas. Choisissez-le dans la liste.")
	}
	return nil
}

// texts of the letter itself are looked for: only the server can tell.
func (q Query) inTexts() bool { return len(q.Body) > 0 || q.Everywhere && len(q.Words) > 0 }

// headers: what the query says of headers and marks can choose letters without
// their texts.
func (q Query) headers() bool { return len(q.Body) == 0 }

// match is the question to a server; texts asks it to look into them too.
func (q Query) match(texts bool) mailserver.Match {
	m := mailserver.Match{From: q.From, To: q.To, Subject: q.Subject, Bodies: q.Body, Patient: q.Patient, Mixed: q.Files, Unread: q.Unread,
		Flagged: q.Flagged, NotAnswered: q.NotAnswered, Since: q.Since, Before: q.Before}
	if q.Documents {
		m.Subject = append(slices.Clone(m.Subject), xdmSubject)
	}
	if texts {
		m.Texts = q.Words
	} else {
		m.Words = q.Words
	}
	// Servers look at days, each in its own zone: a day more on each side, which keep
	// then takes away.
	if !m.Since.IsZero() {
		m.Since = q.Since.UTC().AddDate(0, 0, -1)
	}
	if !m.Before.IsZero() {
		m.Before = q.Before.UTC().AddDate(0, 0, 2)
	}
	return m
}

// narrowed reports that a server's answer holds letters that keeps takes away.
func (q Query) narrowed() bool { return !q.Since.IsZero() || !q.Before.IsZero() || len(q.Patient) > 0 }

// keeps looks at what a server cannot be asked exactly: instants, and that it is the
// patient whom the words name.
func (q Query) keeps(it *Item, cc []message.Mailbox) bool {
	if !q.Since.IsZero() && it.Received.Before(q.Since) || !q.Before.IsZero() && !it.Received.Before(q.Before) {
		return false
	}
	for _, w := range q.Patient {
		w = strings.TrimSpace(index.Fold(w))
		if !slices.ContainsFunc(slices.Concat(it.From, it.To, cc), func(m message.Mailbox) bool {
			return m.Address.IsPatient() && strings.Contains(index.Fold(strings.TrimSpace(m.Name+" "+m.Address.String())), w)
		}) {
			return false
		}
	}
	return true
}

// indexed is the same question to the index.
func (q Query) indexed(folders []string, limit int) index.Query {
	out := index.Query{Words: q.Words, From: q.From, To: q.To, Subject: q.Subject, Patient: q.Patient, Unread: q.Unread, Flagged: q.Flagged,
		NotAnswered: q.NotAnswered, Mixed: q.Files, Since: q.Since, Before: q.Before, Folders: folders, Sort: orders[q.Sort], Limit: limit, All: maxAll}
	if q.Documents {
		out.Subject = append(slices.Clone(out.Subject), xdmSubject)
	}
	return out
}
