package mailserver

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"pli.example/pli/internal/problem"
)

var (
	errClosing = errors.New("mailserver: the node is stopping")
	errSize    = errors.New("mailserver: a letter must be as long as announced")
)

// smtpError is the server's no. Its text is not here: it may name a patient, and
// errors are logged.
type smtpError struct {
	Code     int
	Enhanced string
}

func (e *smtpError) Error() string {
	return strings.TrimSpace(fmt.Sprintf("the submission server answered %d %s", e.Code, e.Enhanced))
}

// What is said when a letter did not leave. It is never lost: drafts are kept by
// the room that asked.
const (
	saySendDown    = "La messagerie MSSanté ne répond pas. Votre lettre n’est pas partie, elle est gardée\u00a0: réessayez dans un instant."
	saySendTimeout = "La messagerie MSSanté n’a pas répondu à temps. Votre lettre n’est pas partie, elle est gardée\u00a0: réessayez dans un instant."
	saySendToken   = "La messagerie MSSanté a refusé la connexion. Votre lettre n’est pas partie, elle est gardée\u00a0: réessayez\u00a0; si cela persiste, déconnectez-vous puis reconnectez-vous."
	saySendRefused = "La messagerie MSSanté a refusé cette lettre. Elle n’est partie à personne, elle est gardée\u00a0: corrigez-la ou contactez votre opérateur."
	saySendLater   = "La messagerie MSSanté ne peut pas prendre cette lettre pour le moment. Elle n’est partie à personne, elle est gardée\u00a0: réessayez dans quelques minutes."
	saySendSender  = "Votre opérateur n’autorise pas l’envoi depuis cette boîte. La lettre n’est partie à personne, elle est gardée\u00a0: choisissez une autre boîte ou contactez votre opérateur."
	saySendQuota   = "Une boîte est pleine, la messagerie MSSanté a refusé la lettre. Elle n’est partie à personne, elle est gardée\u00a0: réessayez plus tard."
	saySendBig     = "Cette lettre est trop lourde pour la messagerie MSSanté. Elle n’est partie à personne, elle est gardée\u00a0: allégez les pièces jointes."
	saySendValue   = "Une adresse de cette lettre contient des caractères que la messagerie ne peut pas traiter. Rien n’est parti, la lettre est gardée\u00a0: corrigez-la puis réessayez."
	saySendOurs    = "Cette lettre n’a pas pu être préparée pour l’envoi. Elle n’est partie à personne, elle est gardée\u00a0: réessayez."
	saySendStop    = "Pli redémarre. Votre lettre n’est pas partie, elle est gardée\u00a0: réessayez dans un instant."
	saySendUnknown = "La messagerie MSSanté n’a pas confirmé l’envoi\u00a0: la lettre est peut-être partie. Elle est gardée\u00a0: ne la renvoyez pas avant d’avoir vérifié."
)

func tooBig(size, limit int64) error {
	return problem.Wrap(fmt.Errorf("mailserver: letter of %d bytes, limit %d", size, limit), problem.TooLarge, fmt.Sprintf(
		"Cette lettre pèse %s une fois prête à partir, et votre opérateur n’en accepte que %s. Elle n’est partie à personne, elle est gardée\u00a0: allégez les pièces jointes.",
		megabytes(size, true), megabytes(limit, false)))
}

// megabytes says a size in French, a letter's rounded up, a limit's down.
func megabytes(n int64, up bool) string {
	tenths := n / 100_000
	if up && n%100_000 != 0 {
		tenths++
	}
	return fmt.Sprintf("%d,%d\u00a0Mo", tenths/10, tenths%10)
}

// recipientsRefused says how many; the page names them from the Delivery.
func recipientsRefused(d *Delivery) error {
	refused, later := 0, true
	for _, r := range d.Recipients {
		if r.Code/100 != 2 {
			refused++
			later = later && r.Code/100 == 4
		}
	}
	who := "un destinataire"
	if refused > 1 {
		who = fmt.Sprintf("%d destinataires", refused)
	}
	then := "corrigez ou retirez l’adresse, puis réessayez."
	if later {
		then = "réessayez dans quelques minutes."
	}
	return problem.Wrap(&smtpError{Code: d.Code, Enhanced: d.Enhanced}, problem.UpstreamRefused,
		"La messagerie MSSanté a refusé "+who+". La lettre n’est partie à personne, elle est gardée\u00a0: "+then)
}

// submissionDoor turns an inner error into what leaves the room.
func submissionDoor(ctx context.Context, err error, doing string) error {
	var known *problem.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	kind, say := problem.UpstreamDown, saySendDown
	said := (*smtpError)(nil)
	switch {
	case errors.Is(err, errClosing):
		say = saySendStop
	case errors.Is(err, errValue):
		kind, say = problem.Invalid, saySendValue
	case errors.Is(err, errToken):
		kind, say = problem.UpstreamRefused, saySendToken
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), ctx.Err() != nil:
		kind, say = problem.Timeout, saySendTimeout
	case errors.Is(err, errLost), errors.Is(err, errGarbled), errors.Is(err, errFlood), errors.Is(err, errInject):
	case errors.As(err, &said):
		kind, say = said.meaning()
	default: // the letter's own writer
		kind, say = problem.Internal, saySendOurs
	}
	return problem.Wrapf(err, kind, say, "%s", doing)
}

func unknownDoor(ctx context.Context, err error) error {
	kind := problem.UpstreamDown
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || ctx.Err() != nil {
		kind = problem.Timeout
	}
	return problem.Wrapf(err, kind, saySendUnknown, "waiting for the word on a letter")
}

// meaning reads a no (RFC 3463, RFC 5321 §4.2.3).
func (e *smtpError) meaning() (problem.Kind, string) {
	_, detail, _ := strings.Cut(e.Enhanced, ".")
	switch {
	case detail == "3.4", e.Code == 552 && detail != "2.2":
		return problem.TooLarge, saySendBig
	case detail == "2.2", detail == "3.1", e.Code == 452 && detail == "":
		return problem.UpstreamRefused, saySendQuota
	case e.Code/100 == 4:
		return problem.UpstreamRefused, saySendLater
	case e.Code == 553, detail == "7.1", detail == "1.8":
		return problem.UpstreamRefused, saySendSender
	}
	return problem.UpstreamRefused, saySendRefused
}
