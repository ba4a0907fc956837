// Package account owns who may use Pli and which mailboxes exist: practitioners
// by national identifier (SC.SSI/IE.33: id, names and profession as Pro Santé
// Connect gives them), mailboxes with the opaque ids that URLs carry, and a few
// preferences.
//
// It must not know who may open which mailbox (delegation), sessions, or mail.
// No patient is ever stored here: a patient's address is refused as a mailbox.
package account

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/seal"
	"pli.example/pli/internal/store"
)

// Account is one person known to this installation.
type Account struct {
	ID         string // opaque, URL-safe
	NationalID mssante.NationalID
	GivenName  string
	FamilyName string
	Profession string // French label of the professions exercised
	CreatedAt  time.Time
	LastSignIn time.Time // zero: never
	ClosedAt   time.Time // zero: open
}

// Closed reports whether the operator closed the account.
func (a Account) Closed() bool { return !a.ClosedAt.IsZero() }

// Options are what the room needs.
type Options struct {
	DB    *store.DB
	Keys  *seal.Keyring // for what is sealed at rest: signatures
	Audit *audit.Trail
	Now   func() time.Time // nil = time.Now
}

// Accounts reads and writes accounts and mailboxes. Safe for concurrent use.
type Accounts struct {
	db    *store.DB
	keys  *seal.Keyring
	audit *audit.Trail
	now   func() time.Time
}

// New makes the room's one value.
func New(o Options) *Accounts {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Accounts{db: o.DB, keys: o.Keys, audit: o.Audit, now: o.Now}
}

// What a user may read.
const (
	sayInternal = "Vos informations de compte n’ont pas pu être lues. Rien n’a été perdu. Réessayez dans un instant."
	sayNobody   = "Ce compte n’existe pas ou n’existe plus. Rien n’a été modifié. Vérifiez l’identifiant."
	sayClosed   = "Votre compte a été fermé par votre opérateur. Vos lettres restent sur son serveur. Contactez son support pour le faire rouvrir."
	sayIdentity = "Pro Santé Connect n’a pas transmis d’identifiant national utilisable. Rien n’a été modifié. Réessayez avec votre carte CPS ou e-CPS, ou prévenez le support."
)

const columns = `id, national_id, given_name, family_name, profession, created_at, last_sign_in, closed_at`

// SignedIn notes that a person has just proved who they are: it creates their
// account the first time and refreshes what the provider says of them. A closed
// account is refused (problem.Denied) and changes nothing.
func (a *Accounts) SignedIn(ctx context.Context, p mssante.Practitioner) (Account, error) {
	if !ValidNationalID(p.NationalID) {
		return Account{}, problem.New(problem.Invalid, sayIdentity)
	}
	var acc Account
	err := a.db.Write(ctx, func(tx *sql.Tx) (err error) {
		acc, err = a.signedIn(ctx, tx, p)
		return err
	})
	return acc, door(err)
}

func (a *Accounts) signedIn(ctx context.Context, tx *sql.Tx, p mssante.Practitioner) (Account, error) {
	acc, err := scan(tx.QueryRowContext(ctx, `SELECT `+columns+` FROM accounts WHERE national_id = ?`, p.NationalID))
	isNew := errors.Is(err, sql.ErrNoRows)
	if err != nil && !isNew {
		return Account{}, err
	}
	if acc.Closed() {
		return acc, problem.New(problem.Denied, sayClosed)
	}
	now := a.now().UTC().Truncate(time.Microsecond)
	if isNew {
		acc = Account{ID: newID(), NationalID: p.NationalID, CreatedAt: now}
	}
	acc.GivenName, acc.FamilyName, acc.Profession = clean(p.GivenName, 120), clean(p.FamilyName, 120), professions(p)
	acc.LastSignIn = now
	_, err = tx.ExecContext(ctx, `INSERT INTO accounts (`+columns+`) VALUES (?,?,?,?,?,?,?,0)
		ON CONFLICT (id) DO UPDATE SET given_name = excluded.given_name, family_name = excluded.family_name,
			profession = excluded.profession, last_sign_in = excluded.last_sign_in`,
		acc.ID, acc.NationalID, acc.GivenName, acc.FamilyName, acc.Profession, store.Micros(acc.CreatedAt), store.Micros(now))
	if err != nil || !isNew {
		return acc, err
	}
	return acc, a.audit.RecordTx(ctx, tx, audit.Event{
		Actor:  mssante.Actor{AccountID: acc.ID, NationalID: acc.NationalID, Name: mssante.Practitioner{GivenName: acc.GivenName, FamilyName: acc.FamilyName}.DisplayName(mssante.Situation{}), Work: acc.Profession},
		Action: audit.AccountCreate, Target: acc.ID,
	})
}

