package mailbox

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/problem"
)

// Undo takes one act back. An opaque token: sealed, good for ten minutes, for the
// person and the mailbox of the act only. "" when there is nothing to take back.
type Undo string

const undoFor = 10 * time.Minute

// step is one thing to do to take an act back.
type step struct {
	From     string   `json:"f"`
	Validity uint32   `json:"v"`
	UIDs     []uint32 `json:"u"`
	To       string   `json:"t,omitempty"` // move, when set
	Add      []string `json:"a,omitempty"`
	Remove   []string `json:"r,omitempty"`
}

type undoToken struct {
	Until int64  `json:"e"`
	Steps []step `json:"s"`
}

func (b *Box) undoBinding() []byte {
	return []byte(b.actor.AccountID + "\x00" + string(b.actor.NationalID) + "\x00" + b.grant.Mailbox.ID)
}

func (b *Box) sealUndo(steps []step) Undo {
	if len(steps) == 0 {
		return ""
	}
	for i := range steps {
		slices.Sort(steps[i].UIDs)
	}
	plain, err := json.Marshal(undoToken{Until: b.h.now().Add(undoFor).Unix(), Steps: steps})
	if err != nil {
		return ""
	}
	blob, err := b.h.keys.Seal("undo", plain, b.undoBinding())
	if err != nil {
		return ""
	}
	return Undo(base64.RawURLEncoding.EncodeToString(blob))
}

// Undo takes an act back. Letters that somebody moved since are Gone.
func (b *Box) Undo(ctx context.Context, u Undo) (Outcome, error) {
	if err := b.may(ctx, delegation.Triage, audit.Undo); err != nil {
		return Outcome{}, err
	}
	e := audit.Event{Action: audit.Undo, Request: "MOVE or STORE back"}
	steps, err := b.openUndo(u)
	if err != nil {
		return Outcome{}, b.record(ctx, e, err)
	}
	return b.act(ctx, e, len(lettersOf(steps)), func() (Outcome, error) { return b.undo(ctx, steps) })
}

const sayNoUndo = "Cette action ne peut plus être annulée\u00a0: le délai est passé. Les lettres sont là où elles ont été rangées."

func (b *Box) openUndo(u Undo) ([]step, error) {
	blob, err := base64.RawURLEncoding.DecodeString(string(u))
	if err != nil || len(u) > 64<<10 {
		return nil, problem.New(problem.Invalid, sayNoUndo)
	}
	plain, err := b.h.keys.Open("undo", blob, b.undoBinding())
	if err != nil {
		return nil, problem.Wrap(err, problem.Invalid, sayNoUndo)
	}
	var t undoToken
	if err := json.Unmarshal(plain, &t); err != nil {
		return nil, problem.Wrap(err, problem.Invalid, sayNoUndo)
	}
	if b.h.now().Unix() > t.Until {
		return nil, problem.New(problem.Gone, sayNoUndo)
	}
	return t.Steps, nil
}

// at is one letter where an undo looks for it.
type at struct {
	folder        string
	validity, uid uint32
}

// lettersOf counts a letter once, however many steps concern it.
func lettersOf(steps []step) map[at]bool {
	out := make(map[at]bool)
	for _, s := range steps {
		for _, uid := range s.UIDs {
			out[at{s.From, s.Validity, uid}] = true
		}
	}
	return out
}

func (b *Box) undo(ctx context.Context, steps []step) (Outcome, error) {
	var t tally
	back, told := make(map[at]bool), make(map[at]bool)
	homes := make(map[string]bool)
	for _, s := range steps {
		done, now, err := b.takeBack(ctx, s)
		if t.Back.UID == 0 {
			t.Back = now
		}
		if s.To != "" && len(done) > 0 {
			t.Returned += len(done)
			homes[s.To] = true
		}
		n := 0
		for _, uid := range s.UIDs {
			l := at{s.From, s.Validity, uid}
			if slices.Contains(done, uid) {
				back[l] = true
			} else if told[l] {
				continue // counted as missed by another step
			}
			told[l] = true
			n++
		}
		if !t.group(n, len(done), err) {
			break
		}
	}
	t.Done = len(back)
	if len(homes) == 1 {
		for name := range homes {
			t.ReturnedTo = b.roleLabel(name)
		}
	}
	return t.result(len(lettersOf(steps)))
}

// roleLabel is the French name of a folder that has a role, "" for any other: a
// folder somebody named may name a patient.
func (b *Box) roleLabel(name string) string {
	if name == "INBOX" {
		return Label(mailserver.RoleInbox)
	}
	k, _ := b.known(b.folderID(name))
	return Label(k.role)
}

// takeBack tells too where the first letter it moved stands now.
func (b *Box) takeBack(ctx context.Context, s step) (done []uint32, now Ref, err error) {
	if s.To != "" {
		moved, err := b.mail.Move(ctx, s.From, s.Validity, s.UIDs, s.To)
		b.moved(s.From, s.Validity, moved, s.To)
		for _, old := range moved.Done {
			if uid, ok := moved.UIDs[old]; ok && moved.Validity != 0 && now.UID == 0 {
				now = Ref{Folder: b.folderID(s.To), UIDValidity: moved.Validity, UID: uid}
			}
		}
		return moved.Done, now, err
	}
	before, err := b.mail.SetFlags(ctx, s.From, s.Validity, s.UIDs, s.Add, s.Remove)
	if err != nil {
		return nil, Ref{}, err
	}
	done = slices.Collect(maps.Keys(before))
	b.marked(s.From, s.Validity, done, s.Add, s.Remove)
	return done, Ref{}, nil
}
