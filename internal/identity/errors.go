package identity

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"

	"golang.org/x/oauth2"

	"pli.example/pli/internal/problem"
)

// What a person reads. What happened, what was not lost, what to do.
const (
	sayDown = "Pro Santé Connect ne répond pas. Ce n’est ni votre carte ni votre compte\u00a0: " +
		"rien n’est perdu, réessayez dans quelques minutes."
	sayTimeout = "Pro Santé Connect a mis trop de temps à répondre. Rien n’est perdu\u00a0: réessayez dans un instant."
	sayDenied  = "L’identification a été refusée ou abandonnée dans Pro Santé Connect. " +
		"Vous n’êtes pas connecté\u00a0; vérifiez votre carte CPS ou votre e-CPS, puis recommencez."
	sayAgain = "Pro Santé Connect demande que vous vous identifiiez de nouveau. " +
		"Recommencez avec votre carte CPS ou votre e-CPS."
	sayLate    = "La demande de connexion a expiré avant la réponse. Rien n’est perdu\u00a0: recommencez."
	sayForeign = "Cette réponse de connexion ne correspond à aucune demande faite dans ce navigateur. " +
		"Par sécurité, elle a été ignorée\u00a0; recommencez la connexion."
	sayUnverified = "La réponse de Pro Santé Connect n’a pas pu être vérifiée. Par sécurité, vous n’êtes pas connecté\u00a0: " +
		"recommencez et, si cela se reproduit, prévenez votre support."
	sayWeak = "Pro Santé Connect n’a pas indiqué avec quel niveau de garantie vous vous êtes identifié. " +
		"Par sécurité, vous n’êtes pas connecté\u00a0; recommencez avec votre carte CPS ou votre e-CPS."
	sayConfig = "Pro Santé Connect ne reconnaît pas ce service. Ce n’est pas de votre fait\u00a0: " +
		"prévenez votre support, qui doit revoir la configuration."
	sayOver = "Votre session Pro Santé Connect est terminée. Identifiez-vous de nouveau pour retrouver vos lettres."
	sayWho  = "Pro Santé Connect n’a pas transmis d’identifiant national pour vous. " +
		"Vous n’êtes pas connecté\u00a0; prévenez votre support."
)

// ErrAbandoned: the person refused or gave up at the provider, or their card was
// refused there (access_denied tells no more).
var ErrAbandoned = errors.New("the identification was abandoned")

// badAnswer is an answer that came but cannot be believed or read.
type badAnswer struct{ err error }

func (e *badAnswer) Error() string { return e.err.Error() }
func (e *badAnswer) Unwrap() error { return e.err }

func refused(format string, args ...any) error {
	return &badAnswer{fmt.Errorf(format, args...)}
}

// explain gives a failure of a back-channel call its kind and sentence. The
// oauth2 library puts whole answers in its errors: only codes are kept.
func (p *Provider) explain(err error, doing string) error {
	if err == nil {
		return nil
	}
	var known *problem.Error
	if errors.As(err, &known) {
		return err
	}
	wrap := func(kind problem.Kind, say string) error { return problem.Wrapf(err, kind, say, "%s", doing) }

	var answer *oauth2.RetrieveError
	if errors.As(err, &answer) {
		err = fmt.Errorf("status %d, error %.60q", answer.Response.StatusCode, answer.ErrorCode)
		switch answer.ErrorCode {
		case "invalid_grant":
			return wrap(problem.SignInNeeded, sayLate)
		case "invalid_client", "unauthorized_client", "invalid_scope", "unsupported_grant_type", "invalid_request":
			return wrap(problem.Internal, sayConfig)
		case "temporarily_unavailable", "server_error":
			return wrap(problem.UpstreamDown, sayDown)
		}
		return wrap(problem.UpstreamRefused, sayUnverified)
	}
	var bad *badAnswer
	var document *documentStatus
	var netErr net.Error
	var urlErr *url.Error
	var status *statusError
	switch {
	case errors.As(err, &bad), errors.Is(err, errTooLarge), errors.Is(err, errRedirect):
		return wrap(problem.UpstreamRefused, sayUnverified)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded),
		errors.As(err, &netErr) && netErr.Timeout():
		return wrap(problem.Timeout, sayTimeout)
	case errors.As(err, &status), errors.As(err, &document), errors.As(err, &urlErr), errors.As(err, &netErr):
		return wrap(problem.UpstreamDown, sayDown)
	}
	return wrap(problem.UpstreamRefused, sayUnverified)
}

// explainCallback reads the error= of the provider's redirect (RFC 6749
// §4.1.2.1, OpenID Connect Core §3.1.2.6). Its description is not shown: anybody
// can write one into a link.
func explainCallback(code string) error {
	err := fmt.Errorf("callback error %.60q", code)
	switch code {
	case "access_denied":
		return problem.Wrap(fmt.Errorf("%w: %w", ErrAbandoned, err), problem.Denied, sayDenied)
	case "login_required", "interaction_required", "consent_required", "account_selection_required":
		return problem.Wrap(err, problem.SignInNeeded, sayAgain)
	case "temporarily_unavailable", "server_error":
		return problem.Wrap(err, problem.UpstreamDown, sayDown)
	case "invalid_request", "unauthorized_client", "invalid_scope", "unsupported_response_type":
		return problem.Wrap(err, problem.Internal, sayConfig)
	}
	return problem.Wrap(err, problem.UpstreamRefused, sayUnverified)
}
