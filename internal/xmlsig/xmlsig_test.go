package xmlsig

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"pli.example/pli/internal/problem"
)

var at = time.Date(2026, time.November, 23, 9, 0, 0, 0, time.UTC)

type signer struct {
	key   *rsa.PrivateKey
	cert  *x509.Certificate
	other *rsa.PrivateKey // not certified
	pool  *x509.CertPool
	ca    *x509.Certificate
	caKey *rsa.PrivateKey
}

// testSigner is made once.
var testSigner = sync.OnceValue(func() signer {
	var s signer
	s.caKey, s.key, s.other = testKey(0), testKey(1), testKey(2)
	s.ca = s.certificate(nil)
	s.cert = s.certificate(func(c *x509.Certificate) {})
	s.pool = x509.NewCertPool()
	s.pool.AddCert(s.ca)
	return s
})

// certificate makes the authority (nil) or a leaf under it.
func (s signer) certificate(change func(*x509.Certificate)) *x509.Certificate {
	t := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, NotBefore: at.AddDate(-1, 0, 0), NotAfter: at.AddDate(1, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	parent, public := t, &s.caKey.PublicKey
	if change != nil {
		t = &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "alb.test"}, NotBefore: at.AddDate(0, -1, 0), NotAfter: at.AddDate(0, 1, 0),
			KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}}
		change(t)
		parent, public = s.ca, &s.key.PublicKey
	}
	der, err := x509.CreateCertificate(rand.Reader, t, parent, public, s.caKey)
	if err != nil {
		panic(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return c
}

func (s signer) options() Options { return Options{Anchors: s.pool, At: at, Signer: "alb.test"} }

const document = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<!-- note --><L xmlns=\"urn:l\" xmlns:u=\"urn:unused\">\r\n <D b='2' a=\"1 &amp; &quot;x&quot;\">Été &lt; <!-- gone -->&#13;<![CDATA[<raw>]]></D>\r\n <p:E xmlns:p=\"urn:p\" p:z=\"1\" y=\"\"/>\r\n</L>\r\n"

func signed(t testing.TB) string {
	t.Helper()
	s := testSigner()
	out, err := Sign([]byte(document), s.key, s.cert)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestSignThenVerify(t *testing.T) {
	t.Parallel()
	v, err := Verify(strings.NewReader(signed(t)), testSigner().options())
	if err != nil {
		t.Fatal(err)
	}
	want := "<L xmlns=\"urn:l\">\n <D a=\"1 &amp; &quot;x&quot;\" b=\"2\">Été &lt; &#xD;&lt;raw&gt;</D>\n <p:E xmlns:p=\"urn:p\" y=\"\" p:z=\"1\"></p:E>\n</L>"
	if string(v.XML) != want {
		t.Errorf("canonical:\n%s\nwant:\n%s", v.XML, want)
	}
	if v.Signer.Subject.CommonName != "alb.test" {
		t.Errorf("signer %v", v.Signer.Subject)
	}
	if strings.Contains(string(v.XML), "Signature") {
		t.Error("what is handed back holds the signature")
	}
}

func TestVerifyRefuses(t *testing.T) {
	t.Parallel()
	s := testSigner()
	good := signed(t)
	sig := good[strings.Index(good, "<Signature "):strings.Index(good, "</L>")]
	replace := func(old, with string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("the signed document lacks %q", old)
		}
		return strings.Replace(good, old, with, 1)
	}
	for _, tc := range []struct {
		name string
		doc  string
		want error
	}{
		{"changed text", replace("Été", "Ete"), ErrDigest},
		{"changed attribute", replace("b='2'", "b='3'"), ErrDigest},
		{"added element", replace("</L>", "<D/></L>"), ErrDigest},
		{"changed digest", replace("<DigestValue>", "<DigestValue>AAAA"), ErrStructure},
		{"no signature", document, ErrStructure},
		{"two signatures", replace("</L>", sig+"</L>"), ErrStructure},
		{"signature deeper", replace(sig, "<w>"+sig+"</w>"), ErrStructure},
		{"root is the signature", sig, ErrStructure},
		{"wrapped original", "<L xmlns=\"urn:l\"><D>forged</D><old>" + strings.TrimPrefix(good[strings.Index(good, "<L "):], "") + "</old></L>", ErrStructure},
		{"reference to an id", replace(`Reference URI=""`, `Reference URI="#x"`), ErrStructure},
		{"reference without URI", replace(`Reference URI=""`, `Reference`), ErrStructure},
		{"two references", replace("</Reference>", `</Reference><Reference URI=""></Reference>`), ErrStructure},
		{"other digest", replace(algSHA256, "http://www.w3.org/2000/09/xmldsig#sha1"), ErrStructure},
		{"HMAC", replace(algRSASHA256, "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"), ErrStructure},
		{"inclusive canonicalisation", replace(algExclusive, "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"), ErrStructure},
		{"transform removed", replace(`<Transform Algorithm="`+algEnveloped+`"></Transform>`, ""), ErrStructure},
		{"XSLT transform", replace(algEnveloped, "http://www.w3.org/TR/1999/REC-xslt-19991116"), ErrStructure},
		{"prefix list", replace(`<Transform Algorithm="`+algExclusive+`">`, `<Transform Algorithm="`+algExclusive+`"><InclusiveNamespaces xmlns="`+algExclusive+`" PrefixList="a"/>`), ErrStructure},
		{"object beside", replace("</KeyInfo>", "</KeyInfo><Object/>"), ErrStructure},
		{"key instead of certificate", replace("<X509Data>", "<KeyName>x</KeyName><X509Data>"), ErrStructure},
		{"DTD", replace("<!-- note -->", `<!DOCTYPE L [<!ENTITY e "x">]>`), ErrSyntax},
		{"processing instruction", replace("<!-- note -->", `<?xml-stylesheet href="x"?>`), ErrSyntax},
		{"unknown entity", replace("Été", "&e;"), ErrSyntax},
		{"content after", good + "<x/>", ErrSyntax},
		{"not UTF-8", replace("Été", "\xc9t\xe9"), ErrSyntax},
		{"another encoding", replace("UTF-8", "UTF-16"), ErrSyntax},
		{"double attribute", replace("b='2'", "b='2' b='2'"), ErrSyntax},
		{"double attribute by namespace", replace("y=\"\"", "xmlns:q=\"urn:p\" q:z=\"2\""), ErrSyntax},
		{"undeclared prefix", replace("<p:E xmlns:p=\"urn:p\"", "<p:E"), ErrSyntax},
		{"deep", "<L>" + strings.Repeat("<a>", 100) + strings.Repeat("</a>", 100) + "</L>", ErrSyntax},
		{"control character", replace("Été", "\x01"), ErrSyntax},
		{"control character by reference", replace("Été", "&#1;"), ErrSyntax},
		{"endless", "<L", ErrSyntax},
		{"empty", "", ErrSyntax},
	} {
		_, err := Verify(strings.NewReader(tc.doc), s.options())
		if !errors.Is(err, tc.want) || !problem.Is(err, problem.Invalid) {
			t.Errorf("%s: %v, want %v", tc.name, err, tc.want)
		}
	}
}

func TestSignerMustBeKnown(t *testing.T) {
	t.Parallel()
	s := testSigner()
	leaf := func(f func(*x509.Certificate)) string {
		out, err := Sign([]byte(document), s.key, s.certificate(f))
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	good := leaf(func(*x509.Certificate) {})
	forged, err := Sign([]byte(document), s.other, s.cert) // the certificate of another key
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name   string
		doc    string
		change func(*Options)
		want   error
	}{
		{"as it should be", good, func(*Options) {}, nil},
		{"no anchor", good, func(o *Options) { o.Anchors = nil }, ErrSigner},
		{"no time", good, func(o *Options) { o.At = time.Time{} }, ErrSigner},
		{"other anchor", good, func(o *Options) { o.Anchors = x509.NewCertPool() }, ErrSigner},
		{"expired", good, func(o *Options) { o.At = at.AddDate(0, 2, 0) }, ErrSigner},
		{"not yet valid", good, func(o *Options) { o.At = at.AddDate(0, -2, 0) }, ErrSigner},
		{"one of several names", good, func(o *Options) { o.Signer, o.Signers = "", []string{"alb.other", "alb.test"} }, nil},
		{"none of several names", good, func(o *Options) { o.Signer, o.Signers = "", []string{"alb.other", ""} }, ErrSigner},
		{"no name configured", good, func(o *Options) { o.Signer = "" }, ErrSigner},
		{"certificate without a name", leaf(func(c *x509.Certificate) { c.Subject = pkix.Name{Organization: []string{"x"}} }), func(o *Options) { o.Signers = []string{""} }, ErrSigner},
		{"other name", good, func(o *Options) { o.Signer = "alb.mssante.fr" }, ErrSigner},
		{"other usage wanted", good, func(o *Options) { o.Usages = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning} }, ErrSigner},
		{"server certificate", leaf(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }), func(*Options) {}, ErrSigner},
		{"key agreement only", leaf(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyAgreement }), func(*Options) {}, ErrSigner},
		{"another key", string(forged), func(*Options) {}, ErrSignature},
	} {
		o := s.options()
		tc.change(&o)
		if _, err := Verify(strings.NewReader(tc.doc), o); !errors.Is(err, tc.want) || (tc.want == nil && err != nil) {
			t.Errorf("%s: %v, want %v", tc.name, err, tc.want)
		}
	}
}

