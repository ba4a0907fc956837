package account

import (
	"context"
	"database/sql"
	"errors"

	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/store"
)

// Mailbox is one mailbox this installation may open. It says nothing of who may.
type Mailbox struct {
	ID      string // opaque, URL-safe
	Address mssante.Address
	Kind    mssante.MailboxKind
	Label   string // what people call it; the address when nobody named it
}

const (
	sayNoMailbox = "Cette boîte n’existe pas ou ne vous est pas ouverte. Rien n’a été modifié. Vérifiez l’adresse, ou demandez l’accès à votre opérateur."
	sayAddress   = "Cette adresse n’est pas celle d’une boîte de professionnel. Rien n’a été modifié. Vérifiez l’adresse."
	sayKind      = "Ce type de boîte n’existe pas. Rien n’a été modifié. Types admis\u00a0: PER, ORG, CAB, APP."
)

// MailboxColumns lists, for a join on "mailboxes AS m", what ScanMailbox reads.
const MailboxColumns = `m.id, m.address, m.kind, m.label`

// EnsureMailbox finds the mailbox of an address or declares it. A kind or label
// that is given replaces the stored one.
func (a *Accounts) EnsureMailbox(ctx context.Context, addr mssante.Address, kind mssante.MailboxKind, label string) (Mailbox, error) {
	var m Mailbox
	err := a.db.Write(ctx, func(tx *sql.Tx) (err error) {
		m, err = a.EnsureMailboxTx(ctx, tx, addr, kind, label)
		return err
	})
	return m, door(err)
}

// EnsureMailboxTx is EnsureMailbox within the caller's write transaction.
func (a *Accounts) EnsureMailboxTx(ctx context.Context, tx *sql.Tx, addr mssante.Address, kind mssante.MailboxKind, label string) (Mailbox, error) {
	if _, err := mssante.ParseAddress(addr.String()); err != nil || addr.IsPatient() {
		return Mailbox{}, problem.New(problem.Invalid, sayAddress)
	}
	switch kind {
	case mssante.KindNominative, mssante.KindOrganisational, mssante.KindCabinet, mssante.KindApplicative, mssante.KindUnknown:
	default:
		return Mailbox{}, problem.New(problem.Invalid, sayKind)
	}
	label = clean(label, 80)
	m, err := ScanMailbox(tx.QueryRowContext(ctx, `SELECT `+MailboxColumns+` FROM mailboxes m WHERE address_key = ?`, addr.Key()))
	if errors.Is(err, sql.ErrNoRows) {
		m = Mailbox{ID: newID(), Address: addr, Kind: kind, Label: label}
		if m.Label == "" {
			m.Label = addr.String()
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO mailboxes (id, address_key, address, kind, label, created_at) VALUES (?,?,?,?,?,?)`,
			m.ID, addr.Key(), addr.String(), m.Kind, m.Label, store.Micros(a.now()))
		return m, door(err)
	}
	if err != nil {
		return Mailbox{}, door(err)
	}
	before := m
	if kind != mssante.KindUnknown {
		m.Kind = kind
	}
	if label != "" {
		m.Label = label
	}
	if m == before {
		return m, nil
	}
	_, err = tx.ExecContext(ctx, `UPDATE mailboxes SET kind = ?, label = ? WHERE id = ?`, m.Kind, m.Label, m.ID)
	return m, door(err)
}

// MailboxByID finds a mailbox by the opaque id of a URL. It tells nothing about
// the right to open it: ask delegation.
func (a *Accounts) MailboxByID(ctx context.Context, id string) (Mailbox, error) {
	return a.oneMailbox(ctx, `SELECT `+MailboxColumns+` FROM mailboxes m WHERE id = ?`, id)
}

// MailboxByAddress finds a declared mailbox, without regard to case.
func (a *Accounts) MailboxByAddress(ctx context.Context, addr mssante.Address) (Mailbox, error) {
	return a.oneMailbox(ctx, `SELECT `+MailboxColumns+` FROM mailboxes m WHERE address_key = ?`, addr.Key())
}

func (a *Accounts) oneMailbox(ctx context.Context, query, arg string) (Mailbox, error) {
	m, err := ScanMailbox(a.db.Read().QueryRowContext(ctx, query, arg))
	if errors.Is(err, sql.ErrNoRows) {
		return Mailbox{}, problem.New(problem.NotFound, sayNoMailbox)
	}
	return m, door(err)
}

// ScanMailbox reads MailboxColumns, then whatever else the query selected.
func ScanMailbox(r interface{ Scan(...any) error }, more ...any) (Mailbox, error) {
	var m Mailbox
	var addr string
	if err := r.Scan(append([]any{&m.ID, &addr, &m.Kind, &m.Label}, more...)...); err != nil {
		return Mailbox{}, err
	}
	var err error
	m.Address, err = mssante.ParseAddress(addr)
	return m, err
}

// Preference keys: a closed list, so that a form cannot fill the database.
const (
	PrefSituation = "situation" // key of the situation d'exercice last chosen
	PrefList      = "list"      // what folders show: "conversations" or "letters"
)

const maxPreference = 4096 // bytes

// Preference gives a stored preference, "" when never set.
func (a *Accounts) Preference(ctx context.Context, accountID, key string) (string, error) {
	var v string
	err := a.db.Read().QueryRowContext(ctx, `SELECT value FROM preferences WHERE account_id = ? AND key = ?`, accountID, key).Scan(&v)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return v, door(err)
}

// SetPreference stores a preference; "" forgets it.
func (a *Accounts) SetPreference(ctx context.Context, accountID, key, value string) error {
	if key != PrefSituation && key != PrefList || len(value) > maxPreference {
		return problem.New(problem.Invalid, "Cette préférence n’existe pas. Rien n’a été modifié.")
	}
	return door(a.db.Write(ctx, func(tx *sql.Tx) error { return a.setPreference(ctx, tx, accountID, key, value) }))
}
