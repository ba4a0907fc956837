package identity

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// hosts are the only ones the discovery document may send us, or a browser, to: the
// issuer's own and those the operator named. The document is the provider's word;
// which machines we speak to is ours (attack 39).
type hosts struct {
	clear   bool // http is acceptable: the issuer is on loopback
	inside  bool // the issuer is a private address: others may be
	allowed []string
}

// hostsFor reads the issuer and the operator's list ("host" or "host:port").
func hostsFor(issuer string, more []string) (hosts, error) {
	clear, err := clearAllowed(issuer)
	if err != nil {
		return hosts{}, err
	}
	u, err := url.Parse(issuer)
	if err != nil {
		return hosts{}, err
	}
	h := hosts{clear: clear, inside: isInside(u.Hostname()), allowed: []string{hostKey(u.Scheme, u.Host)}}
	for _, name := range more {
		h.allowed = append(h.allowed, hostKey("https", name))
	}
	return h, nil
}

// check refuses an address of the document that is not usable, or of no host of ours.
func (h hosts) check(at string) error {
	u, err := url.Parse(at)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || u.Scheme != "https" && !(h.clear && u.Scheme == "http") {
		return fmt.Errorf("unusable address %.200q", at)
	}
	if !h.inside && isInside(u.Hostname()) {
		return fmt.Errorf("private address %.200q", at)
	}
	if !slices.Contains(h.allowed, hostKey(u.Scheme, u.Host)) {
		return fmt.Errorf("host %.200q is neither the issuer's nor one that was configured", u.Host)
	}
	return nil
}

// hostKey writes one host one way: lower case, the scheme's own port left out, no
// final dot.
func hostKey(scheme, host string) string {
	host = strings.ToLower(host)
	if rest, ok := strings.CutSuffix(host, map[string]string{"https": ":443", "http": ":80"}[scheme]); ok && scheme != "" {
		host = rest
	}
	return strings.TrimSuffix(host, ".")
}

// isInside reports a literal address, or a name, that can only be a machine of our
// own network or ourselves.
func isInside(host string) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") { // RFC 6761 §6.3
		return true
	}
	a, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	a = a.WithZone("").Unmap()
	return a.IsLoopback() || a.IsPrivate() || a.IsUnspecified() || a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsInterfaceLocalMulticast() ||
		netip.MustParsePrefix("100.64.0.0/10").Contains(a)
}
