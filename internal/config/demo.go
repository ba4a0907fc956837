package config

import (
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// Demo is the configuration of the demo world: everything in memory, stand-ins
// behind the lines out. It refuses an address others could reach, and refuses to
// start while any setting of a real upstream is in the environment: a demo that
// could be mistaken for the real thing is a danger.
func Demo(listen string) (Config, error) { return demo(listen, os.Environ()) }

func demo(listen string, environ []string) (Config, error) {
	var p Problems
	host, _, ok := hostPort(listen, true)
	p.require(ok && isLoopback(host), "The demo listens on loopback only, for example 127.0.0.1:8080, not on %q: it signs anybody in.", listen)
	for _, name := range upstream(environ) {
		p.add("%s is set: the demo never talks to real servers, so it refuses to start beside real settings; unset it.", name)
	}
	if len(p) > 0 {
		return Config{}, p
	}
	var s Serve
	if err := kong.ApplyDefaults(&s); err != nil {
		return Config{}, Problems{"The defaults do not apply: " + err.Error() + "."}
	}
	c := Config(s.Flags)
	c.Ephemeral = true
	c.Listen = listen
	c.StopWait = 0 // no balancer: Ctrl-C ends it
	c.PublicURL = "http://" + listen
	c.Support = "support de démonstration, 01 99 00 00 00"
	c.Banner = "Démonstration\u00a0: personnes, lettres et serveurs sont fictifs."
	c.OIDC.Issuer = c.PublicURL + "/demo/psc/auth/realms/esante-wallet"
	c.OIDC.ClientID = "pli-demo"
	c.OIDC.ClientSecret = "pli-demo-secret"
	c.SupportDesk.OIDC.Issuer = c.PublicURL + "/demo/psc/auth/realms/operateur"
	c.SupportDesk.OIDC.ClientID = "pli-support-demo"
	c.SupportDesk.OIDC.ClientSecret = "pli-support-demo-secret"
	c.SupportDesk.OIDC.RoleValue = "pli-support"
	c.IMAP.Address = "imap.mssante.demo.invalid:143" // RFC 6761 §6.4: never resolves
	c.SMTP.Address = "smtp.mssante.demo.invalid:587"
	c.SMTP.NIL = "PLI-DEMO"
	c.Sieve.Address = "sieve.mssante.demo.invalid:4190"
	c.Trust.URL = "https://espacedeconfiance.mssante.demo.invalid/listeblanchemssante.xml"
	c.Trust.SignerNames = []string{"alb.mssante.demo.invalid"}
	c.Directory.URL = "https://service.annuaire.mssante.demo.invalid/annuaire-sante-webservices/V300/services/extraction/Extraction_Correspondance_MSSante"
	return c, nil
}

// upstream names, sorted, the variables that speak of a real world.
func upstream(environ []string) []string {
	var found []string
	for _, kv := range environ {
		name, _, _ := strings.Cut(kv, "=")
		for _, prefix := range []string{"PLI_OIDC_", "PLI_IMAP_", "PLI_SMTP_", "PLI_SIEVE_", "PLI_DATABASE", "PLI_KEYS", "PLI_PUBLIC_URL", "PLI_TRUSTED_PROXIES",
			"PLI_DIRECTORY_", "PLI_TRUST_", "PLI_SUPPORT_OIDC_", "PLI_AUDIT_HEADS_FILE"} {
			if strings.HasPrefix(name, prefix) {
				found = append(found, name)
				break
			}
		}
	}
	slices.Sort(found)
	return found
}
