package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

const (
	metadataAge = time.Hour       // how long a discovery document is used unasked
	maxBackOff  = 5 * time.Second // between two tries nobody asked for
)

// metadata is what we read of the discovery document.
type metadata struct {
	Issuer        string `json:"issuer"`
	Authorization string `json:"authorization_endpoint"`
	Token         string `json:"token_endpoint"`
	Userinfo      string `json:"userinfo_endpoint"`
	Introspection string `json:"introspection_endpoint"`
	EndSession    string `json:"end_session_endpoint"`
	JWKS          string `json:"jwks_uri"`
	IssInCallback bool   `json:"authorization_response_iss_parameter_supported"`

	MTLS mtlsAliases `json:"mtls_endpoint_aliases"`

	keys    oidc.KeySet
	fetched time.Time
}

// mtlsAliases are the addresses for those who show a certificate (RFC 8705 §5).
type mtlsAliases struct {
	Token         string `json:"token_endpoint"`
	Userinfo      string `json:"userinfo_endpoint"`
	Introspection string `json:"introspection_endpoint"`
}

// flight is one discovery under way, shared by all who wait for it.
type flight struct {
	done chan struct{}
	md   *metadata
	err  error
}

// cached gives the known document, fetching it when there is none or it is old.
// A document that cannot be renewed goes on being used: tokens are refreshed
// from the same endpoints for years.
func (p *Provider) cached(ctx context.Context) (*metadata, error) {
	p.mu.Lock()
	md, lastErr, now := p.md, p.lastErr, p.now()
	waiting := now.Before(p.retryAt)
	p.mu.Unlock()
	switch {
	case md != nil && (now.Sub(md.fetched) < metadataAge || waiting):
		return md, nil
	case md == nil && waiting:
		return nil, lastErr
	}
	fresh, err := p.probe(ctx)
	if err != nil && md != nil {
		return md, nil
	}
	return fresh, err
}

// probe fetches the document now. Concurrent callers share one request, which
// goes on when one of them leaves.
func (p *Provider) probe(ctx context.Context) (*metadata, error) {
	p.mu.Lock()
	f := p.flight
	if f == nil {
		f = &flight{done: make(chan struct{})}
		p.flight = f
		go p.discover(context.WithoutCancel(ctx), f)
	}
	p.mu.Unlock()
	select {
	case <-f.done:
		return f.md, f.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *Provider) discover(ctx context.Context, f *flight) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	f.md, f.err = p.fetchMetadata(ctx)
	p.mu.Lock()
	defer p.mu.Unlock()
	defer close(f.done)
	p.flight, p.lastErr = nil, f.err
	if f.err != nil {
		p.failures++
		p.retryAt = p.now().Add(min(maxBackOff, time.Second<<min(p.failures-1, 8)))
		return
	}
	p.failures, p.retryAt = 0, time.Time{}
	if p.md != nil && p.md.JWKS == f.md.JWKS {
		f.md.keys = p.md.keys // keeps the known keys
	}
	p.md = f.md
}

// fetchMetadata tries the wallet path of Pro Santé Connect, then the standard
// one. An unreachable provider is not asked twice.
func (p *Provider) fetchMetadata(ctx context.Context) (*metadata, error) {
	var last error
	for _, path := range p.o.DiscoveryPaths {
		md, err := p.fetchFrom(ctx, strings.TrimSuffix(p.o.Issuer, "/")+path)
		if err == nil {
			return md, nil
		}
		last = err
		var status *documentStatus
		if !errors.As(err, &status) {
			break
		}
	}
	return nil, fmt.Errorf("discovery: %w", last)
}

type documentStatus struct{ code int }

func (e *documentStatus) Error() string { return fmt.Sprintf("document status %d", e.code) }

func (p *Provider) fetchFrom(ctx context.Context, at string) (*metadata, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	resp, err := p.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, &documentStatus{resp.StatusCode}
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	md := &metadata{}
	if err := json.Unmarshal(body, md); err != nil {
		return nil, &badAnswer{fmt.Errorf("discovery document: %w", err)}
	}
	if p.o.AuthMethod != AuthTLS {
		md.MTLS = mtlsAliases{} // never asked
	}
	if err := md.check(p.o.Issuer, p.o.Hosts); err != nil {
		return nil, &badAnswer{err}
	}
	md.fetched = p.now()
	md.keys = oidc.NewRemoteKeySet(oidc.ClientContext(context.WithoutCancel(ctx), p.client), md.JWKS)
	return md, nil
}

// check refuses a document that is not the configured issuer's (mix-up), or that
// would send secrets in the clear or to a host nobody named.
func (md *metadata) check(issuer string, more []string) error {
	if md.Issuer != issuer {
		return fmt.Errorf("issuer in the document is %.200q, configured %q", md.Issuer, issuer)
	}
	to, err := hostsFor(issuer, more)
	if err != nil {
		return err
	}
	for _, e := range []struct {
		name, at string
		needed   bool
	}{
		{"authorization_endpoint", md.Authorization, true}, {"token_endpoint", md.Token, true}, {"userinfo_endpoint", md.Userinfo, true},
		{"jwks_uri", md.JWKS, true}, {"introspection_endpoint", md.Introspection, false}, {"end_session_endpoint", md.EndSession, false},
		{"mtls token_endpoint", md.MTLS.Token, false}, {"mtls userinfo_endpoint", md.MTLS.Userinfo, false},
		{"mtls introspection_endpoint", md.MTLS.Introspection, false},
	} {
		if e.at == "" && !e.needed {
			continue
		}
		if err := to.check(e.at); err != nil {
			return fmt.Errorf("%s: %w", e.name, err)
		}
	}
	return nil
}

// clearAllowed says whether http is acceptable: on loopback only.
func clearAllowed(issuer string) (bool, error) {
	u, err := url.Parse(issuer)
	if err != nil || u.Host == "" {
		return false, fmt.Errorf("issuer %.200q is not a URL", issuer)
	}
	if u.Scheme == "https" {
		return false, nil
	}
	ip := net.ParseIP(u.Hostname())
	if u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()) {
		return true, nil
	}
	return false, fmt.Errorf("issuer %.200q: https required", issuer)
}

// origin gives scheme://host of an address.
func origin(at string) string {
	u, err := url.Parse(at)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
