package mailbox

import (
	"context"
	"slices"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/delegation"
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
)

func flagNames(flags []Flag) ([]string, error) {
	out := make([]string, 0, len(flags))
	for _, f := range flags {
		switch f {
		case Seen, Flagged, Answered:
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
	if len(refs) == 0 {
		return nil, problem.New(problem.Invalid, "Aucune lettre n’est choisie\u00a0: rien n’a changé.")
	}
	if len(refs) > maxRefs {
		return nil, problem.New(problem.TooMany, "Trop de lettres sont choisies à la fois\u00a0: rien n’a changé. Choisissez-en 500 au plus.")
	}
	var out []group
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
		if !slices.Contains(out[i].uids, r.UID) {
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

// SetFlags adds and removes marks. The undo restores what each letter had.
func (b *Box) SetFlags(ctx context.Context, refs []Ref, add, remove []Flag) (Undo, error) {
	action := audit.FlagSet
	if len(add) == 0 {
		action = audit.FlagClear
	}
	if err := b.may(ctx, delegation.Triage, action); err != nil {
		return "", err
	}
	undo, done, err := b.setFlags(ctx, refs, add, remove)
	e := audit.Event{Action: action, Target: targets(refs), Request: "STORE", Count: done}
	for _, f := range append(slices.Clone(add), remove...) {
		e.Request += " " + string(f)
	}
	return undo, b.record(ctx, e, err)
}

func (b *Box) setFlags(ctx context.Context, refs []Ref, add, remove []Flag) (Undo, int, error) {
	set, err := flagNames(add)
	if err != nil {
		return "", 0, err
	}
	clear, err := flagNames(remove)
	if err != nil {
		return "", 0, err
	}
	groups, err := b.groups(ctx, refs)
	if err != nil {
		return "", 0, err
	}
	var back []step
	done := 0
	for _, g := range groups {
		before, err := b.mail.SetFlags(ctx, g.name, g.validity, g.uids, set, clear)
		if err != nil {
			return b.sealUndo(back), done, err
		}
		done += len(before)
		back = append(back, flagSteps(g, before, set, clear)...)
	}
	return b.sealUndo(back), done, nil
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

// Move moves letters to a folder of the same mailbox.
func (b *Box) Move(ctx context.Context, refs []Ref, folderID string) (Undo, error) {
	return b.moveTo(ctx, refs, audit.LetterMove, func() (string, error) { return b.folderName(ctx, folderID) })
}

// Archive moves letters to Archives, made if missing.
func (b *Box) Archive(ctx context.Context, refs []Ref) (Undo, error) {
	return b.moveTo(ctx, refs, audit.LetterArchive, func() (string, error) {
		f, err := b.mail.EnsureFolder(ctx, mailserver.RoleArchive)
		return f.Name, err
	})
}

// Bin moves letters to the bin, made if missing. Nothing is erased.
func (b *Box) Bin(ctx context.Context, refs []Ref) (Undo, error) {
	return b.moveTo(ctx, refs, audit.LetterBin, func() (string, error) {
		f, err := b.mail.EnsureFolder(ctx, mailserver.RoleTrash)
		return f.Name, err
	})
}

func (b *Box) moveTo(ctx context.Context, refs []Ref, action audit.Action, destination func() (string, error)) (Undo, error) {
	if err := b.may(ctx, delegation.Triage, action); err != nil {
		return "", err
	}
	undo, done, to, err := b.moveAll(ctx, refs, destination)
	e := audit.Event{Action: action, Target: targets(refs), Request: "MOVE", Count: done}
	if to != "" {
		e.Request = "MOVE to " + b.folderID(to)
	}
	return undo, b.record(ctx, e, err)
}

func (b *Box) moveAll(ctx context.Context, refs []Ref, destination func() (string, error)) (undo Undo, done int, to string, err error) {
	groups, err := b.groups(ctx, refs)
	if err != nil {
		return "", 0, "", err
	}
	if to, err = destination(); err != nil {
		return "", 0, "", err
	}
	var back []step
	for _, g := range groups {
		if g.name == to {
			if len(groups) == 1 {
				return "", 0, to, problem.New(problem.Invalid, "Cette lettre est déjà dans ce dossier\u00a0: rien n’a changé.")
			}
			continue
		}
		moved, err := b.mail.Move(ctx, g.name, g.validity, g.uids, to)
		if err != nil {
			return b.sealUndo(back), done, to, err
		}
		done += len(g.uids)
		if moved.MarkedOnly {
			b.say("Le serveur ne sait pas retirer une lettre seule\u00a0: elle a été copiée, et l’originale est marquée pour suppression.")
		}
		if s := (step{From: to, Validity: moved.Validity, To: g.name}); len(moved.UIDs) > 0 && !moved.MarkedOnly {
			for _, now := range moved.UIDs {
				s.UIDs = append(s.UIDs, now)
			}
			back = append(back, s)
		}
	}
	return b.sealUndo(back), done, to, nil
}
