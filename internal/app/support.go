package app

import (
	"pli.example/pli/internal/config"
	"pli.example/pli/internal/identity"
	"pli.example/pli/internal/outside"
	"pli.example/pli/internal/session"
	"pli.example/pli/internal/support"
	"pli.example/pli/web"
)

// support makes the room of support staff, their provider and their sessions; nil
// when no provider of theirs is configured.
func (a *App) support(c config.Config, lines outside.Lines) *web.Staff {
	o := c.SupportDesk.OIDC
	if !o.On() {
		return nil
	}
	provider := identity.NewStaff(staffOptions(c, lines))
	a.Staff = session.NewStaff(session.StaffOptions{
		DB: a.DB, Keys: a.Keys, Identity: provider, Audit: a.Audit, Now: lines.Now, Secure: true, Log: a.log,
		Clocks: session.Clocks{SignIn: c.Clocks.SignIn, Idle: c.SupportDesk.Idle, Absolute: c.SupportDesk.Absolute},
	})
	a.Support = support.New(support.Options{
		Accounts: a.Accounts, Grants: a.Grants, Sessions: a.Sessions, Ledger: a.Ledger, Trust: a.Trust, Directory: a.Directory, Audit: a.Audit,
		Loops: a.Loops, HeadsFile: c.AuditHeadsFile, Zone: web.Paris(), Now: lines.Now,
	})
	return &web.Staff{Identity: provider, Sessions: a.Staff, Desk: a.Support, Role: identity.Role{Claim: o.RoleClaim, Value: o.RoleValue}}
}

func staffOptions(c config.Config, lines outside.Lines) identity.Options {
	o := c.SupportDesk.OIDC
	return identity.Options{
		Issuer: o.Issuer, DiscoveryPaths: o.DiscoveryPaths, Hosts: o.Hosts, ClientID: o.ClientID, ClientSecret: string(o.ClientSecret),
		AuthMethod: o.AuthMethod, RedirectURL: c.URL("/support/callback"), PostLogoutURL: c.URL("/support/signed-out"),
		Scopes: o.ScopeList(), ACRValues: o.ACR, HTTP: lines.SupportClient(), Now: lines.Now, Leeway: o.Leeway,
	}
}
