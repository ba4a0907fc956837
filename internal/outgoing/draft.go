package outgoing

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mailbox"
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
	// identified are the patients whose identity a person confirmed, or whose own letter
	// is answered: the others are asked about.
	identified []string
	writer     string // the page of the last save, or a mark: see abandon.go
	seq        int64
}

// maxDrafts of one mailbox; concurrent versions may go a little beyond.
const (
	maxDrafts        = 300
	maxCopies        = 50
	maxWithDiscarded = 600 // drafts, with those that Restore may bring back
)

const (
	sayNoDraft       = "Ce brouillon n’existe plus\u00a0: il a été envoyé ou supprimé, peut-être depuis un autre poste. Regardez dans Envoyés ou dans Brouillons."
	sayMany          = "Cette boîte contient déjà 300 brouillons. Rien n’est perdu\u00a0: envoyez-en ou supprimez-en avant d’en commencer un autre."
	sayManyDiscarded = "Cette boîte contient déjà 600 brouillons, avec ceux supprimés depuis moins d’un jour. Rien n’est perdu\u00a0: continuez un brouillon existant, ou attendez demain que ceux qui sont supprimés libèrent leur place."
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

// create stores a new draft. Two caps: what is open, and with it what was discarded
// (attack: begin and discard without end, each text is kept for a day).
func (o *Outbox) create(ctx context.Context, tx *sql.Tx, box *mailbox.Box, d *Draft, limit int) error {
	var open, all int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FILTER (WHERE state = 'open'), count(*) FROM drafts WHERE mailbox_id = ? AND state <> 'sent'`, d.MailboxID).Scan(&open, &all); err != nil {
		return err
	}
	switch {
	case open >= limit:
		return problem.New(problem.TooMany, sayMany)
	case all >= limit+maxWithDiscarded-maxDrafts:
		return problem.New(problem.TooMany, sayManyDiscarded)
	}
	body, err := o.sealBody(*d)
	if err != nil {
		return err
	}
	summary, err := o.sealSummary(*d)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO drafts (id, mailbox_id, author_id, version, state, body, summary, message_key, copy_of, writer, writer_seq, noted, created_at, saved_at)
		VALUES (?,?,?,?,'open',?,?,?,?,?,?,?,?,?)`, d.ID, d.MailboxID, d.AuthorID, d.Version, body, summary, o.messageKey(d.MailboxID, d.MessageID), d.CopyOf,
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
