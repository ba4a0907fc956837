package outgoing

import (
	"context"
	"database/sql"
	"errors"
	"reflect"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/store"
)

// Edit is one save of a draft by one page.
type Edit struct {
	Version int64 // the version the page began from
	// Writer is a random name of the page (one per tab and load) and Seq counts its
	// saves, so that an answer lost on the way is not taken for somebody else's text
	// and an old save arriving late does not undo a newer one. "" is a form without
	// JavaScript.
	Writer string
	Seq    int64
	Fields Fields
	// Account is the account the page was made for, "" when it cannot tell: a page left
	// open while somebody else signed in saves nothing in their name.
	Account string
}

// Saved tells where the text is now. When ID is not the draft that was saved, the
// page goes on with ID: somebody else had changed the draft, and this text is kept
// beside it.
type Saved struct {
	ID      string
	Version int64
	At      time.Time
	Copy    bool   // kept as a concurrent version
	Say     string // French, "" when all is as expected
}

const (
	sayCopy     = "Ce brouillon a été modifié dans une autre fenêtre. Aucun des deux textes n’est perdu\u00a0: le vôtre est gardé à part, comme «\u00a0version concurrente\u00a0», et vous continuez dans celle-ci."
	sayCopySent = "Cette lettre a été envoyée ou supprimée depuis une autre fenêtre. Ce que vous écrivez ici n’est pas perdu\u00a0: c’est gardé dans un brouillon à part."
	sayOther    = "Cette page appartient à une autre personne, qui utilisait ce navigateur avant vous. Rien n’a été enregistré ni envoyé en votre nom, et ce qu’elle avait enregistré est intact. Fermez cette page et rouvrez la boîte pour écrire."
	sayTooLate  = "Ce brouillon a été supprimé il y a plus d’un jour\u00a0: il ne peut plus être repris. Ses destinataires ne l’ont pas reçu. Commencez une nouvelle lettre."
	sayMineOnly = "Ce brouillon a été modifié dans une autre fenêtre\u00a0: cette autre version est gardée dans Brouillons. La vôtre est supprimée et peut être reprise pendant un jour."
)

const maxWriter = 64

// Save keeps a person's text: durable when it returns nil. A text is never lost to
// another window: the later save of an older version becomes a draft of its own.
func (o *Outbox) Save(ctx context.Context, box *mailbox.Box, id string, e Edit) (Saved, error) {
	if err := box.MayWrite(ctx, audit.DraftSave); err != nil {
		return Saved{}, err
	}
	e, err := e.clean(box)
	if err != nil {
		return Saved{}, err
	}
	var out Saved
	err = o.db.Write(ctx, func(tx *sql.Tx) (err error) {
		d, err := o.draft(ctx, tx, box, id)
		if err != nil {
			return err
		}
		out, err = o.save(ctx, tx, box, d, e)
		return err
	})
	if err != nil {
		return Saved{}, door(err, saySave)
	}
	o.remember(box)
	return out, nil
}

// clean makes an edit fit to be kept, and refuses one of somebody else's page.
func (e Edit) clean(box *mailbox.Box) (Edit, error) {
	if err := samePerson(box, e.Account); err != nil {
		return e, err
	}
	var err error
	e.Fields, err = e.Fields.clean()
	e.Writer = oneLine(e.Writer, maxWriter)
	return e, err
}

// samePerson refuses what comes from a page made for another account.
func samePerson(box *mailbox.Box, account string) error {
	if account == "" || account == box.Actor().AccountID {
		return nil
	}
	return problem.New(problem.Conflict, sayOther)
}

