package mailserver

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"pli.example/pli/internal/problem"
)

// Bounds of what a ManageSieve server may say in one answer.
const (
	maxSieveAnswer = 1 << 20   // octets in all, a script included
	maxSieveString = 512 << 10 // octets of one string: the longest script read
	maxSieveLines  = 500
	maxSieveTokens = 50       // of one line
	maxSieveQuoted = 16 << 10 // octets of a quoted string or an atom (RFC 5804 §4 allows 1,024)
)

// SieveError is a NO of the server. Its Text is the server's: never shown, never
// logged.
type SieveError struct {
	Code string // "QUOTA/MAXSIZE", "NONEXISTENT" … (RFC 5804 §1.3), "" when absent
	Text string
}

// Error gives the code alone.
func (e *SieveError) Error() string {
	if e.Code == "" {
		return "mailserver: the sieve server said no"
	}
	return "mailserver: the sieve server said no: " + e.Code
}

func (e *SieveError) problem() (problem.Kind, string) {
	switch {
	case e.Code == "NONEXISTENT":
		return problem.Gone, sayRulesGone
	case strings.HasPrefix(e.Code, "QUOTA"):
		return problem.UpstreamRefused, sayRulesQuota
	case e.Code == "TRYLATER":
		return problem.UpstreamDown, sayRulesDown
	}
	return problem.UpstreamRefused, sayRulesRefused
}

// sieveToken is one element of a line: a string, or an atom in capitals.
type sieveToken struct {
	text   string
	atom   bool
	nested bool // inside parentheses: of a response code
}

// sieveAnswer is one whole answer: lines of data, then how it ended.
type sieveAnswer struct {
	lines  [][]sieveToken
	status string // OK, NO or BYE
	code   string // in capitals, without its parameters
	text   string
}

// sieveReader reads answers (RFC 5804 §4), bounded in all directions.
type sieveReader struct {
	r    *bufio.Reader
	left int // octets this answer may still have
}

func newSieveReader(r io.Reader) *sieveReader {
	return &sieveReader{r: bufio.NewReaderSize(r, 4<<10)}
}

// next reads the lines of an answer up to its status, or, with asks, up to a line
// that is a single string: a SASL challenge, whose status is "".
func (r *sieveReader) next(asks bool) (a sieveAnswer, err error) {
	r.left = maxSieveAnswer
	for range maxSieveLines {
		line, err := r.line()
		if err != nil {
			return a, err
		}
		if len(line) == 0 {
			return a, fmt.Errorf("%w: an empty line", errGarbled)
		}
		if first := line[0]; first.atom {
			if first.text != "OK" && first.text != "NO" && first.text != "BYE" {
				return a, fmt.Errorf("%w: status", errGarbled)
			}
			a.status = first.text
			a.code, a.text = endOf(line[1:])
			return a, nil
		}
		a.lines = append(a.lines, line)
		if asks && len(line) == 1 {
			return a, nil
		}
	}
	return a, fmt.Errorf("%w: too many lines", errFlood)
}

// endOf reads what follows a status: a code in parentheses, a text.
func endOf(rest []sieveToken) (code, text string) {
	for _, t := range rest {
		switch {
		case t.nested && code == "":
			code = strings.ToUpper(t.text)
		case !t.nested && !t.atom:
			text = t.text
		}
	}
	return code, text
}

// line reads the tokens of one line.
func (r *sieveReader) line() (out []sieveToken, err error) {
	nested := false
	for {
		c, err := r.byte()
		if err != nil {
			return nil, err
		}
		t := sieveToken{nested: nested}
		switch c {
		case '\n':
			if nested {
				return nil, fmt.Errorf("%w: a code that never closes", errGarbled)
			}
			return out, nil
		case '\r', ' ', '\t':
			continue
		case '(', ')':
			if nested == (c == '(') {
				return nil, fmt.Errorf("%w: parentheses", errGarbled)
			}
			nested = c == '('
			continue
		case '"':
			t.text, err = r.quoted()
		case '{':
			t.text, err = r.literal()
		default:
			t.text, err = r.atom(c)
			t.atom = true
		}
		if err != nil {
			return nil, err
		}
		if out = append(out, t); len(out) > maxSieveTokens {
			return nil, fmt.Errorf("%w: a line of too many words", errFlood)
		}
	}
}

func (r *sieveReader) byte() (byte, error) {
	if r.left--; r.left < 0 {
		return 0, fmt.Errorf("%w: an answer too long", errFlood)
	}
	c, err := r.r.ReadByte()
	if err != nil {
		return 0, fmt.Errorf("%w: %w", errLost, err)
	}
	return c, nil
}

func (r *sieveReader) quoted() (string, error) {
	var b strings.Builder
	for b.Len() < maxSieveQuoted {
		c, err := r.byte()
		if err == nil && c == '\\' {
			if c, err = r.byte(); err == nil && c != '\\' && c != '"' {
				return "", fmt.Errorf("%w: escape", errGarbled)
			}
		} else if err == nil && c == '"' {
			return b.String(), nil
		}
		switch {
		case err != nil:
			return "", err
		case c == '\r' || c == '\n' || c == 0:
			return "", fmt.Errorf("%w: a string that never closes", errGarbled)
		}
		b.WriteByte(c)
	}
	return "", fmt.Errorf("%w: a quoted string too long", errFlood)
}

// literal reads "{123}" or "{123+}", a line end and that many octets.
func (r *sieveReader) literal() (string, error) {
	digits := ""
	for {
		c, err := r.byte()
		if err != nil {
			return "", err
		}
		if c == '}' {
			break
		}
		if c == '+' && digits != "" && !strings.HasSuffix(digits, "+") || c >= '0' && c <= '9' && len(digits) < 9 && !strings.HasSuffix(digits, "+") {
			digits += string(c)
			continue
		}
		return "", fmt.Errorf("%w: literal", errGarbled)
	}
	n, err := strconv.Atoi(strings.TrimSuffix(digits, "+"))
	if err != nil {
		return "", fmt.Errorf("%w: literal", errGarbled)
	}
	c, err := r.byte()
	if err == nil && c == '\r' {
		c, err = r.byte()
	}
	if err != nil {
		return "", err
	}
	if c != '\n' {
		return "", fmt.Errorf("%w: literal", errGarbled)
	}
	if r.left -= n; n > maxSieveString || r.left < 0 {
		return "", fmt.Errorf("%w: a string too long", errFlood)
	}
	var b strings.Builder // grows with what comes, not with what is announced
	if got, err := io.CopyN(&b, r.r, int64(n)); err != nil || got < int64(n) {
		return "", fmt.Errorf("%w: %w", errLost, errors.Join(err, io.ErrUnexpectedEOF))
	}
	return b.String(), nil
}

func (r *sieveReader) atom(first byte) (string, error) {
	b := []byte{first}
	for {
		c, err := r.r.Peek(1)
		if err != nil {
			return "", fmt.Errorf("%w: %w", errLost, err)
		}
		if strings.IndexByte(" \t\r\n()\"{", c[0]) >= 0 {
			return strings.ToUpper(string(b)), nil
		}
		if len(b) >= maxSieveQuoted {
			return "", fmt.Errorf("%w: a word too long", errFlood)
		}
		if _, err := r.byte(); err != nil {
			return "", err
		}
		b = append(b, c[0])
	}
}
