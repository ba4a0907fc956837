package trust

import (
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/xmlsig"
)

// reason is why there is no new list: a stable code for log and trail.
type reason string

const (
	notConfigured reason = "not_configured"
	unreachable   reason = "unreachable"
	status        reason = "status"
	tooLarge      reason = "too_large"
	malformed     reason = "malformed"
	tampered      reason = "tampered"
	wrongSigner   reason = "signer"
	expiredSigner reason = "signer_expired"
	rolledBack    reason = "rollback"
	tooOld        reason = "too_old"
	fromFuture    reason = "future"
	notStored     reason = "not_stored"
	notRead       reason = "not_read"
	savedRefused  reason = "saved_copy"
	panicked      reason = "panic"
)

// refusal is an error with its reason; what is in the French clause starts a sentence.
type refusal struct {
	reason reason
	kind   problem.Kind
	clause string
	err    error
	of     string // digest of the document, "" when none was read
}

func (r *refusal) Error() string { return fmt.Sprintf("%s: %v", r.reason, r.err) }
func (r *refusal) Unwrap() error { return r.err }

// ofContent reports whether a document was received and turned down: that, unlike a
// server down, belongs in the trail.
func (r *refusal) ofContent() bool {
	switch r.reason {
	case tooLarge, malformed, tampered, wrongSigner, expiredSigner, rolledBack, tooOld, fromFuture, savedRefused:
		return true
	}
	return false
}

func day(t time.Time) string { return t.UTC().Format("02/01/2006") }

// ofSignature tells apart what xmlsig refused.
func ofSignature(err error) *refusal {
	r := &refusal{reason: malformed, kind: problem.Invalid, err: err,
		clause: "La liste blanche reçue n’a pas la forme attendue."}
	var cert x509.CertificateInvalidError
	switch {
	case errors.As(err, &cert) && cert.Reason == x509.Expired:
		r.reason, r.clause = expiredSigner, "La liste blanche reçue est signée par un certificat hors de ses dates de validité."
		if cert.Cert != nil {
			r.clause = fmt.Sprintf("La liste blanche reçue est signée par un certificat qui n’est valable que du %s au %s.", day(cert.Cert.NotBefore), day(cert.Cert.NotAfter))
		}
	case errors.Is(err, xmlsig.ErrSigner):
		r.reason, r.clause = wrongSigner, "La liste blanche reçue n’est pas signée par l’autorité attendue."
	case errors.Is(err, xmlsig.ErrDigest), errors.Is(err, xmlsig.ErrSignature):
		r.reason, r.clause = tampered, "La liste blanche reçue a été modifiée depuis sa signature."
	}
	return r
}

// say is the sentence for the page: what happened, what is not lost.
func (l *List) say(err error) string {
	clause := "La liste blanche n’a pas pu être actualisée."
	var r *refusal
	if errors.As(err, &r) {
		clause = r.clause
	}
	if s := l.current.Load(); s != nil {
		return clause + " Celle du " + day(s.generated) + " reste utilisée."
	}
	return clause + " Aucune liste n’est en vigueur\u00a0: l’appartenance d’un destinataire à l’espace de confiance ne peut pas être vérifiée. Un nouvel essai aura lieu."
}

// door gives err the kind and sentence a caller sees.
func (l *List) door(err error) error {
	if err == nil {
		return nil
	}
	kind := problem.Internal
	var r *refusal
	if errors.As(err, &r) {
		kind = r.kind
	}
	return problem.Wrap(err, kind, l.say(err))
}
