package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"pli.example/pli/internal/account"
	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/config"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/directory"
	"pli.example/pli/internal/identity"
	"pli.example/pli/internal/ledger"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/metrics"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/outgoing"
	"pli.example/pli/internal/outside"
	"pli.example/pli/internal/rules"
	"pli.example/pli/internal/seal"
	"pli.example/pli/internal/session"
	"pli.example/pli/internal/store"
	"pli.example/pli/internal/support"
	"pli.example/pli/internal/trust"
	"pli.example/pli/web"
)

// Options are what is neither a setting nor a line out.
type Options struct {
	Log        *slog.Logger // nil: nothing is logged
	PerSession int          // requests a minute and session; 0: the pages' default
	PerAddress int          // sign-in requests a minute and address; 0: the pages' default
	BannerTo   string       // where the banner's link leads
}

// App is one running Pli. The rooms are fields so that the command line and the
// test kit use the same ones as the pages.
type App struct {
	Config   config.Config
	DB       *store.DB
	Keys     *seal.Keyring
	Audit    *audit.Trail
	Accounts *account.Accounts
	Grants   *delegation.Grants
	Identity *identity.Provider
	Sessions *session.Manager
	Servers  *mailserver.Server
	House    *mailbox.House

	Trust     *trust.List
	Directory *directory.Directory
	Ledger    *ledger.Ledger
	Outbox    *outgoing.Outbox // nil: no submission server is named, nothing can be sent

	Rules *rules.Room // nil: no server of rules is named

	Staff   *session.Staff // nil: no provider of support staff is configured
	Support *support.Desk  // nil likewise

	Web *web.Server

	log *slog.Logger
	now func() time.Time

	figures    *figures
	running    running                // which loops are at work
	stopping   atomic.Bool            // Run has begun to stop: not ready any more
	heads      metrics.Pulse          // of the export of the trail's heads
	submission *mailserver.Submission // the outbox's
}

// New makes every room. Nothing is dialled: an operator's server that is down must
// not stop Pli from starting and saying so.
func New(ctx context.Context, c config.Config, lines outside.Lines, o Options) (*App, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Log = web.WithRequest(o.Log)
	if lines.Now == nil {
		lines.Now = time.Now
	}
	a, err := openData(ctx, c.Data, lines.Now)
	if err != nil {
		return nil, err
	}
	a.Config, a.log, a.now = c, o.Log, lines.Now
	a.figures = newFigures(lines.Now())
	a.Identity = identity.New(identityOptions(c, lines))
	a.Sessions = session.New(session.Options{
		DB: a.DB, Keys: a.Keys, Identity: a.Identity, Audit: a.Audit, Now: lines.Now, Secure: true, Log: o.Log,
		Clocks: session.Clocks{SignIn: c.Clocks.SignIn, Idle: c.Clocks.Idle, Absolute: c.Clocks.Absolute},
	})
	imap := imapOptions(c.IMAP, lines, a.Sessions, o.Log)
	imap.Observe = a.figures.command
	a.Servers = mailserver.New(imap)
	a.House = mailbox.New(mailbox.Options{Grants: a.Grants, Servers: a.Servers, Audit: a.Audit, Keys: a.Keys, DB: a.DB, Log: o.Log, Now: lines.Now, IndexRoom: c.IMAP.IndexRoom})
	if err := a.writing(ctx, c, lines); err != nil {
		return nil, errors.Join(err, a.Close(ctx))
	}
	if err := a.sorting(c, lines); err != nil {
		return nil, errors.Join(err, a.Close(ctx))
	}
	staff := a.support(c, lines)
	a.Web, err = web.New(web.Options{
		Staff:  staff,
		Rules:  a.Rules,
		Outbox: a.Outbox, Directory: a.Directory, Trust: a.Trust,
		Identity: a.Identity, Sessions: a.Sessions, Accounts: a.Accounts, Grants: a.Grants, House: a.House, Audit: a.Audit,
		Secure: c.Secure(), Banner: c.Banner, BannerTo: o.BannerTo, Operator: c.Support, Conversations: c.List == config.ListConversations, Proxies: c.Proxies(),
		PerSession: o.PerSession, PerAddress: o.PerAddress, Ready: a.ready, Observe: a.figures.request, Now: lines.Now, Log: o.Log,
	})
	if err != nil {
		return nil, errors.Join(err, a.Close(ctx))
	}
	a.gather()
	a.Sessions.OnEnd(func(id string, over bool) {
		a.Servers.Drop(id)
		a.House.Drop(id)
		if a.Outbox != nil {
			a.Outbox.Drop(id)
		}
		if over {
			a.Web.DropSession(id)
		} else {
			a.Web.ForgetMail(id)
		}
	})
	return a, nil
}

// Data opens what a command beside the server needs: the database, the trail, the
// accounts and the grants. No line out, no page.
func Data(ctx context.Context, c config.Data) (*App, error) { return openData(ctx, c, time.Now) }

