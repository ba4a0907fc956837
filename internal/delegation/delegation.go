// Package delegation owns the grants: which person may do what in which mailbox,
// until when. An owner is a grant too. Grants name people by national identifier,
// so an operator can give access before the person's first sign-in.
//
// It is the gate in front of mail (mailbox.Open asks Check and nothing else).
// "Not for you", "expired", "revoked" and "does not exist" answer alike, so the
// gate cannot be used to learn which mailboxes exist. Every grant and revocation
// is committed together with its row in the trail.
//
// It must not know sessions, folders or letters.
package delegation

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"pli.example/pli/internal/account"
	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/store"
)

// Kind tells whose mailbox it is.
type Kind string

// The kinds of grant.
const (
	Owner    Kind = "owner"
	Delegate Kind = "delegate"
)

// Label says the kind in French.
func (k Kind) Label() string {
	if k == Owner {
		return "titulaire"
	}
	return "délégué"
}

// Grant is one person's rights in one mailbox.
type Grant struct {
	ID        string // opaque
	Mailbox   account.Mailbox
	Grantee   mssante.NationalID
	Kind      Kind
	Rights    Rights
	From      time.Time
	Until     time.Time // zero: no end
	RevokedAt time.Time // zero: not revoked
	By        string    // who granted: an account id, or "operator"
}

// Live reports whether the grant counts at an instant: the end is exclusive.
func (g Grant) Live(at time.Time) bool {
	return g.RevokedAt.IsZero() && !at.Before(g.From) && (g.Until.IsZero() || at.Before(g.Until))
}

// Options are what the room needs.
type Options struct {
	DB       *store.DB
	Accounts *account.Accounts
	Audit    *audit.Trail
	Now      func() time.Time // nil = time.Now
}

// Grants reads and writes grants. Safe for concurrent use.
type Grants struct {
	db       *store.DB
	accounts *account.Accounts
	audit    *audit.Trail
	now      func() time.Time
}

// New makes the room's one value.
func New(o Options) *Grants {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Grants{db: o.DB, accounts: o.Accounts, audit: o.Audit, now: o.Now}
}

// What a user may read.
const (
	sayInternal = "Les droits d’accès n’ont pas pu être lus. Rien n’a été perdu. Réessayez dans un instant."
	sayClosed   = "Cette boîte n’existe pas ou ne vous est pas ouverte. Rien n’a été modifié. Vérifiez l’adresse, ou demandez l’accès à votre opérateur."
	sayLacking  = "Votre accès à cette boîte ne permet pas cette action. Rien n’a été modifié. Demandez ce droit au titulaire de la boîte ou à votre opérateur."
	sayNoGrant  = "Ce droit d’accès n’existe pas ou a déjà été retiré. Rien n’a été modifié."
)

const columns = account.MailboxColumns + `, g.id, g.grantee, g.kind, g.rights, g.valid_from, g.valid_until, g.revoked_at, g.granted_by`

// from joins account's table of mailboxes: one query on the path of every page.
const from = ` FROM grants g JOIN mailboxes m ON m.id = g.mailbox_id `

const live = ` g.revoked_at = 0 AND g.valid_from <= ? AND (g.valid_until = 0 OR g.valid_until > ?) `

// Check says whether a person may do everything in need with a mailbox, and
// under which grant. Without any live grant the answer is problem.NotFound,
// whether the mailbox exists or not; a live grant that lacks the right is
// problem.Denied, since that person knows the mailbox.
func (g *Grants) Check(ctx context.Context, who mssante.NationalID, addr mssante.Address, need Rights) (Grant, error) {
	return g.checkIn(ctx, g.db.Read(), who, addr, need)
}

// queryer is a reading connection or the transaction at hand.
type queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func (g *Grants) checkIn(ctx context.Context, q queryer, who mssante.NationalID, addr mssante.Address, need Rights) (Grant, error) {
	if who == "" || addr.IsZero() || need == 0 {
		return Grant{}, problem.New(problem.NotFound, sayClosed)
	}
	now := store.Micros(g.now())
	grant, err := scan(q.QueryRowContext(ctx,
		`SELECT `+columns+from+`WHERE g.grantee = ? AND m.address_key = ? AND`+live, string(who), addr.Key(), now, now))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return Grant{}, problem.New(problem.NotFound, sayClosed)
	case err != nil:
		return Grant{}, door(err)
	case !grant.Rights.Has(need):
		return Grant{}, problem.New(problem.Denied, sayLacking)
	}
	return grant, nil
}

// ForPerson lists a person's live grants: their own mailboxes first, then by label.
func (g *Grants) ForPerson(ctx context.Context, who mssante.NationalID) ([]Grant, error) {
	now := store.Micros(g.now())
	return g.list(ctx, `SELECT `+columns+from+`WHERE g.grantee = ? AND`+live+
		`ORDER BY g.kind = 'owner' DESC, m.label COLLATE NOCASE, m.address_key`, string(who), now, now)
}

// List gives every grant ever made, ended ones included, of one mailbox or (nil)
// of all, by mailbox then date.
func (g *Grants) List(ctx context.Context, address *mssante.Address) ([]Grant, error) {
	query := `SELECT ` + columns + from
	var args []any
	if address != nil {
		query += `WHERE m.address_key = ? `
		args = append(args, address.Key())
	}
	return g.list(ctx, query+`ORDER BY m.address_key, g.valid_from, g.id`, args...)
}

func (g *Grants) list(ctx context.Context, query string, args ...any) ([]Grant, error) {
	rows, err := g.db.Read().QueryContext(ctx, query, args...)
	if err != nil {
		return nil, door(err)
	}
	defer rows.Close()
	var out []Grant
	for rows.Next() {
		grant, err := scan(rows)
		if err != nil {
			return nil, door(err)
		}
		out = append(out, grant)
	}
	return out, door(rows.Err())
}

func scan(r interface{ Scan(...any) error }) (Grant, error) {
	var g Grant
	var rights string
	var from, until, revoked int64
	m, err := account.ScanMailbox(r, &g.ID, &g.Grantee, &g.Kind, &rights, &from, &until, &revoked, &g.By)
	if err != nil {
		return Grant{}, err
	}
	g.Mailbox = m
	g.From, g.Until, g.RevokedAt = store.Time(from), store.Time(until), store.Time(revoked)
	g.Rights, err = ParseRights(rights)
	return g, err
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
	return problem.Wrap(fmt.Errorf("grants: %w", err), problem.Internal, sayInternal)
}

// newID is 80 random bits in 16 lower-case characters.
func newID() string { return strings.ToLower(rand.Text()[:16]) }
