package xmlsig

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Caps on a hostile document. The white list of 2026 is 5 MB, 4 levels and 180,000
// nodes, white space included; a node takes some 160 bytes of memory.
const (
	MaxBytes      = 16 << 20
	maxDepth      = 64
	maxNodes      = 500_000 // elements, runs of text, attributes and declarations
	maxAttributes = 64      // on one element
	maxInScope    = 32      // namespace declarations open at once: a prefix is looked up among them
	maxName       = 256
)

const xmlNamespace = "http://www.w3.org/XML/1998/namespace"

var errSyntax = errors.New("refused XML")

// node is an element or a run of text. Names stay split as written, with their
// namespaces resolved beside: canonical XML needs both.
type node struct {
	text     string // when name is ""
	prefix   string
	name     string
	space    string
	attrs    []attr
	declared []attr // xmlns declarations: prefix "" is the default one
	children []*node
	parent   *node
	endTag   int // offset of the end tag in the source
}

type attr struct{ prefix, name, space, value string }

// reader is a strict reader of the XML 1.0 a signature needs: UTF-8, elements,
// attributes, text, CDATA, comments (dropped, as canonicalisation asks).
type reader struct {
	src     string
	at      int
	left    int // nodes that may still come
	inScope int // namespace declarations open
}

// spend counts one more node against the cap.
func (r *reader) spend() error {
	if r.left--; r.left < 0 {
		return r.fail("too many nodes")
	}
	return nil
}

func (r *reader) fail(why string) error { return fmt.Errorf("%w: %s at byte %d", errSyntax, why, r.at) }

// read gives the document element.
func read(source []byte) (*node, error) { return readWithin(source, maxNodes) }

func readWithin(source []byte, nodes int) (*node, error) {
	if len(source) > MaxBytes {
		return nil, fmt.Errorf("%w: %d bytes", errSyntax, len(source))
	}
	source = bytes.TrimPrefix(source, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(source) {
		return nil, fmt.Errorf("%w: not UTF-8", errSyntax)
	}
	r := &reader{src: string(source), left: nodes}
	if err := r.declaration(); err != nil {
		return nil, err
	}
	if err := r.misc(); err != nil {
		return nil, err
	}
	if !r.starts("<") {
		return nil, r.fail("no element")
	}
	root, err := r.tree()
	if err != nil {
		return nil, err
	}
	if err := r.misc(); err != nil {
		return nil, err
	}
	if r.at != len(r.src) {
		return nil, r.fail("content after the document element")
	}
	return root, nil
}

func (r *reader) starts(s string) bool { return strings.HasPrefix(r.src[r.at:], s) }

// declaration passes over <?xml …?>, refusing another encoding or version.
func (r *reader) declaration() error {
	if !r.starts("<?xml") || len(r.src) < 6 || !isSpace(r.src[5]) {
		return nil
	}
	end := strings.Index(r.src, "?>")
	if end < 0 || end > 200 {
		return r.fail("endless declaration")
	}
	d := strings.ToLower(strings.ReplaceAll(r.src[:end], "'", `"`))
	if strings.Contains(d, "encoding") && !strings.Contains(d, `"utf-8"`) {
		return r.fail("an encoding other than UTF-8")
	}
	if !strings.Contains(d, `"1.0"`) {
		return r.fail("a version other than 1.0")
	}
	r.at = end + 2
	return nil
}

// misc passes over white space and comments outside the document element.
func (r *reader) misc() error {
	for r.at < len(r.src) {
		switch {
		case isSpace(r.src[r.at]):
			r.at++
		case r.starts("<!--"):
			if err := r.comment(); err != nil {
				return err
			}
		case r.starts("<!"), r.starts("<?"):
			return r.fail("a DTD or processing instruction")
		default:
			return nil
		}
	}
	return nil
}

func (r *reader) comment() error {
	end := strings.Index(r.src[r.at+4:], "--")
	if end < 0 || !strings.HasPrefix(r.src[r.at+4+end:], "-->") {
		return r.fail("an ill-formed comment")
	}
	if i := badChar(r.src[r.at+4 : r.at+4+end]); i >= 0 {
		return r.fail("a forbidden character")
	}
	r.at += 4 + end + 3
	return nil
}

// tree reads one element and all it holds, without recursion on hostile depth.
func (r *reader) tree() (*node, error) {
	var root, open *node
	depth := 0
	for {
		switch {
		case r.at >= len(r.src):
			return nil, r.fail("an end too soon")
		case r.starts("</"):
			if open == nil {
				return nil, r.fail("a stray end tag")
			}
			if err := r.end(open); err != nil {
				return nil, err
			}
			r.inScope -= len(open.declared)
			open = open.parent
			depth--
		case r.starts("<!--"):
			if err := r.comment(); err != nil {
				return nil, err
			}
			continue
		case r.starts("<![CDATA["):
			if err := r.cdata(open); err != nil {
				return nil, err
			}
		case r.starts("<!"), r.starts("<?"):
			return nil, r.fail("a DTD or processing instruction")
		case r.starts("<"):
			n, closed, err := r.start(open)
			if err != nil {
				return nil, err
			}
			if open == nil {
				root = n
			} else {
				open.children = append(open.children, n)
			}
			if closed {
				r.inScope -= len(n.declared)
			} else {
				open = n
				if depth++; depth > maxDepth {
					return nil, r.fail("too deep")
				}
			}
		default:
			if err := r.chars(open); err != nil {
				return nil, err
			}
		}
		if open == nil {
			return root, nil
		}
	}
}

func (r *reader) end(open *node) error {
	at := r.at
	r.at += 2
	prefix, name, err := r.qname()
	if err != nil {
		return err
	}
	if prefix != open.prefix || name != open.name {
		return r.fail("a mismatched end tag")
	}
	r.spaces()
	if !r.starts(">") {
		return r.fail("an ill-formed end tag")
	}
	r.at++
	open.endTag = at
	return nil
}

func (r *reader) spaces() bool {
	from := r.at
	for r.at < len(r.src) && isSpace(r.src[r.at]) {
		r.at++
	}
	return r.at > from
}
