package mailserver

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-sasl"

	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

// xoauth2 is the SASL mechanism of the MSSanté operators (ECO.1.2.1). go-sasl
// dropped it. The user is the mailbox, the token the person's.
type xoauth2 struct{ mailbox, token string }

// Start gives the only thing this mechanism ever says.
func (x *xoauth2) Start() (string, []byte, error) {
	if strings.ContainsAny(x.mailbox+x.token, "\x00\x01\r\n") {
		return "", nil, fmt.Errorf("mailserver: control character in credentials")
	}
	return "XOAUTH2", []byte("user=" + x.mailbox + "\x01auth=Bearer " + x.token + "\x01\x01"), nil
}

// Next answers the error challenge, a JSON with a status, by an empty line, so
// that the server ends the exchange with its NO.
func (x *xoauth2) Next([]byte) ([]byte, error) { return []byte{}, nil }

// mechanism is how one connection authenticates.
type mechanism struct {
	sasl    sasl.Client
	noIR    bool // never an initial response
	isToken bool
}

// mechanism asks for a fresh token in token mode. token is "" in service mode,
// where the service's password would open the mailbox for a session long ended:
// there the question only serves to learn that the session lives.
func (s *Server) mechanism(ctx context.Context, actor mssante.Actor, addr mssante.Address) (mechanism, string, error) {
	if s.o.Auth == AuthPlain {
		if err := s.alive(ctx, actor, addr); err != nil {
			return mechanism{}, "", err
		}
		return mechanism{sasl: sasl.NewPlainClient(addr.String(), s.o.ServiceUser, s.o.ServicePassword)}, "", nil
	}
	if s.o.Credentials == nil {
		return mechanism{}, "", errors.New("mailserver: no source of credentials")
	}
	token, err := s.token(ctx, actor, addr)
	if err != nil {
		return mechanism{}, "", err
	}
	return mechanism{
		sasl:    &xoauth2{mailbox: addr.String(), token: token},
		noIR:    s.o.Auth == AuthXOAUTH2NoIR,
		isToken: true,
	}, token, nil
}

// alive refuses a session its source of credentials no longer answers for. A
// provider that cannot be reached is no news of the session.
func (s *Server) alive(ctx context.Context, actor mssante.Actor, addr mssante.Address) error {
	if s.o.Credentials == nil {
		return nil
	}
	_, err := s.token(ctx, actor, addr)
	if errors.Is(err, ErrAway) { // no token is needed here, and the session lives
		return nil
	}
	if ctx.Err() == nil && (problem.Is(err, problem.UpstreamDown) || problem.Is(err, problem.Timeout)) {
		return nil
	}
	return err
}

// handshake is the exchange from greeting to signed in.
type handshake struct {
	lines *lines
	w     io.Writer
	tags  int
	caps  []string
}

func (h *handshake) greeting() error {
	line, err := h.lines.next()
	if err != nil {
		return err
	}
	rest, ok := strings.CutPrefix(line, "* ")
	if !ok {
		return fmt.Errorf("%w: greeting", errGarbled)
	}
	kind, text, _ := strings.Cut(rest, " ")
	switch strings.ToUpper(kind) {
	case "OK":
		return nil // capabilities announced here are not believed: no TLS yet, nobody signed in
	case "BYE":
		return fmt.Errorf("%w: %w", errLost, respError("BYE", text))
	case "PREAUTH":
		// Signed in as whom? Before TLS it is also the classic downgrade.
		return fmt.Errorf("%w: PREAUTH greeting", errInject)
	}
	return fmt.Errorf("%w: greeting", errGarbled)
}

func (h *handshake) send(line string) error {
	if _, err := io.WriteString(h.w, line+"\r\n"); err != nil {
		return fmt.Errorf("%w: %w", errLost, err)
	}
	return nil
}

func (h *handshake) command(text string) (tag string, err error) {
	h.tags++
	tag = fmt.Sprintf("P%d", h.tags)
	return tag, h.send(tag + " " + text)
}

// startTLS asks for TLS. Whatever follows the server's OK in clear was put there
// by somebody on the path: the connection is given up.
func (h *handshake) startTLS() error {
	tag, err := h.command("STARTTLS")
	if err != nil {
		return err
	}
	if _, err := h.finish(tag, nil); err != nil {
		var no *imap.Error
		if errors.As(err, &no) {
			return fmt.Errorf("%w: STARTTLS refused: %w", errLost, err)
		}
		return err
	}
	if h.lines.r.Buffered() > 0 {
		return errInject
	}
	h.caps = nil
	return nil
}

