package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/store"
)

// Row is one recipient of a letter and all that happened.
type Row struct {
	Recipient mssante.Address
	State     Kind
	Event     Event     // the one that gives the state; zero when None
	Disputed  bool      // one report says given up, another says there
	Copied    time.Time // when a copy stood in Sent; zero: not yet
	Events    []Event   // by time, those of the letter as a whole included
}

// Head is what a letter is known by.
type Head struct {
	ID       string
	Mailbox  mssante.Address
	ActorID  string
	Size     int64
	OpenedAt time.Time
}

// Of gives a letter's recipients in its order, with their states; NotFound when
// there is none.
func (l *Ledger) Of(ctx context.Context, letterID string) ([]Row, error) {
	rows, err := l.of(ctx, letterID)
	if err == nil && len(rows) == 0 {
		return nil, problem.Wrap(errors.New("no such letter"), problem.NotFound, sayNoLetter)
	}
	return rows, door(err, sayNotRead)
}

func (l *Ledger) of(ctx context.Context, letterID string) ([]Row, error) {
	events, err := l.events(ctx, letterID)
	if err != nil {
		return nil, err
	}
	rows, err := l.o.DB.Read().QueryContext(ctx, `SELECT recipient_key, recipient FROM ledger_recipients WHERE letter_id = ? ORDER BY n`, letterID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Row
	for rows.Next() {
		var key string
		var sealed []byte
		if err := rows.Scan(&key, &sealed); err != nil {
			return nil, err
		}
		plain, err := l.o.Keys.Open(purposeRecipient, sealed, bound(letterID, key))
		if err != nil {
			return nil, fmt.Errorf("recipient: %w", err)
		}
		at := strings.LastIndexByte(string(plain), '@')
		if at < 0 {
			return nil, errors.New("recipient: no address")
		}
		row := derive(slices.Concat(events[""], events[key]))
		row.Recipient = mssante.Address{Local: string(plain[:at]), Domain: mssante.Domain(plain[at+1:])}
		out = append(out, row)
	}
	return out, rows.Err()
}

// events gives the letter's events by recipient key.
func (l *Ledger) events(ctx context.Context, letterID string) (map[string][]Event, error) {
	rows, err := l.o.DB.Read().QueryContext(ctx, `SELECT recipient_key, id, kind, code, text, at FROM ledger_events WHERE letter_id = ?`, letterID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string][]Event{}
	for rows.Next() {
		var key, id, kind string
		var e Event
		var sealed []byte
		var at int64
		if err := rows.Scan(&key, &id, &kind, &e.Code, &sealed, &at); err != nil {
			return nil, err
		}
		if sealed != nil {
			plain, err := l.o.Keys.Open(purposeEvent, sealed, bound(letterID, key, id))
			if err != nil {
				return nil, fmt.Errorf("event: %w", err)
			}
			e.Text = string(plain)
		}
		e.Kind, e.At = Kind(kind), store.Time(at)
		out[key] = append(out[key], e)
	}
	return out, rows.Err()
}

// derive reads a recipient's state from the set of its events: whatever their
// order, the same row.
func derive(events []Event) Row {
	slices.SortFunc(events, func(a, b Event) int {
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}
		if a.Kind != b.Kind {
			return a.Kind.rank() - b.Kind.rank()
		}
		return strings.Compare(a.Code+"\x00"+a.Text, b.Code+"\x00"+b.Text)
	})
	r := Row{Events: events}
	var gone, there bool
	for _, e := range events {
		if e.Kind == Copied && r.Copied.IsZero() {
			r.Copied = e.At
		}
		gone = gone || e.Kind == Bounced
		there = there || e.Kind == Delivered || e.Kind == Read
		if s := e.Kind.state(); s != None && s.rank() >= r.State.rank() {
			r.State, r.Event = s, e
		}
	}
	r.Disputed = gone && there
	return r
}

// ByMessageID finds the letter a report or receipt in a mailbox speaks of: the
// last one sent from that mailbox under that Message-ID. NotFound otherwise.
func (l *Ledger) ByMessageID(ctx context.Context, mailbox mssante.Address, messageID string) (Head, error) {
	return l.head(ctx, `message_key = ? ORDER BY opened_at DESC, id DESC LIMIT 1`, l.messageKey(mailbox, messageID))
}

// Letter gives the head of a letter; NotFound when there is none.
func (l *Ledger) Letter(ctx context.Context, letterID string) (Head, error) {
	return l.head(ctx, `id = ?`, letterID)
}

func (l *Ledger) head(ctx context.Context, where, arg string) (Head, error) {
	var h Head
	var mailbox string
	var at int64
	err := l.o.DB.Read().QueryRowContext(ctx, `SELECT id, mailbox, actor, size, opened_at FROM ledger_letters WHERE `+where, arg).Scan(&h.ID, &mailbox, &h.ActorID, &h.Size, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return Head{}, problem.Wrap(err, problem.NotFound, sayNoLetter)
	}
	if err == nil {
		h.OpenedAt = store.Time(at)
		h.Mailbox, err = mssante.ParseAddress(mailbox)
	}
	if err != nil {
		return Head{}, problem.Wrap(err, problem.Internal, sayNotRead)
	}
	return h, nil
}

// Counts are figures for a page of health: how many, never who.
type Counts struct {
	Letters    int
	Recipients map[Kind]int // by state
}

// Counts counts the letters opened since an instant.
func (l *Ledger) Counts(ctx context.Context, since time.Time) (Counts, error) {
	c, err := l.counts(ctx, store.Micros(since))
	return c, door(err, sayNotRead)
}

func (l *Ledger) counts(ctx context.Context, since int64) (Counts, error) {
	c := Counts{Recipients: map[Kind]int{}}
	if err := l.o.DB.Read().QueryRowContext(ctx, `SELECT count(*) FROM ledger_letters WHERE opened_at >= ?`, since).Scan(&c.Letters); err != nil {
		return Counts{}, err
	}
	rows, err := l.o.DB.Read().QueryContext(ctx, `SELECT rank, count(*) FROM (
			SELECT coalesce(max(`+rankSQL()+`), 0) AS rank
			FROM ledger_letters l JOIN ledger_recipients r ON r.letter_id = l.id
			LEFT JOIN ledger_events e ON e.letter_id = r.letter_id AND e.recipient_key = r.recipient_key
			WHERE l.opened_at >= ? GROUP BY r.letter_id, r.recipient_key)
		GROUP BY rank`, since)
	if err != nil {
		return Counts{}, err
	}
	defer rows.Close()
	for rows.Next() {
		var rank, n int
		if err := rows.Scan(&rank, &n); err != nil {
			return Counts{}, err
		}
		c.Recipients[kinds()[rank]] = n
	}
	return c, rows.Err()
}
