// Package outside owns the lines out of the process: the HTTP transport to the
// sign-in provider, the dials to the operator's servers, and the clock. The demo
// swaps this one value for pipes onto its stand-ins; everything above runs the
// same code.
//
// Hosts come from configuration only: the dials refuse any other address, no
// proxy is taken from the environment, and a client made here follows no
// redirect. It must not know protocols, people or mail. Threats: a forged
// server (private authorities replace the system's, TLS 1.2 at least), a server
// that never answers, a request led elsewhere.
package outside

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"pli.example/pli/internal/config"
)

const (
	dialTimeout   = 10 * time.Second
	tlsTimeout    = 10 * time.Second
	headerTimeout = 20 * time.Second
	clientTimeout = 30 * time.Second
	fetchTimeout  = 30 * time.Minute // 20 MB on a bad line
	keepAlive     = 30 * time.Second
	maxHeader     = 64 << 10
)

// Lines are the ways out.
type Lines struct {
	HTTP               http.RoundTripper // to the sign-in provider; carries private CA and client certificate
	HTTPTrust          http.RoundTripper // to the white list
	HTTPDirectory      http.RoundTripper // to the national directory
	HTTPSupport        http.RoundTripper // to the provider of support staff
	TrustAnchors       *x509.CertPool    // the authorities of the white list's signature, nil for none
	DialIMAP, DialSMTP func(ctx context.Context, network, addr string) (net.Conn, error)
	DialSieve          func(ctx context.Context, network, addr string) (net.Conn, error)
	IMAPTLS, SMTPTLS   *tls.Config // for the TLS or STARTTLS on top of the dials
	SieveTLS           *tls.Config
	Now                func() time.Time
}

// Client is an HTTP client over l.HTTP that follows no redirect and gives up
// after 30 s, body included.
func (l Lines) Client() *http.Client { return client(l.HTTP, clientTimeout) }

// TrustClient and DirectoryClient are the like for larger files: whoever asks bounds
// their size, and fetchTimeout their time.
func (l Lines) TrustClient() *http.Client     { return client(l.HTTPTrust, fetchTimeout) }
func (l Lines) DirectoryClient() *http.Client { return client(l.HTTPDirectory, fetchTimeout) }

// SupportClient is Client to the provider of support staff.
func (l Lines) SupportClient() *http.Client { return client(l.HTTPSupport, clientTimeout) }

func client(over http.RoundTripper, limit time.Duration) *http.Client {
	return &http.Client{
		Transport:     over,
		Timeout:       limit,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Real gives the lines to the servers of c. It reads certificates now, so that a
// bad file stops the start, and dials nobody.
func Real(c config.Config) (Lines, error) {
	transport, err := transport(c.OIDC)
	if err != nil {
		return Lines{}, err
	}
	imap, err := serverTLS(c.IMAP.Server)
	if err != nil {
		return Lines{}, err
	}
	smtp, err := serverTLS(c.SMTP.Server)
	if err != nil {
		return Lines{}, err
	}
	sieve, err := serverTLS(c.Sieve.Server)
	if err != nil {
		return Lines{}, err
	}
	list, err := publicTransport(c.Trust.CAFile)
	if err != nil {
		return Lines{}, err
	}
	directory, err := publicTransport(c.Directory.CAFile)
	if err != nil {
		return Lines{}, err
	}
	support, err := publicTransport(c.SupportDesk.OIDC.CAFile)
	if err != nil {
		return Lines{}, err
	}
	anchors, err := anchors(c.Trust.AnchorsFile)
	if err != nil {
		return Lines{}, err
	}
	return Lines{
		HTTP: transport, HTTPTrust: list, HTTPDirectory: directory, HTTPSupport: support, TrustAnchors: anchors,
		DialIMAP: dialOnly(c.IMAP.Address), IMAPTLS: imap,
		DialSMTP: dialOnly(c.SMTP.Address), SMTPTLS: smtp,
		DialSieve: dialOnly(c.Sieve.Address), SieveTLS: sieve,
		Now: time.Now,
	}, nil
}

func transport(o config.OIDC) (*http.Transport, error) {
	t, err := publicTransport(o.CAFile)
	if err != nil {
		return nil, err
	}
	if o.CertificateFile != "" {
		pair, err := tls.LoadX509KeyPair(o.CertificateFile, o.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("client certificate %s with key %s: %w", o.CertificateFile, o.KeyFile, err)
		}
		t.TLSClientConfig.Certificates = []tls.Certificate{pair}
	}
	return t, nil
}

// anchors are the authorities of a PEM file, nil without one.
func anchors(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	conf, err := TLSFor(file, "")
	if err != nil {
		return nil, err
	}
	return conf.RootCAs, nil
}

// publicTransport reaches hosts that show a certificate of caFile's authorities.
func publicTransport(caFile string) (*http.Transport, error) {
	conf, err := TLSFor(caFile, "")
	if err != nil {
		return nil, err
	}
	return &http.Transport{
		Proxy:                  nil, // never from the environment: it would see tokens' destinations
		DialContext:            dialer().DialContext,
		TLSClientConfig:        conf,
		TLSHandshakeTimeout:    tlsTimeout,
		ResponseHeaderTimeout:  headerTimeout,
		MaxResponseHeaderBytes: maxHeader,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           64,
		MaxIdleConnsPerHost:    16,
		IdleConnTimeout:        90 * time.Second,
	}, nil
}

func serverTLS(s config.Server) (*tls.Config, error) {
	name := s.ServerName
	if name == "" {
		name, _, _ = net.SplitHostPort(s.Address)
	}
	return TLSFor(s.CAFile, name)
}

// TLSFor is a client configuration: TLS 1.2 at least, the certificate checked
// against serverName ("" = set by the caller for each connection), and against
// the authorities of caFile alone when there is one.
func TLSFor(caFile, serverName string) (*tls.Config, error) {
	conf := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: serverName}
	if caFile == "" {
		return conf, nil
	}
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, fmt.Errorf("authorities %s: %w", caFile, err)
	}
	conf.RootCAs = x509.NewCertPool()
	if !conf.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("authorities %s: no certificate in PEM found", caFile)
	}
	return conf, nil
}

func dialer() *net.Dialer {
	return &net.Dialer{Timeout: dialTimeout, KeepAlive: keepAlive}
}

// dialOnly dials one configured address and refuses any other: nothing a user or
// a server says can open a connection elsewhere.
func dialOnly(allowed string) func(ctx context.Context, network, addr string) (net.Conn, error) {
	d := dialer()
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		if allowed == "" || addr != allowed {
			return nil, fmt.Errorf("dial %s: not the configured server", addr)
		}
		return d.DialContext(ctx, network, addr)
	}
}