// ByID finds an account, closed ones included.
func (a *Accounts) ByID(ctx context.Context, id string) (Account, error) {
	return a.one(ctx, `SELECT `+columns+` FROM accounts WHERE id = ?`, id)
}

// ByNationalID finds an account, closed ones included.
func (a *Accounts) ByNationalID(ctx context.Context, id mssante.NationalID) (Account, error) {
	return a.one(ctx, `SELECT `+columns+` FROM accounts WHERE national_id = ?`, string(id))
}

func (a *Accounts) one(ctx context.Context, query, arg string) (Account, error) {
	acc, err := scan(a.db.Read().QueryRowContext(ctx, query, arg))
	if errors.Is(err, sql.ErrNoRows) {
		return Account{}, problem.New(problem.NotFound, sayNobody)
	}
	return acc, door(err)
}

// Close shuts an account: the person can no longer sign in. Its sessions are
// ended by the caller. Closing a closed account changes nothing.
func (a *Accounts) Close(ctx context.Context, by mssante.Actor, id string) error {
	return a.setClosed(ctx, by, id, a.now(), audit.AccountClose)
}

// Reopen undoes Close.
func (a *Accounts) Reopen(ctx context.Context, by mssante.Actor, id string) error {
	return a.setClosed(ctx, by, id, time.Time{}, audit.AccountReopen)
}

func (a *Accounts) setClosed(ctx context.Context, by mssante.Actor, id string, at time.Time, action audit.Action) error {
	if by.IsZero() {
		return problem.Wrap(errors.New("nobody acts"), problem.Internal, sayInternal)
	}
	return door(a.db.Write(ctx, func(tx *sql.Tx) error {
		acc, err := scan(tx.QueryRowContext(ctx, `SELECT `+columns+` FROM accounts WHERE id = ?`, id))
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return problem.New(problem.NotFound, sayNobody)
		case err != nil:
			return err
		case acc.Closed() == !at.IsZero():
			return nil
		}
		if _, err := tx.ExecContext(ctx, `UPDATE accounts SET closed_at = ? WHERE id = ?`, store.Micros(at), id); err != nil {
			return err
		}
		return a.audit.RecordTx(ctx, tx, audit.Event{Actor: by, Action: action, Target: id})
	}))
}

// ValidNationalID accepts what the registers hold: letters, digits, a slash and
// a few marks, at most 64 bytes. The id is opaque: nothing else is assumed.
func ValidNationalID(id mssante.NationalID) bool {
	if id == "" || len(id) > 64 {
		return false
	}
	for i := range len(id) {
		c := id[i]
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && strings.IndexByte("/-_.", c) < 0 {
			return false
		}
	}
	return true
}

// professions joins the distinct work of all situations, in their order.
func professions(p mssante.Practitioner) string {
	var seen []string
	for _, s := range p.Situations {
		if w := clean(s.Work(), 120); w != "" && !contains(seen, w) && len(seen) < 5 {
			seen = append(seen, w)
		}
	}
	return strings.Join(seen, ", ")
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

func scan(r *sql.Row) (Account, error) {
	var a Account
	var created, last, closed int64
	err := r.Scan(&a.ID, &a.NationalID, &a.GivenName, &a.FamilyName, &a.Profession, &created, &last, &closed)
	a.CreatedAt, a.LastSignIn, a.ClosedAt = store.Time(created), store.Time(last), store.Time(closed)
	return a, err
}

// door gives what leaves the room a kind and a sentence, unless it has them.
func door(err error) error {
	var p *problem.Error
	if err == nil || errors.As(err, &p) {
		return err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return problem.Wrap(err, problem.Timeout, sayInternal)
	}
	return problem.Wrap(fmt.Errorf("accounts: %w", err), problem.Internal, sayInternal)
}

// newID is 80 random bits in 16 lower-case characters, fit for a URL.
func newID() string { return strings.ToLower(rand.Text()[:16]) }

// clean makes s printable, on one line, at most n runes.
func clean(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, s)
	s = strings.TrimSpace(s)
	if r := []rune(s); len(r) > n {
		s = string(r[:n])
	}
	return s
}
