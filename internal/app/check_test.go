package app_test

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/app"
	"pli.example/pli/internal/config"
	"pli.example/pli/internal/finding"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/testkit"
)

// The check asks by the same lines as the house: here those of the demo's world. What
// its servers lack shows, and what breaks is named; real servers have the whole
// list of faults (e2e).
func TestCheckByTheLinesOfTheHouse(t *testing.T) {
	t.Parallel()
	k := testkit.New(t, testkit.ServiceAccount)
	c := k.App.Config
	c.Ephemeral, c.Database = false, filepath.Join(t.TempDir(), "pli.db")
	c.Keys = config.Secret("k:" + base64.StdEncoding.EncodeToString(make([]byte, 32)))
	box, err := mssante.ParseAddress("claire.martin@medecin.mssante.fr")
	if err != nil {
		t.Fatal(err)
	}
	lines := k.World.Lines()
	lines.Now = time.Now // the world's certificates are of today
	whole := app.Check(t.Context(), c, lines, box)
	if whole.Faults() != 0 {
		t.Fatalf("%+v", whole)
	}
	state := func(l finding.List, check string) finding.State {
		for _, f := range l {
			if f.Check == check {
				return f.State
			}
		}
		return ""
	}
	for _, check := range []string{"imap.signin", "smtp.signin", "oidc.issuer", "oidc.client", "trust.signature", "database.writable"} {
		if s := state(whole, check); s != finding.OK {
			t.Errorf("%s is %q", check, s)
		}
	}
	for name, row := range map[string]struct {
		bend  func(*config.Config)
		check string
	}{
		"issuer":   {func(c *config.Config) { c.OIDC.Issuer += "/" }, "oidc.issuer"},
		"password": {func(c *config.Config) { c.SMTP.ServicePassword = "x" }, "smtp.signin"},
		"signer":   {func(c *config.Config) { c.Trust.SignerNames = []string{"autre"} }, "trust.signature"},
	} {
		bent := c
		row.bend(&bent)
		got := app.Check(t.Context(), bent, lines, box)
		if s := state(got, row.check); s != finding.Fault {
			t.Errorf("%s: %s is %q: %+v", name, row.check, s, got)
		}
	}
}

// Nothing secret is said on a line that is not what it should be, nor in a sentence.
func TestCheckTellsNoSecret(t *testing.T) {
	t.Parallel()
	k := testkit.New(t, testkit.ServiceAccount)
	c, lines := k.App.Config, k.World.Lines()
	c.Ephemeral, c.Database = false, filepath.Join(t.TempDir(), "pli.db")
	c.Keys = config.Secret("k:" + base64.StdEncoding.EncodeToString([]byte("0123456789abcdef0123456789abcdef")))
	lines.IMAPTLS, lines.SMTPTLS = lines.IMAPTLS.Clone(), lines.SMTPTLS.Clone()
	lines.IMAPTLS.RootCAs, lines.SMTPTLS.RootCAs = x509.NewCertPool(), x509.NewCertPool()
	said := &tap{}
	dial := lines.DialIMAP
	lines.DialIMAP = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dial(ctx, network, addr)
		return &tapped{conn, said}, err
	}
	box, err := mssante.ParseAddress("claire.martin@medecin.mssante.fr")
	if err != nil {
		t.Fatal(err)
	}
	got := app.Check(t.Context(), c, lines, box)
	if got.Faults() == 0 {
		t.Fatal("an unknown authority was accepted")
	}
	for _, f := range got {
		for _, secret := range []string{string(c.IMAP.ServicePassword), string(c.OIDC.ClientSecret), base64.StdEncoding.EncodeToString([]byte("0123456789abcdef0123456789abcdef"))} {
			if secret == "" || strings.Contains(f.Say+f.Do, secret) {
				t.Errorf("a secret in %+v", f)
			}
		}
	}
	if clear := string(said.b); !strings.Contains(clear, "STARTTLS") || strings.Contains(clear, "AUTHENTICATE") {
		t.Errorf("in clear: %q", clear)
	}
}

type tap struct{ b []byte }

type tapped struct {
	net.Conn
	to *tap
}

func (c *tapped) Write(p []byte) (int, error) {
	if c.Conn == nil {
		return 0, errors.New("no line")
	}
	c.to.b = append(c.to.b, p...)
	return c.Conn.Write(p)
}
