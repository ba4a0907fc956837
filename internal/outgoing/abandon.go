package outgoing

import (
	"context"
	"database/sql"
	"strings"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mailbox"
)

// A draft's writer says, until somebody writes, how often it was shown: markBegun and
// nothing more when it never was, markShown and the name of the one page that has it.
// Any later page, or any save, takes the mark away for good.
const (
	markBegun = "begun:"
	markShown = "shown:"
)

// See is Get for the page in which one writes. page is "" unless this is the first page
// of a draft its own author began just now: what Abandon wants to hear. A GET calls it: the
// mark is the one thing, beside the read mark of a letter, that looking writes, and it only
// ever lets less be put away.
func (o *Outbox) See(ctx context.Context, box *mailbox.Box, id string) (d Draft, page string, err error) {
	if d, err = o.Get(ctx, box, id); err != nil || !d.marked() {
		return d, "", err
	}
	err = o.db.Write(ctx, func(tx *sql.Tx) error {
		now, err := o.draft(ctx, tx, box, id) // of two pages at once one is the first
		if err != nil || !now.marked() {
			return err
		}
		mark := ""
		if now.writer == markBegun && now.fresh(box) {
			page = newID()
			mark = markShown + page
		}
		_, err = tx.ExecContext(ctx, `UPDATE drafts SET writer = ? WHERE id = ?`, mark, id)
		return err
	})
	if err != nil {
		return Draft{}, "", door(err, saySave)
	}
	return d, page, nil
}

// Abandon is Leave by the page's own door, of a draft that this very page began and in
// which nobody wrote: an answer begun and closed at once is put away, not kept, and away
// is true; Restore brings it back. Anything else is left as Leave does: a draft reopened
// or shown in a second page, a letter another program began, a patient whose identity
// was asked for, a file that was joined.
func (o *Outbox) Abandon(ctx context.Context, box *mailbox.Box, id, page string) (away bool, err error) {
	if err := box.MayWrite(ctx, audit.DraftSave); err != nil {
		return false, err
	}
	err = o.db.Write(ctx, func(tx *sql.Tx) error {
		d, err := o.draft(ctx, tx, box, id)
		if away = err == nil && page != "" && d.writer == markShown+page && d.fresh(box); away {
			_, err = o.discard(ctx, tx, box, id)
		}
		return err
	})
	if err != nil || away {
		return away, door(err, saySave)
	}
	return false, o.Leave(ctx, box, id)
}

func (d Draft) marked() bool {
	return d.writer == markBegun || strings.HasPrefix(d.writer, markShown)
}

// fresh: as New made it, for this very person.
func (d Draft) fresh(box *mailbox.Box) bool {
	switch d.Origin {
	case Blank, Answer, AnswerAll, Forwarding:
	default:
		return false
	}
	return d.State == Open && d.Version == 1 && d.CopyOf == "" && d.imap.place.UID == 0 && d.imap.files == d.filesRev && d.AuthorID == box.Actor().AccountID
}
