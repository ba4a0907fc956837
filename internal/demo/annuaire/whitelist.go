package annuaire

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/xml"
	"fmt"
	"math/big"
	"net/http"
	"sort"
	"strings"
	"time"

	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/xmlsig"
)

// PathWhiteList is where the list stands on its host.
const PathWhiteList = "/listeblanchemssante.xml"

// SignerName is the common name of the demo list's signer.
const SignerName = "alb.mssante.demo.invalid"

// authority signs lists for as long as the process lives.
type authority struct {
	pool *x509.CertPool
	ca   *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(now time.Time) (authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return authority{}, fmt.Errorf("generate list authority: %w", err)
	}
	t := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "AC de démonstration de la liste blanche", Organization: []string{"Pli"}},
		NotBefore: now.AddDate(0, 0, -1), NotAfter: now.AddDate(1, 0, 0), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	if err != nil {
		return authority{}, fmt.Errorf("sign list authority: %w", err)
	}
	ca, err := x509.ParseCertificate(der)
	if err != nil {
		return authority{}, fmt.Errorf("read list authority: %w", err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(ca)
	return authority{pool: pool, ca: ca, key: key}, nil
}

// sign signs with an RSA key, as the real list is signed. Making a fresh one takes a
// moment, so it is done when the list is first asked for.
func (a authority) sign(key *rsa.PrivateKey, document []byte) ([]byte, error) {
	if key == nil {
		var err error
		if key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
			return nil, fmt.Errorf("generate list key: %w", err)
		}
	}
	t := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: SignerName, Organization: []string{"Pli"}},
		NotBefore: a.ca.NotBefore, NotAfter: a.ca.NotAfter, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}}
	der, err := x509.CreateCertificate(rand.Reader, t, a.ca, key.Public(), a.key)
	if err != nil {
		return nil, fmt.Errorf("sign list certificate: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("read list certificate: %w", err)
	}
	return xmlsig.Sign(document, key, cert)
}

// domains of the directory, each once, patients' and one outside *.mssante.fr
// included: a reader that tests the suffix is wrong.
func domains(entries []Entry, more []mssante.Domain) []mssante.Domain {
	set := map[mssante.Domain]bool{mssante.PatientDomain: true, "mssante.apicrypt-demo.example": true}
	for _, e := range entries {
		set[e.Address.Domain] = true
	}
	for _, d := range more {
		set[d] = true
	}
	out := make([]mssante.Domain, 0, len(set))
	for d := range set {
		out = append(out, d)
	}
	sort.Slice(out, func(i, j int) bool { return out[i] < out[j] })
	return out
}

func whiteList(list []mssante.Domain, at time.Time) []byte {
	var b strings.Builder
	stamp := at.UTC().Format("2006-01-02T15:04:05Z")
	fmt.Fprintf(&b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListeBlancheMSSante xmlns=\"https://listeblanche.mssante.fr/schema\">\n    <DateDeGeneration>%s</DateDeGeneration>\n    <ListeDomaines>\n", stamp)
	for i, d := range list {
		for machine := 1; machine <= 1+i%2; machine++ { // a name stands once per operator certificate
			fmt.Fprintf(&b, "        <Domaine>\n            <Nom>%s</Nom>\n            <Description>Domaine fictif &amp; de démonstration</Description>\n            <DNCertificatOperateur>CN=smtp-%d.mssante.demo.invalid,OU=3990000000000,O=OPERATEUR DE DEMONSTRATION,C=FR</DNCertificatOperateur>\n            <ResponsableContact>0199000000, responsable@operateur.example</ResponsableContact>\n            <SupportContact>0199000000, support@operateur.example</SupportContact>\n            <DateMAJ>%s</DateMAJ>\n        </Domaine>\n",
				escaped(string(d)), machine, stamp)
		}
	}
	b.WriteString("    </ListeDomaines>\n</ListeBlancheMSSante>")
	return []byte(b.String())
}

func escaped(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder does not fail
	return b.String()
}

// list answers conditional requests, as the real server does.
func (a *Annuaire) list(w http.ResponseWriter, r *http.Request) {
	signed, err := a.signed()
	if err != nil {
		http.Error(w, "signature indisponible", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/xml; charset=utf-8")
	w.Header().Set("ETag", fmt.Sprintf(`"%x"`, sha256.Sum256(signed)))
	http.ServeContent(w, r, "", a.authority.ca.NotBefore.AddDate(0, 0, 1), bytes.NewReader(signed))
}
