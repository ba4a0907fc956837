package web

import (
	"slices"
	"strings"

	"pli.example/pli/internal/audit"
)

// draftOf is the draft an event is about, "" when its target does not tell: the copy
// laid in the server's Drafts names a place there.
func draftOf(e audit.Event) string {
	id, _, _ := strings.Cut(e.Target, "/")
	if id == "drafts" || !opaque.MatchString(id) {
		return ""
	}
	return id
}

// draftLine finds the line that a draft's saving joins. A letter being written is
// saved every few seconds, by itself: all of it is one line until something else is
// done with it, or another draft is saved.
func (g *grouper) draftLine(row audit.Row) *journalLine {
	e := row.Event
	for _, l := range slices.Backward(g.lines) {
		x := l.last.Event
		if x.Actor.SessionID != e.Actor.SessionID || x.Mailbox != e.Mailbox || !kindOf("drafts").has(x.Action) && !kindOf("writing").has(x.Action) {
			continue // reading in between changes nothing to a draft
		}
		if x.Action != audit.DraftSave || x.Outcome != e.Outcome || l.last.At.Sub(row.At) > listingSpan {
			return nil
		}
		id := draftOf(e)
		if l.draft != "" && id != "" && l.draft != id {
			return nil
		}
		if l.draft == "" {
			l.draft = id
		}
		return l
	}
	return nil
}
