package mailserver

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// authenticate runs the SASL exchange (RFC 4954). The token goes with the command
// when it is short enough for one. A challenge after it is a refused token, even
// if the server cuts the line right after (seen live).
func (c *smtpConn) authenticate(m mechanism) error {
	name, first, err := m.sasl.Start()
	if err != nil {
		return err
	}
	line := "AUTH " + name
	if enc := encodeSASL(first); !m.noIR && len(line)+len(enc)+3 <= maxAuthLine {
		line, first = line+" "+enc, nil
	}
	r, err := c.ask(line)
	refused := false
	for err == nil && r.code == 334 {
		challenge := strings.TrimSpace(r.lines[0])
		if first != nil && challenge == "" {
			answer := encodeSASL(first)
			first = nil
			r, err = c.ask(answer)
			continue
		}
		said, decodeErr := base64.StdEncoding.DecodeString(challenge)
		if decodeErr != nil || refused {
			return fmt.Errorf("%w: SASL challenge", errGarbled)
		}
		refused = m.isToken
		answer := "*"
		if next, err := m.sasl.Next(said); err == nil {
			answer = base64.StdEncoding.EncodeToString(next)
		}
		r, err = c.ask(answer)
	}
	if err == nil {
		err = r.want(2)
	}
	said := (*smtpError)(nil)
	switch {
	case err == nil && !refused:
		return nil
	case err == nil:
		return fmt.Errorf("%w: signed in after a refusal", errGarbled)
	case refused: // answered, or cut
		return fmt.Errorf("%w: %w", errToken, err)
	case errors.As(err, &said) && said.Code >= 500 && !errors.Is(err, errLost):
		return fmt.Errorf("%w: %w", errToken, err)
	case errors.As(err, &said):
		return fmt.Errorf("%w: %w", errLost, err)
	}
	return err
}
