package outgoing

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/message"
	"pli.example/pli/internal/store"
)

// Summary is a draft in a list.
type Summary struct {
	ID        string
	State     State
	To        []Recipient // the first ones
	MoreTo    int         // how many more there are in To
	Subject   string
	Snippet   string
	Author    string
	CopyOf    string
	Files     int
	SavedAt   time.Time
	LastError string // why its last sending failed, French; "" when it was not tried
	// Place is where this draft's own copy lies in the mailbox's Drafts folder, so that
	// a page shows one of them; zero when there is none.
	Place mailbox.Place
	// Unreadable is a draft that cannot be opened (its key is gone, its row is damaged):
	// nothing of what it says is here. It hides no other.
	Unreadable bool
}

// maxListedTo is how many recipients a summary names.
const maxListedTo = 20

// summary is what a list shows of a text, as it is sealed beside the body.
type summary struct {
	To      []Recipient `json:"to,omitempty"`
	More    int         `json:"more,omitempty"`
	Subject string      `json:"s,omitempty"`
	Snippet string      `json:"x,omitempty"`
	Author  string      `json:"a,omitempty"`
}

func summed(d Draft) summary {
	to := d.Fields.To[:min(len(d.Fields.To), maxListedTo)]
	return summary{To: to, More: len(d.Fields.To) - len(to), Subject: d.Fields.Subject, Snippet: message.Snippet(d.Fields.Text, 140), Author: d.Author}
}

func (o *Outbox) sealSummary(d Draft) ([]byte, error) {
	plain, err := json.Marshal(summed(d))
	if err != nil {
		return nil, err
	}
	return o.keys.Seal(sealShort, plain, aad(d.ID, d.MailboxID, d.AuthorID))
}

func (o *Outbox) openSummary(d Draft, blob []byte) (s summary, err error) {
	plain, err := o.keys.Open(sealShort, blob, aad(d.ID, d.MailboxID, d.AuthorID))
	if err != nil {
		return s, fmt.Errorf("summary of draft %s: %w", d.ID, err)
	}
	return s, json.Unmarshal(plain, &s)
}

// List tells the drafts of a mailbox that are not over, last written first.
func (o *Outbox) List(ctx context.Context, box *mailbox.Box) ([]Summary, error) {
	all, _, err := o.Page(ctx, box, 0, maxListed)
	return all, err
}

// maxListed is the most drafts told at one time.
const maxListed = maxDrafts + maxCopies

// Page is List from the offset-th draft on, limit drafts at most, with how many there
// are in all.
func (o *Outbox) Page(ctx context.Context, box *mailbox.Box, offset, limit int) (page []Summary, total int, err error) {
	if err := box.MayWrite(ctx, audit.DraftOpen); err != nil {
		return nil, 0, err
	}
	page, total, err = o.page(ctx, box, max(offset, 0), min(max(limit, 0), maxListed))
	return page, total, door(box.Note(ctx, audit.Event{Action: audit.FolderList, Target: "drafts", Request: "drafts", Count: len(page)}, err), sayRead)
}

const listed = `mailbox_id = ? AND state IN ('open','sending','unknown')`

func (o *Outbox) page(ctx context.Context, box *mailbox.Box, offset, limit int) ([]Summary, int, error) {
	var total int
	id := box.Grant().Mailbox.ID
	if err := o.db.Read().QueryRowContext(ctx, `SELECT count(*) FROM drafts WHERE `+listed, id).Scan(&total); err != nil {
		return nil, 0, err
	}
	// The body is read only where there is no summary yet.
	rows, err := o.db.Read().QueryContext(ctx, `SELECT id, mailbox_id, author_id, state, summary, CASE WHEN summary = x'' THEN body ELSE x'' END, copy_of, saved_at,
		imap_validity, imap_uid, (SELECT count(*) FROM draft_attached a WHERE a.draft_id = drafts.id)
		FROM drafts WHERE `+listed+` ORDER BY saved_at DESC, id LIMIT ? OFFSET ?`, id, limit, offset)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	var out []Summary
	for rows.Next() {
		s, err := o.scanSummary(ctx, rows)
		if err != nil {
			return nil, 0, err
		}
		out = append(out, s)
	}
	if err := rows.Err(); err != nil {
		return nil, 0, err
	}
	return out, total, o.addFailures(ctx, id, out)
}

func (o *Outbox) scanSummary(ctx context.Context, rows interface{ Scan(...any) error }) (Summary, error) {
	var d Draft
	var sealed, whole []byte
	var saved int64
	var files int
	err := rows.Scan(&d.ID, &d.MailboxID, &d.AuthorID, &d.State, &sealed, &whole, &d.CopyOf, &saved, &d.imap.place.UIDValidity, &d.imap.place.UID, &files)
	if err != nil {
		return Summary{}, err
	}
	var s summary
	if len(sealed) > 0 {
		s, err = o.openSummary(d, sealed)
	} else if err = o.openBody(&d, whole); err == nil {
		s = summed(d)
	}
	if err != nil {
		o.log.ErrorContext(ctx, "a draft cannot be opened", "draft", d.ID, "err", err)
		s = summary{}
	}
	out := Summary{ID: d.ID, State: d.State, To: s.To, MoreTo: s.More, Subject: s.Subject, Snippet: s.Snippet, Author: s.Author,
		CopyOf: d.CopyOf, Files: files, SavedAt: store.Time(saved), Unreadable: err != nil}
	if d.imap.place.UID != 0 {
		out.Place = d.imap.place
	}
	return out, nil
}

// addFailures fills LastError of drafts whose latest sending failed.
func (o *Outbox) addFailures(ctx context.Context, mailboxID string, all []Summary) error {
	rows, err := o.db.Read().QueryContext(ctx, `SELECT d.id, l.id, l.outcome FROM drafts d JOIN letters l ON l.draft_id = d.id
		WHERE d.mailbox_id = ? AND d.state = 'open' AND l.state IN ('refused','kept') AND NOT EXISTS (SELECT 1 FROM letters n
			WHERE n.draft_id = l.draft_id AND (n.started_at > l.started_at OR n.started_at = l.started_at AND n.rowid > l.rowid))`, mailboxID)
	if err != nil {
		return err
	}
	defer rows.Close()
	place := make(map[string]int, len(all))
	for i := range all {
		place[all[i].ID] = i
	}
	for rows.Next() {
		var draftID, letterID string
		var blob []byte
		if err := rows.Scan(&draftID, &letterID, &blob); err != nil {
			return err
		}
		if i, ok := place[draftID]; ok {
			all[i].LastError = o.openOutcome(letterID, blob).Say
		}
	}
	return rows.Err()
}
