package support

import (
	"context"
	"errors"
	"strings"
	"time"

	"pli.example/pli/internal/account"
	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/directory"
	"pli.example/pli/internal/ledger"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/session"
	"pli.example/pli/internal/trust"
)

// Options are the rooms the desk looks into; Loops and HeadsFile may be left out.
type Options struct {
	Accounts  *account.Accounts
	Grants    *delegation.Grants
	Sessions  *session.Manager
	Ledger    *ledger.Ledger
	Trust     *trust.List
	Directory *directory.Directory
	Audit     *audit.Trail
	Loops     func() []Loop // the background works of this node
	HeadsFile string        // exported heads that Verify compares with, "" for none
	MaxExport int           // rows of one export; 0: 500,000
	// Zone is the one of the hours in the file for spreadsheets; nil = UTC.
	Zone *time.Location
	Now  func() time.Time
}

// Desk answers support. Safe for concurrent use.
type Desk struct{ o Options }

// New makes the desk.
func New(o Options) *Desk {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if o.MaxExport <= 0 {
		o.MaxExport = maxExport
	}
	if o.Loops == nil {
		o.Loops = func() []Loop { return nil }
	}
	return &Desk{o: o}
}

// Loop is one background work of this node.
type Loop struct {
	Name        string    // in French
	Since       time.Time // runs since; zero: not running
	LastSuccess time.Time // zero: none yet, or it does not tell
	Failures    int64     // since the process started
	Failing     bool      // the last round failed
}

const (
	maxFound   = 50
	sayNotABox = "Cette adresse n’est pas celle d’une boîte de professionnel. Rien n’a été cherché."
	sayNoAct   = "Cet acte n’existe pas dans le journal. Rien n’a été cherché ni exporté\u00a0: choisissez-en un dans la liste."
	sayNotYou  = "Cette page est réservée au support. Rien n’a été montré."
	sayWords   = "Saisissez un nom, un identifiant national ou une adresse de boîte. Rien n’a été cherché."
)

// note writes an act of the agent in the trail. Only support staff has acts here: the
// rooms below take an actor without a national identifier for the operator.
func (d *Desk) note(ctx context.Context, by mssante.Actor, e audit.Event) error {
	if !strings.HasPrefix(by.AccountID, session.StaffPrefix) || by.NationalID != "" {
		return problem.Wrap(errors.New("not an agent of support"), problem.Denied, sayNotYou)
	}
	e.Actor = by
	return d.o.Audit.Record(ctx, e)
}

// Found is what a search brought.
type Found struct {
	Accounts  []account.Account
	Mailboxes []account.Mailbox
	Waiting   []delegation.Grant // of a national identifier that never signed in
	More      bool               // there were others: be more precise
}

// Search finds people by name or national identifier, and mailboxes by address or
// label.
func (d *Desk) Search(ctx context.Context, by mssante.Actor, words string) (Found, error) {
	words = strings.TrimSpace(words)
	if words == "" || len(words) > 200 {
		return Found{}, problem.New(problem.Invalid, sayWords)
	}
	var f Found
	var moreAccounts, moreBoxes bool
	var err error
	if f.Accounts, moreAccounts, err = d.o.Accounts.Find(ctx, words, maxFound); err != nil {
		return Found{}, err
	}
	if f.Mailboxes, moreBoxes, err = d.o.Accounts.FindMailboxes(ctx, words, maxFound); err != nil {
		return Found{}, err
	}
	if id := mssante.NationalID(words); len(f.Accounts) == 0 && account.ValidNationalID(id) {
		if f.Waiting, err = d.o.Grants.Of(ctx, id); err != nil {
			return Found{}, err
		}
	}
	f.More = moreAccounts || moreBoxes
	return f, d.note(ctx, by, audit.Event{Action: audit.SupportSearch, Request: "search", Detail: words, Count: len(f.Accounts) + len(f.Mailboxes)})
}

// Person is one account as support sees it.
type Person struct {
	Account  account.Account
	Grants   []Grant
	Sessions []Session
}

// Grant is a right with the names behind its identifiers.
type Grant struct {
	delegation.Grant
	Who       string // the grantee's name, "" when they never signed in
	AccountID string // the grantee's, "" likewise
	Giver     string // who gave it: a name, "" for the operator
	Live      bool
}

// Session is a live session; it says nothing of what was looked at in it.
type Session struct {
	ID, Agent     string
	Since, SeenAt time.Time
	MailEnded     bool // its access to letters has ended
}