func TestSizeCap(t *testing.T) {
	t.Parallel()
	endless := io.MultiReader(strings.NewReader("<L>"), zeros{})
	if _, err := Verify(endless, testSigner().options()); !errors.Is(err, ErrSyntax) {
		t.Errorf("endless document: %v", err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '0'
	}
	return len(p), nil
}

// Cases from the Recommendation's own reasoning (exc-c14n §2, c14n §3.3-3.5).
func TestCanonical(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ in, want string }{
		{`<a/>`, `<a></a>`},
		{`<a xmlns="urn:a"><b xmlns=""/></a>`, `<a xmlns="urn:a"><b xmlns=""></b></a>`},
		{`<n0:a xmlns:n0="urn:0" xmlns:n1="urn:1"><n1:b/><n1:c/></n0:a>`, `<n0:a xmlns:n0="urn:0"><n1:b xmlns:n1="urn:1"></n1:b><n1:c xmlns:n1="urn:1"></n1:c></n0:a>`},
		{`<a xmlns:p="urn:1"><p:b><c xmlns:p="urn:1"><p:d/></c></p:b></a>`, `<a><p:b xmlns:p="urn:1"><c><p:d></p:d></c></p:b></a>`},
		{`<a xmlns:p="urn:1"><p:b xmlns:p="urn:2"/></a>`, `<a><p:b xmlns:p="urn:2"></p:b></a>`},
		{`<e9 a:attr="out" b:attr="sorted" attr2="all" attr="I'm" xmlns:b="http://www.ietf.org" xmlns:a="http://www.w3.org" xmlns="http://example.org"/>`,
			`<e9 xmlns="http://example.org" xmlns:a="http://www.w3.org" xmlns:b="http://www.ietf.org" attr="I'm" attr2="all" b:attr="sorted" a:attr="out"></e9>`},
		{"<a b='x\ty\nz&#9;&#10;&#13;'>&#13;\r\n\t&gt;</a>", "<a b=\"x y z&#x9;&#xA;&#xD;\">&#xD;\n\t&gt;</a>"},
		{`<a xml:lang="fr">é&#233;&#xE9;</a>`, `<a xml:lang="fr">ééé</a>`},
	} {
		n, err := read([]byte(tc.in))
		if err != nil {
			t.Errorf("%s: %v", tc.in, err)
			continue
		}
		if got := string(canonical(n, nil)); got != tc.want {
			t.Errorf("%s:\n got %s\nwant %s", tc.in, got, tc.want)
		}
	}
}

