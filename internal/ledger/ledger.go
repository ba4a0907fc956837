package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"pli.example/pli/internal/metrics"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/seal"
	"pli.example/pli/internal/store"
)

// DefaultKeep is how long letters are remembered.
const DefaultKeep = 365 * 24 * time.Hour

// Caps. A letter over them is refused before it leaves.
const (
	maxRecipients = 1000
	maxID         = 128
)

const (
	sayNotWritten = "Le suivi de la lettre n’a pas pu être enregistré. La lettre elle-même n’est pas touchée. Réessayez dans un instant\u00a0; si cela dure, prévenez le support."
	sayNotRead    = "Le suivi des lettres n’a pas pu être lu. Rien n’a été perdu. Réessayez dans un instant\u00a0; si cela dure, prévenez le support."
	sayNoLetter   = "Le suivi de cette lettre n’existe pas ou plus."
	sayOdd        = "Le suivi de la lettre n’a pas pu être enregistré, car il est incomplet ou contradictoire."
)

// Options are what a ledger needs.
type Options struct {
	DB   *store.DB
	Keys *seal.Keyring
	Keep time.Duration // after it, Purge forgets a letter; 0 = DefaultKeep
	Now  func() time.Time
	Log  *slog.Logger
}

// Ledger writes and reads deliveries. Safe for concurrent use.
type Ledger struct {
	o      Options
	purges metrics.Pulse
}

// New makes a ledger.
func New(o Options) *Ledger {
	if o.Keep <= 0 {
		o.Keep = DefaultKeep
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Ledger{o: o}
}

// Letter is one attempt to send: a Message-ID and who it is for, Bcc included.
type Letter struct {
	ID         string          // chosen by the caller, at most 128 bytes
	Mailbox    mssante.Address // the sender's, never a patient's
	ActorID    string          // account that sends
	MessageID  string          // with or without <>; kept as an opaque key only
	Recipients []mssante.Address
	Size       int64 // bytes of the message
}

// Open begins a letter's story. Opening the same letter again changes nothing;
// the same ID for another letter is a Conflict. A recipient named twice is one.
func (l *Ledger) Open(ctx context.Context, letter Letter) error {
	recipients, err := l.check(letter)
	if err != nil {
		return err
	}
	messageKey := l.messageKey(letter.Mailbox, letter.MessageID)
	err = l.o.DB.Write(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `INSERT INTO ledger_letters (id, mailbox, actor, message_key, size, opened_at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
			letter.ID, letter.Mailbox.Key(), letter.ActorID, messageKey, letter.Size, store.Micros(l.o.Now()))
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, l.same(ctx, tx, letter, messageKey, recipients))
		}
		for n, r := range recipients {
			sealed, err := l.o.Keys.Seal(purposeRecipient, []byte(r.address.String()), bound(letter.ID, r.key))
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `INSERT INTO ledger_recipients (letter_id, recipient_key, n, recipient) VALUES (?, ?, ?, ?)`, letter.ID, r.key, n, sealed); err != nil {
				return err
			}
		}
		return nil
	})
	return door(err, sayNotWritten)
}

type recipient struct {
	key     string
	address mssante.Address
}

func (l *Ledger) check(letter Letter) ([]recipient, error) {
	odd := func(why string) error { return problem.Wrap(errors.New(why), problem.Invalid, sayOdd) }
	switch {
	case letter.ID == "" || len(letter.ID) > maxID:
		return nil, odd("letter id")
	case letter.Mailbox.IsZero() || letter.Mailbox.IsPatient():
		return nil, odd("sender's mailbox")
	case bare(letter.MessageID) == "":
		return nil, odd("no Message-ID")
	case letter.Size < 0:
		return nil, odd("size")
	case len(letter.Recipients) > maxRecipients:
		return nil, problem.Wrap(fmt.Errorf("%d recipients", len(letter.Recipients)), problem.TooMany,
			fmt.Sprintf("La lettre a plus de %d destinataires. Elle n’est pas partie\u00a0; répartissez-les en plusieurs lettres.", maxRecipients))
	}
	var out []recipient
	seen := map[string]bool{}
	for _, a := range letter.Recipients {
		key := l.recipientKey(a)
		if a.IsZero() {
			return nil, odd("an empty recipient")
		}
		if !seen[key] {
			out = append(out, recipient{key, a})
		}
		seen[key] = true
	}
	if len(out) == 0 {
		return nil, odd("no recipient")
	}
	return out, nil
}

var errOther = errors.New("another letter has this id")

// same checks that the letter on record is this one.
func (l *Ledger) same(ctx context.Context, tx *sql.Tx, letter Letter, messageKey string, recipients []recipient) error {
	var mailbox, actor, key string
	var size int64
	err := tx.QueryRowContext(ctx, `SELECT mailbox, actor, message_key, size FROM ledger_letters WHERE id = ?`, letter.ID).Scan(&mailbox, &actor, &key, &size)
	if err != nil {
		return err
	}
	if mailbox != letter.Mailbox.Key() || actor != letter.ActorID || key != messageKey || size != letter.Size {
		return problem.Wrap(errOther, problem.Conflict, sayOdd)
	}
	want := map[string]bool{}
	for _, r := range recipients {
		want[r.key] = true
	}
	rows, err := tx.QueryContext(ctx, `SELECT recipient_key FROM ledger_recipients WHERE letter_id = ?`, letter.ID)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&key); err != nil {
			return err
		}
		if !want[key] {
			return problem.Wrap(errOther, problem.Conflict, sayOdd)
		}
		delete(want, key)
	}
	if len(want) > 0 {
		return problem.Wrap(errOther, problem.Conflict, sayOdd)
	}
	return rows.Err()
}

// Purposes of keys. Opaque keys outlive a rotation, so that a receipt that comes
// after one still finds its letter.
const (
	purposeRecipient = "ledger.recipient"
	purposeMessage   = "ledger.message"
	purposeEvent     = "ledger.event"
)

func (l *Ledger) recipientKey(a mssante.Address) string {
	return l.o.Keys.Opaque(purposeRecipient, a.Key())
}

func (l *Ledger) messageKey(mailbox mssante.Address, messageID string) string {
	return l.o.Keys.Opaque(purposeMessage, mailbox.Key(), bare(messageID))
}

// bare is a Message-ID as compared: without its brackets (RFC 5322 §3.6.4).
func bare(id string) string {
	return strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(id), "<"), ">")
}

// bound ties a sealed text to its row.
func bound(parts ...string) []byte { return []byte(strings.Join(parts, "\x00")) }

// door gives an error without a sentence one.
func door(err error, say string) error {
	var said *problem.Error
	if err == nil || errors.As(err, &said) {
		return err
	}
	return problem.Wrap(err, problem.Internal, say)
}