// capability asks what the server offers now.
func (h *handshake) capability() error {
	tag, err := h.command("CAPABILITY")
	if err != nil {
		return err
	}
	_, err = h.finish(tag, nil)
	return err
}

// finish reads to the tagged answer. challenge gets continuation lines.
func (h *handshake) finish(tag string, challenge func(text string) error) (text string, err error) {
	for {
		line, err := h.lines.next()
		if err != nil {
			return "", err
		}
		if text, ok := strings.CutPrefix(line, "+"); ok {
			if challenge == nil {
				return "", fmt.Errorf("%w: unexpected continuation", errGarbled)
			}
			if err := challenge(strings.TrimSpace(text)); err != nil {
				return "", err
			}
			continue
		}
		who, rest, _ := strings.Cut(line, " ")
		kind, text, _ := strings.Cut(rest, " ")
		kind = strings.ToUpper(kind)
		h.announce(kind, text)
		switch {
		case who == "*" && kind == "BYE":
			return "", fmt.Errorf("%w: %w", errLost, respError("BYE", text))
		case who == "*":
		case who != tag:
			return "", fmt.Errorf("%w: unknown tag", errGarbled)
		case kind == "OK":
			return text, nil
		case kind == "NO", kind == "BAD":
			return "", respError(kind, text)
		default:
			return "", fmt.Errorf("%w: status", errGarbled)
		}
	}
}

// announce keeps a capability list, from its own line or a response code.
func (h *handshake) announce(kind, text string) {
	list := ""
	if kind == "CAPABILITY" {
		list = text
	} else if rest, ok := strings.CutPrefix(text, "[CAPABILITY "); ok {
		list, _, _ = strings.Cut(rest, "]")
	}
	for _, f := range strings.Fields(list) {
		for i := range len(f) {
			if f[i] <= ' ' || f[i] >= 0x7f || strings.IndexByte(`(){%*"\]`, f[i]) >= 0 {
				return // not an atom: believe none of it
			}
		}
	}
	if list != "" {
		h.caps = strings.Fields(list)
	}
}

// authenticate runs the SASL exchange. A JSON challenge is a refused token even
// if the server cuts the line right after (seen live; RFC 7628 shape).
func (h *handshake) authenticate(m mechanism) error {
	name, first, err := m.sasl.Start()
	if err != nil {
		return err
	}
	if err := h.capability(); err != nil {
		return err
	}
	text := "AUTHENTICATE " + name
	if !m.noIR && hasFold(h.caps, "SASL-IR") {
		text += " " + encodeSASL(first)
		first = nil
	}
	h.caps = nil // they change once signed in
	tag, err := h.command(text)
	if err != nil {
		return err
	}
	refused := false
	_, err = h.finish(tag, func(challenge string) error {
		if first != nil && challenge == "" {
			answer := encodeSASL(first)
			first = nil
			return h.send(answer)
		}
		said, err := base64.StdEncoding.DecodeString(challenge)
		if err != nil || refused {
			return fmt.Errorf("%w: SASL challenge", errGarbled)
		}
		refused = m.isToken
		answer, err := m.sasl.Next(said)
		if err != nil {
			return h.send("*")
		}
		return h.send(base64.StdEncoding.EncodeToString(answer))
	})
	return authError(err, refused)
}

func authError(err error, refused bool) error {
	var no *imap.Error
	switch {
	case err == nil:
		return nil
	case refused: // answered, or cut
		return fmt.Errorf("%w: %w", errToken, err)
	case !errors.As(err, &no) || no.Type == imap.StatusResponseTypeBye:
		return err
	case no.Code == imap.ResponseCodeUnavailable, no.Code == imap.ResponseCodeLimit,
		no.Code == imap.ResponseCodeInUse, no.Code == imap.ResponseCodeServerBug:
		return fmt.Errorf("%w: %w", errLost, err)
	}
	return fmt.Errorf("%w: %w", errToken, err)
}

// encodeSASL writes an initial response: "=" stands for an empty one.
func encodeSASL(b []byte) string {
	if len(b) == 0 {
		return "="
	}
	return base64.StdEncoding.EncodeToString(b)
}

func hasFold(list []string, want string) bool {
	for _, s := range list {
		if strings.EqualFold(s, want) {
			return true
		}
	}
	return false
}
