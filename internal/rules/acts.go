package rules

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"reflect"
	"slices"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/problem"
)

// Save keeps a rule: a new one, without an ID, comes last. A rule that is there keeps
// its place.
func (r *Room) Save(ctx context.Context, b *mailbox.Box, version string, rule Rule) (say string, err error) {
	if err := b.MaySort(ctx, audit.RuleSave); err != nil {
		return "", err
	}
	e := audit.Event{Action: audit.RuleSave, Target: rule.ID}
	rule, err = rule.copied().tidy()
	if err != nil {
		return "", b.Note(ctx, e, err)
	}
	fresh := rule.ID == ""
	if fresh {
		rule.ID = newID()
	}
	rule.By, rule.At = oneLine(b.Actor().Name), r.now().Unix()
	e.Target, e.Detail = rule.ID, rule.sentence()
	say, err = r.change(ctx, b, e, version, func(s *Set) error {
		if fresh {
			s.Rules = append(s.Rules, rule)
			return nil
		}
		old, at := s.Find(rule.ID)
		if at < 0 {
			return problem.New(problem.Gone, sayNoRule)
		}
		rule.Off = old.Off
		s.Rules[at] = rule
		return nil
	})
	if fresh && problem.Is(err, problem.Conflict) && r.holds(ctx, b, func(s Set) bool { return slices.ContainsFunc(s.Rules, rule.same) }) {
		return "", nil
	}
	return say, err
}

// holds asks the server again: what a second click asks for may be there since the
// first.
func (r *Room) holds(ctx context.Context, b *mailbox.Box, want func(Set) bool) bool {
	st, err := r.look(ctx, b)
	return err == nil && !st.Altered && want(st.Set)
}

// same reports a rule that says and does the same.
func (r Rule) same(other Rule) bool {
	other.ID, other.At = r.ID, r.At
	return reflect.DeepEqual(r, other)
}

// Switch applies a rule, or keeps it without applying it.
func (r *Room) Switch(ctx context.Context, b *mailbox.Box, version, id string, off bool) (say string, err error) {
	if err := b.MaySort(ctx, audit.RuleSwitch); err != nil {
		return "", err
	}
	return r.change(ctx, b, audit.Event{Action: audit.RuleSwitch, Target: id}, version, onRule(id, func(s *Set, at int) { s.Rules[at].Off = off }))
}

// Move puts a rule one place earlier (by -1) or later (by 1).
func (r *Room) Move(ctx context.Context, b *mailbox.Box, version, id string, by int) (say string, err error) {
	if err := b.MaySort(ctx, audit.RuleOrder); err != nil {
		return "", err
	}
	return r.change(ctx, b, audit.Event{Action: audit.RuleOrder, Target: id}, version, onRule(id, func(s *Set, at int) {
		if to := at + by; to >= 0 && to < len(s.Rules) {
			s.Rules[at], s.Rules[to] = s.Rules[to], s.Rules[at]
		}
	}))
}

func onRule(id string, do func(s *Set, at int)) func(*Set) error {
	return func(s *Set) error {
		_, at := s.Find(id)
		if at < 0 {
			return problem.New(problem.Gone, sayNoRule)
		}
		do(s, at)
		return nil
	}
}

// Undo brings a deleted rule back: sealed, good for ten minutes, for the person and the
// mailbox of the act only.
type Undo string

const (
	undoFor     = 10 * time.Minute
	undoPurpose = "rules.undo"
	maxUndo     = 64 << 10
	sayNoUndo   = "Cette suppression ne peut plus être annulée\u00a0: le délai est passé. Les autres règles sont en place."
)

type undoToken struct {
	Until int64 `json:"e"`
	At    int   `json:"n"`
	Rule  Rule  `json:"r"`
}

func undoBinding(b *mailbox.Box) []byte {
	a := b.Actor()
	return []byte(a.AccountID + "\x00" + string(a.NationalID) + "\x00" + b.Grant().Mailbox.ID)
}

