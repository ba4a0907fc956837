package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/templates"
)

// Bounds of one page of the journal.
const (
	journalLines = 50
	journalBatch = 250
	journalRows  = 1000 // of the trail, read for one page at most
)

// journal shows the person their own rows of the trail.
func (s *Server) journal(w http.ResponseWriter, r *http.Request) error {
	sc := scopeOf(r)
	q := r.URL.Query()
	before, _ := strconv.ParseInt(q.Get("before"), 10, 64) // not a number: the newest
	kind := kindOf(q.Get("kind"))
	lines, next, err := s.journalLines(r, sc.session.Actor.AccountID, kind, max(before, 0))
	if err != nil {
		return err
	}
	v := templates.JournalView{Page: s.page(r, "Journal"), Kinds: journalChoices(kind), Empty: kind.empty}
	v.Page.Section = "journal"
	labels, folders := boxLabels(sc), folderNames(sc)
	for _, l := range lines {
		v.Rows = append(v.Rows, s.journalRow(l, labels, folders))
	}
	if next > 0 {
		to := url.Values{"before": {strconv.FormatInt(next, 10)}}
		if kind.code != "" {
			to.Set("kind", kind.code)
		}
		v.NextHref = "/journal?" + to.Encode()
	}
	return s.render(w, r, http.StatusOK, templates.JournalPage(v))
}

// journalLines reads rows, newest first, until a page of lines is full and the next
// row belongs to none of them. next is where the page after begins, 0 at the end.
func (s *Server) journalLines(r *http.Request, account string, kind journalKind, before int64) (lines []*journalLine, next int64, err error) {
	var g grouper
	for read := 0; read < journalRows; read += journalBatch {
		rows, err := s.audit.Recent(r.Context(), audit.Filter{AccountID: account, Before: before, Limit: journalBatch})
		if err != nil {
			return nil, 0, err
		}
		for _, row := range rows {
			g.learn(row)
			if kind.has(row.Event.Action) && !g.add(row) {
				return g.done(), before, nil
			}
			before = row.Seq
		}
		if len(rows) < journalBatch {
			return g.done(), 0, nil
		}
	}
	return g.done(), before, nil
}

// journalLine is one act, or the same one again and again.
type journalLine struct {
	last, first audit.Row // newest and oldest
	times       int
	listing     bool
	letter      string // opaque, "" when it is about none
	received    time.Time
	draft       string // opaque, "" when it is about none or not told
}

// listingSpan is how long one line gathers the listings of a mailbox: they are what
// a person does between all other acts, not what they look for here.
const listingSpan = time.Hour

// grouper makes lines of rows that come newest first.
type grouper struct {
	lines    []*journalLine
	answered map[journalKey]int // outcomes whose request is still to come
	received map[string]time.Time
}

// journalKey tells what may stand on one line.
type journalKey struct {
	action                   audit.Action
	session, mailbox, target string
	outcome                  string
}

func keyOf(e audit.Event) journalKey {
	k := journalKey{e.Action, e.Actor.SessionID, e.Mailbox, e.Target, e.Outcome}
	if letter, ok := mailbox.LetterOf(e.Target); ok {
		k.target = letter // the parts of a letter are looked at together
	}
	if listing(e.Action) {
		k.action, k.target = audit.LetterList, ""
	}
	return k
}

func listing(a audit.Action) bool { return a == audit.LetterList || a == audit.FolderList }

// learn notes when the letters spoken of came, also from rows not shown.
func (g *grouper) learn(row audit.Row) {
	letter, ok := mailbox.LetterOf(row.Event.Target)
	if !ok {
		return
	}
	if at, ok := mailbox.ReceivedOf(row.Event.Request); ok {
		if g.received == nil {
			g.received = map[string]time.Time{}
		}
		g.received[letter] = at
	}
}

// add puts a row on its line. false: the page is full and the row opens another.
func (g *grouper) add(row audit.Row) bool {
	k := keyOf(row.Event)
	if row.Event.Outcome == audit.OutcomeAsked { // what was asked is told by what came of it
		k.outcome = ""
		if g.answered[k] > 0 {
			g.answered[k]--
			return true
		}
	}
	if l := g.lineFor(row, keyOf(row.Event)); l != nil {
		l.first = row
		l.times++
		return true
	}
	if len(g.lines) >= journalLines {
		return false
	}
	if row.Event.Outcome != audit.OutcomeAsked {
		if g.answered == nil {
			g.answered = map[journalKey]int{}
		}
		k.outcome = ""
		g.answered[k]++
	}
	l := &journalLine{last: row, first: row, times: 1, listing: listing(row.Event.Action)}
	l.letter, _ = mailbox.LetterOf(row.Event.Target)
	if row.Event.Action == audit.DraftSave {
		l.draft, l.letter = draftOf(row.Event), ""
	}
	g.lines = append(g.lines, l)
	return true
}

// lineFor finds the line a row joins: the last one when it is the same act, an
// earlier one for a listing. Acts that change something stand each for itself.
func (g *grouper) lineFor(row audit.Row, k journalKey) *journalLine {
	if listing(row.Event.Action) {
		for _, l := range slices.Backward(g.lines) {
			if l.last.At.Sub(row.At) > listingSpan {
				return nil
			}
			if l.listing && keyOf(l.last.Event) == k {
				return l
			}
		}
		return nil
	}
	if row.Event.Action == audit.DraftSave {
		return g.draftLine(row)
	}
	if n := len(g.lines); n > 0 && repeats(row.Event.Action) && keyOf(g.lines[n-1].last.Event) == k {
		return g.lines[n-1]
	}
	return nil
}

func repeats(a audit.Action) bool {
	switch a {
	case audit.LetterOpen, audit.LetterSource, audit.LetterPrint, audit.PartDownload, audit.PartPreview, audit.PartZip, audit.Search,
		audit.TokenRefused, audit.ConnectionFailed, audit.MailboxRefused:
		return true
	}
	return false
}

func (g *grouper) done() []*journalLine {
	for _, l := range g.lines {
		l.received = g.received[l.letter]
	}
	return g.lines
}

func (s *Server) journalRow(l *journalLine, labels, folders map[string]string) templates.JournalRow {
	e := l.last.Event
	out := templates.JournalRow{When: s.clock.between(l.first.At, l.last.At), Who: e.Actor.Name, Box: labels[e.Mailbox], Act: e.Action.Label(),
		Outcome: outcomeWords(e.Outcome), Times: l.times, Failed: e.Outcome != audit.OutcomeOK && e.Outcome != ""}
	if out.Box == "" {
		out.Box = e.Mailbox
	}
	switch {
	case l.listing:
		out.Act = "Listes de lettres et de dossiers affichées"
	case e.Action == audit.LetterSend, e.Action == audit.LetterRefused:
		out.Letter = aboutWords(e, folders)
		return out
	case e.Action == audit.DraftSave:
		return out
	case e.Count > 1 && l.times == 1:
		out.Letter = count(e.Count) + "\u00a0lettres"
		if e.Action == audit.Search {
			out.Letter += " trouvées"
		}
	case !l.received.IsZero():
		out.Letter = "lettre du " + s.clock.day(l.received)
	}
	if about := aboutWords(e, folders); about != "" && !l.listing {
		out.Letter = strings.TrimPrefix(out.Letter+" · "+about, " · ")
	}
	return out
}

func outcomeWords(code string) string { return audit.OutcomeLabel(code) }
