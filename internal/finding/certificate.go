package finding

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"time"
)

// Soon is how long before its end a certificate is worth a word.
const Soon = 21 * 24 * time.Hour

// Shown is the certificate a server presented, accepted or not.
type Shown struct {
	Chain []*x509.Certificate
	Err   error          // of the handshake; nil when it was accepted
	Roots *x509.CertPool // the authorities accepted; nil: the system's
	Name  string         // that the certificate must carry
}

// ShownBy reads the certificates off a handshake that worked, or off the error of one
// that did not: they were seen, and nothing was said over that line.
func ShownBy(state *tls.ConnectionState, err error) Shown {
	s := Shown{Err: err}
	var refused *tls.CertificateVerificationError
	switch {
	case errors.As(err, &refused):
		s.Chain = refused.UnverifiedCertificates
	case state != nil:
		s.Chain = state.PeerCertificates
	}
	return s
}

// CertificateChecks are the codes Certificate says something about.
func CertificateChecks(topic string) []string {
	return []string{topic + ".chain", topic + ".name", topic + ".expiry"}
}

// Certificate looks at chain, name and dates one by one: the library stops at the
// first that is wrong. setting names the one that gives the authorities.
func (l *List) Certificate(topic string, s Shown, setting string, now time.Time) {
	if len(s.Chain) == 0 {
		l.Rest(CertificateChecks(topic)...)
		return
	}
	leaf := s.Chain[0]
	l.chain(topic+".chain", s, setting, now)
	if err := leaf.VerifyHostname(s.Name); err != nil {
		l.Fault(topic+".name", "Faites émettre un certificat pour ce nom, ou corrigez l’adresse (ou le nom attendu) dans la configuration.",
			"Le certificat n’est pas au nom de %s\u00a0: il porte %s.", s.Name, names(leaf))
	} else {
		l.OK(topic+".name", "Le certificat est au nom de %s.", s.Name)
	}
	l.expiry(topic+".expiry", leaf, now)
}

// chain verifies the path to an authority at an instant the leaf is valid: its own
// dates have their own line.
func (l *List) chain(check string, s Shown, setting string, now time.Time) {
	leaf := s.Chain[0]
	at := now
	switch {
	case now.Before(leaf.NotBefore):
		at = leaf.NotBefore.Add(time.Second)
	case now.After(leaf.NotAfter):
		at = leaf.NotAfter.Add(-time.Second)
	}
	between := x509.NewCertPool()
	for _, c := range s.Chain[1:] {
		between.AddCert(c)
	}
	_, err := leaf.Verify(x509.VerifyOptions{Roots: s.Roots, Intermediates: between, CurrentTime: at})
	var invalid x509.CertificateInvalidError
	switch {
	case err == nil:
		l.OK(check, "Le certificat vient d’une autorité acceptée (%s).", issuer(leaf))
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		l.Fault(check, "Demandez à l’opérateur de renouveler la chaîne de son certificat.", "Un certificat intermédiaire de la chaîne est hors de ses dates.")
	default:
		l.Fault(check, "Donnez l’autorité de ce serveur par "+setting+", ou demandez à l’opérateur d’envoyer toute la chaîne.",
			"Le certificat ne vient pas d’une autorité acceptée\u00a0: il est signé par %s.", issuer(leaf))
	}
}

func (l *List) expiry(check string, leaf *x509.Certificate, now time.Time) {
	end := leaf.NotAfter.UTC().Format("02/01/2006")
	switch left := leaf.NotAfter.Sub(now); {
	case now.Before(leaf.NotBefore):
		l.Fault(check, "Vérifiez l’horloge de cette machine, puis celle de qui a émis le certificat.",
			"Le certificat n’est valable qu’à partir du %s.", leaf.NotBefore.UTC().Format("02/01/2006"))
	case left <= 0:
		l.Fault(check, "Faites renouveler le certificat de ce serveur.", "Le certificat a expiré le %s.", end)
	case left < Soon:
		// A short-lived certificate is renewed by a machine: only its last third is late.
		if left > leaf.NotAfter.Sub(leaf.NotBefore)/3 {
			l.OK(check, "Le certificat expire le %s (%s)\u00a0; il est de courte durée.", end, days(left))
			return
		}
		l.Warn(check, "Faites renouveler le certificat de ce serveur.", "Le certificat expire bientôt, le %s (%s).", end, days(left))
	default:
		l.OK(check, "Le certificat est valable jusqu’au %s (%s).", end, days(left))
	}
}

func days(d time.Duration) string { return Count(int64(d/(24*time.Hour)), "jour", "jours") }

// names are those a certificate carries, a few of them.
func names(c *x509.Certificate) string {
	all := append([]string{}, c.DNSNames...)
	for _, ip := range c.IPAddresses {
		all = append(all, ip.String())
	}
	switch {
	case len(all) == 0:
		return "aucun nom"
	case len(all) > 4:
		all = append(all[:4], "…")
	}
	out := all[0]
	for _, n := range all[1:] {
		out += ", " + n
	}
	return out
}

func issuer(c *x509.Certificate) string {
	if c.Issuer.CommonName != "" {
		return "«\u00a0" + c.Issuer.CommonName + "\u00a0»"
	}
	return "«\u00a0" + c.Issuer.String() + "\u00a0»"
}

// TLSVersion says the version of a handshake that worked. Below 1.2 none does.
func (l *List) TLSVersion(check string, state tls.ConnectionState) {
	l.OK(check, "La ligne est chiffrée (%s, %s).", tls.VersionName(state.Version), tls.CipherSuiteName(state.CipherSuite))
}
