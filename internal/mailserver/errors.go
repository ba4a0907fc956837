package mailserver

import (
	"context"
	"errors"
	"fmt"

	"github.com/emersion/go-imap/v2"

	"pli.example/pli/internal/problem"
)

// Why a connection ended, inside the room.
var (
	errEnded   = errors.New("mailserver: the session has ended")
	errIdle    = errors.New("mailserver: idle connection closed")
	errFlood   = errors.New("mailserver: the server sent more than the command allows")
	errLost    = errors.New("mailserver: connection lost")
	errUnreach = errors.New("mailserver: cannot connect")
	errGarbled = errors.New("mailserver: the server's answer cannot be read")
	errInject  = errors.New("mailserver: bytes before TLS: refused (STARTTLS injection)")
	errToken   = errors.New("mailserver: token refused")
	errGone    = errors.New("mailserver: no such letter or folder any more")
	errPart    = errors.New("mailserver: no such part")

	errDestination = errors.New("mailserver: the folder to move to is no more")

	errKeyword = errors.New("mailserver: the folder stores no such keyword")
	errFull    = errors.New("mailserver: the folder holds letters")
	errValue   = errors.New("mailserver: text the protocol cannot carry")
)

// The sentences of this room.
const (
	sayDown    = "La messagerie MSSanté ne répond pas. Vos lettres n’ont rien\u00a0: réessayez dans un instant."
	sayTimeout = "La messagerie MSSanté n’a pas répondu à temps. Vos lettres n’ont rien\u00a0: réessayez dans un instant."
	sayToken   = "La messagerie MSSanté a refusé la connexion. Rien n’est perdu\u00a0: réessayez dans un instant\u00a0; si cela persiste, déconnectez-vous puis reconnectez-vous."
	sayRefused = "La messagerie MSSanté a refusé cette opération. Rien n’a été changé\u00a0: réessayez ou contactez votre opérateur."
	sayGone    = "Cette lettre a été déplacée ou supprimée, sans doute depuis un autre poste. Revenez à la liste pour la retrouver."
	sayFolder  = "Ce dossier n’existe plus, il a été renommé ou supprimé. Choisissez un autre dossier."
	sayNoPlace = "Le dossier où ranger ces lettres n’existe plus, il a été renommé ou supprimé. Elles sont restées à leur place\u00a0: choisissez un autre dossier."
	sayQuota   = "La boîte est pleine\u00a0: la messagerie MSSanté refuse d’y ajouter une lettre. Rien n’est perdu\u00a0; libérez de la place puis réessayez."
	sayRights  = "Votre opérateur n’autorise pas cette opération sur cette boîte. Rien n’a été changé."
	sayEnded   = "Votre session est terminée. Reconnectez-vous pour continuer."
	sayValue   = "Ce texte contient des caractères que la messagerie ne peut pas traiter. Rien n’a été envoyé\u00a0: corrigez-le puis réessayez."
	sayPart    = "Cette pièce jointe est introuvable dans la lettre. La lettre n’a rien\u00a0: rouvrez-la."
	sayKeyword = "Ce dossier n’accepte pas ce marquage. Rien n’a été changé."
)

// KeywordRefused reports that a folder stores no such keyword: nothing changed, and
// trying again changes nothing.
func KeywordRefused(err error) bool { return errors.Is(err, errKeyword) }

// door turns an inner error into what leaves the room: a kind, a sentence, the
// cause for the log. What already has a kind keeps it.
func door(ctx context.Context, err error, doing string) error {
	if err == nil {
		return nil
	}
	var known *problem.Error
	if errors.As(err, &known) {
		return err
	}
	kind, say := problem.UpstreamDown, sayDown
	var no *imap.Error
	switch {
	case errors.Is(err, errEnded):
		kind, say = problem.SignInNeeded, sayEnded
	case errors.Is(err, errGone):
		kind, say = problem.Gone, sayGone
	case errors.Is(err, errDestination):
		kind, say = problem.Gone, sayNoPlace
	case errors.Is(err, errFull):
		kind, say = problem.Conflict, sayFolderFull
	case errors.Is(err, errPart):
		kind, say = problem.NotFound, sayPart
	case errors.Is(err, errKeyword):
		kind, say = problem.UpstreamRefused, sayKeyword
	case errors.Is(err, errValue):
		kind, say = problem.Invalid, sayValue
	case errors.Is(err, errToken):
		kind, say = problem.UpstreamRefused, sayToken
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		kind, say = problem.Timeout, sayTimeout
	case ctx.Err() != nil:
		kind, say, err = problem.Timeout, sayTimeout, fmt.Errorf("%w (%v)", ctx.Err(), err)
	case errors.Is(err, errLost), errors.Is(err, errGarbled), errors.Is(err, errFlood), errors.Is(err, errInject):
	case errors.As(err, &no):
		kind, say = refusal(no)
	}
	return problem.Wrapf(err, kind, say, "%s", doing)
}

// codeExpungeIssued: some letters were removed by another session (RFC 5530 §3).
const codeExpungeIssued imap.ResponseCode = "EXPUNGEISSUED"

// refusal reads the response code of a NO or BAD (RFC 5530, RFC 9051 §7.1).
func refusal(no *imap.Error) (problem.Kind, string) {
	switch no.Code {
	case imap.ResponseCodeNonExistent, imap.ResponseCodeTryCreate:
		return problem.Gone, sayFolder
	case imap.ResponseCodeOverQuota:
		return problem.UpstreamRefused, sayQuota
	case imap.ResponseCodeNoPerm:
		return problem.UpstreamRefused, sayRights
	case imap.ResponseCodeUnavailable, imap.ResponseCodeServerBug, imap.ResponseCodeContactAdmin:
		return problem.UpstreamDown, sayDown
	case codeExpungeIssued:
		return problem.Gone, sayGone
	}
	return problem.UpstreamRefused, sayRefused
}

// said reports whether the server answered no: the connection is still good.
func said(err error) bool {
	var no *imap.Error
	return errors.As(err, &no) && no.Type != imap.StatusResponseTypeBye
}

// crafted reports an answer that broke off, could not be read or did not end:
// perhaps the letter's doing rather than the server's. Failing to connect is not.
func crafted(err error) bool {
	return !errors.Is(err, errUnreach) && (errors.Is(err, errGarbled) || errors.Is(err, errLost) || errors.Is(err, errFlood))
}

// harmless reports an error after which the connection is still in step.
func harmless(err error) bool {
	return said(err) || errors.Is(err, errGone) || errors.Is(err, errPart) || errors.Is(err, errKeyword) || errors.Is(err, errValue) || errors.Is(err, errFull)
}