func openData(ctx context.Context, c config.Data, now func() time.Time) (*App, error) {
	keys := seal.NewRandomKeyring()
	path := ""
	if !c.Ephemeral {
		var err error
		if keys, err = seal.ParseKeyring(string(c.Keys)); err != nil {
			return nil, fmt.Errorf("read the keys: %w", err)
		}
		path = c.Database
	}
	db, err := store.Open(ctx, store.Options{Path: path, Now: now})
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	return onData(db, keys, c.Node, now), nil
}

// onData makes the rooms that need nothing but the database.
func onData(db *store.DB, keys *seal.Keyring, node string, now func() time.Time) *App {
	a := &App{DB: db, Keys: keys, log: slog.New(slog.DiscardHandler)}
	a.Audit = audit.New(audit.Options{DB: db, Keys: keys, Node: node, Now: now})
	a.Accounts = account.New(account.Options{DB: db, Keys: keys, Audit: a.Audit, Now: now})
	a.Grants = delegation.New(delegation.Options{DB: db, Accounts: a.Accounts, Audit: a.Audit, Now: now})
	return a
}

func identityOptions(c config.Config, lines outside.Lines) identity.Options {
	return identity.Options{
		Issuer: c.OIDC.Issuer, DiscoveryPaths: c.OIDC.DiscoveryPaths, Hosts: c.OIDC.Hosts, ClientID: c.OIDC.ClientID, ClientSecret: string(c.OIDC.ClientSecret),
		AuthMethod: c.OIDC.AuthMethod, RedirectURL: c.URL("/sign-in/callback"), PostLogoutURL: c.URL("/signed-out"),
		Scopes: c.OIDC.ScopeList(), ACRValues: c.OIDC.ACR, HTTP: lines.Client(), Now: lines.Now, Leeway: c.OIDC.Leeway,
	}
}

func imapOptions(c config.IMAP, lines outside.Lines, s *session.Manager, log *slog.Logger) mailserver.Options {
	conf := lines.IMAPTLS
	if conf == nil {
		conf = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	o := mailserver.Options{
		Address: c.Address, ServerName: c.ServerName, Mode: c.Mode, TLS: conf, Dial: lines.DialIMAP, Auth: c.Auth,
		ServiceUser: c.ServiceUser, ServicePassword: string(c.ServicePassword),
		PerMailbox: c.PerMailbox, Total: c.Total, Watching: watching(c), PollEvery: c.Poll, IdleClose: c.IdleClose, CommandTimeout: c.CommandTimeout, Log: log, Now: lines.Now,
	}
	if s != nil { // nil: nobody signs in, a check
		o.Credentials, o.Evict = s.Credentials, s.Evict
		o.AtHand = func(ctx context.Context, actor mssante.Actor, addr mssante.Address) (string, error) {
			token, err := s.AtHand(ctx, actor, addr)
			if errors.Is(err, session.ErrAway) {
				err = mailserver.ErrAway
			}
			return token, err
		}
	}
	return o
}

// watching: none configured is none, where the room takes 0 for its own default.
func watching(c config.IMAP) int {
	if c.Watching == 0 {
		return -1
	}
	return c.Watching
}

// ready asks the database for one row, and says no once the stop has begun.
func (a *App) ready(ctx context.Context) error {
	if a.stopping.Load() {
		return errors.New("stopping")
	}
	var one int
	return a.DB.Read().QueryRowContext(ctx, `SELECT 1`).Scan(&one)
}

// Handler serves the pages.
func (a *App) Handler() http.Handler { return a.Web.Handler() }

// Close lets go of everything in order, once nothing is served any more: what the
// pages began, the refreshes under way (none begins after), politely the mail servers
// within ctx, then the trail and the database, each within dataFor.
func (a *App) Close(ctx context.Context) error {
	return errors.Join(a.letGo(ctx), a.closeData(ctx, dataFor))
}

// letGo ends what works on the trail and the database.
func (a *App) letGo(ctx context.Context) error {
	a.waitForPages(ctx)
	var errs []error
	if a.House != nil { // acts on many letters: the piece under way
		errs = append(errs, a.House.Close(ctx))
	}
	if a.Outbox != nil { // letters on their way, which need the tokens of their senders
		errs = append(errs, a.Outbox.Close(ctx))
	}
	if a.Sessions != nil {
		errs = append(errs, a.Sessions.Close(ctx))
	}
	if a.Servers != nil {
		errs = append(errs, a.Servers.Close(ctx))
	}
	if a.Directory != nil {
		errs = append(errs, a.Directory.Close())
	}
	return errors.Join(errs...)
}

// closeData closes the trail, then the database, each within its own time whatever ctx
// has left: a disk that hangs must not leave the last rows to chance on a sound one.
// What is left behind is as after a crash, which both are made for.
func (a *App) closeData(ctx context.Context, each time.Duration) error {
	trail := a.step(ctx, "trail", time.Now().Add(each), func(context.Context) error { return a.Audit.Close() })
	data := a.step(ctx, "database", time.Now().Add(each), func(context.Context) error { return a.DB.Close() })
	return errors.Join(trail, data)
}
