package outgoing

import (
	"context"
	"database/sql"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/message"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/store"
)

// heavy is from how many octets of unchanged files on a pause waits for the leaving:
// a folder's letter is written whole, and a word changed is no reason to carry 20 MB
// again. The text itself is durable here at every save.
const heavy = 1 << 20

// Pause writes the draft's copy in the mailbox's Drafts folder, for other programs:
// a page calls it when the keyboard rests. It does nothing when the copy is up to
// date.
func (o *Outbox) Pause(ctx context.Context, box *mailbox.Box, id string) error {
	return o.keepCopy(ctx, box, id, false)
}

// Leave is Pause for a page that is left: the copy is written however large.
func (o *Outbox) Leave(ctx context.Context, box *mailbox.Box, id string) error {
	return o.keepCopy(ctx, box, id, true)
}

func (o *Outbox) keepCopy(ctx context.Context, box *mailbox.Box, id string, leaving bool) error {
	if err := box.MayWrite(ctx, audit.DraftSave); err != nil {
		return err
	}
	d, err := o.draft(ctx, o.db.Read(), box, id)
	if err != nil {
		return door(err, sayRead)
	}
	if d.State != Open || d.imap.version == d.Version && d.imap.files == d.filesRev || d.Version == 1 && len(d.Files) == 0 {
		return nil // nothing new, or nothing written yet
	}
	if !leaving && d.imap.files == d.filesRev && d.imap.size > heavy {
		return nil
	}
	for i := len(d.Files) - 1; i >= 0; i-- {
		if !d.Files[i].Complete() {
			d.Files = append(d.Files[:i], d.Files[i+1:]...)
		}
	}
	z, err := o.freeze(ctx, box, d, d.SavedAt)
	if err != nil {
		return door(err, saySave)
	}
	c := o.thaw(ctx, z)
	c.Extra = []message.Field{message.NewField(message.FieldDraft, d.ID)} // how we know our own copies again
	l, err := outgoing(z, c)
	if err != nil {
		return door(err, saySave)
	}
	o.crash("draft copy")
	at, err := box.KeepDraft(ctx, l, d.imap.place, oursIs(d.ID))
	if err != nil {
		o.triedCopy(ctx, d.ID)
		return err
	}
	o.crash("draft copied")
	return door(o.db.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE drafts SET imap_version = ?, imap_files = ?, imap_size = ?, imap_validity = ?, imap_uid = ?, imap_tried = 0 WHERE id = ?`,
			d.Version, d.filesRev, l.Size, at.UIDValidity, at.UID, d.ID)
		return err
	}), saySave)
}

func (o *Outbox) triedCopy(ctx context.Context, id string) {
	_ = o.db.Write(context.WithoutCancel(ctx), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE drafts SET imap_tried = ? WHERE id = ?`, store.Micros(o.now()), id)
		return err
	})
}

// dropCopy removes a discarded draft's copy from the folder. What fails is tried
// again by Attend.
func (o *Outbox) dropCopy(ctx context.Context, box *mailbox.Box, d Draft) {
	if err := box.DropDraft(ctx, d.MessageID, d.imap.place, oursIs(d.ID)); err != nil && !problem.Is(err, problem.Gone) {
		return
	}
	_ = o.db.Write(context.WithoutCancel(ctx), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE drafts SET imap_version = 0, imap_validity = 0, imap_uid = 0 WHERE id = ?`, d.ID)
		return err
	})
}

func (o *Outbox) followDiscarded(ctx context.Context, box *mailbox.Box) {
	for _, d := range o.some(ctx, box, `state = 'discarded' AND imap_uid <> 0`) {
		o.dropCopy(ctx, box, d)
	}
}

// followStale writes the copies of drafts nobody paused or left in good order.
func (o *Outbox) followStale(ctx context.Context, box *mailbox.Box) {
	now := o.now()
	for _, d := range o.some(ctx, box, `state = 'open' AND (imap_version <> version OR imap_files <> files_rev) AND saved_at < ? AND imap_tried < ?`,
		store.Micros(now.Add(-staleAfter)), store.Micros(now.Add(-copyAgain))) {
		if err := o.keepCopy(ctx, box, d.ID, true); away(err) {
			return
		}
	}
}

func (o *Outbox) some(ctx context.Context, box *mailbox.Box, where string, args ...any) []Draft {
	rows, err := o.db.Read().QueryContext(ctx, `SELECT `+draftColumns+` FROM drafts WHERE mailbox_id = ? AND `+where+` ORDER BY saved_at LIMIT 20`,
		append([]any{box.Grant().Mailbox.ID}, args...)...)
	if err != nil {
		return nil
	}
	defer rows.Close()
	var out []Draft
	for rows.Next() {
		if d, err := o.scan(rows); err == nil {
			out = append(out, d)
		}
	}
	return out
}
