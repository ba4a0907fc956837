package mailbox

import (
	"context"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/problem"
)

// Move moves letters to a folder of the same mailbox.
func (b *Box) Move(ctx context.Context, refs []Ref, folderID string) (Outcome, error) {
	if err := b.may(ctx, delegation.Triage, audit.LetterMove); err != nil {
		return Outcome{}, err
	}
	e := audit.Event{Action: audit.LetterMove, Target: targets(refs), Request: "MOVE"}
	to, err := b.folderName(ctx, folderID)
	if err != nil {
		return Outcome{}, b.record(ctx, e, err)
	}
	e.Request = "MOVE to " + b.folderID(to)
	return b.moveTo(ctx, refs, e, func() (string, error) { return to, nil })
}

// Archive moves letters to Archives, made if missing.
func (b *Box) Archive(ctx context.Context, refs []Ref) (Outcome, error) {
	return b.moveToRole(ctx, refs, audit.LetterArchive, mailserver.RoleArchive)
}

// Bin moves letters to the bin, made if missing. Nothing is erased.
func (b *Box) Bin(ctx context.Context, refs []Ref) (Outcome, error) {
	return b.moveToRole(ctx, refs, audit.LetterBin, mailserver.RoleTrash)
}

func (b *Box) moveToRole(ctx context.Context, refs []Ref, action audit.Action, role mailserver.Role) (Outcome, error) {
	if err := b.may(ctx, delegation.Triage, action); err != nil {
		return Outcome{}, err
	}
	e := audit.Event{Action: action, Target: targets(refs), Request: "MOVE to " + string(role)}
	return b.moveTo(ctx, refs, e, func() (string, error) {
		f, err := b.mail.EnsureFolder(ctx, role)
		return f.Name, err
	})
}

// moveTo finds the letters' folders before anything is asked, the destination
// after: it may have to be made.
func (b *Box) moveTo(ctx context.Context, refs []Ref, e audit.Event, destination func() (string, error)) (Outcome, error) {
	groups, err := b.groups(ctx, refs)
	if err != nil {
		return Outcome{}, b.record(ctx, e, err)
	}
	return b.act(ctx, e, count(groups), func() (Outcome, error) {
		to, err := destination()
		if err != nil {
			return Outcome{}, err
		}
		return b.moveAll(ctx, groups, to)
	})
}

const sayMarkedOnly = "Le serveur ne sait pas retirer une lettre seule\u00a0: elle a été copiée, et l’originale est marquée pour suppression."

func (b *Box) moveAll(ctx context.Context, groups []group, to string) (Outcome, error) {
	var t tally
	var back []step
	for _, g := range groups {
		if g.name == to {
			t.already(len(g.uids))
			continue
		}
		moved, err := b.mail.Move(ctx, g.name, g.validity, g.uids, to)
		b.moved(g.name, g.validity, moved, to)
		if moved.MarkedOnly {
			t.tell(sayMarkedOnly)
		}
		if len(moved.Doubled) > 0 {
			t.tell(problem.SayOf(err))
		}
		if s := (step{From: to, Validity: moved.Validity, To: g.name}); !moved.MarkedOnly {
			for _, old := range moved.Done {
				if now, ok := moved.UIDs[old]; ok {
					s.UIDs = append(s.UIDs, now)
				}
			}
			if len(s.UIDs) > 0 {
				back = append(back, s)
			}
		}
		if !t.group(len(g.uids), len(moved.Done), err) {
			break
		}
	}
	t.Undo = b.sealUndo(back)
	return t.result(count(groups))
}

func (t *tally) already(n int) {
	if t.first == nil {
		t.first = problem.New(problem.Invalid, agree(n, "Cette lettre est", "Ces lettres sont")+" déjà dans ce dossier\u00a0: rien n’a changé.")
	}
	t.tell(lettersWord(n) + agree(n, " était", " étaient") + " déjà dans ce dossier.")
}
