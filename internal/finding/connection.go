package finding

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"syscall"
)

// Because tells why nothing answered at address, and what to do.
func Because(err error, address string) (say, do string) {
	var dns *net.DNSError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &dns):
		return "Le nom de " + address + " est inconnu du DNS.", "Vérifiez le nom dans la configuration, et les serveurs DNS de cette machine."
	case errors.Is(err, syscall.ECONNREFUSED):
		return "Rien n’écoute à " + address + "\u00a0: la connexion est refusée.", "Vérifiez l’adresse et le port, et que le serveur est démarré."
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), timeout(err):
		return address + " ne répond pas à temps.", "Vérifiez la route et le pare-feu entre cette machine et ce serveur."
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "Aucune route ne mène à " + address + ".", "Vérifiez le réseau et le pare-feu de cette machine."
	case errors.As(err, &record):
		return address + " ne parle pas TLS.", "Vérifiez le port et le mode (starttls ou tls)."
	case OfCertificate(err):
		return "Le certificat de " + address + " est refusé.", "Voyez les lignes du certificat."
	}
	return address + " a coupé la connexion (" + err.Error() + ").", "Vérifiez l’adresse et le port, et le journal de ce serveur."
}

func timeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

// OfCertificate reports an error that is about the certificate a server showed.
func OfCertificate(err error) bool {
	var verify *tls.CertificateVerificationError
	var name x509.HostnameError
	var authority x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	return errors.As(err, &verify) || errors.As(err, &name) || errors.As(err, &authority) || errors.As(err, &invalid)
}
