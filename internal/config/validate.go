package config

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"pli.example/pli/internal/seal"
)

// Problems are full sentences, each about one setting.
type Problems []string

// Error lists every problem, one a line.
func (p Problems) Error() string {
	head := "1 setting is wrong:"
	if len(p) != 1 {
		head = strconv.Itoa(len(p)) + " settings are wrong:"
	}
	return head + "\n  - " + strings.Join(p, "\n  - ")
}

func (p *Problems) add(format string, args ...any) { *p = append(*p, fmt.Sprintf(format, args...)) }

func (p *Problems) require(ok bool, format string, args ...any) {
	if !ok {
		p.add(format, args...)
	}
}

// or gives the list as an error, nil when it is empty.
func (p Problems) or() error {
	if len(p) == 0 {
		return nil
	}
	return p
}

// leastPoll spares the operator's server.
const leastPoll = 5 * time.Second

// Validate checks everything and returns all Problems at once, or nil.
func (c Config) Validate() error {
	var p Problems
	c.Data.validate(&p)
	c.validateWeb(&p)
	c.Clocks.validate(&p)
	c.OIDC.validate(&p)
	c.IMAP.Server.validate(&p, "PLI_IMAP_", true)
	p.require(c.IMAP.PerMailbox >= 1 && c.IMAP.PerMailbox <= 3, "PLI_IMAP_PER_MAILBOX is %d: it must be 1 to 3, because servers limit connections per user.", c.IMAP.PerMailbox)
	p.require(c.IMAP.Total >= c.IMAP.PerMailbox, "PLI_IMAP_TOTAL is %d: it must be at least PLI_IMAP_PER_MAILBOX.", c.IMAP.Total)
	p.require(c.IMAP.Watching >= 0, "PLI_IMAP_WATCHING is %d: it must not be negative; 0 for none.", c.IMAP.Watching)
	p.require(c.IMAP.Poll >= leastPoll, "PLI_IMAP_POLL is %s: it must be at least %s.", c.IMAP.Poll, leastPoll)
	p.require(c.IMAP.IdleClose > 0, "PLI_IMAP_IDLE_CLOSE is %s: it must be positive.", c.IMAP.IdleClose)
	c.SMTP.Server.validate(&p, "PLI_SMTP_", false)
	p.require(c.SMTP.Total >= 1, "PLI_SMTP_TOTAL is %d: it must be at least 1.", c.SMTP.Total)
	c.Sieve.Server.validate(&p, "PLI_SIEVE_", false)
	p.require(c.Sieve.Total >= 1, "PLI_SIEVE_TOTAL is %d: it must be at least 1.", c.Sieve.Total)
	c.validateSpace(&p)
	c.SupportDesk.validate(&p)
	return p.or()
}

func (d Data) validate(p *Problems) {
	if !d.Ephemeral {
		p.require(d.Database != "", "PLI_DATABASE is empty: name the database file, for example /var/lib/pli/pli.db.")
		p.require(d.Keys != "", "PLI_KEYS_FILE is empty: name the file with the encryption keys (lines id:base64), or set PLI_KEYS.")
	}
	if !d.Ephemeral && d.Keys != "" && d.Keys != unread {
		_, err := seal.ParseKeyring(string(d.Keys))
		p.require(err == nil, "PLI_KEYS_FILE (or PLI_KEYS) holds no keys: %v.", err) // the error names lines, never a key
	}
	p.require(validNode(d.Node), "PLI_NODE is %q: it must be 1 to 64 letters, digits, dots, dashes or underscores.", d.Node)
}

func validNode(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && strings.IndexByte("._-", c) < 0 {
			return false
		}
	}
	return s != "" && len(s) <= 64
}

