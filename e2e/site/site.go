// Package site runs Pli as an operator does, in service-account mode, before any IMAP
// server, with the demo's provider to sign in with: for what is measured or tried
// behind the sign-in, by as many people as it takes.
package site

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"pli.example/pli/e2e/dovecot"
	"pli.example/pli/e2e/program"
	"pli.example/pli/e2e/visitor"
	"pli.example/pli/internal/demo/idp"
	"pli.example/pli/internal/demo/people"
)

// Reader is somebody who signs in and the one mailbox they have.
type Reader struct {
	Key     string // their card's button at the provider
	Mailbox string
	person  idp.Person
	id      string
}

// Options says what Pli stands on.
type Options struct {
	Dir     string // empty directory
	Address string // of IMAP with STARTTLS, which knows dovecot.Service
	CA      string // its authority, PEM
	Readers []Reader
	Env     []string // further settings
}

// Site is a Pli that runs.
type Site struct {
	Base    string // http://127.0.0.1:port
	Pli     *program.Process
	metrics string
	idp     *http.Server
}

// One is the demo's general practitioner, with one mailbox.
func One(mailbox string) Reader {
	p := people.Cast()[0]
	return Reader{Key: p.Key, Mailbox: mailbox, id: string(p.NationalID), person: idp.Person{Key: p.Key, Label: p.Name, Work: p.Label, Userinfo: p.Userinfo}}
}

// Many are n general practitioners, pNNN@domain.
func Many(n int, domain string) []Reader {
	var out []Reader
	like := people.Cast()[0]
	for i := range n {
		key := fmt.Sprintf("p%03d", i)
		id := fmt.Sprintf("8997009%05d", i)
		info := map[string]any{}
		for name, value := range like.Userinfo {
			info[name] = value
		}
		info["sub"], info["SubjectNameID"], info["preferred_username"] = "f:00000000-0000-4000-8000-000000000001:"+id, id, id
		info["otherIds"] = []any{map[string]any{"identifiant": id, "origine": "RPPS", "qualite": 1}}
		out = append(out, Reader{Key: key, Mailbox: key + "@" + domain, id: id, person: idp.Person{Key: key, Label: "Dr " + key, Work: like.Label, Userinfo: info}})
	}
	return out
}

// Start grants each reader their mailbox and waits until Pli answers.
func Start(o Options) (*Site, error) {
	port, err := dovecot.FreePort()
	if err != nil {
		return nil, err
	}
	metrics, err := dovecot.FreePort()
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &Site{Base: fmt.Sprintf("http://127.0.0.1:%d", port), metrics: fmt.Sprintf("127.0.0.1:%d", metrics)}
	provider := "http://" + l.Addr().String()
	var cast []idp.Person
	for _, r := range o.Readers {
		cast = append(cast, r.person)
	}
	op := idp.New(idp.Options{Issuer: provider + "/auth/realms/esante-wallet", WalletBase: provider + "/wallet", ClientID: "bench", ClientSecret: "bench-secret",
		RedirectURIs: []string{s.Base + "/sign-in/callback"}, PostLogoutURIs: []string{s.Base + "/signed-out"}, People: cast, Now: time.Now})
	s.idp = &http.Server{Handler: op.Handler()}
	go s.idp.Serve(l)

	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	keys, ca := filepath.Join(o.Dir, "keys"), filepath.Join(o.Dir, "ca.pem")
	for name, text := range map[string]string{keys: "bench:" + base64.StdEncoding.EncodeToString(key) + "\n", ca: o.CA} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	env := []string{
		"PLI_DATABASE=" + filepath.Join(o.Dir, "pli.sqlite"), "PLI_KEYS_FILE=" + keys, "PLI_OIDC_ISSUER=" + provider + "/auth/realms/esante-wallet",
		"PLI_OIDC_CLIENT_ID=bench", "PLI_OIDC_CLIENT_SECRET=bench-secret", "PLI_IMAP_ADDRESS=" + o.Address, "PLI_IMAP_CA_FILE=" + ca,
		"PLI_IMAP_AUTH=plain-authzid", "PLI_IMAP_SERVICE_USER=" + dovecot.Service, "PLI_IMAP_SERVICE_PASSWORD=" + dovecot.ServicePassword,
		"PLI_LISTEN=" + strings.TrimPrefix(s.Base, "http://"), "PLI_PUBLIC_URL=" + s.Base, "PLI_METRICS_LISTEN=" + s.metrics,
		"PLI_LIST=letters", "PLI_RATE_PER_SESSION=1000000", "PLI_RATE_PER_ADDRESS=1000000",
	}
	for _, e := range o.Env {
		if strings.HasPrefix(e, "PLI_SMTP_") { // letters leave through the same authority
			env = append(env, "PLI_SMTP_CA_FILE="+ca)
			break
		}
	}
	env = append(env, o.Env...)
	if err := os.MkdirAll(program.Out("bin"), 0o755); err != nil {
		return nil, err
	}
	if err := grant(env, o.Readers); err != nil {
		s.idp.Close()
		return nil, err
	}
	if s.Pli, err = program.Launch(o.Dir, s.Base, env, "serve"); err != nil {
		s.idp.Close()
		return nil, err
	}
	return s, nil
}

// grant runs the operator's command for everybody, two at a time: each waits for the
// disk more than it computes.
func grant(env []string, readers []Reader) error {
	one := func(r Reader) error {
		_, err := program.Run(env, "mailbox", "grant", r.Mailbox, "--to", r.id, "--kind", "owner", "--mailbox-kind", "PER", "--label", "Bench")
		return err
	}
	if len(readers) == 0 {
		return nil
	}
	if err := one(readers[0]); err != nil { // the database is made by one alone
		return err
	}
	work := make(chan Reader)
	errs := make([]error, 2)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			for r := range work {
				errs[i] = errors.Join(errs[i], one(r))
			}
		})
	}
	for _, r := range readers[1:] {
		work <- r
	}
	close(work)
	wg.Wait()
	return errors.Join(errs...)
}

// Stop ends both programs.
func (s *Site) Stop() {
	s.Pli.Stop()
	s.idp.Close()
}

// SignIn presents somebody's card and gives the first page of their letters.
func (s *Site) SignIn(key string) (*visitor.Visitor, *visitor.Page, error) {
	v := visitor.New()
	p, err := v.SignIn(s.Base, key)
	return v, p, err
}

var figureRE = regexp.MustCompile(`(?m)^([a-z_]+(?:\{[^}]*\})?) (\S+)$`)

// Figures reads /metrics: names, with their labels as written, and values.
func (s *Site) Figures() (map[string]float64, error) {
	res, err := http.Get("http://" + s.metrics + "/metrics")
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	out := map[string]float64{}
	for _, m := range figureRE.FindAllSubmatch(b, -1) {
		if v, err := strconv.ParseFloat(string(m[2]), 64); err == nil {
			out[string(m[1])] = v
		}
	}
	return out, nil
}

// Status reads a figure in kB of the process (proc(5), status): VmRSS, VmHWM.
func (s *Site) Status(field string) (int, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.Pli.PID()))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(line, field+":"); ok {
			return strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), " kB"))
		}
	}
	return 0, errors.New("no " + field)
}
