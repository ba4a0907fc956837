package mailserver

import "bytes"

// maxNesting bounds the depth of parentheses in one answer, strings and literals
// apart. go-imap parses a BODYSTRUCTURE recursively without a limit: some million
// levels exhaust the stack, which ends the whole process and no recover catches.
// A letter of 100 nested parts needs about 300.
const maxNesting = 500

// framing follows an IMAP answer as it is read (RFC 9051 §4.3, §9) just enough to
// tell structure from content: the parentheses of a letter's text, which come in
// quoted strings and literals, do not count. It sees every octet of the socket,
// in order, whatever the library has buffered.
type framing struct {
	depth  int
	skip   int64 // octets of a literal still to come
	quoted bool
	escape bool // the octet before was a backslash in a quoted string
	text   bool // a status line: human text until its end, no strings in it
	head   []byte
	number int64 // of "{123", -1 outside
	closed bool  // "{123}" was read: a line end now begins the literal

	moved, fetched uint64 // answers that moved positions, answers about one letter
}

const maxHead = 40 // octets that tell a status line: a tag and OK, NO, BAD, BYE, PREAUTH

// feed reads the next octets and reports false once the nesting is too deep.
func (f *framing) feed(p []byte) bool {
	for i := 0; i < len(p); {
		if f.skip > 0 {
			n := min(f.skip, int64(len(p)-i))
			f.skip -= n
			i += int(n)
			continue
		}
		if f.octet(p[i]); f.depth > maxNesting {
			return false
		}
		i++
	}
	return true
}

// feedAnswer feeds up to the end of the answer, and tells how much that was.
func (f *framing) feedAnswer(p []byte) (n int, ok bool) {
	for n < len(p) {
		k := 1
		if f.skip > 0 {
			k = int(min(f.skip, int64(len(p)-n)))
		}
		if !f.feed(p[n : n+k]) {
			return n, false
		}
		if n += k; f.fresh() {
			break
		}
	}
	return n, true
}

// fresh reports that the next octet begins an answer.
func (f *framing) fresh() bool { return len(f.head) == 0 && f.skip == 0 }

func (f *framing) octet(c byte) {
	if c == '\n' {
		f.line()
		return
	}
	if len(f.head) < maxHead {
		f.head = append(f.head, c)
		f.text = f.text || c == ' ' && statusLine(f.head)
	}
	switch {
	case f.quoted && f.escape:
		f.escape = false
	case f.quoted:
		f.escape = c == '\\'
		f.quoted = c != '"'
	case c == '"' && !f.text:
		f.quoted = true
	case c == '(':
		f.depth++
	case c == ')' && f.depth > 0:
		f.depth--
	}
	f.literal(c)
}

// literal follows "{123}" and "{123+}" (RFC 7888) up to the line end.
func (f *framing) literal(c byte) {
	switch {
	case c == '{' && !f.quoted && !f.text:
		f.number, f.closed = 0, false
	case f.number < 0 || c == '\r' && f.closed:
	case c >= '0' && c <= '9' && !f.closed && f.number < 1<<40:
		f.number = f.number*10 + int64(c-'0')
	case c == '+' && !f.closed:
	case c == '}' && !f.closed:
		f.closed = true
	default:
		f.number = -1
	}
}

// line ends a line: either a literal begins, and the answer goes on after it, or
// the answer is over and everything starts afresh.
func (f *framing) line() {
	if f.closed && f.number >= 0 {
		f.skip = f.number
		f.number, f.closed = -1, false
		f.head = append(f.head, make([]byte, maxHead-min(maxHead, len(f.head)))...) // what follows is no line start
		return
	}
	f.count()
	*f = framing{number: -1, head: f.head[:0], moved: f.moved, fetched: f.fetched}
}

// count tells what the line that ends now was about: EXISTS, EXPUNGE (RFC 9051 §7.4,
// §7.5.1) and VANISHED (RFC 7162 §3.2.10) move positions, FETCH tells of one letter.
func (f *framing) count() {
	rest, ok := bytes.CutPrefix(f.head, []byte("* "))
	if !ok || len(rest) == 0 {
		return
	}
	name := bytes.TrimLeft(rest, "0123456789")
	switch {
	case len(name) == len(rest):
		if name[0] == 'V' || name[0] == 'v' {
			f.moved++
		}
	case len(name) < 2 || name[0] != ' ':
	case name[1] == 'E' || name[1] == 'e':
		f.moved++
	case name[1] == 'F' || name[1] == 'f':
		f.fetched++
	}
}

// statusLine reports whether a line that begins so is human text: "* OK " or
// "T12 NO ".
func statusLine(head []byte) bool {
	words := 0
	start := 0
	for i, c := range head {
		if c != ' ' {
			continue
		}
		if words++; words == 2 {
			switch string(head[start:i]) {
			case "OK", "NO", "BAD", "BYE", "PREAUTH", "ok", "no", "bad", "bye", "preauth":
				return true
			}
			return false
		}
		start = i + 1
	}
	return false
}

func newFraming() framing { return framing{number: -1} }
