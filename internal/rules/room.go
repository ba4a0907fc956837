package rules

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/seal"
)

// Options are what the room needs.
type Options struct {
	Sieve *mailserver.Sieve
	Keys  *seal.Keyring
	Zone  *time.Location   // of the days of an absence
	Now   func() time.Time // nil = time.Now
}

// Room reads and changes the rules of mailboxes. Safe for concurrent use.
type Room struct {
	sieve *mailserver.Sieve
	keys  *seal.Keyring
	zone  *time.Location
	now   func() time.Time
	turns turns
}

// New makes the room.
func New(o Options) *Room {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Room{sieve: o.Sieve, keys: o.Keys, zone: o.Zone, now: o.Now}
}

// State is what the server holds for a mailbox.
type State struct {
	Set     Set
	Version string // of our script, to be given back with a change; "none" before the first
	Active  bool   // our script runs
	Altered bool   // our script was changed elsewhere: what runs is not these rules
	Other   string // the script of another program that runs instead of ours, "" for none
	Forward bool   // that one may send letters on
	Lacks   []string
	has     []string
}

const noVersion = "none"

func versionOf(script string) string {
	sum := sha256.Sum256([]byte(script))
	return hex.EncodeToString(sum[:8])
}

// Look reads the rules of a mailbox.
func (r *Room) Look(ctx context.Context, b *mailbox.Box) (State, error) {
	if err := b.MaySort(ctx, audit.RuleList); err != nil {
		return State{}, err
	}
	st, err := r.look(ctx, b)
	return st, b.Note(ctx, audit.Event{Action: audit.RuleList, Request: "GETSCRIPT", Count: len(st.Set.Rules)}, err)
}

func (r *Room) look(ctx context.Context, b *mailbox.Box) (st State, err error) {
	err = r.sieve.Do(ctx, b.Actor(), b.Address(), func(s *mailserver.Scripts) (err error) {
		st, err = r.state(s, b)
		return err
	})
	return st, err
}

func (r *Room) author(b *mailbox.Box) author { return author{of: b.Address(), zone: r.zone} }

// state reads what the server holds.
func (r *Room) state(s *mailserver.Scripts, b *mailbox.Box) (State, error) {
	st := State{Version: noVersion, has: s.Extensions()}
	for _, e := range Extensions() {
		if !slices.Contains(st.has, e) {
			st.Lacks = append(st.Lacks, e)
		}
	}
	all, err := s.List()
	if err != nil {
		return st, err
	}
	for _, one := range all {
		switch {
		case one.Name == scriptName:
			script, err := s.Get(one.Name)
			if err != nil {
				return st, err
			}
			st.Active, st.Version = one.Active, versionOf(script)
			st.Set, err = r.author(b).read(script)
			st.Altered = err != nil
		case one.Active:
			st.Other = one.Name
			script, err := s.Get(one.Name)
			if no := (*mailserver.SieveError)(nil); err != nil && !errors.As(err, &no) {
				return st, err
			}
			st.Forward = err != nil || forwards(script)
		}
	}
	return st, nil
}

const (
	sayMeanwhile = "Les règles de cette boîte ont changé entre-temps, depuis une autre page, par une autre personne ou un autre programme. Rien n’a été enregistré\u00a0: relisez-les dans une autre page, puis recommencez."
	sayNoRule    = "Cette règle n’existe plus\u00a0: elle a été supprimée depuis une autre page. Les autres sont en place."
)

// change does one thing to the Set that had this version, and puts it in force unless
// another program's script is: that one stays until Activate. The look and the change
// use one connection, one after the other on this node; somebody who saves between the
// two from elsewhere, within milliseconds, is overwritten.
func (r *Room) change(ctx context.Context, b *mailbox.Box, e audit.Event, version string, do func(*Set) error) (say string, err error) {
	e.Request = "PUTSCRIPT"
	return b.Change(ctx, e, func() error {
		return r.alone(ctx, b, func(s *mailserver.Scripts) error {
			st, err := r.state(s, b)
			if err != nil {
				return err
			}
			if st.Version != version {
				return problem.New(problem.Conflict, sayMeanwhile)
			}
			if err := do(&st.Set); err != nil {
				return err
			}
			return r.put(s, b, st)
		})
	})
}

// alone runs f on a connection, while nobody else on this node changes the mailbox's
// rules.
func (r *Room) alone(ctx context.Context, b *mailbox.Box, f func(*mailserver.Scripts) error) error {
	leave, err := r.turns.take(ctx, b.Grant().Mailbox.ID)
	if err != nil {
		return err
	}
	defer leave()
	return r.sieve.Do(ctx, b.Actor(), b.Address(), f)
}

func (r *Room) put(s *mailserver.Scripts, b *mailbox.Box, st State) error {
	script, err := r.written(b, st)
	if err != nil {
		return err
	}
	if err := s.HaveSpace(scriptName, len(script)); err != nil {
		return err
	}
	if err := s.Put(scriptName, script); err != nil {
		return err
	}
	if st.Active || st.Other != "" || st.Version != noVersion {
		return nil // as it was: running, or not by somebody's choice
	}
	return s.Activate(scriptName)
}

// written makes the script, once the server can run it.
func (r *Room) written(b *mailbox.Box, st State) (string, error) {
	if len(st.Set.Rules) > MaxRules {
		return "", invalid(sayTooMany)
	}
	if missing := missingOf(st.Set, st.has); len(missing) > 0 {
		return "", problem.New(problem.UpstreamRefused, lacking(missing))
	}
	script, err := r.author(b).script(st.Set, st.has)
	if err == nil && len(script) > maxScript {
		err = invalid(sayTooLong)
	}
	return script, err
}

// missingOf are the extensions a Set needs and a server lacks.
func missingOf(s Set, has []string) (out []string) {
	needs := s.Absence.needs()
	for _, rule := range s.Rules {
		if !rule.Off {
			needs = append(needs, rule.needs()...)
		}
	}
	for _, n := range unique(needs) {
		if !slices.Contains(has, n) {
			out = append(out, n)
		}
	}
	return out
}

// Activate puts our script in force instead of any other, or out of it. Other scripts
// are kept.
func (r *Room) Activate(ctx context.Context, b *mailbox.Box, on bool) (say string, err error) {
	if err := b.MaySort(ctx, audit.RuleSwitch); err != nil {
		return "", err
	}
	e := audit.Event{Action: audit.RuleSwitch, Target: "all", Request: "SETACTIVE none"}
	if on {
		e.Request = "SETACTIVE"
	}
	return b.Change(ctx, e, func() error {
		return r.alone(ctx, b, func(s *mailserver.Scripts) error {
			st, err := r.state(s, b)
			switch {
			case err != nil:
				return err
			case !on && !st.Active:
				return nil // another's is not ours to stop
			case !on:
				return s.Activate("")
			case st.Altered: // what would run is not what the page shows
				return problem.New(problem.Conflict, sayAltered)
			case st.Version == noVersion:
				if err := r.put(s, b, st); err != nil || st.Other == "" {
					return err
				}
			}
			return s.Activate(scriptName)
		})
	})
}

const sayAltered = "Les règles de Pli ont été modifiées par un autre programme sur le serveur\u00a0: elles ne sont pas mises en service. Enregistrez-en une de nouveau pour remettre celles qui sont affichées."