// The published list of 2025: its contacts are masked in the sample, so the digest
// must fail, but the value over SignedInfo must verify with its certificate. That
// proves our canonical form is theirs.
func TestPublishedWhiteList(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("PLI_CORPORA")
	if dir == "" {
		t.Skip("PLI_CORPORA not set: the published white list is not here")
	}
	raw, err := os.ReadFile(filepath.Join(dir, "white-list", "listeblanchemssante_2025-02-28.xml"))
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	root, err := read(raw)
	if err != nil {
		t.Fatal(err)
	}
	s, err := findSignature(root)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.checkValue(); err != nil {
		t.Errorf("value over SignedInfo: %v", err)
	}
	if sum := sha256.Sum256(canonical(root, s.node)); bytes.Equal(sum[:], s.digest) {
		t.Error("the masked sample matches its digest")
	}
	t.Logf("%d bytes in %v", len(raw), time.Since(begun))
	// The whole verification, its own issuer taken for an anchor, stops at the chain
	// or the digest, never passes.
	pool := x509.NewCertPool()
	pool.AddCert(s.certificates[0])
	if _, err := Verify(bytes.NewReader(raw), Options{Anchors: pool, At: s.certificates[0].NotBefore.AddDate(1, 0, 0), Signer: "alb.mssante.fr"}); !errors.Is(err, ErrDigest) {
		t.Errorf("the masked sample: %v, want %v", err, ErrDigest)
	}
	// A base64 text with carriage returns as references reads as one value.
	if len(s.value) != 256 || base64.StdEncoding.EncodeToString(s.value)[:8] != "SjYpc4O/" {
		t.Errorf("value of %d bytes", len(s.value))
	}
}

