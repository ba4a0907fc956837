package config

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
)

// parse runs the command line as cmd/pli does.
func parse(t *testing.T, args ...string) Serve {
	t.Helper()
	var cli struct {
		Serve struct{ Serve } `cmd:""`
	}
	p, err := kong.New(&cli, kong.Name("pli"), kong.Exit(func(int) { t.Fatal("exit") }))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Parse(append([]string{"serve"}, args...)); err != nil {
		t.Fatal(err)
	}
	return cli.Serve.Serve
}

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// minimal is the least an operator must say.
func minimal(t *testing.T) []string {
	return []string{
		"--public-url=https://pli.hopital.example/", "--database=/var/lib/pli/pli.db", "--keys-file=" + file(t, "k1:QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=\n"),
		"--oidc-issuer=https://auth.example/realms/x", "--oidc-client-id=pli", "--oidc-client-secret-file=" + file(t, "s3cret\n"),
		"--imap-address=imap.operateur.example:143",
	}
}

func TestMinimal(t *testing.T) {
	t.Parallel()
	c, err := parse(t, minimal(t)...).Config()
	if err != nil {
		t.Fatal(err)
	}
	for name, ok := range map[string]bool{
		"listen":  c.Listen == "127.0.0.1:8080",
		"url":     c.PublicURL == "https://pli.hopital.example" && c.Secure() && c.URL("/x") == "https://pli.hopital.example/x",
		"keys":    c.Keys == "k1:QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=",
		"secret":  c.OIDC.ClientSecret == "s3cret",
		"clocks":  c.Clocks == Clocks{10 * time.Minute, 2 * time.Hour, 4 * time.Hour},
		"oidc":    c.OIDC.ACR == "eidas1" && fmt.Sprint(c.OIDC.ScopeList()) == "[openid scope_all]" && len(c.OIDC.DiscoveryPaths) == 2,
		"imap":    c.IMAP.Mode == "starttls" && c.IMAP.Auth == "xoauth2" && c.IMAP.PerMailbox == 3 && c.IMAP.CommandTimeout == time.Minute,
		"smtp":    c.SMTP.Address == "" && c.SMTP.Mode == "starttls",
		"log":     c.LogLevel == slog.LevelInfo,
		"node":    c.Node == "pli",
		"durable": !c.Ephemeral,
	} {
		if !ok {
			t.Errorf("%s: %+v", name, c)
		}
	}
}

func TestEnvironment(t *testing.T) {
	for name, value := range map[string]string{
		"PLI_PUBLIC_URL": "https://pli.example", "PLI_DATABASE": "/d/pli.db", "PLI_KEYS": "k1:QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=", "PLI_OIDC_ISSUER": "https://auth.example",
		"PLI_OIDC_CLIENT_ID": "pli", "PLI_OIDC_CLIENT_SECRET": "s", "PLI_IMAP_ADDRESS": "imap.example:993", "PLI_IMAP_MODE": "tls",
		"PLI_IMAP_AUTH": "plain-authzid", "PLI_IMAP_SERVICE_USER": "svc", "PLI_IMAP_SERVICE_PASSWORD": "pw", "PLI_SMTP_ADDRESS": "smtp.example:587", "PLI_SMTP_NIL": "PLI-1",
		"PLI_CLOCK_IDLE": "30m", "PLI_TRUSTED_PROXIES": "10.0.0.0/8,192.0.2.1", "PLI_LOG_LEVEL": "debug", "PLI_OIDC_DISCOVERY_PATHS": "/a,/b,/c",
	} {
		t.Setenv(name, value)
	}
	c, err := parse(t, "--clock-idle=20m").Config()
	if err != nil {
		t.Fatal(err)
	}
	if c.IMAP.ServicePassword != "pw" || c.IMAP.Address != "imap.example:993" || c.SMTP.Address != "smtp.example:587" || len(c.OIDC.DiscoveryPaths) != 3 {
		t.Errorf("%+v", c)
	}
	if c.Clocks.Idle != 20*time.Minute {
		t.Errorf("a flag does not win over the environment: %s", c.Clocks.Idle)
	}
	if p := c.Proxies(); len(p) != 2 || p[0].String() != "10.0.0.0/8" || p[1].String() != "192.0.2.1/32" || c.LogLevel != slog.LevelDebug {
		t.Errorf("%v, %v", p, c.LogLevel)
	}
}

