package message

import (
	"bytes"
	"strings"

	"pli.example/pli/internal/problem"
)

// Letter is one message: its envelope, header, tree, and what was odd.
type Letter struct {
	Envelope Envelope
	Header   Header
	Root     *Part    // never nil after Parse
	Defects  []string // French, short, each once; for the page's notice
}

// The defects Parse names.
const (
	DefectNoBlankLine = "en-tête sans ligne vide"
	DefectHeaderLine  = "ligne d’en-tête illisible"
	DefectHeaderLong  = "en-tête trop long : la fin est ignorée"
	DefectNoHeader    = "lettre sans en-tête"
	DefectBoundary    = "parties mal délimitées"
	DefectUnclosed    = "fin de lettre manquante"
	DefectTooDeep     = "parties trop imbriquées : la suite est montrée d’un bloc"
	DefectTooMany     = "trop de parties : la suite est ignorée"
	DefectType        = "type de contenu illisible"
	DefectEncoding    = "codage de transfert inconnu"
)

// Parse reads one letter. It keeps slices into raw, which must not change. The
// only error is problem.TooLarge: whatever else is wrong, something is shown.
func Parse(raw []byte, limits Limits) (*Letter, error) {
	limits = limits.orDefault()
	if len(raw) > limits.Bytes {
		return nil, problem.New(problem.TooLarge,
			"Cette lettre est trop grosse pour être ouverte ici. Elle reste dans la boîte : téléchargez sa source.")
	}
	if bytes.IndexByte(raw, '\n') < 0 && bytes.IndexByte(raw, '\r') >= 0 { // line ends of an old Mac
		raw = bytes.ReplaceAll(raw, []byte("\r"), []byte("\n"))
	}
	p := &parser{raw: raw, limits: limits, shared: &shared{seen: map[string]bool{}}, open: map[string][]int{}}
	l := p.letter(0)
	l.Defects = p.defects
	Number(l.Root)
	return l, nil
}

// ParseHeader reads a header alone, as fetched for the row of a list.
func ParseHeader(raw []byte) (Header, Envelope) {
	h, _, _ := readHeader(raw, 0, Limits{}.orDefault(), nil)
	return h, envelopeOf(h)
}

// shared is counted once for a letter and those inside its encoded parts.
type shared struct {
	parts, guesses int
	seen           map[string]bool
	defects        []string
}

func (s *shared) defect(d string) {
	if !s.seen[d] {
		s.seen[d] = true
		s.defects = append(s.defects, d)
	}
}

// parser reads one run of bytes, each line once. A boundary line of any open
// multipart ends all that is inside it, so an unclosed part cannot swallow its
// neighbours.
type parser struct {
	raw    []byte
	limits Limits
	depth  int
	level  int              // open multiparts
	open   map[string][]int // boundary → levels that use it, innermost last
	*shared
}

// mark is a boundary line: the level of the multipart it belongs to (1 = outermost),
// 0 at the end of the input.
type mark struct {
	level int
	close bool
	start int // of its line
	next  int // of the line after it
}

// letter reads header and body from pos to a mark of an enclosing multipart.
func (p *parser) letter(pos int) *Letter {
	l, _ := p.letterUntil(pos)
	return l
}

func (p *parser) letterUntil(pos int) (*Letter, mark) {
	h, body, defects := readHeader(p.raw, pos, p.limits, p.isBoundary)
	for _, d := range defects {
		p.defect(d)
	}
	if len(h.Fields) == 0 {
		p.defect(DefectNoHeader)
	}
	l := &Letter{Header: h, Envelope: envelopeOf(h)}
	part, end := p.part(h, body, "text/plain")
	l.Root = part
	return l, end
}

func (p *parser) isBoundary(line []byte) bool {
	m := p.match(line)
	return m.level > 0
}

// match tells whose boundary a line is. Text after the delimiter is allowed (RFC
// 2046 §5.1.1, note to implementors) but only after a space: "--a1" is not "--a".
func (p *parser) match(line []byte) mark {
	if len(line) < 3 || line[0] != '-' || line[1] != '-' || p.level == 0 {
		return mark{}
	}
	s := bytes.TrimRight(line[2:], " \t\r")
	if m := p.delimiter(s); m.level > 0 {
		return m
	}
	if i := bytes.IndexAny(s, " \t"); i > 0 {
		return p.delimiter(s[:i])
	}
	return mark{}
}

func (p *parser) delimiter(s []byte) mark {
	if levels := p.open[string(s)]; len(levels) > 0 {
		return mark{level: levels[len(levels)-1]}
	}
	if s, ok := bytes.CutSuffix(s, []byte("--")); ok {
		if levels := p.open[string(s)]; len(levels) > 0 {
			return mark{level: levels[len(levels)-1], close: true}
		}
	}
	return mark{}
}