// What we accept, encoding/xml accepts too, and our canonical form is a fixed point.
func FuzzRead(f *testing.F) {
	f.Add([]byte(document))
	f.Add([]byte(`<a xmlns:p="urn:1"><p:b p:c="&#10;"/></a>`))
	f.Add([]byte(`<a:b:c/>`))
	f.Add([]byte("<a>]]></a>"))
	f.Add([]byte(`<a xmlns="u"><b xmlns=""><c xmlns="u"/></b></a>`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		n, err := read(raw)
		if err != nil {
			return
		}
		once := canonical(n, nil)
		again, err := read(once)
		if err != nil {
			t.Fatalf("canonical form is refused: %v\n%q", err, once)
		}
		if twice := canonical(again, nil); !bytes.Equal(once, twice) {
			t.Fatalf("canonical form moves:\n%q\n%q", once, twice)
		}
		// Readers of Verified.XML use encoding/xml: where it reads the bytes at all, it
		// must read what we read.
		if theirs, ok := outline(once); ok && theirs != n.outline() {
			t.Fatalf("read differently:\n%s\n%s", theirs, n.outline())
		}
	})
}

// outline is the document as encoding/xml sees it: names, namespaces, text.
func outline(raw []byte) (string, bool) {
	var b strings.Builder
	d := xml.NewDecoder(bytes.NewReader(raw))
	for {
		token, err := d.Token()
		if err != nil {
			return b.String(), errors.Is(err, io.EOF)
		}
		switch t := token.(type) {
		case xml.StartElement:
			b.WriteString("<" + t.Name.Space + "|" + t.Name.Local + ">")
		case xml.EndElement:
			b.WriteString("</>")
		case xml.CharData:
			b.Write(t)
		}
	}
}

func (n *node) outline() string {
	if n.name == "" {
		return n.text
	}
	s := "<" + n.space + "|" + n.name + ">"
	for _, c := range n.children {
		s += c.outline()
	}
	return s + "</>"
}

// One document was ever signed: whatever verifies reads as that one, byte for byte.
func FuzzVerify(f *testing.F) {
	good := signed(f)
	f.Add([]byte(good))
	f.Add([]byte(strings.Replace(good, "</L>", "<!-- x --></L>", 1)))
	f.Add([]byte(strings.Replace(good, "Été", "<!-- x -->Été", 1)))
	f.Add([]byte(strings.Replace(good, "b='2'", `b="2" xmlns:v="urn:v"`, 1)))
	v, err := Verify(strings.NewReader(good), testSigner().options())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if got, err := Verify(bytes.NewReader(raw), testSigner().options()); err == nil && !bytes.Equal(got.XML, v.XML) {
			t.Fatalf("verified, and reads otherwise:\n%q", got.XML)
		}
	})
}