// TestEveryProblemAtOnce: one bad setting each; alone it is named, and together
// all are.
func TestEveryProblemAtOnce(t *testing.T) {
	t.Parallel()
	cases := map[string]func(*Config){
		"PLI_LISTEN is":                   func(c *Config) { c.Listen = "8080" },
		"PLI_PUBLIC_URL is \"http://pli":  func(c *Config) { c.PublicURL = "http://pli.example" },
		"PLI_TRUSTED_PROXIES holds \"x\"": func(c *Config) { c.TrustedProxies = []string{"x", "10.0.0.1"} },
		"PLI_DATABASE is empty":           func(c *Config) { c.Database = "" },
		"PLI_KEYS_FILE is empty":          func(c *Config) { c.Keys = "" },
		"PLI_NODE is":                     func(c *Config) { c.Node = "a b" },
		"PLI_CLOCK_SIGN_IN is":            func(c *Config) { c.Clocks.SignIn = 0 },
		"PLI_CLOCK_IDLE is":               func(c *Config) { c.Clocks.Idle = 3 * time.Hour },
		"PLI_CLOCK_ABSOLUTE is":           func(c *Config) { c.Clocks.Absolute = time.Minute },
		"PLI_OIDC_ISSUER is":              func(c *Config) { c.OIDC.Issuer = "auth.example" },
		"PLI_OIDC_DISCOVERY_PATHS holds":  func(c *Config) { c.OIDC.DiscoveryPaths = []string{"//evil.example/x"} },
		"PLI_OIDC_HOSTS holds \"10.0":     func(c *Config) { c.OIDC.Hosts = []string{"10.0.0.7", "wallet.example:8443"} },
		"PLI_OIDC_CLIENT_ID is empty":     func(c *Config) { c.OIDC.ClientID = "" },
		"PLI_OIDC_CLIENT_SECRET_FILE is":  func(c *Config) { c.OIDC.ClientSecret = "" },
		"PLI_OIDC_CA_FILE names":          func(c *Config) { c.OIDC.CAFile = "/no/such/file" },
		"go together":                     func(c *Config) { c.OIDC.CertificateFile = os.DevNull },
		"PLI_OIDC_SCOPES is":              func(c *Config) { c.OIDC.Scopes = "scope_all" },
		"PLI_OIDC_ACR is empty":           func(c *Config) { c.OIDC.ACR = "" },
		"PLI_OIDC_LEEWAY is":              func(c *Config) { c.OIDC.Leeway = time.Minute },
		"PLI_IMAP_ADDRESS is":             func(c *Config) { c.IMAP.Address = "imap.example" },
		"PLI_IMAP_MODE is":                func(c *Config) { c.IMAP.Mode = "plain" },
		"PLI_IMAP_AUTH is":                func(c *Config) { c.IMAP.Auth = "login" },
		"PLI_IMAP_CA_FILE names":          func(c *Config) { c.IMAP.CAFile = "/no/such/file" },
		"PLI_IMAP_COMMAND_TIMEOUT is":     func(c *Config) { c.IMAP.CommandTimeout = 0 },
		"PLI_IMAP_PER_MAILBOX is":         func(c *Config) { c.IMAP.PerMailbox = 0 },
		"PLI_IMAP_TOTAL is":               func(c *Config) { c.IMAP.Total = -1 },
		"PLI_IMAP_IDLE_CLOSE is":          func(c *Config) { c.IMAP.IdleClose = 0 },
		"PLI_SMTP_SERVICE_USER is empty":  func(c *Config) { c.SMTP.Auth, c.SMTP.ServicePassword = "plain-authzid", "x" },
		"PLI_SMTP_TOTAL is":               func(c *Config) { c.SMTP.Total = 0 },
		"PLI_TRUST_ANCHORS_FILE names":    func(c *Config) { c.Trust.AnchorsFile = "/no/such/file" },
		"PLI_TRUST_MAX_AGE is":            func(c *Config) { c.Trust.MaxAge = 0 },
		"PLI_DIRECTORY_URL is":            func(c *Config) { c.Directory.URL = "https://u:p@annuaire.example/x" },
		"PLI_DIRECTORY_EVERY is":          func(c *Config) { c.Directory.Every = time.Second },
	}
	good, err := parse(t, minimal(t)...).Config()
	if err != nil {
		t.Fatal(err)
	}
	all := good
	for want, spoil := range cases {
		bad := good
		spoil(&bad)
		p, ok := bad.Validate().(Problems)
		if !ok || len(p) != 1 || !strings.Contains(p[0], want) || !strings.HasSuffix(p[0], ".") {
			t.Errorf("%s: %v", want, p)
		}
		spoil(&all)
	}
	p, _ := all.Validate().(Problems)
	if len(p) != len(cases) {
		t.Errorf("%d problems at once, want %d:\n%v", len(p), len(cases), p)
	}
}