func (c Config) validateWeb(p *Problems) {
	_, _, ok := hostPort(c.Listen, true)
	p.require(ok, "PLI_LISTEN is %q: it must be an address and a port, for example 127.0.0.1:8080.", c.Listen)
	if c.MetricsListen != "" {
		_, _, ok := hostPort(c.MetricsListen, true)
		p.require(ok, "PLI_METRICS_LISTEN is %q: it must be an address and a port, for example :9464 or 10.0.0.5:9464.", c.MetricsListen)
	}
	p.require(c.StopWait >= 0 && c.StopWait <= MaxStopWait, "PLI_STOP_WAIT is %s: it must be 0 to 15s.", c.StopWait)
	p.require(c.List == ListConversations || c.List == ListLetters, "PLI_LIST is %q: it must be conversations or letters.", c.List)
	p.require(c.RatePerSession >= 0 && c.RatePerAddress >= 0, "PLI_RATE_PER_SESSION and PLI_RATE_PER_ADDRESS must not be negative.")
	if c.PublicURL == "" {
		p.add("PLI_PUBLIC_URL is empty: give the address users type, for example https://pli.hopital.example.")
	} else if u, ok := parseURL(c.PublicURL); !ok || strings.Trim(u.Path, "/") != "" {
		p.add("PLI_PUBLIC_URL is %q: it must be https:// and a host name, without path (http:// is for loopback only).", c.PublicURL)
	}
	for _, s := range c.TrustedProxies {
		prefix, err := parsePrefix(s)
		p.require(err == nil, "PLI_TRUSTED_PROXIES holds %q: each must be an IP address or a network such as 10.0.0.0/8.", s)
		p.require(err != nil || prefix.Bits() > 0, "PLI_TRUSTED_PROXIES holds %q: believing every address lets anyone forge theirs.", s)
	}
}

func (c Clocks) validate(p *Problems) {
	p.require(c.SignIn > 0 && c.SignIn <= time.Hour, "PLI_CLOCK_SIGN_IN is %s: it must be positive and at most 1h.", c.SignIn)
	p.require(c.Idle > 0 && c.Idle <= 2*time.Hour, "PLI_CLOCK_IDLE is %s: it must be positive and at most 2h (SC.SSI/IE.58).", c.Idle)
	p.require(c.Absolute >= c.Idle && c.Absolute <= 12*time.Hour, "PLI_CLOCK_ABSOLUTE is %s: it must be at least PLI_CLOCK_IDLE and at most 12h.", c.Absolute)
}

func (o OIDC) validate(p *Problems) {
	if o.Issuer == "" {
		p.add("PLI_OIDC_ISSUER is empty: give the issuer of the sign-in provider.")
	} else if _, ok := parseURL(o.Issuer); !ok {
		p.add("PLI_OIDC_ISSUER is %q: it must be an https:// URL without query (http:// is for loopback only).", o.Issuer)
	}
	p.require(len(o.DiscoveryPaths) > 0, "PLI_OIDC_DISCOVERY_PATHS is empty: name at least one path.")
	for _, path := range o.DiscoveryPaths {
		p.require(strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "//"), "PLI_OIDC_DISCOVERY_PATHS holds %q: each must start with one slash.", path)
	}
	for _, h := range o.Hosts {
		p.require(validHost(h), "PLI_OIDC_HOSTS holds %q: each must be a host name, with a port if it is not 443; no scheme, no path, no private address.", h)
	}
	p.require(o.ClientID != "", "PLI_OIDC_CLIENT_ID is empty: give the client id the provider assigned.")
	switch o.AuthMethod {
	case "client_secret_basic", "client_secret_post":
		p.require(o.ClientSecret != "", "PLI_OIDC_CLIENT_SECRET_FILE is empty: %s needs the client secret, from this file or PLI_OIDC_CLIENT_SECRET.", o.AuthMethod)
	case "tls_client_auth":
		p.require(o.CertificateFile != "", "PLI_OIDC_CERTIFICATE_FILE is empty: tls_client_auth needs the client certificate.")
	default:
		p.add("PLI_OIDC_AUTH_METHOD is %q: it must be client_secret_basic, client_secret_post or tls_client_auth.", o.AuthMethod)
	}
	p.require((o.CertificateFile == "") == (o.KeyFile == ""), "PLI_OIDC_CERTIFICATE_FILE and PLI_OIDC_KEY_FILE go together: one of them is empty.")
	if p.file("PLI_OIDC_CERTIFICATE_FILE", o.CertificateFile) && p.file("PLI_OIDC_KEY_FILE", o.KeyFile) && o.CertificateFile != "" && o.KeyFile != "" {
		_, err := tls.LoadX509KeyPair(o.CertificateFile, o.KeyFile)
		p.require(err == nil, "PLI_OIDC_CERTIFICATE_FILE and PLI_OIDC_KEY_FILE hold no certificate with its key, in PEM (%v).", err)
	}
	p.authorities("PLI_OIDC_CA_FILE", o.CAFile)
	p.require(slices.Contains(o.ScopeList(), "openid"), "PLI_OIDC_SCOPES is %q: it must contain openid.", o.Scopes)
	p.require(o.ACR != "", "PLI_OIDC_ACR is empty: Pro Santé Connect asks for eidas1.")
	p.require(o.Leeway >= 0 && o.Leeway <= 30*time.Second, "PLI_OIDC_LEEWAY is %s: it must be 0 to 30s.", o.Leeway)
}

