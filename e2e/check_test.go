//go:build e2e

package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"pli.example/pli/e2e/dovecot"
	"pli.example/pli/e2e/postfix"
	"pli.example/pli/e2e/program"
	"pli.example/pli/e2e/space"
	"pli.example/pli/internal/demo"
	said "pli.example/pli/internal/finding"
)

// checked is a surrounding in which "pli check" finds no fault.
type checked struct {
	t        *testing.T
	dir      string
	provider *Provider
	dovecot  *dovecot.Server
	delivery dovecot.Delivery
	postfix  *postfix.Server
	env      []string
}

const checkedBox = "anne@example.test"

func newChecked(t *testing.T) *checked {
	t.Helper()
	needTools(t)
	needDovecot(t)
	if err := postfix.Installed(); err != nil {
		t.Skip(err.Error())
	}
	w := &checked{t: t, dir: shortDir(t)}
	w.provider = startProvider(t, ProviderConfig{People: []ProviderPerson{chainPerson("anne", "810000000011")},
		Clients: []ProviderClient{{ID: "pli-e2e", Secret: "secret-of-pli", RedirectURIs: []string{"http://127.0.0.1:9/sign-in/callback"}}}})
	var err error
	if w.dovecot, w.delivery, err = dovecot.StartDelivering(dovecot.Options{Dir: shortDir(t), Mailboxes: []string{checkedBox}}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.dovecot.Stop)
	w.postfix = w.startPostfix(operatorSize)
	ca := w.write("ca.pem", w.dovecot.CA.PEM, 0o644)
	keys := w.write("keys", "e2e:"+base64.StdEncoding.EncodeToString(make([]byte, 32))+"\n", 0o600)
	w.env = append(w.startSpace("space", time.Now).Env(),
		"PLI_PUBLIC_URL=http://127.0.0.1:9", "PLI_DATABASE="+filepath.Join(w.dir, "pli.sqlite"), "PLI_AUDIT_HEADS_FILE="+w.write("heads", "", 0o600), "PLI_KEYS_FILE="+keys,
		"PLI_OIDC_ISSUER="+w.provider.Issuer, "PLI_OIDC_CLIENT_ID=pli-e2e", "PLI_OIDC_CLIENT_SECRET=secret-of-pli",
		"PLI_IMAP_ADDRESS="+w.dovecot.Address, "PLI_IMAP_CA_FILE="+ca, "PLI_IMAP_AUTH=plain-authzid",
		"PLI_IMAP_SERVICE_USER="+dovecot.Service, "PLI_IMAP_SERVICE_PASSWORD="+dovecot.ServicePassword,
		"PLI_SMTP_ADDRESS="+w.postfix.Submission, "PLI_SMTP_CA_FILE="+ca, "PLI_SMTP_AUTH=plain-authzid", "PLI_SMTP_NIL="+productReference,
		"PLI_SMTP_SERVICE_USER="+dovecot.Service, "PLI_SMTP_SERVICE_PASSWORD="+dovecot.ServicePassword)
	run(t, w.env, "mailbox", "grant", checkedBox, "--to", "810000000011", "--kind", "owner", "--mailbox-kind", "PER", "--label", "Anne")
	return w
}

func (w *checked) startPostfix(size int64) *postfix.Server {
	w.t.Helper()
	s, err := postfix.Start(postfix.Options{Dir: shortDir(w.t), Dovecot: w.dovecot, Delivery: w.delivery, Mailboxes: []string{checkedBox}, MaxSize: size})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(s.Stop)
	return s
}

func (w *checked) startSpace(name string, now func() time.Time) *space.Server {
	w.t.Helper()
	dir := filepath.Join(w.dir, name)
	if err := os.Mkdir(dir, 0o755); err != nil {
		w.t.Fatal(err)
	}
	s, err := space.StartAt(dir, now, demo.Directory())
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { s.Stop() })
	return s
}

func (w *checked) write(name, text string, mode os.FileMode) string {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		w.t.Fatal(err)
	}
	return path
}

// value is what the environment sets.
func value(env []string, name string) string {
	for _, kv := range slices.Backward(env) {
		if v, ok := strings.CutPrefix(kv, name+"="); ok {
			return v
		}
	}
	return ""
}

// front answers in the provider's place, its answers changed by edit; issuer is what
// the configuration is told.
func (w *checked) front(edit func(r *http.Response, issuer string) error) (issuer string) {
	w.t.Helper()
	behind, err := url.Parse(w.provider.Issuer)
	if err != nil {
		w.t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: behind.Scheme, Host: behind.Host})
		r.Out.Host = behind.Host
		r.Out.Header.Del("Accept-Encoding")
	}}
	server := httptest.NewServer(proxy)
	w.t.Cleanup(server.Close)
	issuer = server.URL + behind.Path
	proxy.ModifyResponse = func(r *http.Response) error { return edit(r, issuer) }
	return issuer
}

