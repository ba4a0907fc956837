package mailbox

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"slices"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/delegation"
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
func (b *Box) Undo(ctx context.Context, u Undo) error {
	if err := b.may(ctx, delegation.Triage, audit.Undo); err != nil {
		return err
	}
	done, err := b.undo(ctx, u)
	return b.record(ctx, audit.Event{Action: audit.Undo, Request: "MOVE or STORE back", Count: done}, err)
}

const sayNoUndo = "Cette action ne peut plus être annulée\u00a0: le délai est passé. Les lettres sont là où elles ont été rangées."

func (b *Box) undo(ctx context.Context, u Undo) (done int, err error) {
	blob, err := base64.RawURLEncoding.DecodeString(string(u))
	if err != nil || len(u) > 64<<10 {
		return 0, problem.New(problem.Invalid, sayNoUndo)
	}
	plain, err := b.h.keys.Open("undo", blob, b.undoBinding())
	if err != nil {
		return 0, problem.Wrap(err, problem.Invalid, sayNoUndo)
	}
	var t undoToken
	if err := json.Unmarshal(plain, &t); err != nil {
		return 0, problem.Wrap(err, problem.Invalid, sayNoUndo)
	}
	if b.h.now().Unix() > t.Until {
		return 0, problem.New(problem.Gone, sayNoUndo)
	}
	for _, s := range t.Steps {
		if s.To != "" {
			_, err = b.mail.Move(ctx, s.From, s.Validity, s.UIDs, s.To)
		} else {
			_, err = b.mail.SetFlags(ctx, s.From, s.Validity, s.UIDs, s.Add, s.Remove)
		}
		if err != nil {
			return done, err
		}
		done += len(s.UIDs)
	}
	return done, nil
}
