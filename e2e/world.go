//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"

	"pli.example/pli/e2e/dovecot"
	"pli.example/pli/e2e/program"
	"pli.example/pli/e2e/rawimap"
	"pli.example/pli/internal/app"
	"pli.example/pli/internal/config"
	"pli.example/pli/internal/demo/people"
	"pli.example/pli/internal/identity"
	"pli.example/pli/internal/mssante"
)

// world is one complete surrounding of the program: who signs people in, where
// their letters lie, and a way to look at both from outside.
type world struct {
	name      string
	base      string // http://127.0.0.1:port of Pli
	idp       string // of the provider: another origin
	hasty     string // the same, but sessions end after hastyIdle without an act
	folders   dovecot.Folders
	separator string // between folders

	inspect                     func(mailbox string) (*rawimap.Client, error)
	stopMail, startMail         func() error
	stopProvider, startProvider func() error
	logs                        func() string // what the program wrote, for a failing row
	program                     func() string // the same without the servers around it; nil where it writes nowhere
	post                        post          // how letters leave

	lent struct { // sessions that rows share: see signIn
		sync.Mutex
		sessions map[string][]*network.Cookie
	}
}

const hastyIdle = 4 * time.Second

// launch runs the binary until the test ends.
func launch(t testing.TB, base string, env []string, args ...string) *program.Process {
	t.Helper()
	p, err := program.Launch(t.TempDir(), base, env, args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Stop() })
	return p
}

