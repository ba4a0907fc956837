package app

import (
	"context"
	"encoding/json"
	"fmt"

	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/identity"
	"pli.example/pli/internal/mssante"
)

// Person is somebody to be known before their first sign-in, and what they may
// open: what an operator enters with "pli mailbox grant".
type Person struct {
	NationalID mssante.NationalID
	Userinfo   map[string]any // as the provider would say it; used for closed accounts only
	Closed     bool           // their account was closed
	Access     []Access
}

// Access is one mailbox for one person.
type Access struct {
	Address mssante.Address
	Kind    mssante.MailboxKind
	Label   string
	Owner   bool
	Rights  string // codes, as delegation.ParseRights reads them
}

// Seed enters people and their access in the operator's name.
func (a *App) Seed(ctx context.Context, people []Person) error {
	by := mssante.Actor{AccountID: "operator", Name: "Opérateur"}
	for _, p := range people {
		for _, x := range p.Access {
			rights, err := delegation.ParseRights(x.Rights)
			if err != nil {
				return fmt.Errorf("seed %s: %w", x.Address, err)
			}
			r := delegation.Request{Address: x.Address, MailboxKind: x.Kind, Label: x.Label, To: p.NationalID, Kind: delegation.Delegate, Rights: rights}
			if x.Owner {
				r.Kind = delegation.Owner
			}
			if _, err := a.Grants.Grant(ctx, by, r); err != nil {
				return fmt.Errorf("seed %s: %w", x.Address, err)
			}
		}
		if !p.Closed {
			continue
		}
		if err := a.closeAccount(ctx, by, p); err != nil {
			return err
		}
	}
	return nil
}

func (a *App) closeAccount(ctx context.Context, by mssante.Actor, p Person) error {
	raw, err := json.Marshal(p.Userinfo)
	if err != nil {
		return fmt.Errorf("seed a closed account: %w", err)
	}
	who, err := identity.ParseUserinfo(raw)
	if err != nil {
		return fmt.Errorf("seed a closed account: %w", err)
	}
	acc, err := a.Accounts.SignedIn(ctx, who)
	if err != nil {
		return fmt.Errorf("seed a closed account: %w", err)
	}
	return a.Accounts.Close(ctx, by, acc.ID)
}