// Person gives an account with its grants and live sessions.
func (d *Desk) Person(ctx context.Context, by mssante.Actor, accountID string) (Person, error) {
	acc, err := d.o.Accounts.ByID(ctx, accountID)
	if err != nil {
		return Person{}, err
	}
	grants, err := d.o.Grants.Of(ctx, acc.NationalID)
	if err != nil {
		return Person{}, err
	}
	live, err := d.o.Sessions.List(ctx, acc.ID)
	if err != nil {
		return Person{}, err
	}
	p := Person{Account: acc}
	if p.Grants, err = d.named(ctx, grants); err != nil {
		return Person{}, err
	}
	for _, s := range live {
		p.Sessions = append(p.Sessions, Session{ID: s.ID, Agent: s.Agent, Since: s.CreatedAt, SeenAt: s.SeenAt, MailEnded: s.Mail != nil})
	}
	return p, d.note(ctx, by, audit.Event{Action: audit.SupportLook, Target: acc.ID, Request: "account"})
}

// Mailbox is a mailbox and every right ever given on it: never a folder, never a
// letter, not even how many.
type Mailbox struct {
	account.Mailbox
	Grants []Grant
}

// Mailbox gives a declared mailbox.
func (d *Desk) Mailbox(ctx context.Context, by mssante.Actor, id string) (Mailbox, error) {
	box, err := d.o.Accounts.MailboxByID(ctx, id)
	if err != nil {
		return Mailbox{}, err
	}
	grants, err := d.o.Grants.List(ctx, &box.Address)
	if err != nil {
		return Mailbox{}, err
	}
	m := Mailbox{Mailbox: box}
	if m.Grants, err = d.named(ctx, grants); err != nil {
		return Mailbox{}, err
	}
	return m, d.note(ctx, by, audit.Event{Action: audit.SupportLook, Mailbox: box.Address.Key(), Target: box.ID, Request: "mailbox"})
}

// named puts names on grants; those in force come first.
func (d *Desk) named(ctx context.Context, grants []delegation.Grant) ([]Grant, error) {
	now := d.o.Now()
	var live, over []Grant
	people := map[mssante.NationalID]account.Account{}
	givers := map[string]string{"": "", "operator": ""}
	for _, g := range grants {
		acc, known := people[g.Grantee]
		if !known {
			var err error
			if acc, err = d.o.Accounts.ByNationalID(ctx, g.Grantee); err != nil && !problem.Is(err, problem.NotFound) {
				return nil, err
			}
			people[g.Grantee] = acc
		}
		giver, known := givers[g.By]
		if !known {
			switch from, err := d.o.Accounts.ByID(ctx, g.By); {
			case err == nil:
				giver = from.DisplayName()
			case problem.Is(err, problem.NotFound):
				giver = g.By
			default:
				return nil, err
			}
			givers[g.By] = giver
		}
		n := Grant{Grant: g, AccountID: acc.ID, Giver: giver, Live: g.Live(now)}
		if acc.ID != "" {
			n.Who = acc.DisplayName()
		}
		if n.Live {
			live = append(live, n)
		} else {
			over = append(over, n)
		}
	}
	return append(live, over...), nil
}

// RevokeAll is Revoke for every live session of an account, and tells how many ended.
func (d *Desk) RevokeAll(ctx context.Context, by mssante.Actor, accountID string, why session.Reason) (int, error) {
	if !strings.HasPrefix(by.AccountID, session.StaffPrefix) || by.NationalID != "" {
		return 0, problem.Wrap(errors.New("not an agent of support"), problem.Denied, sayNotYou)
	}
	live, err := d.o.Sessions.List(ctx, accountID)
	if err != nil {
		return 0, err
	}
	for i, s := range live {
		if err := d.Revoke(ctx, by, accountID, s.ID, why); err != nil {
			return i, err
		}
	}
	return len(live), nil
}

// Revoke ends a live session of an account; the person reads why at their next
// request. The session room writes the trail together with the end.
func (d *Desk) Revoke(ctx context.Context, by mssante.Actor, accountID, sessionID string, why session.Reason) error {
	if !strings.HasPrefix(by.AccountID, session.StaffPrefix) || by.NationalID != "" {
		return problem.Wrap(errors.New("not an agent of support"), problem.Denied, sayNotYou)
	}
	return d.o.Sessions.RevokeFor(ctx, by, accountID, sessionID, why)
}
