package xmlsig

import (
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"pli.example/pli/internal/problem"
)

// Identifiers of the one suite in use (RFC 9231; W3C xmldsig-core1).
const (
	nsSignature  = "http://www.w3.org/2000/09/xmldsig#"
	algExclusive = "http://www.w3.org/2001/10/xml-exc-c14n#"
	algEnveloped = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
	algRSASHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
	algSHA256    = "http://www.w3.org/2001/04/xmlenc#sha256"
)

// What can be wrong, for callers and logs. All reach a caller inside a
// *problem.Error of kind Invalid.
var (
	ErrSyntax    = errSyntax                                               // no XML we read
	ErrStructure = errors.New("refused signature structure")               // not the one shape accepted
	ErrDigest    = errors.New("document does not match its digest")        // changed after signing
	ErrSignature = errors.New("signature value does not match")            // forged or damaged
	ErrSigner    = errors.New("signer's certificate is not accepted here") // chain, dates, usage, name
)

const say = "La signature du document n’a pas pu être vérifiée\u00a0: il n’est pas utilisé, la dernière version sûre reste en place."

// Options says whom to believe, and when. Revocation is not looked up here.
type Options struct {
	Anchors       *x509.CertPool // required: the only roots
	Intermediates *x509.CertPool // beyond those in the document
	At            time.Time      // required: validity is judged at this time
	// Signer and Signers are the common names the signer's certificate may have. One
	// is required: a public authority certifies many organisations.
	Signer  string
	Signers []string
	// Usages are the extended key usages one of which the certificate must have;
	// nil means e-mail protection, as IGC-Santé gives to the list's signer.
	Usages []x509.ExtKeyUsage
}

// Verified is what a valid signature covers.
type Verified struct {
	XML    []byte // canonical, without the signature: read this, nothing else
	Signer *x509.Certificate

	chain []*x509.Certificate
}

var errIncomplete = fmt.Errorf("%w: no anchors or no time", ErrSigner)

func (o Options) incomplete() bool {
	return o.Anchors == nil || o.At.IsZero()
}

// Verify reads a document of at most MaxBytes and checks its enveloped signature.
func Verify(r io.Reader, o Options) (Verified, error) {
	v, err := verify(r, o)
	if err != nil {
		return Verified{}, problem.Wrap(err, problem.Invalid, say)
	}
	return v, nil
}

func verify(r io.Reader, o Options) (Verified, error) {
	if o.incomplete() {
		return Verified{}, errIncomplete
	}
	source, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return Verified{}, fmt.Errorf("read signed document: %w", err)
	}
	root, err := read(source)
	if err != nil {
		return Verified{}, err
	}
	s, err := findSignature(root)
	if err != nil {
		return Verified{}, err
	}
	// Cheap and unforgeable first: who signed, whether they did, then what.
	if err := checkSigner(s.certificates, o); err != nil {
		return Verified{}, err
	}
	if err := s.checkValue(); err != nil {
		return Verified{}, err
	}
	signed := canonical(root, s.node)
	if sum := sha256.Sum256(signed); subtle.ConstantTimeCompare(sum[:], s.digest) != 1 {
		return Verified{}, ErrDigest
	}
	return Verified{XML: signed, Signer: s.certificates[0], chain: s.certificates}, nil
}

// signature is the one shape accepted, taken apart.
type signature struct {
	node         *node // ds:Signature, child of the root
	info         *node // ds:SignedInfo
	digest       []byte
	value        []byte
	certificates []*x509.Certificate // the signer's first
}

func refuse(why string) error { return fmt.Errorf("%w: %s", ErrStructure, why) }

// findSignature insists on exactly one Signature in the whole document, directly
// under the root: a second one anywhere is how wrapping begins.
func findSignature(root *node) (*signature, error) {
	var found []*node
	var walk func(*node)
	walk = func(n *node) {
		if n.space == nsSignature && n.name == "Signature" {
			found = append(found, n)
		}
		for _, c := range n.children {
			walk(c)
		}
	}
	walk(root)
	if len(found) != 1 || found[0].parent != root {
		return nil, refuse("the document must hold one signature, under its root")
	}
	s := &signature{node: found[0]}
	parts, err := s.node.elements()
	if err != nil || !named(parts, "SignedInfo", "SignatureValue", "KeyInfo") {
		return nil, refuse("SignedInfo, SignatureValue and KeyInfo are expected")
	}
	s.info = parts[0]
	if err := s.readInfo(); err != nil {
		return nil, err
	}
	if s.value, err = parts[1].base64(); err != nil {
		return nil, refuse("signature value")
	}
	return s, s.readKey(parts[2])
}

func (s *signature) readInfo() error {
	info, err := s.info.elements()
	if err != nil || !named(info, "CanonicalizationMethod", "SignatureMethod", "Reference") {
		return refuse("one reference is expected")
	}
	if !info[0].is(algExclusive) || !info[1].is(algRSASHA256) {
		return refuse("canonicalisation or signature algorithm")
	}
	reference := info[2]
	for _, a := range reference.attrs {
		if a.prefix != "" || a.name != "URI" && a.name != "Id" {
			return refuse("attribute of the reference")
		}
	}
	if uri, ok := reference.attribute("URI"); !ok || uri != "" {
		return refuse("the reference must name the whole document")
	}
	parts, err := reference.elements()
	if err != nil || !named(parts, "Transforms", "DigestMethod", "DigestValue") {
		return refuse("content of the reference")
	}
	transforms, err := parts[0].elements()
	if err != nil || !named(transforms, "Transform", "Transform") || !transforms[0].is(algEnveloped) || !transforms[1].is(algExclusive) {
		return refuse("transforms must be enveloped, then exclusive")
	}
	if !parts[1].is(algSHA256) {
		return refuse("digest algorithm")
	}
	if s.digest, err = parts[2].base64(); err != nil || len(s.digest) != sha256.Size {
		return refuse("digest value")
	}
	return nil
}

// elements gives the child elements, refusing text that is not white space.
func (n *node) elements() ([]*node, error) {
	var out []*node
	for _, c := range n.children {
		if c.name != "" {
			out = append(out, c)
		} else if strings.Trim(c.text, " \t\r\n") != "" {
			return nil, refuse("text between elements")
		}
	}
	return out, nil
}

// named reports whether the elements are exactly these of the signature's namespace.
func named(list []*node, names ...string) bool {
	if len(list) != len(names) {
		return false
	}
	for i, n := range list {
		if n.space != nsSignature || n.name != names[i] {
			return false
		}
	}
	return true
}

func (n *node) attribute(name string) (string, bool) {
	for _, a := range n.attrs {
		if a.prefix == "" && a.name == name {
			return a.value, true
		}
	}
	return "", false
}

// is reports whether a method element names this algorithm and adds no parameter.
func (n *node) is(algorithm string) bool {
	a, ok := n.attribute("Algorithm")
	return ok && a == algorithm && len(n.attrs) == 1 && len(n.children) == 0
}

// base64 decodes an element that holds nothing but base64 and white space.
func (n *node) base64() ([]byte, error) {
	var b strings.Builder
	for _, c := range n.children {
		if c.name != "" {
			return nil, refuse("an element in base64")
		}
		b.WriteString(c.text)
	}
	clean := strings.NewReplacer(" ", "", "\t", "", "\r", "", "\n", "").Replace(b.String())
	return base64.StdEncoding.Strict().DecodeString(clean)
}
