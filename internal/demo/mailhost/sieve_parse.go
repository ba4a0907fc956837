package mailhost

import (
	"fmt"
	"strconv"
	"strings"
)

// The stand-in runs real Sieve (RFC 5228), of the small part that sieve_run.go lists: what it
// does not know it refuses when the script is stored, as a server does.

// sieveNode is a command or a test: a word, its arguments, the tests and commands in it.
type sieveNode struct {
	word  string
	tags  map[string]string // ":zone" → its string, "" for a tag without one
	args  [][]string        // strings, lists and numbers, in order
	tests []sieveNode
	block []sieveNode
}

// sieveTagged are the tags that take an argument.
var sieveTagged = map[string]bool{":zone": true, ":value": true, ":days": true, ":handle": true, ":addresses": true, ":subject": true, ":from": true}

type sieveParser struct {
	s     string
	i     int
	depth int
}

const maxSieveDepth = 20

func parseSieve(s string) ([]sieveNode, error) {
	p := &sieveParser{s: s}
	out, err := p.commands("")
	if err == nil && p.skip() {
		err = fmt.Errorf("unexpected %q", p.s[p.i])
	}
	return out, err
}

// skip passes spaces and comments; false at the end.
func (p *sieveParser) skip() bool {
	for p.i < len(p.s) {
		switch rest := p.s[p.i:]; {
		case strings.IndexByte(" \t\r\n", rest[0]) >= 0:
			p.i++
		case rest[0] == '#':
			end := strings.IndexByte(rest, '\n')
			if end < 0 {
				end = len(rest) - 1
			}
			p.i += end + 1
		case strings.HasPrefix(rest, "/*"):
			end := strings.Index(rest, "*/")
			if end < 0 {
				end = len(rest) - 2
			}
			p.i += end + 2
		default:
			return true
		}
	}
	return false
}

func (p *sieveParser) at(c byte) bool { return p.skip() && p.s[p.i] == c }

func (p *sieveParser) take(c byte) error {
	if !p.at(c) {
		return fmt.Errorf("%q expected at octet %d", c, p.i)
	}
	p.i++
	return nil
}

func (p *sieveParser) commands(end string) (out []sieveNode, err error) {
	if p.depth++; p.depth > maxSieveDepth {
		return nil, fmt.Errorf("nested too deep")
	}
	defer func() { p.depth-- }()
	for p.skip() && (end == "" || p.s[p.i] != end[0]) {
		n, err := p.node()
		if err != nil {
			return nil, err
		}
		if p.at('{') {
			p.i++
			if n.block, err = p.commands("}"); err == nil {
				err = p.take('}')
			}
		} else {
			err = p.take(';')
		}
		if err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, nil
}

// node reads a word, its arguments and its tests.
func (p *sieveParser) node() (n sieveNode, err error) {
	if p.depth++; p.depth > maxSieveDepth {
		return n, fmt.Errorf("nested too deep")
	}
	defer func() { p.depth-- }()
	if n.word = strings.ToLower(p.bare()); n.word == "" {
		return n, fmt.Errorf("a word expected at octet %d", p.i)
	}
	n.tags = map[string]string{}
	for p.skip() {
		switch c := p.s[p.i]; {
		case c == ':':
			p.i++
			tag := ":" + strings.ToLower(p.bare())
			n.tags[tag] = ""
			if sieveTagged[tag] {
				v, err := p.argument()
				if err != nil {
					return n, err
				}
				n.tags[tag] = strings.Join(v, ",")
			}
		case c == '(':
			return n, p.list(&n)
		case c == '"' || c == '[' || c >= '0' && c <= '9':
			v, err := p.argument()
			if err != nil {
				return n, err
			}
			n.args = append(n.args, v)
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
			t, err := p.node()
			n.tests = append(n.tests, t)
			return n, err
		default:
			return n, nil
		}
	}
	return n, nil
}

func (p *sieveParser) list(n *sieveNode) error {
	for p.i++; ; p.i++ { // past "(" or ","
		t, err := p.node()
		if err != nil {
			return err
		}
		n.tests = append(n.tests, t)
		if !p.at(',') {
			return p.take(')')
		}
	}
}

func (p *sieveParser) bare() string {
	p.skip()
	from := p.i
	for p.i < len(p.s) && (p.s[p.i] == '_' || p.s[p.i]|0x20 >= 'a' && p.s[p.i]|0x20 <= 'z' || p.s[p.i] >= '0' && p.s[p.i] <= '9') {
		p.i++
	}
	return p.s[from:p.i]
}

// argument reads a string, a list of them, or a number.
func (p *sieveParser) argument() (out []string, err error) {
	switch {
	case p.at('"'):
		s, err := p.quoted()
		return []string{s}, err
	case p.at('['):
		for p.i++; ; p.i++ {
			if !p.at('"') {
				return nil, fmt.Errorf("a string expected at octet %d", p.i)
			}
			s, err := p.quoted()
			if err != nil {
				return nil, err
			}
			if out = append(out, s); !p.at(',') {
				return out, p.take(']')
			}
		}
	}
	n := p.bare()
	if _, err := strconv.Atoi(n); err != nil {
		return nil, fmt.Errorf("a number expected at octet %d", p.i)
	}
	return []string{n}, nil
}

func (p *sieveParser) quoted() (string, error) {
	var b strings.Builder
	for p.i++; p.i < len(p.s); p.i++ {
		switch c := p.s[p.i]; {
		case c == '"':
			p.i++
			return b.String(), nil
		case c == '\\' && p.i+1 < len(p.s):
			p.i++
			b.WriteByte(p.s[p.i])
		default:
			b.WriteByte(c)
		}
	}
	return "", fmt.Errorf("a string never closes")
}
