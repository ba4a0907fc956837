package xmlsig

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// What a signature covers and what is read are one text, whatever stands around.
func TestWrapping(t *testing.T) {
	t.Parallel()
	good := signed(t)
	sig := good[strings.Index(good, "<Signature "):strings.Index(good, "</L>")]
	body := good[strings.Index(good, "<L ") : strings.LastIndex(good, "</L>")+4]
	bare := strings.Replace(body, sig, "", 1)
	forged := strings.Replace(bare, "Été", "Faux", 1)
	withID := strings.Replace(sig, `URI=""`, `URI="#real"`, 1)
	for _, tc := range []struct{ name, doc string }{
		{"original under a forged root", `<L xmlns="urn:l"><D>Faux</D>` + body + `</L>`},
		{"original inside the signature's object", strings.Replace(forged, "</L>", strings.Replace(sig, "</Signature>", "<Object>"+bare+"</Object></Signature>", 1)+"</L>", 1)},
		{"forged root, reference to the original by id", strings.Replace(forged, "</L>", `<w Id="real">`+bare+`</w>`+withID+"</L>", 1)},
		{"id given twice, the first forged", `<L xmlns="urn:l"><x Id="real">Faux</x><y Id="real">` + bare + `</y>` + withID + `</L>`},
		{"signature moved to another document", strings.Replace(forged, "</L>", sig+"</L>", 1)},
		{"second signature in another prefix", strings.Replace(body, "</L>", `<d:Signature xmlns:d="`+nsSignature+`"/></L>`, 1)},
		{"second signature inside the first", strings.Replace(body, "<KeyInfo>", "<KeyInfo>"+sig, 1)},
		{"two SignedInfo", strings.Replace(body, "<SignatureValue>", sig[strings.Index(sig, "<SignedInfo>"):strings.Index(sig, "</SignedInfo>")+13]+"<SignatureValue>", 1)},
		{"signature of another namespace", strings.Replace(body, `<Signature xmlns="`+nsSignature+`"`, `<Signature xmlns="urn:l"`, 1)},
		{"text taken into the signature", strings.Replace(body, "<SignedInfo>", "Faux<SignedInfo>", 1)},
	} {
		_, err := Verify(strings.NewReader(tc.doc), testSigner().options())
		if !errors.Is(err, ErrStructure) && !errors.Is(err, ErrDigest) {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
}

// Comments are dropped before digesting, so anybody may add one; the text they cut
// is handed back whole.
func TestCommentsCannotCutText(t *testing.T) {
	t.Parallel()
	v, err := Verify(strings.NewReader(strings.Replace(signed(t), "Été", "É<!-- x -->t<!---->é", 1)), testSigner().options())
	if err != nil || !strings.Contains(string(v.XML), ">Été &lt; ") {
		t.Errorf("%v\n%s", err, v.XML)
	}
}

// Documents that are small for what they cost to hold or to resolve.
func TestCostCaps(t *testing.T) {
	t.Parallel()
	const few = 1000 // the cap of this test: the real one only takes longer
	var names, scopes strings.Builder
	for i := range 70 {
		fmt.Fprintf(&names, " a%d=''", i)
	}
	for i := range 40 {
		fmt.Fprintf(&scopes, "<a xmlns:p%d='urn:x'>", i)
	}
	for _, tc := range []struct{ name, doc, why string }{
		{"empty elements", "<L>" + strings.Repeat("<a/>", few) + "</L>", "nodes"},
		{"text cut by comments", "<L>" + strings.Repeat("a<!---->", few) + "</L>", "nodes"},
		{"text cut by CDATA", "<L>" + strings.Repeat("<![CDATA[a]]>", few) + "</L>", "nodes"},
		{"attributes in all", "<L>" + strings.Repeat("<a b='' c='' d='' e=''/>", few/4) + "</L>", "nodes"},
		{"attributes of one element", "<L" + names.String() + "/>", "attributes"},
		{"namespaces in scope", scopes.String() + strings.Repeat("</a>", 40), "namespaces"},
		{"depth", strings.Repeat("<a>", maxDepth+1) + strings.Repeat("</a>", maxDepth+1), "deep"},
		{"name", "<" + strings.Repeat("a", maxName+1) + "/>", "name"},
		{"size", "<L>" + strings.Repeat(" ", MaxBytes) + "</L>", "bytes"},
	} {
		if _, err := readWithin([]byte(tc.doc), few); !errors.Is(err, ErrSyntax) || !strings.Contains(err.Error(), tc.why) {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
	// Declarations that went out of scope no longer count.
	if _, err := read([]byte("<L>" + strings.Repeat("<a xmlns='urn:a'/><b xmlns:b='urn:b'></b>", 100) + "</L>")); err != nil {
		t.Error(err)
	}
}

func TestCertificateCaps(t *testing.T) {
	t.Parallel()
	good := signed(t)
	from, to := strings.Index(good, "<X509Certificate>"), strings.Index(good, "</X509Data>")
	cert := good[from:to]
	heavy := testSigner().certificate(func(c *x509.Certificate) {
		c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3}, Value: make([]byte, maxCertificate)}}
	})
	big := "<X509Certificate>" + base64.StdEncoding.EncodeToString(heavy.Raw) + "</X509Certificate>"
	for name, doc := range map[string]string{
		"too many": good[:from] + strings.Repeat(cert, maxCertificates+1) + good[to:],
		"too big":  good[:to] + big + good[to:],
		"no DER":   good[:to] + "<X509Certificate>AAAA</X509Certificate>" + good[to:],
		"none":     good[:from] + good[to:],
	} {
		if _, err := Verify(strings.NewReader(doc), testSigner().options()); !errors.Is(err, ErrStructure) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
