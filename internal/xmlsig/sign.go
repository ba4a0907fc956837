package xmlsig

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"strings"

	"pli.example/pli/internal/problem"
)

// Sign adds an enveloped signature at the end of the document element. chain holds
// the signer's certificate first. The document must hold no signature yet.
func Sign(document []byte, key *rsa.PrivateKey, chain ...*x509.Certificate) ([]byte, error) {
	signed, err := sign(document, key, chain)
	if err != nil {
		return nil, problem.Wrap(err, problem.Invalid, "Le document n’a pas pu être signé.")
	}
	return signed, nil
}

func sign(document []byte, key *rsa.PrivateKey, chain []*x509.Certificate) ([]byte, error) {
	if len(chain) == 0 {
		return nil, fmt.Errorf("%w: no certificate", ErrSigner)
	}
	root, err := read(document)
	if err != nil {
		return nil, err
	}
	if root.endTag == 0 {
		return nil, refuse("an empty document element")
	}
	if strings.Contains(string(document), nsSignature) {
		return nil, refuse("the document speaks of signatures already")
	}
	source := strings.TrimPrefix(string(document), "\xef\xbb\xbf")
	digest := sha256.Sum256(canonical(root, nil))
	info := `<SignedInfo xmlns="` + nsSignature + `"><CanonicalizationMethod Algorithm="` + algExclusive + `"></CanonicalizationMethod><SignatureMethod Algorithm="` + algRSASHA256 +
		`"></SignatureMethod><Reference URI=""><Transforms><Transform Algorithm="` + algEnveloped + `"></Transform><Transform Algorithm="` + algExclusive +
		`"></Transform></Transforms><DigestMethod Algorithm="` + algSHA256 + `"></DigestMethod><DigestValue>` + base64.StdEncoding.EncodeToString(digest[:]) + `</DigestValue></Reference></SignedInfo>`
	node, err := read([]byte(info))
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(canonical(node, nil))
	value, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	var b strings.Builder
	b.WriteString(source[:root.endTag])
	// SignedInfo takes its namespace from Signature: the same canonical bytes.
	b.WriteString(`<Signature xmlns="` + nsSignature + `">` + strings.Replace(info, ` xmlns="`+nsSignature+`"`, "", 1) + "<SignatureValue>" + lines(value) + "</SignatureValue><KeyInfo><X509Data>")
	for _, c := range chain {
		b.WriteString("<X509Certificate>" + lines(c.Raw) + "</X509Certificate>")
	}
	b.WriteString("</X509Data></KeyInfo></Signature>")
	b.WriteString(source[root.endTag:])
	return []byte(b.String()), nil
}

// lines is base64 in lines of 76.
func lines(b []byte) string {
	s := base64.StdEncoding.EncodeToString(b)
	var out strings.Builder
	for len(s) > 76 {
		out.WriteString(s[:76] + "\n")
		s = s[76:]
	}
	out.WriteString(s)
	return out.String()
}
