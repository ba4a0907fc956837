package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// pair writes a certificate of one's own and its key.
func pair(t *testing.T) (cert, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	text := func(kind string, b []byte) string {
		return file(t, string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b})))
	}
	return text("CERTIFICATE", der), text("PRIVATE KEY", raw)
}

// Files that hold something else are said with all the rest, before anything starts.
func TestFilesThatHoldSomethingElse(t *testing.T) {
	t.Parallel()
	cert, key := pair(t)
	_, another := pair(t)
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip(err)
	}
	mutual := []string{"--oidc-auth-method=tls_client_auth", "--oidc-certificate-file=" + cert}
	for name, c := range map[string]struct {
		args []string
		want string // "" = fine
	}{
		"a pair":                  {append(mutual, "--oidc-key-file="+key), ""},
		"another's key":           {append(mutual, "--oidc-key-file="+another), "no certificate with its key"},
		"authorities":             {[]string{"--imap-ca-file=" + cert, "--oidc-ca-file=" + cert, "--trust-ca-file=" + cert}, ""},
		"a key as authority":      {[]string{"--imap-ca-file=" + key}, "PLI_IMAP_CA_FILE names " + key + ", which holds no certificate"},
		"text as anchors":         {[]string{"--trust-anchors-file=" + file(t, "hello")}, "PLI_TRUST_ANCHORS_FILE"},
		"a pipe":                  {[]string{"--smtp-ca-file=" + pipe}, "PLI_SMTP_CA_FILE names " + pipe + ", which cannot be read"},
		"keys that are no keys":   {[]string{"--keys-file=" + file(t, "k1:aHVzaGh1c2g=\n")}, "PLI_KEYS_FILE (or PLI_KEYS) holds no keys"},
		"metrics without a port":  {[]string{"--metrics-listen=localhost"}, "PLI_METRICS_LISTEN"},
		"metrics on a named host": {[]string{"--metrics-listen=10.0.0.5:9464"}, ""},
	} {
		_, err := parse(t, append(minimal(t), c.args...)...).Config()
		p, _ := err.(Problems)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.want != "" && (len(p) != 1 || !strings.Contains(p[0], c.want) || strings.Contains(p[0], "aHVzaG")):
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMetricsAddress(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{"": "", ":9464": "127.0.0.1:9464", "10.0.0.5:9464": "10.0.0.5:9464", "0.0.0.0:1": "0.0.0.0:1"} {
		if got := (Config{MetricsListen: given}).MetricsAddress(); got != want {
			t.Errorf("%q: %q, want %q", given, got, want)
		}
	}
}
