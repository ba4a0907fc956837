//go:build e2e

package e2e

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"pli.example/pli/e2e/dovecot"
	"pli.example/pli/e2e/postfix"
	"pli.example/pli/e2e/space"
	"pli.example/pli/internal/demo"
	"pli.example/pli/internal/demo/mailhost"
)

// post is how letters leave a world.
type post struct {
	missing     error  // why none can
	product     string // the product reference every letter carries
	stop, start func() error
	fits        int // octets of one file that still fits in a letter there
	tooBig      int // of one that does not
	log         func() string
	lmtp        string                              // where the operator's own delivery begins, rules and all; "" for none
	hand        func(from, to, letter string) error // to the server's own delivery (LMTP); nil where there is none
}

// needPost skips a row in a world no letter leaves.
func (w *world) needPost(t testing.TB) {
	t.Helper()
	if w.post.missing != nil {
		t.Skip(w.post.missing.Error())
	}
}

const (
	productReference = "PLI-E2E 1.0"
	// operatorSize is what the Postfix of the worlds announces: a letter with a file of
	// 20 MB, encoded, and little more.
	operatorSize = 28_500_000
)

// startMail runs Dovecot, and Postfix before it when letters are to leave. env is
// what Pli is told of it; ca is where the authority's certificate will lie.
func startMail(t testing.TB, o dovecot.Options, sending, token bool, ca string) (d *dovecot.Server, p post, env []string) {
	t.Helper()
	if !sending {
		return startDovecot(t, o), post{missing: errors.New("this world only reads")}, nil
	}
	if err := postfix.Installed(); err != nil {
		return startDovecot(t, o), post{missing: err}, nil
	}
	needDovecot(t)
	o.Dir = shortDir(t)
	o.Rules = dovecot.SieveInstalled() == nil
	d, delivery, err := dovecot.StartDelivering(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Stop)
	s, err := postfix.Start(postfix.Options{Dir: shortDir(t), Dovecot: d, Delivery: delivery, Mailboxes: o.Mailboxes, MaxSize: operatorSize})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	startPatients(t, d, delivery.LMTPSocket)
	files := filepath.Join(t.TempDir(), "space")
	if err := os.Mkdir(files, 0o700); err != nil {
		t.Fatal(err)
	}
	public, err := space.Start(files, demo.Directory())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { public.Stop() })
	p = post{product: productReference, stop: func() error { s.Stop(); return nil }, start: s.Start, fits: 20_000_000, tooBig: 22_000_000, log: s.Log,
		hand: (&scriptedPatients{lmtp: delivery.LMTPSocket}).lmtpSend}
	if o.Rules {
		p.lmtp = delivery.LMTPSocket
	}
	env = append(public.Env(), "PLI_SMTP_CA_FILE="+ca, "PLI_SMTP_NIL="+productReference)
	if o.Rules {
		env = append(env, "PLI_SIEVE_ADDRESS="+delivery.Sieve.Address, "PLI_SIEVE_CA_FILE="+ca)
	}
	if o.Rules && !token {
		env = append(env, "PLI_SIEVE_AUTH=plain-authzid", "PLI_SIEVE_SERVICE_USER="+dovecot.Service, "PLI_SIEVE_SERVICE_PASSWORD="+dovecot.ServicePassword)
	}
	if token {
		return d, p, append(env, "PLI_SMTP_ADDRESS="+s.Submission, "PLI_SMTP_AUTH=xoauth2")
	}
	return d, p, append(env, "PLI_SMTP_ADDRESS="+s.Submissions, "PLI_SMTP_MODE=tls", "PLI_SMTP_AUTH=plain-authzid",
		"PLI_SMTP_SERVICE_USER="+dovecot.Service, "PLI_SMTP_SERVICE_PASSWORD="+dovecot.ServicePassword)
}

// demoPost is the demo's own submission server: 25 Mo, as Mon espace santé.
func demoPost(d *demo.World) post {
	does := func(ok bool) error {
		if !ok {
			return fmt.Errorf("the demo has no submission server to switch")
		}
		return nil
	}
	return post{product: "PLI-DEMO", fits: 18_000_000, tooBig: mailhost.MaxSize * 4 / 5, log: func() string { return "" },
		stop: func() error { return does(d.Stop(demo.ServiceSMTP)) }, start: func() error { return does(d.Start(demo.ServiceSMTP)) }}
}
