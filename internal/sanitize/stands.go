package sanitize

import (
	"bytes"
	"slices"
)

// stands reports whether any HTML parser reads out as it is written, tag for tag. It
// knows nothing of the writer: it reads the bytes, and vouches only for what the
// parser's rules (WHATWG HTML §13.2.6) leave no choice about: our own way of writing,
// every element closed in order, each where no rule moves or ends it. What it does not
// know it does not vouch for; that is parsed again (reparse), which costs twenty times
// as much. FuzzHTML holds the two against each other.
func stands(out []byte) bool {
	s := stander{rest: out}
	for len(s.rest) > 0 {
		if !s.next() {
			return false
		}
	}
	return len(s.stack) == 0
}

type stander struct {
	rest   []byte
	stack  []stood
	opened bool // a start tag has just been read
}

// stood is an element that is open.
type stood struct {
	name []byte
	kind kind
}

// next takes one tag or one run of text.
func (s *stander) next() bool {
	if s.rest[0] != '<' {
		return s.text()
	}
	if len(s.rest) > 1 && s.rest[1] == '/' {
		return s.end()
	}
	return s.start()
}

func (s *stander) text() bool {
	n := bytes.IndexByte(s.rest, '<')
	if n < 0 {
		n = len(s.rest)
	}
	text := s.rest[:n]
	if top := s.top(); tableOnly(top) || s.opened && string(top.name) == "pre" && text[0] == '\n' { // words move out of a table, the first line feed vanishes
		return false
	}
	s.rest, s.opened = s.rest[n:], false
	return plainlyEscaped(text)
}

// tableOnly: inside it only parts of a table stay where they stand.
func tableOnly(e stood) bool {
	return e.kind&structure != 0 && e.kind&scope == 0 || string(e.name) == "table"
}

func (s *stander) top() stood {
	if len(s.stack) == 0 {
		return stood{}
	}
	return s.stack[len(s.stack)-1]
}

// end takes the end tag of the element opened last.
func (s *stander) end() bool {
	n := bytes.IndexByte(s.rest, '>')
	if n < 0 || len(s.stack) == 0 || !bytes.Equal(s.rest[2:n], s.top().name) {
		return false
	}
	s.stack, s.rest, s.opened = s.stack[:len(s.stack)-1], s.rest[n+1:], false
	return true
}

// start takes a start tag: <name key="value">, keys in alphabetical order.
func (s *stander) start() bool {
	n := 1
	for n < len(s.rest) && (isLower(s.rest[n]) || n > 1 && s.rest[n] >= '1' && s.rest[n] <= '6') {
		n++
	}
	name := s.rest[1:n]
	k, known := elements[string(name)]
	if !known || !s.admits(name, k) {
		return false
	}
	if s.rest = s.rest[n:]; !s.attributes() {
		return false
	}
	if s.opened = k&void == 0; s.opened {
		s.stack = append(s.stack, stood{name, k})
	}
	return len(s.stack) < maxDepth
}

func isLower(c byte) bool { return c >= 'a' && c <= 'z' }

// attributes takes what follows a name, the closing > included.
func (s *stander) attributes() bool {
	var last []byte
	for len(s.rest) > 0 {
		if s.rest[0] == '>' {
			s.rest = s.rest[1:]
			return true
		}
		n := 1
		for n < len(s.rest) && (isLower(s.rest[n]) || s.rest[n] == '-') {
			n++
		}
		if s.rest[0] != ' ' || !bytes.HasPrefix(s.rest[n:], []byte(`="`)) || bytes.Compare(last, s.rest[1:n]) >= 0 {
			return false // as for the names: the second of two is dropped, and we write them in order
		}
		last = s.rest[1:n]
		value := s.rest[n+2:]
		end := bytes.IndexByte(value, '"')
		if end < 0 || bytes.IndexByte(value[:end], '<') >= 0 || !plainlyEscaped(value[:end]) {
			return false
		}
		s.rest = value[end+1:]
	}
	return false
}

// plainlyEscaped: nothing that a tokenizer changes (§13.2.5), no reference but ours.
func plainlyEscaped(text []byte) bool {
	if bytes.IndexByte(text, '>') >= 0 || bytes.IndexByte(text, '"') >= 0 || bytes.IndexByte(text, '\r') >= 0 || bytes.IndexByte(text, 0) >= 0 {
		return false
	}
	for {
		at := bytes.IndexByte(text, '&')
		if at < 0 {
			return true
		}
		text = text[at:]
		n := bytes.IndexByte(text, ';') + 1
		switch string(text[:n]) {
		case "&amp;", "&lt;", "&gt;", "&#34;":
		default:
			return false
		}
		text = text[n:]
	}
}

// admits reports whether an element begun here stays here and ends nothing.
func (s *stander) admits(name []byte, k kind) bool {
	parent := s.top()
	if tableOnly(parent) || k&structure != 0 {
		return belongs(string(name), string(parent.name))
	}
	switch {
	case string(name) == "li":
		return string(parent.name) == "ul" || string(parent.name) == "ol" // no list is in a paragraph
	case string(name) == "dt", string(name) == "dd":
		return string(parent.name) == "dl"
	case k&heading != 0 && parent.kind&heading != 0:
		return false
	case k&closesP != 0:
		return !s.inP()
	case string(name) == "a":
		return !s.inLink()
	}
	return true
}

// belongs: the one place of each part of a table.
func belongs(name, parent string) bool {
	switch name {
	case "caption", "colgroup", "thead", "tbody", "tfoot":
		return parent == "table"
	case "col":
		return parent == "colgroup"
	case "tr":
		return parent == "thead" || parent == "tbody" || parent == "tfoot"
	case "td", "th":
		return parent == "tr"
	}
	return false
}

// inP: a paragraph is open that a block would end (button scope).
func (s *stander) inP() bool {
	for i := len(s.stack) - 1; i >= 0 && s.stack[i].kind&scope == 0; i-- {
		if string(s.stack[i].name) == "p" {
			return true
		}
	}
	return false
}

// inLink: a link ends a link.
func (s *stander) inLink() bool {
	return slices.ContainsFunc(s.stack, func(e stood) bool { return string(e.name) == "a" })
}
