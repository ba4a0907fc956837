package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/store"
)

// Event is one thing that happened.
type Event struct {
	Kind Kind
	Code string    // as a server or report gives it: "250", "5.1.1"; other characters than letters, digits, space . - are dropped
	Text string    // a server's words, cleaned and cut to 512 bytes; kept sealed
	At   time.Time // zero = now
}

const (
	maxCode = 32
	maxText = 512
	// Reports come from outside: more than this of a kind for one recipient is a
	// flood. It cannot keep out a kind that was not there, so never the state.
	maxOfKind = 32
)

// Note adds an event to a recipient of a letter. The same event twice (kind, code,
// text and At alike; without At, whenever it was) is one. The zero recipient means
// the letter as a whole, for Copied only. A recipient that is not the letter's is
// NotFound, so no report can add one.
func (l *Ledger) Note(ctx context.Context, letterID string, to mssante.Address, e Event) error {
	if e.Kind == None || e.Kind.rank() < 0 || to.IsZero() && e.Kind != Copied {
		return problem.Wrap(fmt.Errorf("kind %q, recipient %v", e.Kind, !to.IsZero()), problem.Invalid, sayOdd)
	}
	e.Code, e.Text = cleanCode(e.Code), cleanText(e.Text)
	key := ""
	if !to.IsZero() {
		key = l.recipientKey(to)
	}
	id := l.o.Keys.Opaque(purposeEvent, letterID, key, string(e.Kind), e.Code, e.Text, strconv.FormatInt(store.Micros(e.At), 10))
	if e.At.IsZero() {
		e.At = l.o.Now()
	}
	var sealed []byte
	if e.Text != "" {
		var err error
		if sealed, err = l.o.Keys.Seal(purposeEvent, []byte(e.Text), bound(letterID, key, id)); err != nil {
			return problem.Wrap(err, problem.Internal, sayNotWritten)
		}
	}
	err := l.o.DB.Write(ctx, func(tx *sql.Tx) error {
		if err := known(ctx, tx, letterID, key); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO ledger_events (letter_id, recipient_key, id, kind, code, text, at) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			letterID, key, id, string(e.Kind), e.Code, sealed, store.Micros(e.At))
		if err != nil {
			return err
		}
		var n int
		err = tx.QueryRowContext(ctx, `SELECT count(*) FROM ledger_events WHERE letter_id = ? AND recipient_key = ? AND kind = ?`, letterID, key, string(e.Kind)).Scan(&n)
		if err == nil && n > maxOfKind { // rolled back: what is there already stays
			err = problem.Wrap(fmt.Errorf("%d events %s", n, e.Kind), problem.TooMany, sayOdd)
		}
		return err
	})
	return door(err, sayNotWritten)
}

// known checks that the letter, or its recipient, is on record.
func known(ctx context.Context, tx *sql.Tx, letterID, key string) error {
	query, args := `SELECT 1 FROM ledger_recipients WHERE letter_id = ? AND recipient_key = ?`, []any{letterID, key}
	if key == "" {
		query, args = `SELECT 1 FROM ledger_letters WHERE id = ?`, args[:1]
	}
	var one int
	err := tx.QueryRowContext(ctx, query, args...).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return problem.Wrap(errors.New("no such letter or recipient"), problem.NotFound, sayNoLetter)
	}
	return err
}

func cleanCode(s string) string {
	if len(s) > 4*maxCode {
		s = s[:4*maxCode]
	}
	s = strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < 0x80 && (unicode.IsLetter(r) || unicode.IsDigit(r)) || strings.ContainsRune(" .-", r) {
			return r
		}
		return -1
	}, s))
	return s[:min(len(s), maxCode)]
}

// cleanText drops what could not be shown: controls, bidirectional marks, broken
// UTF-8.
func cleanText(s string) string {
	if len(s) > 4*maxText {
		s = s[:4*maxText]
	}
	s = strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == utf8.RuneError:
			return -1
		}
		return r
	}, s))
	for len(s) > maxText {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}