// Delete removes a rule.
func (r *Room) Delete(ctx context.Context, b *mailbox.Box, version, id string) (undo Undo, say string, err error) {
	if err := b.MaySort(ctx, audit.RuleDelete); err != nil {
		return "", "", err
	}
	token := undoToken{Until: r.now().Add(undoFor).Unix()}
	say, err = r.change(ctx, b, audit.Event{Action: audit.RuleDelete, Target: id}, version, onRule(id, func(s *Set, at int) {
		token.At, token.Rule = at, s.Rules[at]
		s.Rules = slices.Delete(s.Rules, at, at+1)
	}))
	if err != nil {
		return "", "", err
	}
	plain, err := json.Marshal(token)
	if err != nil {
		return "", say, nil // deleted all the same
	}
	blob, err := r.keys.Seal(undoPurpose, plain, undoBinding(b))
	if err != nil {
		return "", say, nil
	}
	return Undo(base64.RawURLEncoding.EncodeToString(blob)), say, nil
}

// Restore brings a deleted rule back where it was, as far as that place still is. A
// rule that is there already stays alone.
func (r *Room) Restore(ctx context.Context, b *mailbox.Box, u Undo) (say string, err error) {
	if err := b.MaySort(ctx, audit.RuleSave); err != nil {
		return "", err
	}
	token, err := r.opened(b, u)
	e := audit.Event{Action: audit.RuleSave, Target: token.Rule.ID}
	if err != nil {
		return "", b.Note(ctx, e, err)
	}
	e.Detail = token.Rule.sentence()
	st, err := r.look(ctx, b)
	if err != nil {
		return "", b.Note(ctx, e, err)
	}
	return r.change(ctx, b, e, st.Version, func(s *Set) error {
		if _, at := s.Find(token.Rule.ID); at >= 0 {
			return nil
		}
		s.Rules = slices.Insert(s.Rules, min(token.At, len(s.Rules)), token.Rule)
		return nil
	})
}

func (r *Room) opened(b *mailbox.Box, u Undo) (undoToken, error) {
	var token undoToken
	blob, err := base64.RawURLEncoding.DecodeString(string(u))
	if err != nil || len(u) > maxUndo {
		return undoToken{}, invalid(sayNoUndo)
	}
	plain, err := r.keys.Open(undoPurpose, blob, undoBinding(b))
	if err != nil {
		return undoToken{}, problem.Wrap(err, problem.Invalid, sayNoUndo)
	}
	if json.Unmarshal(plain, &token) != nil || r.now().Unix() > token.Until || token.At < 0 {
		return undoToken{}, invalid(sayNoUndo)
	}
	return token, nil
}

// SetAbsence keeps the absence reply. It answers in the mailbox's name, so it takes the
// right to send.
func (r *Room) SetAbsence(ctx context.Context, b *mailbox.Box, version string, a Absence) (say string, err error) {
	if err := b.MayAnswer(ctx, audit.AbsenceSet); err != nil {
		return "", err
	}
	e := audit.Event{Action: audit.AbsenceSet, Target: "absence"}
	a, err = a.tidy(r.zone)
	if err == nil && a.On && a.Over(r.now(), r.zone) {
		err = invalid("Cette absence est déjà finie. Rien n’a été enregistré\u00a0: choisissez un dernier jour à venir.")
	}
	if err != nil {
		return "", b.Note(ctx, e, err)
	}
	a.By, a.At = oneLine(b.Actor().Name), r.now().Unix()
	e.Detail = a.sentence()
	say, err = r.change(ctx, b, e, version, func(s *Set) error {
		s.Absence = a
		return nil
	})
	if problem.Is(err, problem.Conflict) && r.holds(ctx, b, func(s Set) bool { s.Absence.At = a.At; return s.Absence == a }) {
		return "", nil // a second click
	}
	return say, err
}

// LookAbsence is Look for somebody who may answer in the mailbox's name.
func (r *Room) LookAbsence(ctx context.Context, b *mailbox.Box) (State, error) {
	if err := b.MayAnswer(ctx, audit.RuleList); err != nil {
		return State{}, err
	}
	st, err := r.look(ctx, b)
	return st, b.Note(ctx, audit.Event{Action: audit.RuleList, Target: "absence", Request: "GETSCRIPT"}, err)
}
