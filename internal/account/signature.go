package account

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/store"
)

// Bounds of a signature.
const (
	MaxSignature      = 1_000 // letters
	MaxSignatureLines = 12
	purposeSignature  = "account.signature"
)

const sayLongSignature = "Cette signature est trop longue\u00a0: 12\u00a0lignes et 1\u00a0000\u00a0caractères au plus. Rien n’a été modifié\u00a0; raccourcissez-la."

// A signature is a preference by mailbox, sealed at rest: it may hold a private
// telephone number.
func signatureKey(mailboxID string) string { return "signature:" + mailboxID }

func signatureAAD(accountID, mailboxID string) []byte {
	return []byte(accountID + "\x00" + mailboxID)
}

// Signature is what a person ends their letters with in a mailbox, in plain lines.
// own is false when they keep the one made for them; "" with own is none at all.
func (a *Accounts) Signature(ctx context.Context, accountID, mailboxID string) (text string, own bool, err error) {
	v, err := a.Preference(ctx, accountID, signatureKey(mailboxID))
	if err != nil || v == "" {
		return "", false, err
	}
	blob, err := base64.RawStdEncoding.DecodeString(v)
	if err != nil {
		return "", false, nil // not ours: the one made for them
	}
	plain, err := a.keys.Open(purposeSignature, blob, signatureAAD(accountID, mailboxID))
	if err != nil {
		return "", false, nil // sealed under a key that is gone, or moved from another account
	}
	return string(plain), true, nil
}

// SetSignature keeps one; the trail says that it changed, not to what.
func (a *Accounts) SetSignature(ctx context.Context, by mssante.Actor, m Mailbox, text string) error {
	text, err := TidySignature(text)
	if err != nil {
		return err
	}
	if a.keys == nil {
		return problem.Wrap(errors.New("no keys"), problem.Internal, sayInternal)
	}
	blob, err := a.keys.Seal(purposeSignature, []byte(text), signatureAAD(by.AccountID, m.ID))
	if err != nil {
		return problem.Wrap(fmt.Errorf("seal a signature: %w", err), problem.Internal, sayInternal)
	}
	return a.writeSignature(ctx, by, m, base64.RawStdEncoding.EncodeToString(blob))
}

// ResetSignature goes back to the one made from what is known of the person.
func (a *Accounts) ResetSignature(ctx context.Context, by mssante.Actor, m Mailbox) error {
	return a.writeSignature(ctx, by, m, "")
}

func (a *Accounts) writeSignature(ctx context.Context, by mssante.Actor, m Mailbox, value string) error {
	return door(a.db.Write(ctx, func(tx *sql.Tx) error {
		if err := a.setPreference(ctx, tx, by.AccountID, signatureKey(m.ID), value); err != nil {
			return err
		}
		return a.audit.RecordTx(ctx, tx, audit.Event{Actor: by, Action: audit.PreferenceSet, Mailbox: m.Address.Key(), Target: "signature", Outcome: audit.OutcomeOK})
	}))
}

// TidySignature makes a text fit to sign with: plain lines, nothing invisible.
func TidySignature(text string) (string, error) {
	if len(text) > 8*MaxSignature {
		return "", problem.New(problem.Invalid, sayLongSignature)
	}
	text = strings.ReplaceAll(strings.ReplaceAll(strings.ToValidUTF8(text, ""), "\r\n", "\n"), "\r", "\n")
	text = strings.Map(func(r rune) rune {
		if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar) {
			return -1
		}
		return r
	}, text)
	lines := strings.Split(strings.Trim(text, "\n"), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRightFunc(l, unicode.IsSpace)
	}
	text = strings.Trim(strings.Join(lines, "\n"), "\n")
	if utf8.RuneCountInString(text) > MaxSignature || strings.Count(text, "\n") >= MaxSignatureLines {
		return "", problem.New(problem.Invalid, sayLongSignature)
	}
	return text, nil
}

func (a *Accounts) setPreference(ctx context.Context, tx *sql.Tx, accountID, key, value string) error {
	if value == "" {
		_, err := tx.ExecContext(ctx, `DELETE FROM preferences WHERE account_id = ? AND key = ?`, accountID, key)
		return err
	}
	res, err := tx.ExecContext(ctx, `INSERT INTO preferences (account_id, key, value, updated_at)
		SELECT id, ?, ?, ? FROM accounts WHERE id = ?
		ON CONFLICT (account_id, key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at`,
		key, value, store.Micros(a.now()), accountID)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return problem.New(problem.NotFound, sayNobody)
	}
	return nil
}
