package outgoing

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/store"
)

type querier interface {
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	QueryRowContext(context.Context, string, ...any) *sql.Row
}

// Purposes of the seals.
const (
	sealDraft  = "outgoing.draft"
	sealShort  = "outgoing.summary"
	sealFile   = "outgoing.file"
	sealChunk  = "outgoing.chunk"
	sealLetter = "outgoing.letter"
	keyMessage = "outgoing.message"
)

// body is the sealed part of a draft.
type body struct {
	Author     string       `json:"author"`
	Editor     string       `json:"editor"`
	Fields     Fields       `json:"fields"`
	Origin     Kind         `json:"origin"`
	Original   *mailbox.Ref `json:"original,omitempty"`
	MessageID  string       `json:"id"`
	InReplyTo  string       `json:"reply,omitempty"`
	References []string     `json:"refs,omitempty"`
	Identified []string     `json:"identified,omitempty"`
}

// imapCopy is what is known of the draft's copy in the Drafts folder.
type imapCopy struct {
	version, files, size int64
	place                mailbox.Place
}

func aad(parts ...string) []byte {
	var out []byte
	for _, p := range parts {
		out = fmt.Appendf(out, "%d:%s", len(p), p)
	}
	return out
}

func (o *Outbox) sealBody(d Draft) ([]byte, error) {
	plain, err := json.Marshal(body{Author: d.Author, Editor: d.Editor, Fields: d.Fields, Origin: d.Origin, Original: d.Original, MessageID: d.MessageID,
		InReplyTo: d.InReplyTo, References: d.References, Identified: d.identified})
	if err != nil {
		return nil, err
	}
	return o.keys.Seal(sealDraft, plain, aad(d.ID, d.MailboxID, d.AuthorID))
}

const draftColumns = `id, mailbox_id, author_id, version, state, body, copy_of, writer, writer_seq, noted, files_rev, created_at, saved_at, closed_at,
	imap_version, imap_files, imap_size, imap_validity, imap_uid`

// scan reads draftColumns, then whatever else the query selected.
func (o *Outbox) scan(r interface{ Scan(...any) error }, more ...any) (Draft, error) {
	var d Draft
	var blob []byte
	var created, saved, closed int64
	err := r.Scan(append([]any{&d.ID, &d.MailboxID, &d.AuthorID, &d.Version, &d.State, &blob, &d.CopyOf, &d.writer, &d.seq, &d.noted, &d.filesRev,
		&created, &saved, &closed, &d.imap.version, &d.imap.files, &d.imap.size, &d.imap.place.UIDValidity, &d.imap.place.UID}, more...)...)
	if err != nil {
		return Draft{}, err
	}
	d.CreatedAt, d.SavedAt, d.ClosedAt = store.Time(created), store.Time(saved), store.Time(closed)
	err = o.openBody(&d, blob)
	return d, err
}

// openBody fills what is sealed of a draft whose id, mailbox and author are known.
func (o *Outbox) openBody(d *Draft, blob []byte) error {
	plain, err := o.keys.Open(sealDraft, blob, aad(d.ID, d.MailboxID, d.AuthorID))
	if err != nil {
		return fmt.Errorf("draft %s: %w", d.ID, err)
	}
	var b body
	if err := json.Unmarshal(plain, &b); err != nil {
		return fmt.Errorf("draft %s: %w", d.ID, err)
	}
	d.Author, d.Editor, d.Fields, d.Origin, d.Original = b.Author, b.Editor, b.Fields, b.Origin, b.Original
	d.MessageID, d.InReplyTo, d.References, d.identified = b.MessageID, b.InReplyTo, b.References, b.Identified
	return nil
}

// messageKey finds a draft or letter by its Message-ID, within one mailbox.
func (o *Outbox) messageKey(mailboxID, messageID string) string {
	return o.keys.Opaque(keyMessage, mailboxID, messageID)
}