func (o *Outbox) save(ctx context.Context, tx *sql.Tx, box *mailbox.Box, d Draft, e Edit) (Saved, error) {
	same := e.Writer != "" && d.writer == e.Writer
	seen := same && e.Seq != 0 && e.Seq <= d.seq // or overtaken by a newer one of the same page
	nothingNew := seen || reflect.DeepEqual(d.Fields, e.Fields)
	had := Saved{ID: d.ID, Version: d.Version, At: d.SavedAt}
	switch d.State {
	case Open:
		switch {
		case nothingNew:
			return had, o.meant(ctx, tx, d)
		case d.Version == e.Version || same:
			return o.overwrite(ctx, tx, box, d, e)
		}
	case Discarded: // 'saved' would be a lie: nothing of it stays past the day
		if seen {
			return Saved{}, problem.New(problem.Gone, sayNoDraft)
		}
	default: // what leaves, or left, is this very text
		if nothingNew {
			had.Say = sayBusy(d.State)
			return had, nil
		}
	}
	return o.keepBeside(ctx, tx, box, d, e)
}

// meant: a save, though of the same words, is a wish to keep them.
func (o *Outbox) meant(ctx context.Context, tx *sql.Tx, d Draft) error {
	if !d.marked() {
		return nil
	}
	_, err := tx.ExecContext(ctx, `UPDATE drafts SET writer = '' WHERE id = ?`, d.ID)
	return err
}

func (o *Outbox) overwrite(ctx context.Context, tx *sql.Tx, box *mailbox.Box, d Draft, e Edit) (Saved, error) {
	who := box.Actor()
	d.Fields, d.Editor, d.SavedAt = e.Fields, who.Name, o.instant()
	blob, err := o.sealBody(d)
	if err != nil {
		return Saved{}, err
	}
	summary, err := o.sealSummary(d)
	if err != nil {
		return Saved{}, err
	}
	_, err = tx.ExecContext(ctx, `UPDATE drafts SET version = version + 1, body = ?, summary = ?, writer = ?, writer_seq = ?, noted = ?, saved_at = ? WHERE id = ?`,
		blob, summary, e.Writer, e.Seq, who.SessionID, store.Micros(d.SavedAt), d.ID)
	if err != nil {
		return Saved{}, err
	}
	if d.noted != who.SessionID { // once a session, not at every pause of the keyboard
		err = o.trail.RecordTx(ctx, tx, audit.Event{Actor: who, Mailbox: box.Address().String(), Action: audit.DraftSave, Target: d.ID, Request: "draft"})
	}
	return Saved{ID: d.ID, Version: d.Version + 1, At: d.SavedAt}, err
}

// keepBeside keeps e as a concurrent version of d: the one this page already has,
// or a new one with the same files. Of a closing there is no other version: nobody wrote it.
func (o *Outbox) keepBeside(ctx context.Context, tx *sql.Tx, box *mailbox.Box, d Draft, e Edit) (Saved, error) {
	if d.Origin == Closing {
		return Saved{}, problem.New(problem.Gone, sayNoDraft)
	}
	say := sayCopy
	if d.State != Open {
		say = sayCopySent
	}
	if e.Writer != "" {
		var id string
		err := tx.QueryRowContext(ctx, `SELECT id FROM drafts WHERE copy_of = ? AND mailbox_id = ? AND writer = ? AND state = 'open' LIMIT 1`, d.ID, d.MailboxID, e.Writer).Scan(&id)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return Saved{}, err
		}
		if err == nil {
			mine, err := o.draft(ctx, tx, box, id)
			if err != nil {
				return Saved{}, err
			}
			s, err := o.save(ctx, tx, box, mine, e)
			s.Copy, s.Say = true, say
			return s, err
		}
	}
	c := o.blank(box)
	c.Fields, c.Origin, c.Original, c.InReplyTo, c.References = e.Fields, d.Origin, d.Original, d.InReplyTo, d.References
	c.CopyOf, c.writer, c.seq, c.identified = d.ID, e.Writer, e.Seq, d.identified
	if err := o.create(ctx, tx, box, &c, maxDrafts+maxCopies); err != nil {
		return Saved{}, err
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO draft_attached (draft_id, file_id, place) SELECT ?, file_id, place FROM draft_attached WHERE draft_id = ?`, c.ID, d.ID)
	return Saved{ID: c.ID, Version: c.Version, At: c.SavedAt, Copy: true, Say: say}, err
}
