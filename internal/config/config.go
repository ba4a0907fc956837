// Package config owns the settings: flags and PLI_* environment variables become
// one immutable value, checked as a whole so that an operator sees every mistake
// at once.
//
// The struct tags are the single list of settings: the command line, the help
// and the table of the README all come from them. Every secret has a *_FILE
// twin; a Secret never prints itself. Nothing here dials, opens a database or
// knows what a room does; files are looked at to say that they are missing, or hold
// no certificate, or no key.
//
// Threats: a secret in a log or in an error, a demo that quietly talks to real
// servers, a listening address open to the world by default.
package config

import (
	"log/slog"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// What PLI_LIST may be.
const (
	ListConversations = "conversations"
	ListLetters       = "letters"
)

// MaxStopWait is the longest PLI_STOP_WAIT.
const MaxStopWait = 15 * time.Second

// Config is every setting. Treat it as read-only: it is passed by value, and
// nobody writes to its slices.
type Config struct {
	Data

	Listen         string        `env:"PLI_LISTEN" default:"127.0.0.1:8080" group:"web" help:"Address and port to listen on. TLS is the proxy's work."`
	PublicURL      string        `env:"PLI_PUBLIC_URL" group:"web" help:"What users type, for example https://pli.hopital.example. https, except on loopback."`
	TrustedProxies []string      `env:"PLI_TRUSTED_PROXIES" group:"web" help:"Addresses or networks (10.0.0.0/8) whose X-Forwarded-For is believed."`
	Support        string        `env:"PLI_SUPPORT" group:"web" help:"How to reach support: the text pages show (telephone, address, hours)."`
	Banner         string        `env:"PLI_BANNER" group:"web" help:"A line shown on top of every page, for example during maintenance."`
	List           string        `env:"PLI_LIST" default:"conversations" group:"web" help:"What folders show to those who never chose: conversations (single letters until a mailbox is read) or letters."`
	LogLevel       slog.Level    `env:"PLI_LOG_LEVEL" default:"info" group:"web" help:"debug, info, warn or error."`
	StopWait       time.Duration `env:"PLI_STOP_WAIT" default:"5s" group:"web" help:"When told to stop, /readyz says no and everybody is still served for this long: time for a balancer to look elsewhere. At most 15s; the rest of the stop takes 36s at most."`
	MetricsListen  string        `env:"PLI_METRICS_LISTEN" group:"web" help:"Address and port of /metrics, apart from the pages; without a host (:9464) on loopback. Empty: none."`
	RatePerSession int           `env:"PLI_RATE_PER_SESSION" default:"1200" group:"web" help:"Requests a minute that one session may make."`
	RatePerAddress int           `env:"PLI_RATE_PER_ADDRESS" default:"60" group:"web" help:"Sign-in requests a minute that one address may make; raise it where many users share one."`

	Clocks Clocks `embed:"" prefix:"clock-" envprefix:"PLI_CLOCK_" group:"clocks"`
	OIDC   OIDC   `embed:"" prefix:"oidc-" envprefix:"PLI_OIDC_" group:"sign-in"`
	IMAP   IMAP   `embed:"" prefix:"imap-" envprefix:"PLI_IMAP_" group:"reading"`
	SMTP   SMTP   `embed:"" prefix:"smtp-" envprefix:"PLI_SMTP_" group:"sending"`
	Sieve  Sieve  `embed:"" prefix:"sieve-" envprefix:"PLI_SIEVE_" group:"rules"`

	Trust     Trust     `embed:"" prefix:"trust-" envprefix:"PLI_TRUST_" group:"white list"`
	Directory Directory `embed:"" prefix:"directory-" envprefix:"PLI_DIRECTORY_" group:"directory"`

	SupportDesk    SupportDesk `embed:"" prefix:"support-" envprefix:"PLI_SUPPORT_" group:"support"`
	AuditHeadsFile string      `env:"PLI_AUDIT_HEADS_FILE" group:"support" help:"File to which the signed heads of the audit trail are appended every five minutes; ship it where whoever holds the database cannot reach, and give it back to pli audit verify --heads."`
}

// Data is where things are kept: all a command needs that works beside the
// server on the same database.
type Data struct {
	Database string `env:"PLI_DATABASE" group:"data" help:"SQLite file; created with mode 0600 when it is not there."`
	Keys     Secret `env:"PLI_KEYS" group:"data" help:"Keys of what is encrypted at rest: lines id:base64 of 32 bytes or more, current key first. Prefer the file."`
	KeysFile string `env:"PLI_KEYS_FILE" group:"data" help:"File with the keys."`
	Node     string `env:"PLI_NODE" default:"pli" group:"data" help:"Name of this node in the audit trail: one chain a node."`

	// Ephemeral: nothing outlives the process; no database file and no keys are
	// asked for. Only Demo sets it.
	Ephemeral bool `kong:"-"`
}

// Clocks end sessions.
type Clocks struct {
	SignIn   time.Duration `env:"SIGN_IN" default:"10m" help:"Longest a sign-in may take at the provider."`
	Idle     time.Duration `env:"IDLE" default:"2h" help:"A page left alone is closed after this; at most 2h (SC.SSI/IE.58)."`
	Absolute time.Duration `env:"ABSOLUTE" default:"4h" help:"Longest life of a session, however busy."`
}

// OIDC is the sign-in provider (Pro Santé Connect).
type OIDC struct {
	Issuer           string        `env:"ISSUER" help:"Issuer, exactly as in its id tokens."`
	DiscoveryPaths   []string      `env:"DISCOVERY_PATHS" default:"/.well-known/wallet-openid-configuration,/.well-known/openid-configuration" help:"Discovery documents to try, under the issuer, in order."`
	Hosts            []string      `env:"HOSTS" default:"wallet.esw.esante.gouv.fr,wallet.bas.psc.esante.gouv.fr" help:"Hosts, beside the issuer's, that the discovery document may name; any other is refused."`
	ClientID         string        `env:"CLIENT_ID" help:"Client id given by the provider."`
	ClientSecret     Secret        `env:"CLIENT_SECRET" help:"Client secret. Prefer the file."`
	ClientSecretFile string        `env:"CLIENT_SECRET_FILE" help:"File with the client secret."`
	AuthMethod       string        `env:"AUTH_METHOD" default:"client_secret_basic" help:"client_secret_basic, client_secret_post or tls_client_auth."`
	CertificateFile  string        `env:"CERTIFICATE_FILE" help:"Client certificate for mutual TLS, PEM with its chain."`
	KeyFile          string        `env:"KEY_FILE" help:"Private key of the client certificate, PEM."`
	CAFile           string        `env:"CA_FILE" help:"The only authorities accepted for the provider, PEM; empty: the system's."`
	Scopes           string        `env:"SCOPES" default:"openid scope_all" help:"Scopes, separated by spaces."`
	ACR              string        `env:"ACR" default:"eidas1" help:"acr_values to ask for."`
	Leeway           time.Duration `env:"LEEWAY" default:"10s" help:"Clock difference allowed with the provider, at most 30s."`
}

// Server is one server of the operator. No user ever chooses a host.
type Server struct {
	Address             string        `env:"ADDRESS" help:"Host and port."`
	Mode                string        `env:"MODE" default:"starttls" help:"starttls or tls; never in clear."`
	ServerName          string        `env:"SERVER_NAME" help:"Name the certificate must carry; empty: the host of the address."`
	CAFile              string        `env:"CA_FILE" help:"The only authorities accepted, PEM; empty: the system's."`
	Auth                string        `env:"AUTH" default:"xoauth2" help:"xoauth2, xoauth2-no-ir (no initial response), or plain-authzid (service account acting for the mailbox)."`
	ServiceUser         string        `env:"SERVICE_USER" help:"Service account, for plain-authzid."`
	ServicePassword     Secret        `env:"SERVICE_PASSWORD" help:"Its password. Prefer the file."`
	ServicePasswordFile string        `env:"SERVICE_PASSWORD_FILE" help:"File with its password."`
	CommandTimeout      time.Duration `env:"COMMAND_TIMEOUT" default:"60s" help:"Longest wait for the answer to one command."`
}

// IMAP is the server letters are read from.
type IMAP struct {
	Server
	PerMailbox int           `env:"PER_MAILBOX" default:"3" help:"Connections for each signed-in person and mailbox, 1 to 3."`
	Total      int           `env:"TOTAL" default:"400" help:"Connections of this node."`
	Watching   int           `env:"WATCHING" default:"200" help:"Of those, how many may wait for news of an open mailbox (IDLE), one a session and mailbox; never more than half. Other mailboxes are asked every PLI_IMAP_POLL. 0: none."`
	Poll       time.Duration `env:"POLL" default:"30s" help:"How often an open mailbox is asked for news where no connection waits for them, and the other folders of one where it does; at least 5s."`
	IdleClose  time.Duration `env:"IDLE_CLOSE" default:"5m" help:"An unused connection is closed after this."`
	IndexRoom  int64         `env:"INDEX_ROOM" default:"268435456" help:"Octets of memory of this node for the indexes of open mailboxes (conversations, search), about 200 a letter; beyond, those unused longest go and are read again when they are needed."`
}

// SMTP is the submission server. Without an address nothing can be sent.
type SMTP struct {
	Server
	Total int    `env:"TOTAL" default:"50" help:"Connections of this node."`
	NIL   string `env:"NIL" help:"Product reference that every letter carries as X-MSS-NIL (ECO.2.4.3), as registered."`

	MailboxRoom int64 `env:"MAILBOX_ROOM" default:"500000000" help:"Octets of files that the drafts of one mailbox may hold."`
	AccountRoom int64 `env:"ACCOUNT_ROOM" default:"500000000" help:"Octets of files that one person may hold in drafts, all mailboxes together."`
}

// Sieve is the ManageSieve server rules are kept on (port 4190 mostly). Without an
// address there are no rules.
type Sieve struct {
	Server
	Total int `env:"TOTAL" default:"20" help:"Connections of this node."`
}

// HasRules reports whether a server keeps rules.
func (c Config) HasRules() bool { return c.Sieve.Address != "" }

// leastRoom is what one letter of 25 Mo needs.
const leastRoom = 25_000_000

// Secret is a string that does not print itself. Read it with string(s).
type Secret string

// String hides the value: fmt and slog call it.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "•••"
}

