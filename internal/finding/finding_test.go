package finding_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"pli.example/pli/internal/finding"
)

var now = time.Date(2026, time.November, 22, 9, 0, 0, 0, time.UTC)

// chain makes an authority and a certificate it signed for pli.example.
func chain(t *testing.T, from, until time.Time) (roots *x509.CertPool, shown []*x509.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sign := func(c, parent *x509.Certificate) *x509.Certificate {
		der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, key)
		if err != nil {
			t.Fatal(err)
		}
		out, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "AC d’essai"}, NotBefore: now.AddDate(-5, 0, 0), NotAfter: now.AddDate(5, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	ca = sign(ca, ca)
	leaf := sign(&x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "pli.example"}, DNSNames: []string{"pli.example"},
		NotBefore: from, NotAfter: until, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}, ca)
	roots = x509.NewCertPool()
	roots.AddCert(ca)
	return roots, []*x509.Certificate{leaf}
}

// TestCertificate: each of the three lines tells its own fault, also when all three
// are there at once.
func TestCertificate(t *testing.T) {
	t.Parallel()
	year, month := now.AddDate(-1, 0, 0), now.AddDate(0, 1, 0)
	for name, c := range map[string]struct {
		from, until time.Time
		host        string
		stranger    bool
		want        string // states of chain, name, expiry
	}{
		"right":              {year, month.AddDate(0, 6, 0), "pli.example", false, "ok ok ok"},
		"ends soon":          {year, now.AddDate(0, 0, 5), "pli.example", false, "ok ok warning"},
		"short-lived":        {now.AddDate(0, 0, -2), now.AddDate(0, 0, 5), "pli.example", false, "ok ok ok"},
		"ended":              {year, now.Add(-time.Hour), "pli.example", false, "ok ok fault"},
		"not yet":            {now.Add(time.Hour), month, "pli.example", false, "ok ok fault"},
		"another name":       {year, month, "autre.example", false, "ok fault ok"},
		"unknown authority":  {year, month, "pli.example", true, "fault ok ok"},
		"everything at once": {year, now.Add(-time.Hour), "autre.example", true, "fault fault fault"},
	} {
		roots, shown := chain(t, c.from, c.until)
		if c.stranger {
			roots, _ = chain(t, c.from, c.until)
		}
		var l finding.List
		l.Certificate("imap", finding.Shown{Chain: shown, Roots: roots, Name: c.host}, "PLI_IMAP_CA_FILE", now)
		var got []string
		for i, f := range l {
			got = append(got, string(f.State))
			if f.Check != finding.CertificateChecks("imap")[i] || f.Say == "" || (f.Do == "") != (f.State == finding.OK) {
				t.Errorf("%s: %+v", name, f)
			}
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: %s, want %s\n%+v", name, s, c.want, l)
		}
	}
}

func TestNoCertificateIsNotVerified(t *testing.T) {
	t.Parallel()
	var l finding.List
	l.Certificate("imap", finding.Shown{Name: "x"}, "", now)
	if len(l) != 3 || l[0].State != finding.Untried || l.Faults() != 0 {
		t.Errorf("%+v", l)
	}
}

func TestBecause(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		says string
	}{
		{&net.DNSError{Err: "no such host", Name: "x"}, "DNS"},
		{fmt.Errorf("dial: %w", syscall.ECONNREFUSED), "Rien n’écoute"},
		{fmt.Errorf("x: %w", context.DeadlineExceeded), "à temps"},
		{syscall.EHOSTUNREACH, "Aucune route"},
		{x509.UnknownAuthorityError{}, "certificat"},
		{errors.New("EOF"), "coupé"},
	} {
		if say, do := finding.Because(c.err, "imap.example:143"); !strings.Contains(say, c.says) || !strings.Contains(say, "imap.example:143") && c.says != "DNS" || do == "" {
			t.Errorf("%v: %q, %q", c.err, say, do)
		}
	}
}

// TestCompleteNamesEverything: what a fault hides is on the list, in its place.
func TestCompleteNamesEverything(t *testing.T) {
	t.Parallel()
	var l finding.List
	l.Fault("a.two", "do", "100 % faux")
	l.OK("a.one", "fine, %s", "really")
	l.Complete("a.one", "a.two", "a.three")
	if len(l) != 3 || l[0].Check != "a.one" || l[1].Say != "100 % faux" || l[2].State != finding.Untried || l.Faults() != 1 || l[0].Topic() != "a" {
		t.Errorf("%+v", l)
	}
}

// TestOneLine: a sentence may quote a server; it must not write on the terminal.
func TestOneLine(t *testing.T) {
	t.Parallel()
	if got := finding.OneLine("a\x1b[31mb\nc\u202ed" + strings.Repeat("x", 9000)); strings.ContainsAny(got, "\x1b\n\u202e") || len(got) > 700 {
		t.Errorf("%q", got)
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	for got, want := range map[string]string{
		finding.Count(1, "jour", "jours"): "1\u00a0jour", finding.Count(12345, "clé", "clés"): "12\u202f345\u00a0clés",
		finding.Size(25_000_000): "25,0\u00a0Mo", finding.Size(12_000_000_000): "12\u00a0Go", finding.Size(900): "900\u00a0octets",
		finding.Age(72 * time.Hour): "3\u00a0jours", finding.Age(10 * time.Minute): "10\u00a0minutes", finding.Age(5 * time.Second): "5\u00a0secondes",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