func TestPublicURL(t *testing.T) {
	t.Parallel()
	good, err := parse(t, minimal(t)...).Config()
	if err != nil {
		t.Fatal(err)
	}
	for u, ok := range map[string]bool{
		"https://pli.example": true, "http://127.0.0.1:8080": true, "http://localhost:8080": true, "http://[::1]:80": true,
		"": false, "pli.example": false, "https://": false, "https://pli.example/mail": false, "https://u:p@pli.example": false,
		"https://pli.example?x": false, "http://127.0.0.1.evil.example": false, "ftp://127.0.0.1": false, "http://0.0.0.0:80": false,
	} {
		good.PublicURL = u
		if err := good.Validate(); ok != (err == nil) {
			t.Errorf("%q: %v", u, err)
		}
	}
}

func TestMutualTLS(t *testing.T) {
	t.Parallel()
	args := append(minimal(t), "--oidc-auth-method=tls_client_auth")
	if _, err := parse(t, args...).Config(); err == nil || !strings.Contains(err.Error(), "PLI_OIDC_CERTIFICATE_FILE") {
		t.Errorf("got %v", err)
	}
	cert, key := pair(t)
	args = append(args, "--oidc-certificate-file="+cert, "--oidc-key-file="+key)
	if _, err := parse(t, args...).Config(); err != nil {
		t.Error(err)
	}
}

func TestSecretFiles(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ args, want string }{
		"missing": {"--keys-file=/no/such/file", "PLI_KEYS_FILE names /no/such/file"},
		"folder":  {"--keys-file=" + t.TempDir(), "cannot be read"},
		"empty":   {"--keys-file=" + file(t, "\n"), "which is empty"},
		"huge":    {"--keys-file=" + file(t, strings.Repeat("x", maxSecretFile+1)), "at most"},
		"both":    {"--keys=k1:hushhushhushhushhushhushhushhushhushhushhush", "PLI_KEYS and PLI_KEYS_FILE are both set"},
	} {
		_, err := parse(t, append(minimal(t), c.args)...).Config()
		p, _ := err.(Problems)
		if len(p) != 1 || !strings.Contains(p[0], c.want) || strings.Contains(p[0], "hush") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDataAlone(t *testing.T) {
	t.Parallel()
	d, err := Data{Database: "x.db", KeysFile: file(t, "k1:QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="), Node: "n"}.Load()
	if err != nil || d.Keys != "k1:QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=" {
		t.Errorf("%v, %v", d, err)
	}
	if _, err := (Data{Node: "n"}).Load(); err == nil || len(err.(Problems)) != 2 {
		t.Errorf("got %v", err)
	}
}

// TestSecretsDoNotPrint: none of the ways a value ends up in a log shows one.
func TestSecretsDoNotPrint(t *testing.T) {
	t.Parallel()
	c, err := parse(t, minimal(t)...).Config()
	if err != nil {
		t.Fatal(err)
	}
	c.IMAP.ServicePassword = "s3cret"
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "config", c, "secret", c.OIDC.ClientSecret)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "config", c, "secret", c.OIDC.ClientSecret)
	j, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{log.String(), string(j), fmt.Sprintf("%v %+v %#v %s %q", c, c, c, c.OIDC.ClientSecret, c.OIDC.ClientSecret)} {
		if strings.Contains(s, "s3cret") || strings.Contains(s, "k1:QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=") || !strings.Contains(s, "•••") {
			t.Errorf("a secret shows: %s", s)
		}
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	settings, err := Settings()
	if err != nil {
		t.Fatal(err)
	}
	byEnv := map[string]Setting{}
	group := ""
	groups := map[string]bool{}
	for _, s := range settings {
		if s.Env == "" || !strings.HasPrefix(s.Env, "PLI_") || s.Help == "" || !strings.HasSuffix(s.Help, ".") || !strings.HasPrefix(s.Flag, "--") || s.Group == "" {
			t.Errorf("incomplete: %+v", s)
		}
		if want := "PLI_" + strings.ToUpper(strings.NewReplacer("--", "", "-", "_").Replace(s.Flag)); s.Env != want {
			t.Errorf("%s goes with %s, not %s", s.Flag, want, s.Env)
		}
		if _, twice := byEnv[s.Env]; twice {
			t.Errorf("%s is there twice", s.Env)
		}
		byEnv[s.Env] = s
		if s.Group != group && groups[s.Group] {
			t.Errorf("group %s is scattered", s.Group)
		}
		group = s.Group
		groups[group] = true
	}
	secrets := 0
	for env, s := range byEnv {
		if s.Secret {
			secrets++
			if _, ok := byEnv[env+"_FILE"]; !ok {
				t.Errorf("%s has no %s_FILE", env, env)
			}
		}
	}
	if len(settings) < 40 || secrets != 6 {
		t.Errorf("%d settings, %d secrets", len(settings), secrets)
	}
	table := Markdown(settings)
	if n := strings.Count(table, "\n"); n != len(settings)+len(groups)+2 || !strings.Contains(table, "| `PLI_OIDC_ACR` | `eidas1` | acr_values") || strings.Count(table, "| **sign-in** | | |\n") != 1 {
		t.Errorf("%d lines:\n%s", n, table)
	}
}

