package mailbox

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"time"

	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/store"
)

// kept is one reminder as the database holds it, sealed and bound to its mailbox.
type keptReminder struct {
	ID       string `json:"-"`
	Due      int64  `json:"d"` // unix seconds
	Validity uint32 `json:"v"` // of the folder of reminders
	UID      uint32 `json:"u"` // there
	From     string `json:"f"` // folder it comes back to
	// MessageID finds the letter when its folder was rebuilt; "" for one that has none.
	MessageID string `json:"m,omitempty"`
}

const maxReminders = 500 // of one mailbox

func (b *Box) reminderBinding(id string) []byte {
	return []byte(b.grant.Mailbox.ID + "\x00" + id)
}

// reminders reads those of the mailbox; one that does not open (a key that is gone)
// is left out: its letter is in its folder, without a date.
func (b *Box) reminders(ctx context.Context) ([]keptReminder, error) {
	rows, err := b.h.db.Read().QueryContext(ctx, `SELECT id, sealed FROM mailbox_reminders WHERE mailbox_id = ? ORDER BY created_at, id LIMIT ?`,
		b.grant.Mailbox.ID, maxReminders)
	if err != nil {
		return nil, problem.Wrapf(err, problem.Internal, "", "reading reminders")
	}
	defer rows.Close()
	var out []keptReminder
	for rows.Next() {
		var id string
		var blob []byte
		if err := rows.Scan(&id, &blob); err != nil {
			return nil, problem.Wrapf(err, problem.Internal, "", "reading reminders")
		}
		plain, err := b.h.keys.Open("reminder", blob, b.reminderBinding(id))
		if err != nil {
			continue
		}
		k := keptReminder{ID: id}
		if json.Unmarshal(plain, &k) == nil {
			out = append(out, k)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, problem.Wrapf(err, problem.Internal, "", "reading reminders")
	}
	return out, nil
}

// keepReminders writes reminders, all or none.
func (b *Box) keepReminders(ctx context.Context, all []keptReminder) error {
	now := store.Micros(b.h.now())
	err := b.h.db.Write(ctx, func(tx *sql.Tx) error {
		for _, k := range all {
			id := rand.Text()[:20]
			plain, err := json.Marshal(k)
			if err != nil {
				return err
			}
			blob, err := b.h.keys.Seal("reminder", plain, b.reminderBinding(id))
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `INSERT INTO mailbox_reminders (id, mailbox_id, sealed, created_at) VALUES (?, ?, ?, ?)`,
				id, b.grant.Mailbox.ID, blob, now); err != nil {
				return err
			}
		}
		return nil
	})
	b.h.noteDue(b.grant.Mailbox.ID, time.Time{})
	return problem.Wrapf(err, problem.Internal, "", "keeping reminders")
}

func (b *Box) dropReminders(ctx context.Context, ids ...string) error {
	err := b.h.db.Write(ctx, func(tx *sql.Tx) error {
		for _, id := range ids {
			if _, err := tx.ExecContext(ctx, `DELETE FROM mailbox_reminders WHERE id = ? AND mailbox_id = ?`, id, b.grant.Mailbox.ID); err != nil {
				return err
			}
		}
		return nil
	})
	b.h.noteDue(b.grant.Mailbox.ID, time.Time{})
	return problem.Wrapf(err, problem.Internal, "", "dropping reminders")
}
