package account

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/store"
)

// Bounds of saved searches.
const (
	MaxSearches    = 30 // of one person in one mailbox
	MaxSearchName  = 60 // letters
	maxSearchQuery = 8 << 10
	searchBackFor  = 24 * time.Hour
	purposeSearch  = "account.search"
)

const (
	saySearchName  = "Donnez un nom à cette recherche, de 60\u00a0caractères au plus. Elle n’est pas encore gardée."
	saySearchTaken = "Une de vos recherches porte déjà ce nom. Choisissez-en un autre\u00a0; celle-ci n’est pas encore gardée."
	saySearchMany  = "Vous gardez déjà trente recherches dans cette boîte. Retirez-en une, puis gardez celle-ci."
	saySearchGone  = "Cette recherche n’est plus gardée, sans doute retirée depuis un autre poste. Vos autres recherches sont intactes."
)

// SavedSearch is one a person keeps for a mailbox. Query is as whoever saves wrote it.
type SavedSearch struct {
	ID, Name, Query string
}

type sealedSearch struct{ Name, Query string }

func searchAAD(accountID, mailboxID, id string) []byte {
	return []byte(accountID + "\x00" + mailboxID + "\x00" + id)
}

// Searches lists those of a person in a mailbox, by name.
func (a *Accounts) Searches(ctx context.Context, accountID, mailboxID string) ([]SavedSearch, error) {
	rows, err := a.db.Read().QueryContext(ctx, `SELECT id, sealed FROM account_searches WHERE account_id = ? AND mailbox_id = ? AND removed_at = 0`, accountID, mailboxID)
	if err != nil {
		return nil, door(err)
	}
	defer rows.Close()
	var out []SavedSearch
	for rows.Next() {
		var id string
		var blob []byte
		if err := rows.Scan(&id, &blob); err != nil {
			return nil, door(err)
		}
		plain, err := a.keys.Open(purposeSearch, blob, searchAAD(accountID, mailboxID, id))
		var s sealedSearch
		if err != nil || json.Unmarshal(plain, &s) != nil {
			continue // sealed under a key that is gone, or moved from another account
		}
		out = append(out, SavedSearch{id, s.Name, s.Query})
	}
	slices.SortFunc(out, func(x, y SavedSearch) int { return strings.Compare(strings.ToLower(x.Name), strings.ToLower(y.Name)) })
	return out, door(rows.Err())
}

// Search gives one of them.
func (a *Accounts) Search(ctx context.Context, accountID, mailboxID, id string) (SavedSearch, error) {
	all, err := a.Searches(ctx, accountID, mailboxID)
	for _, s := range all {
		if s.ID == id {
			return s, nil
		}
	}
	if err == nil {
		err = problem.New(problem.Gone, saySearchGone)
	}
	return SavedSearch{}, err
}

// SaveSearch keeps one; the trail says that it was, not what it looks for.
func (a *Accounts) SaveSearch(ctx context.Context, by mssante.Actor, m Mailbox, name, query string) error {
	name = strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(name, ""))), " ")
	if name == "" || utf8.RuneCountInString(name) > MaxSearchName {
		return problem.New(problem.Invalid, saySearchName)
	}
	if len(query) > maxSearchQuery || a.keys == nil {
		return problem.Wrap(fmt.Errorf("a search of %d octets", len(query)), problem.Internal, sayInternal)
	}
	all, err := a.Searches(ctx, by.AccountID, m.ID)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(all, func(s SavedSearch) bool { return strings.EqualFold(s.Name, name) }) {
		return problem.New(problem.Invalid, saySearchTaken)
	}
	if len(all) >= MaxSearches {
		return problem.New(problem.Invalid, saySearchMany)
	}
	id := newID()
	plain, err := json.Marshal(sealedSearch{name, query})
	if err != nil {
		return door(err)
	}
	blob, err := a.keys.Seal(purposeSearch, plain, searchAAD(by.AccountID, m.ID, id))
	if err != nil {
		return problem.Wrap(fmt.Errorf("seal a search: %w", err), problem.Internal, sayInternal)
	}
	now := a.now()
	return door(a.db.Write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM account_searches WHERE removed_at > 0 AND removed_at < ?`, store.Micros(now.Add(-searchBackFor))); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO account_searches (id, account_id, mailbox_id, sealed, created_at, removed_at) VALUES (?, ?, ?, ?, ?, 0)`,
			id, by.AccountID, m.ID, blob, store.Micros(now)); err != nil {
			return err
		}
		return a.searchEvent(ctx, tx, by, m)
	}))
}

// RemoveSearch puts one away; RestoreSearch brings it back within a day.
func (a *Accounts) RemoveSearch(ctx context.Context, by mssante.Actor, m Mailbox, id string) error {
	return a.setRemoved(ctx, by, m, id, `UPDATE account_searches SET removed_at = ? WHERE id = ? AND account_id = ? AND mailbox_id = ? AND removed_at = 0`, store.Micros(a.now()))
}

// RestoreSearch brings back one that was removed.
func (a *Accounts) RestoreSearch(ctx context.Context, by mssante.Actor, m Mailbox, id string) error {
	return a.setRemoved(ctx, by, m, id, `UPDATE account_searches SET removed_at = ? WHERE id = ? AND account_id = ? AND mailbox_id = ? AND removed_at > 0`, 0)
}

func (a *Accounts) setRemoved(ctx context.Context, by mssante.Actor, m Mailbox, id, statement string, at int64) error {
	err := a.db.Write(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, statement, at, id, by.AccountID, m.ID)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, problem.New(problem.Gone, saySearchGone))
		}
		return a.searchEvent(ctx, tx, by, m)
	})
	return door(err)
}

func (a *Accounts) searchEvent(ctx context.Context, tx *sql.Tx, by mssante.Actor, m Mailbox) error {
	return a.audit.RecordTx(ctx, tx, audit.Event{Actor: by, Action: audit.PreferenceSet, Mailbox: m.Address.Key(), Target: "saved search", Outcome: audit.OutcomeOK})
}
