package main

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"pli.example/pli/e2e/dovecot"
	"pli.example/pli/e2e/program"
	"pli.example/pli/e2e/visitor"
	"pli.example/pli/internal/demo/idp"
	"pli.example/pli/internal/demo/people"
)

// site is Pli as an operator runs it, in service-account mode, with the demo's
// provider to sign in with: sign-in is not what is measured.
type site struct {
	base string
	pli  *program.Process
	idp  *http.Server
}

const reader = "martin" // who reads the mailbox

func serve(dir string, d *dovecot.Server) (*site, error) { return serveBox(dir, d, mailbox) }

// serveBox serves one mailbox, with more settings.
func serveBox(dir string, d *dovecot.Server, mailbox string, more ...string) (*site, error) {
	port, err := dovecot.FreePort()
	if err != nil {
		return nil, err
	}
	base := fmt.Sprintf("http://127.0.0.1:%d", port)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	provider := "http://" + l.Addr().String()
	var cast []idp.Person
	nationalID := ""
	for _, p := range people.Cast() {
		if p.Key == reader {
			cast = append(cast, idp.Person{Key: p.Key, Label: p.Name, Work: p.Label, Userinfo: p.Userinfo})
			nationalID = string(p.NationalID)
		}
	}
	op := idp.New(idp.Options{Issuer: provider + "/auth/realms/esante-wallet", WalletBase: provider + "/wallet", ClientID: "bench", ClientSecret: "bench-secret",
		RedirectURIs: []string{base + "/sign-in/callback"}, PostLogoutURIs: []string{base + "/signed-out"}, People: cast, Now: time.Now})
	s := &site{base: base, idp: &http.Server{Handler: op.Handler()}}
	go s.idp.Serve(l)

	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	keys, ca := filepath.Join(dir, "keys"), filepath.Join(dir, "ca.pem")
	for name, text := range map[string]string{keys: "bench:" + base64.StdEncoding.EncodeToString(key) + "\n", ca: d.CA.PEM} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	env := []string{
		"PLI_DATABASE=" + filepath.Join(dir, "pli.sqlite"), "PLI_KEYS_FILE=" + keys, "PLI_OIDC_ISSUER=" + provider + "/auth/realms/esante-wallet",
		"PLI_OIDC_CLIENT_ID=bench", "PLI_OIDC_CLIENT_SECRET=bench-secret", "PLI_IMAP_ADDRESS=" + d.Address, "PLI_IMAP_CA_FILE=" + ca,
		"PLI_IMAP_AUTH=plain-authzid", "PLI_IMAP_SERVICE_USER=" + dovecot.Service, "PLI_IMAP_SERVICE_PASSWORD=" + dovecot.ServicePassword,
		"PLI_LISTEN=" + strings.TrimPrefix(base, "http://"), "PLI_PUBLIC_URL=" + base, "PLI_RATE_PER_SESSION=1000000", "PLI_RATE_PER_ADDRESS=1000000",
	}
	if len(more) > 0 {
		env = append(append(env, "PLI_SMTP_CA_FILE="+ca), more...)
	}
	if _, err := program.Run(env, "mailbox", "grant", mailbox, "--to", nationalID, "--kind", "owner", "--mailbox-kind", "PER", "--label", "Bench"); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(program.Out("bin"), 0o755); err != nil {
		return nil, err
	}
	s.pli, err = program.Launch(dir, base, env, "serve")
	return s, err
}

func (s *site) stop() {
	s.pli.Stop()
	s.idp.Close()
}

func (s *site) signIn() (*visitor.Visitor, *visitor.Page, error) {
	v := visitor.New()
	p, err := v.SignIn(s.base, reader)
	return v, p, err
}
