package app

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"time"

	"pli.example/pli/internal/config"
	"pli.example/pli/internal/directory"
	"pli.example/pli/internal/ledger"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/outgoing"
	"pli.example/pli/internal/outside"
	"pli.example/pli/internal/session"
	"pli.example/pli/internal/trust"
)

// writing makes the rooms a letter passes on its way out: whom to write to, who
// belongs to the trusted space, the outbox, the ledger.
func (a *App) writing(ctx context.Context, c config.Config, lines outside.Lines) error {
	a.Trust = trust.New(trust.Options{DB: a.DB, Audit: a.Audit, URL: c.Trust.URL, HTTP: lines.TrustClient(), Anchors: lines.TrustAnchors,
		SignerNames: c.Trust.SignerNames, MaxAge: c.Trust.MaxAge, Every: c.Trust.Every, Now: lines.Now, Log: a.log})
	var err error
	a.Directory, err = directory.New(ctx, directory.Options{Path: c.DirectoryFile(), Main: a.DB, Keys: a.Keys, Audit: a.Audit,
		HTTP: lines.DirectoryClient(), ExtractionURL: c.Directory.URL, Every: c.Directory.Every, Now: lines.Now, Log: a.log})
	if err != nil {
		return fmt.Errorf("open the directory: %w", err)
	}
	a.Ledger = ledger.New(ledger.Options{DB: a.DB, Keys: a.Keys, Now: lines.Now, Log: a.log})
	if !c.Sends() {
		return nil
	}
	zone, err := time.LoadLocation("Europe/Paris") // the pages' zone; its data is embedded
	if err != nil {
		return fmt.Errorf("the zone of letters: %w", err)
	}
	submission := smtpOptions(c, lines, a.Sessions, a.log)
	submission.Observe = a.figures.submission
	a.submission = mailserver.NewSubmission(submission)
	a.Outbox = outgoing.New(outgoing.Options{Zone: zone, DB: a.DB, Keys: a.Keys, Audit: a.Audit, House: a.House, Accounts: a.Accounts, Grants: a.Grants,
		Trust: a.Trust, Directory: a.Directory, Ledger: a.Ledger, Submission: a.submission,
		NIL: c.SMTP.NIL, MailboxRoom: c.SMTP.MailboxRoom, AccountRoom: c.SMTP.AccountRoom, AllowUnlisted: c.Trust.AllowUnlisted, Patient: outgoing.Identity(lines.Now), Now: lines.Now, Log: a.log})
	return nil
}

func smtpOptions(c config.Config, lines outside.Lines, sessions *session.Manager, log *slog.Logger) mailserver.SubmissionOptions {
	conf := lines.SMTPTLS
	if conf == nil {
		conf = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	hello, err := os.Hostname()
	if err != nil {
		hello = ""
	}
	s := c.SMTP
	o := mailserver.SubmissionOptions{Address: s.Address, ServerName: s.ServerName, Mode: s.Mode, TLS: conf, Dial: lines.DialSMTP, Auth: s.Auth,
		ServiceUser: s.ServiceUser, ServicePassword: string(s.ServicePassword),
		Total: s.Total, CommandTimeout: s.CommandTimeout, Hello: hello, Log: log, Now: lines.Now}
	if sessions != nil { // nil: nobody signs in, a check
		o.Credentials, o.Evict = sessions.Credentials, sessions.Evict
	}
	return o
}

// Stock fetches the white list and the directory now, rather than when the loops
// get to it.
func (a *App) Stock(ctx context.Context) error {
	if err := a.Trust.Refresh(ctx); err != nil {
		return fmt.Errorf("fetch the white list: %w", err)
	}
	if _, err := a.Directory.Fetch(ctx); err != nil {
		return fmt.Errorf("fetch the directory: %w", err)
	}
	return nil
}
