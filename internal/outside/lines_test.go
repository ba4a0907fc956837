package outside

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/config"
)

// authority signs certificates for 127.0.0.1 and "imap.test".
type authority struct {
	t    *testing.T
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string // PEM of the authority
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, dir: t.TempDir()}
	a.key = newKey(t)
	der := a.sign(&x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test CA"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign}, nil, a.key)
	var err error
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	a.file = a.write("ca.pem", "CERTIFICATE", der)
	return a
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (a *authority) sign(c, parent *x509.Certificate, key *ecdsa.PrivateKey) []byte {
	a.t.Helper()
	if parent == nil {
		parent = c
	}
	c.NotBefore, c.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	return der
}

func (a *authority) write(name, kind string, der []byte) string {
	a.t.Helper()
	path := filepath.Join(a.dir, name)
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		a.t.Fatal(err)
	}
	return path
}

// leaf makes a certificate and its key as files.
func (a *authority) leaf(name string) (certFile, keyFile string, pair tls.Certificate) {
	a.t.Helper()
	key := newKey(a.t)
	der := a.sign(&x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, DNSNames: []string{"imap.test"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}, a.cert, key)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	certFile, keyFile = a.write(name+".pem", "CERTIFICATE", der), a.write(name+".key", "PRIVATE KEY", pkcs8)
	if pair, err = tls.LoadX509KeyPair(certFile, keyFile); err != nil {
		a.t.Fatal(err)
	}
	return certFile, keyFile, pair
}

// provider is an HTTPS server that asks for a client certificate.
func (a *authority) provider() *httptest.Server {
	a.t.Helper()
	_, _, pair := a.leaf("server")
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/elsewhere" {
			http.Redirect(w, r, "https://127.0.0.1:1/stolen", http.StatusFound)
			return
		}
		name := "nobody"
		if len(r.TLS.PeerCertificates) > 0 {
			name = r.TLS.PeerCertificates[0].Subject.CommonName
		}
		io.WriteString(w, name)
	}))
	s.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.VerifyClientCertIfGiven, ClientCAs: pool}
	s.Config.ErrorLog = nil
	s.StartTLS()
	a.t.Cleanup(s.Close)
	return s
}

func demoConfig(t *testing.T) config.Config {
	t.Helper()
	c, err := config.Demo("127.0.0.1:0")
	if err != nil {
		t.Skip(err) // real settings in this environment
	}
	return c
}

func TestHTTPLine(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	s := a.provider()
	certFile, keyFile, _ := a.leaf("pli-client")
	get := func(o config.OIDC, path string) (int, string, error) {
		c := demoConfig(t)
		c.OIDC = o
		l, err := Real(c)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := l.Client().Get(s.URL + path)
		if err != nil {
			return 0, "", err
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		return resp.StatusCode, string(b), err
	}
	if code, who, err := get(config.OIDC{CAFile: a.file, CertificateFile: certFile, KeyFile: keyFile}, "/"); err != nil || code != 200 || who != "pli-client" {
		t.Errorf("private CA and client certificate: %d %q %v", code, who, err)
	}
	if _, who, err := get(config.OIDC{CAFile: a.file}, "/"); err != nil || who != "nobody" {
		t.Errorf("no client certificate: %q %v", who, err)
	}
	var unknown x509.UnknownAuthorityError
	if _, _, err := get(config.OIDC{}, "/"); !errors.As(err, &unknown) {
		t.Errorf("the system's authorities accept a private one: %v", err)
	}
	if _, _, err := get(config.OIDC{CAFile: newAuthority(t).file}, "/"); !errors.As(err, &unknown) {
		t.Errorf("another private authority is accepted: %v", err)
	}
	if code, _, err := get(config.OIDC{CAFile: a.file}, "/elsewhere"); err != nil || code != http.StatusFound {
		t.Errorf("a redirect was followed: %d %v", code, err)
	}
}

// TestNoProxy: the environment's proxies are for loopback never used anyway, so
// the field itself is looked at.
func TestNoProxy(t *testing.T) {
	t.Parallel()
	l, err := Real(demoConfig(t))
	if err != nil {
		t.Fatal(err)
	}
	if tr, ok := l.HTTP.(*http.Transport); !ok || tr.Proxy != nil || tr.ResponseHeaderTimeout == 0 || tr.TLSHandshakeTimeout == 0 {
		t.Errorf("%+v", l.HTTP)
	}
}

func TestOldTLSIsRefused(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	_, _, pair := a.leaf("server")
	for version, ok := range map[uint16]bool{tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		conf, err := TLSFor(a.file, "imap.test")
		if err != nil {
			t.Fatal(err)
		}
		err = handshake(t, conf, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS10, MaxVersion: version})
		if ok != (err == nil) {
			t.Errorf("%s: %v", tls.VersionName(version), err)
		}
	}
}