// validHost accepts "host" or "host:port" of a machine that is not one's own: a name
// with a dot, or a public address.
func validHost(s string) bool {
	u, err := url.Parse("https://" + s)
	if err != nil || u.Host != s || u.Hostname() == "" {
		return false
	}
	if a, err := netip.ParseAddr(u.Hostname()); err == nil {
		a = a.Unmap()
		return a.IsGlobalUnicast() && !a.IsPrivate()
	}
	for label := range strings.SplitSeq(u.Hostname(), ".") {
		if label == "" || strings.Trim(strings.ToLower(label), "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return false
		}
	}
	return strings.Contains(u.Hostname(), ".") && !strings.HasSuffix(u.Hostname(), ".localhost")
}

func (s Server) validate(p *Problems, prefix string, required bool) {
	if s.Address == "" {
		p.require(!required, "%sADDRESS is empty: give the operator's server, for example imap.operateur.example:143.", prefix)
	} else if _, _, ok := hostPort(s.Address, false); !ok {
		p.add("%sADDRESS is %q: it must be a host and a port, for example imap.operateur.example:143.", prefix, s.Address)
	}
	p.require(s.Mode == "starttls" || s.Mode == "tls", "%sMODE is %q: it must be starttls or tls.", prefix, s.Mode)
	switch s.Auth {
	case "xoauth2", "xoauth2-no-ir":
	case "plain-authzid":
		p.require(s.ServiceUser != "", "%sSERVICE_USER is empty: plain-authzid needs the service account.", prefix)
		p.require(s.ServicePassword != "", "%sSERVICE_PASSWORD_FILE is empty: plain-authzid needs the service account's password, from this file or %sSERVICE_PASSWORD.", prefix, prefix)
	default:
		p.add("%sAUTH is %q: it must be xoauth2, xoauth2-no-ir or plain-authzid.", prefix, s.Auth)
	}
	p.authorities(prefix+"CA_FILE", s.CAFile)
	p.require(s.CommandTimeout >= time.Second && s.CommandTimeout <= 10*time.Minute, "%sCOMMAND_TIMEOUT is %s: it must be 1s to 10m.", prefix, s.CommandTimeout)
}

// file says that a named file cannot be read; none is fine.
func (p *Problems) file(name, path string) bool {
	if path == "" {
		return true
	}
	info, err := os.Stat(path)
	if err == nil && (info.IsDir() || info.Mode()&os.ModeNamedPipe != 0) {
		err = os.ErrInvalid // a pipe would never end
	}
	if err == nil {
		var f *os.File
		if f, err = os.Open(path); err == nil {
			f.Close()
		}
	}
	if err != nil {
		p.add("%s names %s, which cannot be read: check path and rights.", name, path)
	}
	return err == nil
}

const maxAuthorities = 4 << 20 // bytes: the system's own are some 200 kB

// authorities says that a named file holds no certificate.
func (p *Problems) authorities(name, path string) {
	if !p.file(name, path) || path == "" {
		return
	}
	info, err := os.Stat(path)
	if err != nil || info.Size() > maxAuthorities {
		p.add("%s names %s, which is no file of authorities: too large.", name, path)
		return
	}
	text, err := os.ReadFile(path)
	p.require(err == nil && x509.NewCertPool().AppendCertsFromPEM(text), "%s names %s, which holds no certificate in PEM.", name, path)
}

// hostPort splits an address. A listening host may be empty (all interfaces) and
// its port 0 (any free one).
func hostPort(s string, listening bool) (host string, port int, ok bool) {
	host, ps, err := net.SplitHostPort(s)
	if err != nil {
		return "", 0, false
	}
	port, err = strconv.Atoi(ps)
	if err != nil || port < 0 || port > 65535 || !listening && (host == "" || port == 0) {
		return "", 0, false
	}
	return host, port, true
}
