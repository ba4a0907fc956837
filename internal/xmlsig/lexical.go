package xmlsig

import (
	"strconv"
	"strings"
)

// qname reads prefix:name. Names are ASCII here plus any letter beyond; a second
// colon, an empty half or the prefix xmlns on an element is refused.
func (r *reader) qname() (prefix, name string, err error) {
	from := r.at
	for r.at < len(r.src) && nameByte(r.src[r.at]) {
		r.at++
	}
	full := r.src[from:r.at]
	if full == "" || len(full) > maxName {
		return "", "", r.fail("an ill-formed name")
	}
	prefix, name, found := strings.Cut(full, ":")
	if !found {
		prefix, name = "", full
	}
	for _, part := range []string{prefix, name} {
		if part == "" {
			if found || part == name {
				return "", "", r.fail("an ill-formed name")
			}
			continue
		}
		if strings.Contains(part, ":") || part[0] == '-' || part[0] == '.' || part[0] >= '0' && part[0] <= '9' {
			return "", "", r.fail("an ill-formed name")
		}
	}
	return prefix, name, nil
}

func nameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '.' || c == ':' || c >= 0x80
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func (r *reader) chars(open *node) error {
	end := strings.IndexByte(r.src[r.at:], '<')
	if end < 0 {
		return r.fail("an end too soon")
	}
	raw := r.src[r.at : r.at+end]
	if strings.Contains(raw, "]]>") {
		return r.fail("a ]]> in text")
	}
	text, err := r.unescape(raw, false)
	if err != nil {
		return err
	}
	r.at += end
	return r.text(open, text)
}

func (r *reader) cdata(open *node) error {
	from := r.at + len("<![CDATA[")
	end := strings.Index(r.src[from:], "]]>")
	if open == nil || end < 0 {
		return r.fail("an ill-formed CDATA section")
	}
	raw := r.src[from : from+end]
	if badChar(raw) >= 0 {
		return r.fail("a forbidden character")
	}
	r.at = from + end + 3
	return r.text(open, lineEnds(raw))
}

// text adds a run of text. A comment splits what it stands in into several runs:
// each counts, so that comments cannot buy memory.
func (r *reader) text(open *node, text string) error {
	if text == "" {
		return nil
	}
	open.children = append(open.children, &node{text: text, parent: open})
	return r.spend()
}

// lineEnds makes every line end a line feed (XML 1.0 §2.11).
func lineEnds(s string) string {
	if strings.IndexByte(s, '\r') < 0 {
		return s
	}
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}

// unescape normalises line ends, then resolves the five entities and character
// references. In an attribute, literal white space becomes a space (§3.3.3) but a
// reference to it stays.
func (r *reader) unescape(raw string, attribute bool) (string, error) {
	if badChar(raw) >= 0 {
		return "", r.fail("a forbidden character")
	}
	raw = lineEnds(raw)
	if attribute {
		raw = strings.NewReplacer("\n", " ", "\t", " ").Replace(raw)
	}
	if strings.IndexByte(raw, '&') < 0 {
		return raw, nil
	}
	var b strings.Builder
	for {
		i := strings.IndexByte(raw, '&')
		if i < 0 {
			b.WriteString(raw)
			return b.String(), nil
		}
		b.WriteString(raw[:i])
		ref, rest, ok := strings.Cut(raw[i+1:], ";")
		if !ok || len(ref) > 12 {
			return "", r.fail("an ill-formed reference")
		}
		c, err := r.reference(ref)
		if err != nil {
			return "", err
		}
		b.WriteRune(c)
		raw = rest
	}
}

func (r *reader) reference(ref string) (rune, error) {
	switch ref {
	case "lt":
		return '<', nil
	case "gt":
		return '>', nil
	case "amp":
		return '&', nil
	case "quot":
		return '"', nil
	case "apos":
		return '\'', nil
	}
	digits, base := "", 10
	if d, ok := strings.CutPrefix(ref, "#x"); ok {
		digits, base = d, 16
	} else if d, ok := strings.CutPrefix(ref, "#"); ok {
		digits = d
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil || strings.ContainsAny(digits, "+_") || n > 0x10ffff || !xmlChar(rune(n)) {
		return 0, r.fail("an unknown entity or character")
	}
	return rune(n), nil
}

// xmlChar is the production Char of XML 1.0 §2.2.
func xmlChar(c rune) bool {
	return c == '\t' || c == '\n' || c == '\r' || c >= 0x20 && c <= 0xd7ff || c >= 0xe000 && c <= 0xfffd || c >= 0x10000 && c <= 0x10ffff
}

func badChar(s string) int {
	for i, c := range s {
		if !xmlChar(c) {
			return i
		}
	}
	return -1
}

// resolve finds the namespaces of a start tag and refuses doubles.
func (r *reader) resolve(n *node) error {
	seen := map[string]bool{}
	for _, d := range n.declared {
		if seen[d.name] {
			return r.fail("a namespace declared twice")
		}
		seen[d.name] = true
	}
	var ok bool
	if n.space, ok = n.lookup(n.prefix); !ok {
		return r.fail("an undeclared prefix")
	}
	names := map[string]bool{}
	for i := range n.attrs {
		a := &n.attrs[i]
		if a.prefix != "" {
			if a.space, ok = n.lookup(a.prefix); !ok {
				return r.fail("an undeclared prefix")
			}
		}
		key := a.space + "\x00" + a.name
		if names[key] {
			return r.fail("an attribute given twice")
		}
		names[key] = true
	}
	return nil
}

// lookup finds what a prefix stands for at n.
func (n *node) lookup(prefix string) (string, bool) {
	if prefix == "xml" {
		return xmlNamespace, true
	}
	for e := n; e != nil; e = e.parent {
		for _, d := range e.declared {
			if d.name == prefix {
				return d.value, true
			}
		}
	}
	return "", prefix == "" // no default namespace: none
}
