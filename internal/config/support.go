package config

import (
	"slices"
	"strings"
	"time"
)

// SupportDesk is the support pages: nothing configured, no page.
type SupportDesk struct {
	OIDC     SupportOIDC   `embed:"" prefix:"oidc-" envprefix:"OIDC_"`
	Idle     time.Duration `env:"CLOCK_IDLE" name:"clock-idle" default:"30m" help:"A support session left alone is closed after this; at most 1h."`
	Absolute time.Duration `env:"CLOCK_ABSOLUTE" name:"clock-absolute" default:"8h" help:"Longest life of a support session, however busy; at most 12h."`
}

// SupportOIDC is the provider of support staff: another one than practitioners', or
// another client of the same.
type SupportOIDC struct {
	Issuer           string        `env:"ISSUER" help:"Issuer of the provider of support staff; empty: no support pages."`
	DiscoveryPaths   []string      `env:"DISCOVERY_PATHS" default:"/.well-known/openid-configuration" help:"Discovery documents to try, under the issuer, in order."`
	Hosts            []string      `env:"HOSTS" help:"Hosts, beside the issuer's, that the discovery document may name."`
	ClientID         string        `env:"CLIENT_ID" help:"Client id given by that provider."`
	ClientSecret     Secret        `env:"CLIENT_SECRET" help:"Client secret. Prefer the file."`
	ClientSecretFile string        `env:"CLIENT_SECRET_FILE" help:"File with the client secret."`
	AuthMethod       string        `env:"AUTH_METHOD" default:"client_secret_basic" help:"client_secret_basic or client_secret_post."`
	CAFile           string        `env:"CA_FILE" help:"The only authorities accepted for that provider, PEM; empty: the system's."`
	Scopes           string        `env:"SCOPES" default:"openid profile" help:"Scopes, separated by spaces."`
	RoleClaim        string        `env:"ROLE_CLAIM" default:"roles" help:"Claim that holds the role: its exact name, or a path such as realm_access.roles."`
	RoleValue        string        `env:"ROLE_VALUE" help:"Value, or member of the list, that makes a member of support."`
	ACR              string        `env:"ACR" help:"Levels of authentication accepted, separated by spaces; empty: any."`
	Leeway           time.Duration `env:"LEEWAY" default:"10s" help:"Clock difference allowed with that provider, at most 30s."`
}

// On reports whether anything of the support provider is configured.
func (o SupportOIDC) On() bool { return o.Issuer != "" || o.ClientID != "" || o.RoleValue != "" }

// ScopeList splits the scopes.
func (o SupportOIDC) ScopeList() []string { return strings.Fields(o.Scopes) }

func (d SupportDesk) validate(p *Problems) {
	o := d.OIDC
	if !o.On() {
		p.require(o.ClientSecret == "", "PLI_SUPPORT_OIDC_CLIENT_SECRET is set and PLI_SUPPORT_OIDC_ISSUER is empty: name the provider, or remove both.")
		return
	}
	if o.Issuer == "" {
		p.add("PLI_SUPPORT_OIDC_ISSUER is empty: give the issuer of the provider of support staff.")
	} else if _, ok := parseURL(o.Issuer); !ok {
		p.add("PLI_SUPPORT_OIDC_ISSUER is %q: it must be an https:// URL without query (http:// is for loopback only).", o.Issuer)
	}
	p.require(len(o.DiscoveryPaths) > 0, "PLI_SUPPORT_OIDC_DISCOVERY_PATHS is empty: name at least one path.")
	for _, path := range o.DiscoveryPaths {
		p.require(strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "//"), "PLI_SUPPORT_OIDC_DISCOVERY_PATHS holds %q: each must start with one slash.", path)
	}
	for _, h := range o.Hosts {
		p.require(validHost(h), "PLI_SUPPORT_OIDC_HOSTS holds %q: each must be a host name, with a port if it is not 443; no scheme, no path, no private address.", h)
	}
	p.require(o.ClientID != "", "PLI_SUPPORT_OIDC_CLIENT_ID is empty: give the client id that provider assigned.")
	p.require(o.AuthMethod == "client_secret_basic" || o.AuthMethod == "client_secret_post", "PLI_SUPPORT_OIDC_AUTH_METHOD is %q: it must be client_secret_basic or client_secret_post.", o.AuthMethod)
	p.require(o.ClientSecret != "", "PLI_SUPPORT_OIDC_CLIENT_SECRET_FILE is empty: the client secret is needed, from this file or PLI_SUPPORT_OIDC_CLIENT_SECRET.")
	p.authorities("PLI_SUPPORT_OIDC_CA_FILE", o.CAFile)
	p.require(slices.Contains(o.ScopeList(), "openid"), "PLI_SUPPORT_OIDC_SCOPES is %q: it must contain openid.", o.Scopes)
	p.require(o.RoleClaim != "", "PLI_SUPPORT_OIDC_ROLE_CLAIM is empty: name the claim that holds the role.")
	p.require(o.RoleValue != "", "PLI_SUPPORT_OIDC_ROLE_VALUE is empty: name the role, or everybody of that provider would be of support.")
	p.require(o.Leeway >= 0 && o.Leeway <= 30*time.Second, "PLI_SUPPORT_OIDC_LEEWAY is %s: it must be 0 to 30s.", o.Leeway)
	p.require(d.Idle > 0 && d.Idle <= time.Hour, "PLI_SUPPORT_CLOCK_IDLE is %s: it must be positive and at most 1h.", d.Idle)
	p.require(d.Absolute >= d.Idle && d.Absolute <= 12*time.Hour, "PLI_SUPPORT_CLOCK_ABSOLUTE is %s: it must be at least PLI_SUPPORT_CLOCK_IDLE and at most 12h.", d.Absolute)
}
