package ledger

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/store"
)

// Tell notes that the recipient of a letter that came back was told otherwise, by telephone
// for instance. It concerns that one letter: another that comes back is another matter.
// Again is once, and the first instant stays.
func (l *Ledger) Tell(ctx context.Context, mailbox mssante.Address, messageID string, to mssante.Address) error {
	if bare(messageID) == "" || to.IsZero() {
		return problem.Wrap(errors.New("no letter or nobody to tell"), problem.Invalid, sayOdd)
	}
	err := l.o.DB.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO ledger_told (message_key, recipient_key, mailbox, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			l.messageKey(mailbox, messageID), l.recipientKey(to), mailbox.Key(), store.Micros(l.o.Now()))
		return err
	})
	return door(err, sayNotWritten)
}

// Told gives when the recipient of a letter of a mailbox was told otherwise; false when
// nobody said so.
func (l *Ledger) Told(ctx context.Context, mailbox mssante.Address) (func(messageID string, to mssante.Address) (time.Time, bool), error) {
	type key struct{ message, to string }
	rows, err := l.o.DB.Read().QueryContext(ctx, `SELECT message_key, recipient_key, at FROM ledger_told WHERE mailbox = ?`, mailbox.Key())
	if err != nil {
		return nil, door(err, sayNotRead)
	}
	defer rows.Close()
	told := map[key]time.Time{}
	for rows.Next() {
		var k key
		var at int64
		if err := rows.Scan(&k.message, &k.to, &at); err != nil {
			return nil, door(err, sayNotRead)
		}
		told[k] = store.Time(at)
	}
	if err := rows.Err(); err != nil {
		return nil, door(err, sayNotRead)
	}
	return func(messageID string, to mssante.Address) (time.Time, bool) {
		if len(told) == 0 || bare(messageID) == "" { // most mailboxes: no key to compute
			return time.Time{}, false
		}
		at, ok := told[key{l.messageKey(mailbox, messageID), l.recipientKey(to)}]
		return at, ok
	}, nil
}