// inHisName makes the provider's documents speak of the front.
func (w *checked) inHisName(r *http.Response, issuer string) error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	body = bytes.ReplaceAll(body, []byte(w.provider.Issuer), []byte(issuer))
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	r.Header.Set("Content-Length", strconv.Itoa(len(body)))
	return nil
}

// stripper relays to a server and takes STARTTLS out of what it says, as somebody on
// the way would.
func stripper(t *testing.T, to string) string {
	t.Helper()
	l := listenLoopback(t)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				s, err := net.Dial("tcp", to)
				if err != nil {
					return
				}
				defer s.Close()
				go io.Copy(s, c)
				buf := make([]byte, 16<<10)
				for {
					n, err := s.Read(buf)
					if n > 0 {
						c.Write(bytes.ReplaceAll(buf[:n], []byte("STARTTLS"), []byte("XTARTTLS")))
					}
					if err != nil {
						return
					}
				}
			}()
		}
	}()
	return l.Addr().String()
}

// report is what "pli check --json" prints.
type report struct {
	OK       bool      `json:"ok"`
	Faults   int       `json:"faults"`
	Findings said.List `json:"findings"`
	code     int
	raw      string
}

func (r report) faults() (out []string) {
	for _, f := range r.Findings {
		if f.State == said.Fault {
			out = append(out, f.Check)
		}
	}
	return out
}

func (r report) find(check string) said.Finding {
	for _, f := range r.Findings {
		if f.Check == check {
			return f
		}
	}
	return said.Finding{}
}

// check runs the binary; as makes it another user's process.
func (w *checked) check(as *syscall.Credential, extra []string, args ...string) report {
	w.t.Helper()
	bin, err := program.Binary()
	if err != nil {
		w.t.Fatal(err)
	}
	if as != nil { // who may not walk down to our binary
		raw, err := os.ReadFile(bin)
		if err != nil {
			w.t.Fatal(err)
		}
		bin = w.write("pli", string(raw), 0o755)
	}
	cmd := exec.Command(bin, append([]string{"check"}, args...)...)
	cmd.Env = slices.Concat(program.Clean(), w.env, extra)
	cmd.Dir = w.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as, Pdeathsig: syscall.SIGKILL}
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	r := report{raw: string(out) + errs.String()}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		r.code = exit.ExitCode()
	} else if err != nil {
		w.t.Fatal(err)
	}
	if slices.Contains(args, "--json") {
		if err := json.Unmarshal(out, &r); err != nil {
			w.t.Fatalf("%v\n%s", err, r.raw)
		}
	}
	return r
}

// TestCheck plants faults one by one before real servers: each is named on its own
// line, and what has nothing to do with it is found as right as before.
func TestCheck(t *testing.T) {
	t.Parallel()
	w := newChecked(t)
	whole := w.check(nil, nil, "--json")
	if whole.code != 0 || !whole.OK || len(whole.Findings) < 30 {
		t.Fatalf("exit %d before anything is wrong:\n%s", whole.code, whole.raw)
	}
	for _, f := range whole.Findings {
		// The extraction of the tests is small, and a test's secrets come from the environment.
		if f.State != said.OK && f.Check != "directory.size" {
			t.Errorf("before anything is wrong: %+v", f)
		}
	}
	text := w.check(nil, nil)
	if text.code != 0 || !strings.Contains(text.raw, "Aucune faute.") || !strings.Contains(text.raw, "imap.capabilities") {
		t.Errorf("in words: exit %d\n%s", text.code, text.raw)
	}
	for _, fault := range w.faults() {
		t.Run(fault.name, func(t *testing.T) {
			var as *syscall.Credential
			var extra []string
			if fault.plant != nil {
				as, extra = fault.plant()
			}
			if fault.mend != nil {
				defer fault.mend()
			}
			got := w.check(as, extra, "--json")
			if got.code != 1 || got.OK || !slices.Equal(got.faults(), []string{fault.check}) {
				t.Fatalf("exit %d, faults %v, want 1, [%s]\n%s", got.code, got.faults(), fault.check, got.raw)
			}
			f := got.find(fault.check)
			if !strings.Contains(f.Say, fault.says) || f.Do == "" {
				t.Errorf("says %q, do %q; want %q in it", f.Say, f.Do, fault.says)
			}
			t.Logf("%-6s %-20s %s → %s", f.State.Label(), f.Check, f.Say, f.Do)
			for _, before := range whole.Findings {
				after := got.find(before.Check)
				touched := after.Topic() == f.Topic() || fault.also != "" && strings.Contains(fault.also, before.Check)
				if !touched && after.State != before.State {
					t.Errorf("%s was %q and is %q: %s", before.Check, before.State, after.State, after.Say)
				}
			}
		})
	}
}