func TestDemo(t *testing.T) {
	t.Parallel()
	for _, listen := range []string{"127.0.0.1:8080", "localhost:0", "[::1]:80", "127.9.9.9:1"} {
		c, err := demo(listen, []string{"HOME=/root", "PLI_LISTEN=x", "PLI_LOG_LEVEL=debug", "PLI_CORPORA=/c"})
		if err != nil {
			t.Errorf("%s: %v", listen, err)
			continue
		}
		if err := c.Validate(); err != nil {
			t.Errorf("%s: the demo's own settings: %v", listen, err)
		}
		if c.Listen != listen || c.Database != "" || !c.Ephemeral || c.Banner == "" || c.Secure() ||
			!strings.Contains(c.IMAP.Address, ".invalid:") || !strings.Contains(c.SMTP.Address, ".invalid:") {
			t.Errorf("%s: %+v", listen, c)
		}
	}
	for _, listen := range []string{"0.0.0.0:8080", ":8080", "192.0.2.1:80", "[::]:80", "pli.example:80", "localhost.evil.example:80", "8080", ""} {
		if _, err := demo(listen, nil); err == nil || !strings.Contains(err.Error(), "loopback") {
			t.Errorf("%q: %v", listen, err)
		}
	}
}

// TestDemoRefusesRealSettings: every setting of an upstream is refused by name,
// never by value.
func TestDemoRefusesRealSettings(t *testing.T) {
	t.Parallel()
	settings, err := Settings()
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for _, s := range settings {
		real := s.Group == "sign-in" || s.Group == "reading" || s.Group == "sending" || s.Group == "data" && s.Env != "PLI_NODE"
		_, err := demo("127.0.0.1:0", []string{s.Env + "=hush"})
		if real && (err == nil || !strings.Contains(err.Error(), s.Env+" is set") || strings.Contains(err.Error(), "hush")) {
			t.Errorf("%s: %v", s.Env, err)
		}
		if err != nil {
			refused++
		}
	}
	if refused < 30 || refused == len(settings) {
		t.Errorf("%d of %d refused", refused, len(settings))
	}
	_, err = demo("0.0.0.0:0", []string{"PLI_IMAP_ADDRESS=x", "PLI_DATABASE_URL=y"})
	if p, _ := err.(Problems); len(p) != 3 {
		t.Errorf("not all at once: %v", err)
	}
}

func TestDemoReadsTheEnvironment(t *testing.T) {
	t.Setenv("PLI_SMTP_ADDRESS", "smtp.operateur.example:587")
	if _, err := Demo("127.0.0.1:0"); err == nil || !strings.Contains(err.Error(), "PLI_SMTP_ADDRESS is set") {
		t.Errorf("got %v", err)
	}
}

func TestSendingNeeds(t *testing.T) {
	t.Parallel()
	for want, spoil := range map[string]func(*Config){
		"PLI_SMTP_MAILBOX_ROOM is 1000":   func(c *Config) { c.SMTP.MailboxRoom = 1000 },
		"PLI_SMTP_ACCOUNT_ROOM is -1":     func(c *Config) { c.SMTP.AccountRoom = -1 },
		"PLI_SMTP_NIL is empty":           func(c *Config) { c.SMTP.NIL = "" },
		"PLI_TRUST_ANCHORS_FILE is empty": func(c *Config) { c.Ephemeral, c.Database, c.Keys = false, "x", "k" },
		"PLI_TRUST_URL is":                func(c *Config) { c.Trust.URL = "http://list.example/x.xml" },
		`PLI_SMTP_NIL is "a\r`:            func(c *Config) { c.SMTP.NIL = "a\r\nBcc: x" },
		"PLI_TRUST_SIGNER_NAMES holds":    func(c *Config) { c.Trust.SignerNames = []string{" "} },
	} {
		c, err := Demo("127.0.0.1:0")
		if err != nil || c.Validate() != nil {
			t.Fatal(err, c.Validate())
		}
		spoil(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q: %v", want, err)
		}
	}
}
