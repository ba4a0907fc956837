package identity

import (
	"strings"
	"testing"

	"pli.example/pli/internal/problem"
)

// Attack 39: whatever the document says, nobody is sent to a host nobody named; not
// by another spelling of an address, and not by the addresses asked for least.
func TestDiscoveryHosts(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"https://evil.test/", "https://auth.psc.test.evil.test/", "https://evil.test/auth.psc.test", "https://auth.psc.test:8443/",
		"https://wallet.psc.test:22/", "https://psc.test/", "https://sub.auth.psc.test/", "https://auth.psc.test@evil.test/", "https://evil.test#auth.psc.test",
		"https://127.0.0.1/", "https://127.1/", "https://2130706433/", "https://0x7f000001/", "https://0177.0.0.1/", "https://[::1]/", "https://[::ffff:127.0.0.1]/",
		"https://169.254.169.254/latest", "https://[fe80::1%25eth0]/", "https://10.0.0.1/", "https://192.168.1.1/", "https://172.16.0.1/", "https://100.64.0.1/",
		"https://0.0.0.0/", "https://[fd00::1]/", "https://localhost/", "https://127.0.0.1.nip.io/", "https://metadata.google.internal/", "http://auth.psc.test/",
		"ftp://auth.psc.test/", "//auth.psc.test/", "https:///x", "https://", "x", "https://auth.psc.test\\@evil.test/", "https://auth.psc.test\t.evil.test/"} {
		for _, name := range []string{"token_endpoint", "jwks_uri", "end_session_endpoint", "introspection_endpoint", "authorization_endpoint", "alias"} {
			f := newFake(t)
			if name == "alias" {
				f.doc["mtls_endpoint_aliases"] = object{"token_endpoint": at}
			} else {
				f.doc[name] = at
			}
			p := f.provider(func(o *Options) { o.AuthMethod = AuthTLS })
			if _, _, err := p.Begin(t.Context(), "/"); !problem.Is(err, problem.UpstreamRefused) || len(f.seen) != 1 {
				t.Errorf("%s at %q: %v, %d requests", name, at, err, len(f.seen))
			}
		}
	}
}

// What belongs to the provider is taken, however it is spelt; an alias that is never
// asked does not stand in the way.
func TestDiscoveryHostsAllowed(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		issuer string
		more   []string
		at     string
		ok     bool
	}{
		{issuer, nil, "https://auth.psc.test/x", true}, {issuer, nil, "https://AUTH.psc.test:443/x", true}, {issuer, nil, "https://auth.psc.test./x", true},
		{issuer, []string{"Wallet.PSC.test"}, "https://wallet.psc.test/auth", true}, {issuer, []string{"w.test:8443"}, "https://w.test:8443/", true},
		{issuer, []string{"w.test:8443"}, "https://w.test/", false}, {issuer, []string{"10.0.0.1"}, "https://10.0.0.1/", false}, {issuer, []string{""}, "https:///", false},
		{"http://127.0.0.1:8080/x", nil, "http://127.0.0.1:8080/token", true}, {"http://127.0.0.1:8080/x", nil, "http://127.0.0.1:8081/token", false},
		{"http://127.0.0.1:8080/x", nil, "http://localhost:8080/token", false}, {"http://127.0.0.1:8080/x", []string{"localhost:8080"}, "http://localhost:8080/", true},
		{"https://10.0.0.1/x", nil, "https://10.0.0.1/token", true}, {"https://10.0.0.1/x", []string{"10.0.0.2"}, "https://10.0.0.2/token", true},
		{"https://10.0.0.1/x", nil, "http://10.0.0.1/token", false}, {"http://127.0.0.1:80/x", nil, "http://127.0.0.1/token", true},
	} {
		h, err := hostsFor(row.issuer, row.more)
		if err != nil {
			t.Fatal(err)
		}
		if err := h.check(row.at); row.ok != (err == nil) {
			t.Errorf("%s with %q: %s: %v", row.issuer, row.more, row.at, err)
		}
	}
	f := newFake(t)
	f.doc["mtls_endpoint_aliases"] = object{"token_endpoint": "https://mtls.elsewhere.test/token"}
	if _, err := f.signIn(f.provider(nil)); err != nil {
		t.Errorf("an alias nobody asks: %v", err)
	}
	f = newFake(t)
	_, _, err := f.provider(func(o *Options) { o.Hosts = nil }).Begin(t.Context(), "/")
	if err == nil || !strings.Contains(err.Error(), `authorization_endpoint: host "wallet.psc.test" is neither`) {
		t.Errorf("the log does not say which host: %v", err)
	}
}
