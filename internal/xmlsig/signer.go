package xmlsig

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"slices"

	"pli.example/pli/internal/problem"
)

// minimum RSA modulus, in bits (ANSSI, RGS B1).
const minKey = 2048

// Caps on the certificates in the document: verifying takes work in the square of
// a key, and keys come from outside.
const (
	maxCertificates = 8
	maxCertificate  = 16 << 10 // bytes of DER; a real one takes 2 kB
)

func (s *signature) readKey(info *node) error {
	parts, err := info.elements()
	if err != nil || !named(parts, "X509Data") {
		return refuse("KeyInfo must hold certificates only")
	}
	list, err := parts[0].elements()
	if err != nil || len(list) == 0 || len(list) > maxCertificates {
		return refuse("number of certificates")
	}
	for _, c := range list {
		if c.space != nsSignature || c.name != "X509Certificate" {
			return refuse("KeyInfo must hold certificates only")
		}
		der, err := c.base64()
		if err != nil || len(der) > maxCertificate {
			return refuse("certificate")
		}
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return refuse("certificate")
		}
		s.certificates = append(s.certificates, cert)
	}
	return nil
}

// checkValue verifies the value over SignedInfo with the first certificate's key.
func (s *signature) checkValue() error {
	key, ok := s.certificates[0].PublicKey.(*rsa.PublicKey)
	if !ok || key.N.BitLen() < minKey {
		return fmt.Errorf("%w: key", ErrSigner)
	}
	sum := sha256.Sum256(canonical(s.info, nil))
	if err := rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], s.value); err != nil {
		return ErrSignature
	}
	return nil
}

func checkSigner(chain []*x509.Certificate, o Options) error {
	leaf := chain[0]
	if name := leaf.Subject.CommonName; name == "" || name != o.Signer && !slices.Contains(o.Signers, name) {
		return fmt.Errorf("%w: name", ErrSigner)
	}
	if leaf.KeyUsage&(x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment) == 0 {
		return fmt.Errorf("%w: key usage", ErrSigner)
	}
	usages := o.Usages
	if usages == nil {
		usages = []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}
	}
	intermediates := x509.NewCertPool()
	if o.Intermediates != nil {
		intermediates = o.Intermediates.Clone()
	}
	for _, c := range chain[1:] {
		intermediates.AddCert(c)
	}
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: o.Anchors, Intermediates: intermediates, CurrentTime: o.At, KeyUsages: usages}); err != nil {
		return fmt.Errorf("%w: %w", ErrSigner, err)
	}
	return nil
}

// SignerAt checks the signer again, without the document: a caller judges it at
// another instant, once the document has told its date.
func (v Verified) SignerAt(o Options) error {
	if len(v.chain) == 0 || o.incomplete() {
		return problem.Wrap(errIncomplete, problem.Invalid, say)
	}
	return problem.Wrap(checkSigner(v.chain, o), problem.Invalid, say)
}