// GoString hides the value from %#v.
func (s Secret) GoString() string { return `"` + s.String() + `"` }

// LogValue hides the value from structured logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText hides the value from JSON and the like.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Secure reports whether users come by https (cookies are then Secure).
func (c Config) Secure() bool { return strings.HasPrefix(c.PublicURL, "https://") }

// MetricsAddress is where /metrics listens, on loopback unless a host is named; ""
// nowhere.
func (c Config) MetricsAddress() string {
	if strings.HasPrefix(c.MetricsListen, ":") {
		return "127.0.0.1" + c.MetricsListen
	}
	return c.MetricsListen
}

// URL joins the public URL and a path that starts with a slash.
func (c Config) URL(path string) string { return strings.TrimSuffix(c.PublicURL, "/") + path }

// ScopeList splits the scopes.
func (o OIDC) ScopeList() []string { return strings.Fields(o.Scopes) }

// Proxies are the networks whose forwarding headers are believed. What Validate
// would refuse is left out.
func (c Config) Proxies() []netip.Prefix {
	var out []netip.Prefix
	for _, s := range c.TrustedProxies {
		if p, err := parsePrefix(s); err == nil {
			out = append(out, p)
		}
	}
	return out
}

func parsePrefix(s string) (netip.Prefix, error) {
	s = strings.TrimSpace(s)
	if a, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	return p.Masked(), err
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && a.IsLoopback()
}

func parseURL(s string) (*url.URL, bool) {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, false
	}
	return u, u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname())
}