type planted struct {
	name, check, says string
	also              string // lines of other topics that can then not be looked at
	plant             func() (*syscall.Credential, []string)
	mend              func()
}

// env plants a fault in the configuration.
func env(kv ...string) func() (*syscall.Credential, []string) {
	return func() (*syscall.Credential, []string) { return nil, kv }
}

func (w *checked) faults() []planted {
	must := func(err error) {
		if err != nil {
			w.t.Fatal(err)
		}
	}
	other, err := dovecot.NewCA("Une autre autorité")
	must(err)
	return []planted{
		{name: "expired certificate", check: "imap.expiry", says: "expiré", plant: func() (*syscall.Credential, []string) {
			cert, key, err := w.dovecot.CA.IssueUntil(time.Now().Add(-10*time.Minute), "127.0.0.1", "localhost")
			must(err)
			must(w.dovecot.Show(cert, key))
			return nil, nil
		}, mend: func() {
			cert, key, err := w.dovecot.CA.Issue("127.0.0.1", "localhost")
			must(err)
			must(w.dovecot.Show(cert, key))
		}},
		{name: "wrong authority", check: "imap.chain", says: "autorité acceptée", plant: env("PLI_IMAP_CA_FILE=" + w.write("other.pem", other.PEM, 0o644))},
		{name: "wrong authority of the submission server", check: "smtp.chain", says: "Pli e2e", plant: env("PLI_SMTP_CA_FILE=" + w.write("other.pem", other.PEM, 0o644))},
		{name: "wrong host name", check: "imap.name", says: "imap.autre.example", plant: env("PLI_IMAP_SERVER_NAME=imap.autre.example")},
		{name: "STARTTLS stripped from IMAP", check: "imap.starttls", says: "STARTTLS", plant: env("PLI_IMAP_ADDRESS=" + stripper(w.t, w.dovecot.Address))},
		{name: "STARTTLS stripped from SMTP", check: "smtp.starttls", says: "STARTTLS", plant: env("PLI_SMTP_ADDRESS=" + stripper(w.t, w.postfix.Submission))},
		{name: "STARTTLS asked of a TLS port", check: "smtp.connect", says: "", plant: env("PLI_SMTP_ADDRESS="+w.postfix.Submissions, "PLI_SMTP_COMMAND_TIMEOUT=2s")},
		{name: "wrong service password", check: "imap.signin", says: "refuse le compte de service", plant: env("PLI_IMAP_SERVICE_PASSWORD=autre-chose")},
		{name: "wrong service password at submission", check: "smtp.signin", says: "refuse le compte de service", plant: env("PLI_SMTP_SERVICE_PASSWORD=autre-chose")},
		{name: "mechanism not offered", check: "imap.mechanism", says: "XOAUTH2", plant: env("PLI_IMAP_AUTH=xoauth2")},
		{name: "nobody listens", check: "imap.connect", says: "Rien n’écoute", plant: env("PLI_IMAP_ADDRESS=127.0.0.1:9")},
		{name: "SIZE too small", check: "smtp.size", says: "10,0\u00a0Mo", plant: func() (*syscall.Credential, []string) {
			return nil, []string{"PLI_SMTP_ADDRESS=" + w.startPostfix(10_000_000).Submission}
		}},
		{name: "issuer mismatch", check: "oidc.issuer", says: w.provider.Issuer, plant: env("PLI_OIDC_ISSUER=" + w.front(func(*http.Response, string) error { return nil }))},
		{name: "discovery down", check: "oidc.discovery", says: "Rien n’écoute", plant: func() (*syscall.Credential, []string) {
			w.provider.Stop()
			return nil, nil
		}, mend: func() { must(w.provider.Start()) }},
		{name: "client unknown", check: "oidc.client", says: "pli-e2e", plant: env("PLI_OIDC_CLIENT_SECRET=autre-chose")},
		{name: "client of support staff unknown", check: "staff.client", says: "pli-e2e", plant: env("PLI_SUPPORT_OIDC_ISSUER="+w.provider.Issuer, "PLI_SUPPORT_OIDC_CLIENT_ID=pli-e2e",
			"PLI_SUPPORT_OIDC_CLIENT_SECRET=autre-chose", "PLI_SUPPORT_OIDC_ROLE_VALUE=support", "PLI_SUPPORT_OIDC_SCOPES=openid")},
		{name: "clock skew", check: "oidc.clock", says: "en avance de 10\u00a0minutes", plant: env("PLI_OIDC_ISSUER=" + w.front(func(r *http.Response, issuer string) error {
			r.Header.Set("Date", time.Now().Add(-10*time.Minute).UTC().Format(http.TimeFormat))
			return w.inHisName(r, issuer)
		}))},
		{name: "white list signed by another key", check: "trust.signature", says: "autorité attendue", plant: func() (*syscall.Credential, []string) {
			return nil, []string{"PLI_TRUST_ANCHORS_FILE=" + value(w.startSpace("stranger", time.Now).Env(), "PLI_TRUST_ANCHORS_FILE")}
		}},
		{name: "stale white list", check: "trust.age", says: "trop ancienne", plant: func() (*syscall.Credential, []string) {
			old := w.startSpace("old", func() time.Time { return time.Now().AddDate(0, 0, -30) }).Env()
			return nil, slices.DeleteFunc(old, func(kv string) bool { return strings.HasPrefix(kv, "PLI_DIRECTORY_") })
		}},
		{name: "no such list", check: "trust.fetch", says: "404", plant: env("PLI_TRUST_URL=" + value(w.env, "PLI_TRUST_URL") + "-absente")},
		{name: "directory is something else", check: "directory.form", says: "pas une extraction", plant: env("PLI_DIRECTORY_URL=" + value(w.env, "PLI_TRUST_URL"))},
		{name: "keys others can read", check: "keys.file", says: "lire", plant: func() (*syscall.Credential, []string) {
			must(os.Chmod(value(w.env, "PLI_KEYS_FILE"), 0o644))
			return nil, nil
		}, also: "imap.signin imap.identity smtp.signin imap.capabilities", mend: func() { must(os.Chmod(value(w.env, "PLI_KEYS_FILE"), 0o600)) }},
		{name: "unwritable database", check: "database.writable", says: "ne peut pas être écrite", also: "imap.signin imap.identity smtp.signin imap.capabilities", plant: w.asNobody},
	}
}

