package mailbox

import (
	"context"
	"maps"
	"slices"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/index"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/problem"
)

// Flag is a mark a person may set on a letter.
type Flag string

// The flags. \Deleted is not among them: letters go to the bin.
const (
	Seen     Flag = `\Seen`
	Flagged  Flag = `\Flagged`
	Answered Flag = `\Answered`
	// Processed is a letter dealt with, which is more than read: a keyword of our own,
	// seen by every program that shows keywords and by whoever shares the mailbox.
	Processed Flag = index.KeywordProcessed
)

func flagNames(flags []Flag) ([]string, error) {
	out := make([]string, 0, len(flags))
	for _, f := range flags {
		switch f {
		case Seen, Flagged, Answered, Processed:
			out = append(out, string(f))
		default:
			return nil, problem.New(problem.Invalid, "Cette marque n’existe pas\u00a0: rien n’a changé.")
		}
	}
	return out, nil
}

const maxRefs = 500

// group is the letters of one folder named in a selection.
type group struct {
	folder   string // opaque
	name     string
	validity uint32
	uids     []uint32
}

// groups sorts a selection by folder and finds the folders.
func (b *Box) groups(ctx context.Context, refs []Ref) ([]group, error) {
	if len(refs) > maxRefs {
		return nil, problem.New(problem.TooMany, "Trop de lettres sont choisies à la fois\u00a0: rien n’a changé. Choisissez-en 500 au plus.")
	}
	return b.groupsOf(ctx, refs)
}

func (b *Box) groupsOf(ctx context.Context, refs []Ref) ([]group, error) {
	if len(refs) == 0 {
		return nil, problem.New(problem.Invalid, "Aucune lettre n’est choisie\u00a0: rien n’a changé.")
	}
	var out []group
	seen := make(map[Ref]bool, len(refs))
	for _, r := range refs {
		i := slices.IndexFunc(out, func(g group) bool { return g.folder == r.Folder && g.validity == r.UIDValidity })
		if i < 0 {
			name, err := b.folderName(ctx, r.Folder)
			if err != nil {
				return nil, err
			}
			out = append(out, group{folder: r.Folder, name: name, validity: r.UIDValidity})
			i = len(out) - 1
		}
		if !seen[r] {
			seen[r] = true
			out[i].uids = append(out[i].uids, r.UID)
		}
	}
	return out, nil
}

func targets(refs []Ref) string {
	if len(refs) == 0 {
		return ""
	}
	return refs[0].target()
}

func count(groups []group) (n int) {
	for _, g := range groups {
		n += len(g.uids)
	}
	return n
}

// SetFlags adds and removes marks. The undo restores what each letter had.
func (b *Box) SetFlags(ctx context.Context, refs []Ref, add, remove []Flag) (Outcome, error) {
	action := audit.FlagSet
	if len(add) == 0 {
		action = audit.FlagClear
	}
	if err := b.may(ctx, delegation.Triage, action); err != nil {
		return Outcome{}, err
	}
	e := audit.Event{Action: action, Target: targets(refs), Request: "STORE"}
	for _, f := range append(slices.Clone(add), remove...) {
		e.Request += " " + string(f)
	}
	set, err := flagNames(add)
	if err != nil {
		return Outcome{}, b.record(ctx, e, err)
	}
	clear, err := flagNames(remove)
	if err != nil {
		return Outcome{}, b.record(ctx, e, err)
	}
	groups, err := b.groups(ctx, refs)
	if err != nil {
		return Outcome{}, b.record(ctx, e, err)
	}
	return b.act(ctx, e, count(groups), func() (Outcome, error) { return b.setFlags(ctx, groups, set, clear) })
}

func (b *Box) setFlags(ctx context.Context, groups []group, set, clear []string) (Outcome, error) {
	var t tally
	var back []step
	for _, g := range groups {
		changed, steps, err := b.flagGroup(ctx, g, set, clear)
		back = append(back, steps...)
		if !t.group(len(g.uids), len(changed), err) {
			break
		}
	}
	t.Undo = b.sealUndo(back)
	return t.result(count(groups))
}

// flagGroup adds, then removes: each is one change of the server, done or not.
func (b *Box) flagGroup(ctx context.Context, g group, set, clear []string) (changed map[uint32]bool, back []step, err error) {
	changed = make(map[uint32]bool, len(g.uids))
	for _, pass := range [2]struct{ add, remove []string }{{add: set}, {remove: clear}} {
		if len(pass.add)+len(pass.remove) == 0 {
			continue
		}
		before, err := b.mail.SetFlags(ctx, g.name, g.validity, g.uids, pass.add, pass.remove)
		if err != nil {
			return changed, back, unkept(err)
		}
		b.marked(g.name, g.validity, slices.Collect(maps.Keys(before)), pass.add, pass.remove)
		back = append(back, flagSteps(g, before, pass.add, pass.remove)...)
		for uid := range before {
			changed[uid] = true
		}
	}
	return changed, back, nil
}

// SayUnkept is why a letter cannot be marked dealt with in some mailboxes.
const SayUnkept = "La messagerie de votre opérateur ne garde pas la marque «\u00a0traitée\u00a0» dans ce dossier\u00a0: rien n’a changé. " +
	"Classez la lettre, ou suivez-la, pour la distinguer."

func unkept(err error) error {
	if mailserver.KeywordRefused(err) {
		return problem.Wrap(err, problem.UpstreamRefused, SayUnkept)
	}
	return err
}

// flagSteps undoes only what changed: a letter already read stays read.
func flagSteps(g group, before mailserver.Flags, set, clear []string) []step {
	var out []step
	for _, f := range set {
		s := step{From: g.name, Validity: g.validity, Remove: []string{f}}
		for uid, had := range before {
			if !slices.Contains(had, f) {
				s.UIDs = append(s.UIDs, uid)
			}
		}
		out = append(out, s)
	}
	for _, f := range clear {
		s := step{From: g.name, Validity: g.validity, Add: []string{f}}
		for uid, had := range before {
			if slices.Contains(had, f) {
				s.UIDs = append(s.UIDs, uid)
			}
		}
		out = append(out, s)
	}
	return slices.DeleteFunc(out, func(s step) bool { return len(s.UIDs) == 0 })
}
