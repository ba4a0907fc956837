package app

import (
	"context"
	"os"
	"sync"
	"time"

	"pli.example/pli/internal/config"
	"pli.example/pli/internal/directory"
	"pli.example/pli/internal/finding"
	"pli.example/pli/internal/identity"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/outgoing"
	"pli.example/pli/internal/outside"
	"pli.example/pli/internal/seal"
	"pli.example/pli/internal/store"
	"pli.example/pli/internal/trust"
)

// Check asks every server and file that Run would use, by the same options, and says
// what is right and what is wrong. It serves nothing, changes nothing and may run
// beside a Pli that serves. mailbox is one the service account tries; zero: the first
// that is declared.
func Check(ctx context.Context, c config.Config, lines outside.Lines, mailbox mssante.Address) finding.List {
	if lines.Now == nil {
		lines.Now = time.Now
	}
	var all finding.List
	all = append(all, c.CheckFiles()...)
	all = append(all, store.Check(ctx, c.Database)...)
	if mailbox.Domain == "" && all.Faults() == 0 {
		mailbox = firstMailbox(ctx, c.Data, lines.Now)
	}
	// Side by side: a server that never answers costs its time once.
	asks := []func() finding.List{
		func() finding.List { return identity.New(identityOptions(c, lines)).Check(ctx, "oidc", "PLI_OIDC_") },
		func() finding.List { return checkStaff(ctx, c, lines) },
		func() finding.List { return mailserver.New(imapOptions(c.IMAP, lines, nil, nil)).Check(ctx, mailbox) },
		func() finding.List { return checkSubmission(ctx, c, lines, mailbox) },
		func() finding.List { return checkSieve(ctx, c, lines, mailbox) },
		func() finding.List {
			return trust.New(trust.Options{URL: c.Trust.URL, HTTP: lines.TrustClient(), Anchors: lines.TrustAnchors,
				SignerNames: c.Trust.SignerNames, MaxAge: c.Trust.MaxAge, Now: lines.Now}).Check(ctx)
		},
		func() finding.List {
			return directory.Extraction{URL: c.Directory.URL, HTTP: lines.DirectoryClient(), Now: lines.Now}.Check(ctx)
		},
	}
	answers := make([]finding.List, len(asks))
	var work sync.WaitGroup
	for i, ask := range asks {
		work.Go(func() { answers[i] = ask() })
	}
	work.Wait()
	for _, a := range answers {
		all = append(all, a...)
	}
	return all
}

// checkStaff: the provider of support staff, when there is one.
func checkStaff(ctx context.Context, c config.Config, lines outside.Lines) finding.List {
	if !c.SupportDesk.OIDC.On() {
		return nil
	}
	return identity.NewStaff(staffOptions(c, lines)).Check(ctx, "staff", "PLI_SUPPORT_OIDC_")
}

func checkSubmission(ctx context.Context, c config.Config, lines outside.Lines, mailbox mssante.Address) finding.List {
	if !c.Sends() {
		var l finding.List
		l.Warn("smtp.connect", "Nommez le serveur d’envoi par PLI_SMTP_ADDRESS pour que les lettres partent.", "Aucun serveur d’envoi n’est nommé\u00a0: Pli ne fait que lire.")
		return l
	}
	return mailserver.NewSubmission(smtpOptions(c, lines, nil, nil)).Check(ctx, mailbox, outgoing.PatientLimit)
}

// firstMailbox is a declared one, for the service account to try. A database that
// does not open, or has an older schema, is said elsewhere.
func firstMailbox(ctx context.Context, d config.Data, now func() time.Time) mssante.Address {
	keys, err := seal.ParseKeyring(string(d.Keys))
	if err != nil {
		return mssante.Address{}
	}
	if _, err := os.Stat(d.Database); err != nil { // opening would make it
		return mssante.Address{}
	}
	db, err := store.Open(ctx, store.Options{Path: d.Database, Now: now, AsItIs: true})
	if err != nil {
		return mssante.Address{}
	}
	a := onData(db, keys, d.Node, now)
	defer a.Close(context.WithoutCancel(ctx))
	grants, err := a.Grants.List(ctx, nil)
	if err != nil {
		return mssante.Address{}
	}
	for _, g := range grants {
		if g.RevokedAt.IsZero() {
			return g.Mailbox.Address
		}
	}
	return mssante.Address{}
}
