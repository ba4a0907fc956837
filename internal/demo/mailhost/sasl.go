package mailhost

import (
	"crypto/subtle"
	"errors"
	"strings"

	"github.com/emersion/go-sasl"

	"pli.example/pli/internal/mssante"
)

const mechXOAUTH2 = "XOAUTH2"

// refusal is what the operator answers to a token it does not take.
const refusal = `{"status":"401","schemes":"bearer","scope":"mail"}`

var errRefused = errors.New("authentication refused")

// saslServer gives one exchange: XOAUTH2 with a token, or PLAIN with the service
// account and the mailbox as authorization identity. accept is told the mailbox;
// failed is the protocol's own refusal; hangUp cuts the connection.
func (h *Host) saslServer(mech string, failed error, accept func(address string) error, hangUp func()) sasl.Server {
	switch mech {
	case mechXOAUTH2:
		return &xoauth2{check: func(user, token string) error {
			if !h.tokenOpens(user, token) {
				return errRefused
			}
			return accept(user)
		}, failed: failed, hangUp: hangUp, cut: h.o.CutRefused}
	case sasl.Plain:
		return sasl.NewPlainServer(func(identity, user, password string) error {
			if !h.serviceOpens(user, password) || identity == "" {
				return failed
			}
			return accept(identity)
		})
	}
	return nil
}

func (h *Host) tokenOpens(user, token string) bool {
	a, err := mssante.ParseAddress(user)
	if err != nil || h.o.Token == nil || h.o.MayOpen == nil {
		return false
	}
	id, ok := h.o.Token(token)
	return ok && h.o.MayOpen(id, a)
}

func (h *Host) serviceOpens(user, password string) bool {
	if h.o.ServiceUser == "" {
		return false
	}
	same := subtle.ConstantTimeCompare([]byte(user), []byte(h.o.ServiceUser)) & subtle.ConstantTimeCompare([]byte(password), []byte(h.o.ServicePassword))
	return same == 1
}

// xoauth2 is the server side of SASL XOAUTH2, with and without initial response.
// On refusal the first answer is a challenge that holds the reason; the client
// sends an empty answer and only then reads the failure.
type xoauth2 struct {
	check   func(user, token string) error
	failed  error
	hangUp  func()
	cut     bool
	refused bool
	done    bool
}

func (x *xoauth2) Next(response []byte) (challenge []byte, done bool, err error) {
	switch {
	case x.done:
		return nil, false, sasl.ErrUnexpectedClientResponse
	case x.refused:
		x.done = true
		if x.cut {
			x.hangUp()
		}
		return nil, false, x.failed
	case response == nil:
		return nil, false, nil
	}
	user, token, ok := parseXOAUTH2(string(response))
	if !ok || x.check(user, token) != nil {
		x.refused = true
		return []byte(refusal), false, nil
	}
	x.done = true
	return nil, true, nil
}

// parseXOAUTH2 reads "user=…\x01auth=Bearer …\x01\x01".
func parseXOAUTH2(s string) (user, token string, ok bool) {
	body, found := strings.CutSuffix(s, "\x01\x01")
	if !found {
		return "", "", false
	}
	for field := range strings.SplitSeq(body, "\x01") {
		if v, found := strings.CutPrefix(field, "user="); found {
			user = v
		}
		if v, found := strings.CutPrefix(field, "auth="); found {
			if scheme, t, _ := strings.Cut(v, " "); strings.EqualFold(scheme, "Bearer") {
				token = strings.TrimSpace(t)
			}
		}
	}
	return user, token, user != "" && token != ""
}
