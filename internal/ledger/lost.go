package ledger

import (
	"context"
	"database/sql"

	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/store"
)

// fate is what is known of the last letter sent under one Message-ID.
type fate struct {
	letter string
	events map[string][]Event // by recipient key
}

// Lost tells which letters of a mailbox did not reach a recipient: their state is Bounced
// or Refused, with the report's status code. known is false when no failure was ever
// heard of; when one was and the recipient read the letter all the same, it is not lost.
func (l *Ledger) Lost(ctx context.Context, mailbox mssante.Address) (func(messageID string, to mssante.Address) (status string, lost, known bool), error) {
	fates, err := l.failures(ctx, mailbox)
	if err != nil {
		return nil, door(err, sayNotRead)
	}
	return func(messageID string, to mssante.Address) (string, bool, bool) {
		if len(fates) == 0 { // most mailboxes: no key to compute
			return "", false, false
		}
		events := fates[l.messageKey(mailbox, messageID)].events[l.recipientKey(to)]
		known := false
		for _, e := range events {
			known = known || e.Kind == Bounced || e.Kind == Refused
		}
		row := derive(events)
		_, status := codesOf(row.Event.Code)
		return status, row.State == Bounced || row.State == Refused, known
	}, nil
}

// failures gives the events of the letters of which one failed somewhere, without servers'
// words. Of several letters under one Message-ID, tried again, the last counts.
func (l *Ledger) failures(ctx context.Context, mailbox mssante.Address) (map[string]fate, error) {
	rows, err := l.o.DB.Read().QueryContext(ctx, `SELECT l.id, l.message_key, e.recipient_key, e.kind, e.code, e.at
		FROM ledger_letters l JOIN ledger_events e ON e.letter_id = l.id
		WHERE l.message_key IN (SELECT x.message_key FROM ledger_events f JOIN ledger_letters x ON x.id = f.letter_id WHERE f.kind IN ('bounced', 'refused') AND x.mailbox = ?)
		ORDER BY l.opened_at, l.id`, mailbox.Key())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]fate{}
	for rows.Next() {
		var id, message, to string
		var e Event
		var at int64
		if err := rows.Scan(&id, &message, &to, &e.Kind, &e.Code, &at); err != nil {
			return nil, err
		}
		e.At = store.Time(at)
		f := out[message]
		if f.letter != id {
			f = fate{letter: id, events: map[string][]Event{}}
		}
		f.events[to] = append(f.events[to], e)
		out[message] = f
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	return out, l.untold(ctx, mailbox, out)
}

// untold adds the letters that came back and have no story here.
func (l *Ledger) untold(ctx context.Context, mailbox mssante.Address, out map[string]fate) error {
	rows, err := l.o.DB.Read().QueryContext(ctx, `SELECT message_key, recipient_key, code, at FROM ledger_lost WHERE mailbox = ?`, mailbox.Key())
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var message, to string
		var at int64
		e := Event{Kind: Bounced}
		if err := rows.Scan(&message, &to, &e.Code, &at); err != nil {
			return err
		}
		e.At = store.Time(at)
		f := out[message]
		if f.events == nil {
			f.events = map[string][]Event{}
		}
		if len(f.events[to]) == 0 {
			f.events[to] = []Event{e}
		}
		out[message] = f
	}
	return rows.Err()
}

// Lose notes that a letter was given up on its way to a recipient, whoever sent it: in its
// story, or beside when there is none. Again is once.
func (l *Ledger) Lose(ctx context.Context, mailbox mssante.Address, messageID string, to mssante.Address, e Event) error {
	if bare(messageID) == "" || to.IsZero() {
		return nil
	}
	e.Kind = Bounced
	head, err := l.ByMessageID(ctx, mailbox, messageID)
	if err == nil {
		err = l.Note(ctx, head.ID, to, e)
	}
	if !problem.Is(err, problem.NotFound) {
		return err
	}
	err = l.o.DB.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO ledger_lost (message_key, recipient_key, mailbox, code, at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			l.messageKey(mailbox, messageID), l.recipientKey(to), mailbox.Key(), cleanCode(e.Code), store.Micros(l.o.Now()))
		return err
	})
	return door(err, sayNotWritten)
}