func TestServerNameIsChecked(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	_, _, pair := a.leaf("server")
	server := &tls.Config{Certificates: []tls.Certificate{pair}}
	c := demoConfig(t)
	for _, x := range []struct {
		address, name string
		ok            bool
	}{{"imap.test:143", "", true}, {"192.0.2.1:143", "imap.test", true}, {"other.test:143", "", false}, {"imap.test:143", "other.test", false}} {
		c.IMAP.Address, c.IMAP.ServerName, c.IMAP.CAFile = x.address, x.name, a.file
		l, err := Real(c)
		if err != nil {
			t.Fatal(err)
		}
		if err := handshake(t, l.IMAPTLS, server); x.ok != (err == nil) {
			t.Errorf("%+v: %v", x, err)
		}
	}
}

func handshake(t *testing.T, client, server *tls.Config) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	l, err := net.Listen("tcp", "127.0.0.1:0") // a pipe would block on the alert of a refusal
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		if far, err := l.Accept(); err == nil {
			defer far.Close()
			tls.Server(far, server).HandshakeContext(ctx)
		}
	}()
	near, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	return tls.Client(near, client).HandshakeContext(ctx)
}

func TestDialsOnlyTheConfiguredServer(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c := demoConfig(t)
	c.IMAP.Address, c.SMTP.Address = l.Addr().String(), ""
	lines, err := Real(c)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := lines.DialIMAP(t.Context(), "tcp", c.IMAP.Address)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	for name, dial := range map[string]func() (net.Conn, error){
		"another address": func() (net.Conn, error) { return lines.DialIMAP(t.Context(), "tcp", "127.0.0.1:22") },
		"no SMTP server":  func() (net.Conn, error) { return lines.DialSMTP(t.Context(), "tcp", c.IMAP.Address) },
		"empty address":   func() (net.Conn, error) { return lines.DialSMTP(t.Context(), "tcp", "") },
	} {
		if conn, err := dial(); err == nil || !strings.Contains(err.Error(), "not the configured server") {
			t.Errorf("%s: %v", name, err)
			if conn != nil {
				conn.Close()
			}
		}
	}
}

func TestBadFilesStopTheStart(t *testing.T) {
	t.Parallel()
	bad := filepath.Join(t.TempDir(), "bad.pem")
	if err := os.WriteFile(bad, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*config.Config){
		"provider CA": func(c *config.Config) { c.OIDC.CAFile = bad },
		"missing CA":  func(c *config.Config) { c.OIDC.CAFile = bad + "x" },
		"client pair": func(c *config.Config) { c.OIDC.CertificateFile, c.OIDC.KeyFile = bad, bad },
		"IMAP CA":     func(c *config.Config) { c.IMAP.CAFile = bad },
		"SMTP CA":     func(c *config.Config) { c.SMTP.CAFile = bad },
	} {
		c := demoConfig(t)
		spoil(&c)
		if _, err := Real(c); err == nil || !strings.Contains(err.Error(), bad) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