// run executes one command of the binary and gives what it printed.
func run(t testing.TB, env []string, args ...string) string {
	t.Helper()
	out, err := program.Run(env, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// operator is the world of real servers: Dovecot, the independent provider, the
// binary as an operator starts it.
type operator struct {
	*world
	Provider *Provider
	Dovecot  *dovecot.Server
	Pli      *program.Process
	env      []string
	dir      string
}

// operatorOptions bend the world.
type operatorOptions struct {
	token        bool // XOAUTH2; else the service account
	tokenSeconds int  // life of an access token; 120 when zero
	noLetters    bool
	sending      bool     // letters can leave, through Postfix
	extra        []string // further environment
}

func newOperator(t testing.TB, o operatorOptions) *operator {
	t.Helper()
	needTools(t)
	needDovecot(t)
	ports := make([]int, 3)
	for i := range ports {
		p, err := dovecot.FreePort()
		if err != nil {
			t.Fatal(err)
		}
		ports[i] = p
	}
	base := fmt.Sprintf("http://127.0.0.1:%d", ports[0])
	hasty := fmt.Sprintf("http://127.0.0.1:%d", ports[1])
	cast := people.Cast()
	provider := startProvider(t, ProviderConfig{
		Port: ports[2], People: providerPeople(cast), AccessTokenSeconds: o.tokenSeconds,
		Clients: []ProviderClient{
			{ID: "pli-e2e", Secret: "secret-of-pli", RedirectURIs: []string{base + "/sign-in/callback", hasty + "/sign-in/callback"},
				PostLogoutURIs: []string{base + "/signed-out", hasty + "/signed-out"}},
			{ID: "dovecot", Secret: "secret-of-dovecot"},
			{ID: "pli-support-e2e", Secret: "secret-of-support", RedirectURIs: []string{base + "/support/callback", hasty + "/support/callback"},
				PostLogoutURIs: []string{base + "/support/signed-out", hasty + "/support/signed-out"}},
		},
	})
	options := dovecot.Options{Separator: "/", Folders: dovecot.French}
	if o.token {
		options = dovecot.Options{Separator: ".", Folders: dovecot.English,
			Introspection: provider.Introspection("dovecot", "secret-of-dovecot")}
	}
	for _, p := range cast {
		for _, g := range p.Mailboxes {
			if a := g.Address.String(); !slices.Contains(options.Mailboxes, a) {
				options.Mailboxes = append(options.Mailboxes, a)
			}
			options.Pairs = append(options.Pairs, dovecot.Pair{Mailbox: g.Address.String(), NationalID: string(p.NationalID)})
		}
	}
	if o.sending {
		options.Mailboxes = append(options.Mailboxes, patientBoxes()...)
	}
	dir := t.TempDir()
	d, post, postEnv := startMail(t, options, o.sending, o.token, filepath.Join(dir, "ca.pem"))
	w := &operator{Provider: provider, Dovecot: d, dir: dir}
	w.world = &world{name: "dovecot-plain", base: base, idp: fmt.Sprintf("http://127.0.0.1:%d", ports[2]), hasty: hasty, folders: options.Folders, separator: options.Separator, inspect: d.Inspect, post: post,
		stopMail: func() error { d.Kill(); return nil }, startMail: d.Start,
		stopProvider: func() error { provider.Stop(); return nil }, startProvider: provider.Start,
		logs: func() string { return w.Pli.Log() + d.Log() }, program: func() string { return w.Pli.Log() }}
	if o.token {
		w.name = "dovecot-xoauth2"
	}
	if !o.noLetters {
		w.seed(t)
	}
	w.env = append(append(w.settings(t, o.token), postEnv...), o.extra...)
	w.grants(t, cast)
	w.closeAccounts(t, cast)
	w.Pli = launch(t, base, append(w.env, "PLI_LISTEN="+strings.TrimPrefix(base, "http://"), "PLI_PUBLIC_URL="+base), "serve")
	return w
}

// beHasty starts a second Pli whose sessions end soon, on a database of its own: a
// node's clocks end every session of the database it sweeps.
func (w *operator) beHasty(t testing.TB) {
	t.Helper()
	env := append(slices.DeleteFunc(slices.Clone(w.env), func(kv string) bool { return strings.HasPrefix(kv, "PLI_DATABASE=") }),
		"PLI_DATABASE="+filepath.Join(w.dir, "hasty.sqlite"))
	for _, p := range people.Cast() {
		if p.Key == "martin" {
			run(t, env, "mailbox", "grant", martinBox, "--to", string(p.NationalID), "--kind", "owner", "--mailbox-kind", "PER", "--label", "Martin")
		}
	}
	launch(t, w.hasty, append(env, "PLI_LISTEN="+strings.TrimPrefix(w.hasty, "http://"), "PLI_PUBLIC_URL="+w.hasty,
		"PLI_CLOCK_IDLE="+hastyIdle.String()), "serve")
}

// settings is what an operator writes into the environment.
func (w *operator) settings(t testing.TB, token bool) []string {
	t.Helper()
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		t.Fatal(err)
	}
	keys, ca := filepath.Join(w.dir, "keys"), filepath.Join(w.dir, "ca.pem")
	for name, text := range map[string]string{keys: "e2e:" + base64.StdEncoding.EncodeToString(key) + "\n", ca: w.Dovecot.CA.PEM} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	env := []string{
		"PLI_STOP_WAIT=0s", "PLI_LIST=letters", "PLI_DATABASE=" + filepath.Join(w.dir, "pli.sqlite"), "PLI_KEYS_FILE=" + keys,
		"PLI_OIDC_ISSUER=" + w.Provider.Issuer, "PLI_OIDC_CLIENT_ID=pli-e2e", "PLI_OIDC_CLIENT_SECRET=secret-of-pli",
		"PLI_IMAP_ADDRESS=" + w.Dovecot.Address, "PLI_IMAP_CA_FILE=" + ca, "PLI_SUPPORT=support de l’essai, 01 99 00 00 00",
		"PLI_SUPPORT_OIDC_ISSUER=" + w.Provider.Issuer, "PLI_SUPPORT_OIDC_CLIENT_ID=pli-support-e2e", "PLI_SUPPORT_OIDC_CLIENT_SECRET=secret-of-support",
		"PLI_SUPPORT_OIDC_SCOPES=openid scope_all", "PLI_SUPPORT_OIDC_ROLE_VALUE=pli-support",
		"PLI_AUDIT_HEADS_FILE=" + filepath.Join(w.dir, "heads"),
		"PLI_RATE_PER_SESSION=100000", "PLI_RATE_PER_ADDRESS=100000", // everybody here comes from one address
	}
	if token {
		return append(env, "PLI_IMAP_AUTH=xoauth2")
	}
	return append(env, "PLI_IMAP_AUTH=plain-authzid", "PLI_IMAP_SERVICE_USER="+dovecot.Service, "PLI_IMAP_SERVICE_PASSWORD="+dovecot.ServicePassword)
}

// grants opens the cast's mailboxes through the operator's command.
func (w *operator) grants(t testing.TB, cast []people.Person) {
	t.Helper()
	for _, p := range cast {
		for _, g := range p.Mailboxes {
			kind := "delegate"
			if g.Owner {
				kind = "owner"
			}
			run(t, w.env, "mailbox", "grant", g.Address.String(), "--to", string(p.NationalID), "--kind", kind,
				"--mailbox-kind", string(g.Kind), "--label", g.Label, "--rights", g.Rights)
		}
	}
}

// closeAccounts signs the people whose account is closed in once, and closes it:
// no command does that yet (the support desk will).
func (w *operator) closeAccounts(t testing.TB, cast []people.Person) {
	t.Helper()
	keys, err := os.ReadFile(filepath.Join(w.dir, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.Data(t.Context(), config.Data{Database: filepath.Join(w.dir, "pli.sqlite"), Keys: config.Secret(keys), Node: "e2e"})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close(context.Background())
	for _, p := range cast {
		if !p.Closed {
			continue
		}
		raw, err := json.Marshal(p.Userinfo)
		if err != nil {
			t.Fatal(err)
		}
		who, err := identity.ParseUserinfo(raw)
		if err != nil {
			t.Fatal(err)
		}
		known, err := a.Accounts.SignedIn(t.Context(), who)
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Accounts.Close(t.Context(), mssante.Actor{AccountID: "operator", Name: "e2e"}, known.ID); err != nil {
			t.Fatal(err)
		}
	}
}

// seed gives every mailbox the letters of the cast.
func (w *operator) seed(t testing.TB) {
	t.Helper()
	open := map[string]*rawimap.Client{}
	for _, l := range castLetters() {
		box := l.Mailbox.String()
		c := open[box]
		if c == nil {
			var err error
			if c, err = w.inspect(box); err != nil {
				t.Fatal(err, w.Dovecot.Log())
			}
			defer c.Close()
			open[box] = c
		}
		folder := w.folder(strings.ReplaceAll(l.Folder, "/", w.separator))
		raw := bytes.ReplaceAll(l.Raw, []byte{0}, []byte("?"))
		err := c.Append(folder, l.Flags, l.Received, raw)
		if err != nil && strings.Contains(err.Error(), "TRYCREATE") {
			if _, err = c.Do("CREATE " + rawimap.Quote(folder)); err == nil {
				if _, err = c.Do("SUBSCRIBE " + rawimap.Quote(folder)); err == nil {
					err = c.Append(folder, l.Flags, l.Received, raw)
				}
			}
		}
		if err != nil {
			t.Fatalf("seed %s in %s: %v", l.ID, l.Folder, err)
		}
	}
}

// folder gives the world's own name, encoded for IMAP, of a folder the cast names
// in English.
func (w *world) folder(name string) string {
	f := w.folders
	for _, n := range [][2]string{{"Drafts", f.Drafts}, {"Sent", f.Sent}, {"Archive", f.Archive}, {"Junk", f.Junk}, {"Trash", f.Trash}} {
		if n[0] == name {
			return utf7(n[1])
		}
	}
	return utf7(name)
}

// utf7 writes a mailbox name in IMAP's modified UTF-7 (RFC 3501 §5.1.3).
func utf7(s string) string {
	var b strings.Builder
	var held []byte
	flush := func() {
		if len(held) > 0 {
			enc := base64.RawStdEncoding.EncodeToString(held)
			b.WriteString("&" + strings.ReplaceAll(enc, "/", ",") + "-")
			held = nil
		}
	}
	for _, r := range s {
		switch {
		case r == '&':
			flush()
			b.WriteString("&-")
		case r >= 0x20 && r < 0x7f:
			flush()
			b.WriteRune(r)
		default:
			held = append(held, byte(r>>8), byte(r))
		}
	}
	flush()
	return b.String()
}

func providerPeople(cast []people.Person) []ProviderPerson {
	var out []ProviderPerson
	for _, p := range cast {
		out = append(out, ProviderPerson{Key: p.Key, Label: p.Name, About: p.About, Userinfo: p.Userinfo})
	}
	return out
}
