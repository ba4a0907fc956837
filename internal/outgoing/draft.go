package outgoing

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/message"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/store"
)

// State is where a draft stands. The codes are stored.
type State string

// The states.
const (
	Open      State = "open"
	Sending   State = "sending"   // octets are on their way to the operator now
	Unknown   State = "unknown"   // the operator's answer was lost: see Settle
	Sent      State = "sent"      // the operator has it
	Discarded State = "discarded" // Restore brings it back for a day
)

// Label says the state in French.
func (s State) Label() string {
	switch s {
	case Open:
		return "Brouillon"
	case Sending:
		return "Envoi en cours"
	case Unknown:
		return "Envoi à confirmer"
	case Sent:
		return "Envoyée"
	case Discarded:
		return "Brouillon supprimé"
	}
	return string(s)
}

// Draft is a letter being written, as the database keeps it.
type Draft struct {
	ID         string
	MailboxID  string
	AuthorID   string // account that began it
	Author     string // as a page names them
	Editor     string // who wrote the current version, as a page names them
	Version    int64  // moves with each Save
	State      State
	Fields     Fields
	Origin     Kind
	Original   *mailbox.Ref // the letter answered or forwarded
	CopyOf     string       // draft of which this is a concurrent version, "" mostly
	Files      []File       // in the order they were added
	CreatedAt  time.Time
	SavedAt    time.Time
	ClosedAt   time.Time
	MessageID  string // without angle brackets; the same for every attempt to send
	InReplyTo  string
	References []string

	filesRev int64
	imap     imapCopy
	noted    string
	writer   string
	seq      int64
}

// Summary is a draft in a list.
type Summary struct {
	ID        string
	State     State
	To        []Recipient
	Subject   string
	Snippet   string
	Author    string
	CopyOf    string
	Files     int
	SavedAt   time.Time
	LastError string // why its last sending failed, French; "" when it was not tried
}

// maxDrafts of one mailbox; concurrent versions may go a little beyond.
const (
	maxDrafts = 300
	maxCopies = 50
)

const (
	sayNoDraft = "Ce brouillon n’existe plus\u00a0: il a été envoyé ou supprimé, peut-être depuis un autre poste. Regardez dans Envoyés ou dans Brouillons."
	sayMany    = "Cette boîte contient déjà 300 brouillons. Rien n’est perdu\u00a0: envoyez-en ou supprimez-en avant d’en commencer un autre."
)

// Get gives a draft to go on with, in this or another browser; the trail says that
// it was opened.
func (o *Outbox) Get(ctx context.Context, box *mailbox.Box, id string) (Draft, error) {
	if err := box.MayWrite(ctx, audit.DraftOpen); err != nil {
		return Draft{}, err
	}
	d, err := o.draft(ctx, o.db.Read(), box, id)
	if err := box.Note(ctx, audit.Event{Action: audit.DraftOpen, Target: id, Request: "draft"}, err); err != nil {
		return Draft{}, door(err, sayRead)
	}
	if d.State == Discarded {
		return Draft{}, problem.New(problem.Gone, sayNoDraft)
	}
	return d, nil
}

// List gives the mailbox's drafts that are not sent nor discarded, latest first.
func (o *Outbox) List(ctx context.Context, box *mailbox.Box) ([]Summary, error) {
	if err := box.MayWrite(ctx, audit.DraftOpen); err != nil {
		return nil, err
	}
	out, err := o.list(ctx, box)
	return out, door(box.Note(ctx, audit.Event{Action: audit.FolderList, Target: "drafts", Request: "drafts", Count: len(out)}, err), sayRead)
}

func (o *Outbox) list(ctx context.Context, box *mailbox.Box) ([]Summary, error) {
	rows, err := o.db.Read().QueryContext(ctx, `SELECT `+draftColumns+`, (SELECT count(*) FROM draft_attached a WHERE a.draft_id = drafts.id)
		FROM drafts WHERE mailbox_id = ? AND state IN ('open','sending','unknown') ORDER BY saved_at DESC LIMIT ?`,
		box.Grant().Mailbox.ID, maxDrafts+maxCopies)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Summary
	for rows.Next() {
		var files int
		d, err := o.scan(rows, &files)
		if err != nil {
			return nil, err
		}
		out = append(out, Summary{ID: d.ID, State: d.State, To: d.Fields.To, Subject: d.Fields.Subject, Snippet: message.Snippet(d.Fields.Text, 140),
			Author: d.Author, CopyOf: d.CopyOf, Files: files, SavedAt: d.SavedAt})
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	return out, o.addFailures(ctx, box, out)
}

// draft reads one draft of the box's mailbox with its files. Another mailbox's id
// is unknown here.
func (o *Outbox) draft(ctx context.Context, q querier, box *mailbox.Box, id string) (Draft, error) {
	d, err := o.scan(q.QueryRowContext(ctx, `SELECT `+draftColumns+` FROM drafts WHERE id = ? AND mailbox_id = ?`, id, box.Grant().Mailbox.ID))
	if errors.Is(err, sql.ErrNoRows) {
		return Draft{}, problem.New(problem.NotFound, sayNoDraft)
	}
	if err != nil {
		return Draft{}, err
	}
	d.Files, err = o.files(ctx, q, d.ID)
	return d, err
}

// create stores a new draft. The cap counts what is open.
func (o *Outbox) create(ctx context.Context, tx *sql.Tx, box *mailbox.Box, d *Draft, limit int) error {
	var n int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM drafts WHERE mailbox_id = ? AND state = 'open'`, d.MailboxID).Scan(&n); err != nil {
		return err
	}
	if n >= limit {
		return problem.New(problem.TooMany, sayMany)
	}
	body, err := o.sealBody(*d)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO drafts (id, mailbox_id, author_id, version, state, body, message_key, copy_of, writer, writer_seq, noted, created_at, saved_at)
		VALUES (?,?,?,?,'open',?,?,?,?,?,?,?,?)`, d.ID, d.MailboxID, d.AuthorID, d.Version, body, o.messageKey(d.MailboxID, d.MessageID), d.CopyOf,
		d.writer, d.seq, d.noted, store.Micros(d.CreatedAt), store.Micros(d.SavedAt))
	if err != nil {
		return err
	}
	return o.trail.RecordTx(ctx, tx, audit.Event{Actor: box.Actor(), Mailbox: box.Address().String(), Action: audit.DraftCreate, Target: d.ID, Request: string(d.Origin)})
}

// blank is an empty draft of this person in this mailbox.
func (o *Outbox) blank(box *mailbox.Box) Draft {
	at, who := o.instant(), box.Actor()
	return Draft{ID: newID(), MailboxID: box.Grant().Mailbox.ID, AuthorID: who.AccountID, Author: who.Name, Editor: who.Name, Version: 1, State: Open,
		CreatedAt: at, SavedAt: at, MessageID: newMessageID(box.Address()), Origin: Blank, noted: who.SessionID}
}

// maySend reports whether the box's holder may also send, for a page that shows
// or hides the button. Send asks again.
func maySend(box *mailbox.Box) bool { return box.Grant().Rights.Has(delegation.Send) }
