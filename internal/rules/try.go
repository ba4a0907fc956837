package rules

import (
	"context"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/mailserver"
)

// A dry run looks back that far and shows that many letters.
const (
	TryDays = 30
	tryFor  = TryDays * 24 * time.Hour
	maxTry  = 50
)

// Trial is what a rule would have met.
type Trial struct {
	Letters  []mailbox.Heading // newest first, at most 50
	Matched  int
	Looked   int
	Of       int  // letters the inbox received since and still holds
	Complete bool // all of them were looked at
	// Refused says why the server would not take the rule, "" when it would.
	Refused string
}

// Try tells which letters of the inbox of the last 30 days meet a rule's conditions,
// and asks the server whether it would take the rule. Nothing is kept or moved.
func (r *Room) Try(ctx context.Context, b *mailbox.Box, rule Rule) (Trial, error) {
	if err := b.MaySort(ctx, audit.RuleTry); err != nil {
		return Trial{}, err
	}
	e := audit.Event{Action: audit.RuleTry, Target: rule.ID, Request: "FETCH HEADER, CHECKSCRIPT"}
	rule, err := rule.copied().tidy()
	if err != nil {
		return Trial{}, b.Note(ctx, e, err)
	}
	e.Detail = rule.sentence()
	t, err := r.try(ctx, b, rule)
	e.Count = t.Matched
	return t, b.Note(ctx, e, err)
}

func (r *Room) try(ctx context.Context, b *mailbox.Box, rule Rule) (Trial, error) {
	var t Trial
	err := r.sieve.Do(ctx, b.Actor(), b.Address(), func(s *mailserver.Scripts) error {
		st := State{has: s.Extensions(), Set: Set{Rules: []Rule{rule}}}
		if missing := missingOf(st.Set, st.has); len(missing) > 0 {
			t.Refused = lacking(missing)
			return nil
		}
		script, err := r.written(b, st)
		if err != nil {
			return err
		}
		return s.Check(script)
	})
	if err != nil {
		return Trial{}, err
	}
	lately, err := b.Lately(ctx, r.now().Add(-tryFor), Fields())
	if err != nil {
		return Trial{}, err
	}
	t.Looked, t.Of, t.Complete = len(lately.Letters), lately.Of, lately.Complete
	for _, l := range lately.Letters {
		if !rule.Matches(Letter{Header: l.Header, Envelope: l.Envelope}) {
			continue
		}
		if t.Matched++; len(t.Letters) < maxTry {
			t.Letters = append(t.Letters, l)
		}
	}
	return t, nil
}
