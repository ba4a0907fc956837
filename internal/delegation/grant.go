package delegation

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"pli.example/pli/internal/account"
	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/store"
)

// Request is a grant to make.
type Request struct {
	Address     mssante.Address
	MailboxKind mssante.MailboxKind
	Label       string // "" keeps the mailbox's own
	To          mssante.NationalID
	Kind        Kind      // "" = Delegate
	Rights      Rights    // 0 for an owner = All
	Until       time.Time // zero: no end
}

// Grant gives a person rights in a mailbox, declaring the mailbox when it is new,
// and replaces the grant they had there. by is the operator (no national id), or
// a person who holds Manage on that mailbox: such a person gives no right they
// lack, makes no owner and declares no mailbox.
func (g *Grants) Grant(ctx context.Context, by mssante.Actor, r Request) (Grant, error) {
	if r.Kind == "" {
		r.Kind = Delegate
	}
	if r.Kind == Owner && r.Rights == 0 {
		r.Rights = All
	}
	now := g.now().UTC().Truncate(time.Microsecond)
	r.Until = r.Until.UTC().Truncate(time.Microsecond)
	if err := r.check(by, now); err != nil {
		return Grant{}, err
	}
	grant := Grant{ID: newID(), Grantee: r.To, Kind: r.Kind, Rights: r.Rights, From: now, Until: r.Until, By: byOf(by)}
	err := g.db.Write(ctx, func(tx *sql.Tx) (err error) {
		if err := g.mayGrant(ctx, tx, by, r); err != nil {
			return err
		}
		grant.Mailbox, err = g.accounts.EnsureMailboxTx(ctx, tx, r.Address, r.MailboxKind, r.Label)
		if err != nil {
			return err
		}
		if err := g.insert(ctx, tx, grant); err != nil {
			return err
		}
		return g.audit.RecordTx(ctx, tx, audit.Event{Actor: by, Mailbox: r.Address.Key(), Action: audit.GrantAdd, Target: grant.ID,
			Request: string(grant.Kind) + " " + grant.Rights.String() + " to " + string(grant.Grantee) + until(grant.Until)})
	})
	if err != nil {
		return Grant{}, door(err)
	}
	return grant, nil
}

func (r Request) check(by mssante.Actor, now time.Time) error {
	say := ""
	switch {
	case by.IsZero():
		return problem.Wrap(errors.New("nobody grants"), problem.Internal, sayInternal)
	case !account.ValidNationalID(r.To):
		say = "Cet identifiant national n’est pas valable. Aucun droit n’a été accordé. Vérifiez-le dans l’annuaire santé."
	case r.Kind != Owner && r.Kind != Delegate:
		say = "Ce type d’accès n’existe pas. Aucun droit n’a été accordé. Types admis\u00a0: owner, delegate."
	case !r.Rights.Has(Read) || r.Rights&^All != 0:
		say = "Un accès comprend au moins le droit de lire. Aucun droit n’a été accordé. Ajoutez «\u00a0read\u00a0»."
	case !r.Until.IsZero() && !r.Until.After(now):
		say = "La date de fin est déjà passée. Aucun droit n’a été accordé. Choisissez une date à venir."
	}
	if say != "" {
		return problem.New(problem.Invalid, say)
	}
	return nil
}

// mayGrant holds a person, unlike the operator, to what they manage: nothing they
// lack, nothing longer than their own access, never their own access, never over
// an owner.
func (g *Grants) mayGrant(ctx context.Context, tx *sql.Tx, by mssante.Actor, r Request) error {
	if by.NationalID == "" {
		return nil
	}
	own, err := g.checkIn(ctx, tx, by.NationalID, r.Address, Manage)
	if err != nil {
		return err
	}
	theirs, err := g.checkIn(ctx, tx, r.To, r.Address, Read)
	if err != nil && !problem.Is(err, problem.NotFound) {
		return err
	}
	outlives := !own.Until.IsZero() && (r.Until.IsZero() || r.Until.After(own.Until))
	if r.Kind == Owner || theirs.Kind == Owner || r.To == by.NationalID || outlives || own.Rights&r.Rights != r.Rights {
		return problem.New(problem.Denied, sayLacking)
	}
	return nil
}

// insert ends the grant the person had on that mailbox and writes the new one. A
// nominative mailbox has one owner.
func (g *Grants) insert(ctx context.Context, tx *sql.Tx, n Grant) error {
	if n.Kind == Owner && n.Mailbox.Kind == mssante.KindNominative {
		var other int
		now := store.Micros(n.From)
		err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM grants g WHERE g.mailbox_id = ? AND g.kind = 'owner' AND g.grantee <> ? AND`+live,
			n.Mailbox.ID, string(n.Grantee), now, now).Scan(&other)
		if err != nil {
			return err
		}
		if other > 0 {
			return problem.New(problem.Conflict, "Cette boîte nominative a déjà un titulaire. Aucun droit n’a été accordé. Retirez d’abord le sien, ou accordez une délégation.")
		}
	}
	_, err := tx.ExecContext(ctx, `UPDATE grants SET revoked_at = ?, revoked_by = ? WHERE mailbox_id = ? AND grantee = ? AND revoked_at = 0`,
		store.Micros(n.From), n.By, n.Mailbox.ID, string(n.Grantee))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO grants (id, mailbox_id, grantee, kind, rights, valid_from, valid_until, granted_by) VALUES (?,?,?,?,?,?,?,?)`,
		n.ID, n.Mailbox.ID, string(n.Grantee), n.Kind, n.Rights.String(), store.Micros(n.From), store.Micros(n.Until), n.By)
	return err
}

// Revoke ends a grant at once. One already ended answers problem.NotFound, as
// does one the person by may not manage.
func (g *Grants) Revoke(ctx context.Context, by mssante.Actor, grantID string) error {
	if by.IsZero() {
		return problem.Wrap(errors.New("nobody revokes"), problem.Internal, sayInternal)
	}
	return door(g.db.Write(ctx, func(tx *sql.Tx) error {
		grant, err := scan(tx.QueryRowContext(ctx, `SELECT `+columns+from+`WHERE g.id = ? AND g.revoked_at = 0`, grantID))
		if errors.Is(err, sql.ErrNoRows) {
			return problem.New(problem.NotFound, sayNoGrant)
		}
		if err != nil {
			return err
		}
		if by.NationalID != "" {
			own, err := g.checkIn(ctx, tx, by.NationalID, grant.Mailbox.Address, Manage)
			if err != nil || grant.Kind == Owner && own.Kind != Owner {
				return problem.New(problem.NotFound, sayNoGrant)
			}
		}
		_, err = tx.ExecContext(ctx, `UPDATE grants SET revoked_at = ?, revoked_by = ? WHERE id = ?`, store.Micros(g.now()), byOf(by), grantID)
		if err != nil {
			return err
		}
		return g.audit.RecordTx(ctx, tx, audit.Event{Actor: by, Mailbox: grant.Mailbox.Address.Key(), Action: audit.GrantRevoke, Target: grantID,
			Request: string(grant.Kind) + " " + grant.Rights.String() + " of " + string(grant.Grantee)})
	}))
}

func byOf(by mssante.Actor) string {
	if by.AccountID != "" {
		return by.AccountID
	}
	return string(by.NationalID)
}

func until(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return " until " + t.Format("2006-01-02T15:04Z")
}