// asNobody runs the check as somebody the database does not belong to; what else it
// reads is given to them.
func (w *checked) asNobody() (*syscall.Credential, []string) {
	u, err := user.Lookup("nobody")
	if err != nil {
		w.t.Skip(err.Error())
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	if err := os.Chmod(w.dir, 0o755); err != nil {
		w.t.Fatal(err)
	}
	err = filepath.WalkDir(w.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || path == w.dir || strings.Contains(d.Name(), "pli.sqlite") {
			return err
		}
		return os.Chown(path, uid, gid)
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

// TestCheckOfAToken looks at the servers as the other half of operators set them: no
// service account, each connection takes a person's token.
func TestCheckOfAToken(t *testing.T) {
	t.Parallel()
	w := newOperator(t, operatorOptions{token: true, sending: true, noLetters: true})
	c := &checked{t: t, dir: w.dir, env: append(slices.Clone(w.env), "PLI_PUBLIC_URL="+w.base)}
	got := c.check(nil, nil, "--json")
	if got.code != 0 {
		t.Fatalf("exit %d, %v\n%s", got.code, got.faults(), got.raw)
	}
	for check, want := range map[string]said.State{"imap.mechanism": said.OK, "imap.signin": said.Untried, "smtp.mechanism": said.OK, "smtp.signin": said.Untried,
		"database.writable": said.OK, "database.migrations": said.OK, "oidc.client": said.OK} {
		if f := got.find(check); f.State != want {
			t.Errorf("%+v, want %s", f, want)
		}
	}
}

// TestCheckOfABadConfiguration lists every setting at once and dials nobody.
func TestCheckOfABadConfiguration(t *testing.T) {
	t.Parallel()
	w := &checked{t: t, dir: t.TempDir()}
	got := w.check(nil, []string{"PLI_IMAP_MODE=clair", "PLI_CLOCK_IDLE=9h"})
	if got.code != 2 {
		t.Errorf("exit %d, want 2", got.code)
	}
	for _, name := range []string{"PLI_IMAP_MODE", "PLI_CLOCK_IDLE", "PLI_OIDC_ISSUER", "PLI_PUBLIC_URL", "PLI_KEYS_FILE"} {
		if !strings.Contains(got.raw, name) {
			t.Errorf("%s is not in\n%s", name, got.raw)
		}
	}
}