// skip reads lines from pos to the next mark.
func (p *parser) skip(pos int) mark {
	for pos < len(p.raw) {
		i := pos
		if p.raw[pos] != '-' {
			j := bytes.Index(p.raw[pos:], []byte("\n--"))
			if j < 0 {
				break
			}
			i = pos + j + 1
		}
		line, next := lineAt(p.raw, i)
		if m := p.match(line); m.level > 0 {
			m.start, m.next = i, next
			return m
		}
		pos = next
	}
	return mark{start: len(p.raw), next: len(p.raw)}
}

// body is raw[from:to] without the line end that belongs to the boundary line.
func (p *parser) body(from int, end mark) []byte {
	to := end.start
	if end.level > 0 && to > from && p.raw[to-1] == '\n' {
		if to--; to > from && p.raw[to-1] == '\r' {
			to--
		}
	}
	return p.raw[from:max(from, to):max(from, to)]
}

// part builds a node from its header and reads its body from pos.
func (p *parser) part(h Header, pos int, fallback string) (*Part, mark) {
	p.parts++
	node, boundary := describe(h, fallback, p.shared)
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > p.limits.Depth && (node.Multipart() || letterType(node.Type)) {
		p.defect(DefectTooDeep)
		node.Type, boundary = "text/plain", ""
	}
	switch {
	case node.Multipart():
		return node, p.multipart(node, boundary, pos)
	case letterType(node.Type):
		return node, p.embedded(node, pos)
	}
	return node, p.leaf(node, pos)
}

// multipart reads the children of node up to its closing mark or one of a
// multipart around it, which it gives back.
func (p *parser) multipart(node *Part, boundary string, pos int) mark {
	guessed := boundary == ""
	if guessed {
		boundary = p.guess(pos)
		p.defect(DefectBoundary)
	}
	end := p.children(node, boundary, pos)
	if len(node.Children) == 0 && !guessed {
		p.defect(DefectBoundary)
		if boundary = p.guess(pos); boundary != "" {
			end = p.children(node, boundary, pos)
		}
	}
	node.raw = p.body(pos, end)
	node.Size = int64(len(node.raw))
	if len(node.Children) == 0 { // nothing to open: show the bytes
		node.Type, node.Encoding = "text/plain", canonicalEncoding(node.Header.Raw("Content-Transfer-Encoding"))
	}
	return end
}

func (p *parser) children(node *Part, boundary string, pos int) mark {
	if boundary == "" {
		return p.skip(pos)
	}
	p.level++
	level := p.level
	p.open[boundary] = append(p.open[boundary], level)
	closed := false
	shut := func() {
		if !closed {
			levels := p.open[boundary]
			if p.open[boundary] = levels[:len(levels)-1]; len(levels) == 1 {
				delete(p.open, boundary)
			}
			p.level--
			closed = true
		}
	}
	defer shut()
	fallback := "text/plain"
	if node.Type == "multipart/digest" {
		fallback = "message/rfc822" // RFC 2046 §5.1.5
	}
	end := p.skip(pos)
	for end.level == level && !end.close {
		if p.parts >= p.limits.Parts {
			p.defect(DefectTooMany)
			end = p.skip(end.next)
			continue
		}
		h, body, defects := readHeader(p.raw, end.next, p.limits, p.isBoundary)
		for _, d := range defects {
			p.defect(d)
		}
		var child *Part
		child, end = p.part(h, body, fallback)
		node.Children = append(node.Children, child)
	}
	if end.level != level { // ended by a neighbour or by the end of the letter
		if len(node.Children) > 0 {
			p.defect(DefectUnclosed)
		}
		return end
	}
	shut()
	return p.skip(end.next) // the epilogue belongs to nobody
}

// guess finds the boundary of a multipart that names none, or a wrong one: the
// first line of dashes followed by a header line.
func (p *parser) guess(pos int) string {
	if p.guesses++; p.guesses > maxGuesses {
		return ""
	}
	window := p.raw[pos:min(len(p.raw), pos+64<<10)]
	for at := 0; at < len(window); {
		line, next := lineAt(window, at)
		if p.isBoundary(line) {
			return ""
		}
		if s := bytes.TrimRight(line, " \t"); len(s) > 3 && bytes.HasPrefix(s, []byte("--")) {
			if follow, _ := lineAt(window, next); len(follow) > 8 && strings.EqualFold(string(follow[:8]), "content-") {
				return string(s[2:])
			}
		}
		at = next
	}
	return ""
}
