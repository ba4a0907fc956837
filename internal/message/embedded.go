package message

import "io"

func letterType(t string) bool { return t == "message/rfc822" || t == "message/global" }

// embedded reads a letter inside a part. One that is base64 (forbidden by RFC
// 2046 §5.2.1, and sent) is decoded first; one that only says so is read as it is.
func (p *parser) embedded(node *Part, pos int) mark {
	if p.parts >= p.limits.Parts {
		p.defect(DefectTooMany)
		return p.leaf(node, pos)
	}
	if p.encodedLetter(node, pos) {
		end := p.leaf(node, pos)
		if inner, _ := io.ReadAll(node.Reader()); looksLikeLetter(inner) {
			q := &parser{raw: inner, limits: p.limits, depth: p.depth, shared: p.shared, open: map[string][]int{}}
			node.Embedded = q.letter(0)
		}
		return end
	}
	l, end := p.letterUntil(pos)
	node.Embedded = l
	node.raw = p.body(pos, end)
	node.Size = int64(len(node.raw))
	return end
}

// encodedLetter decides whether to decode before parsing. Base64 shrinks at each
// level, so the sum of all levels stays linear; quoted-printable may not, so only
// so many levels are decoded.
func (p *parser) encodedLetter(node *Part, pos int) bool {
	switch node.Encoding {
	case "base64":
		if !looksLikeLetter(p.raw[pos:]) {
			return true
		}
	case "quoted-printable":
		if p.guesses++; p.guesses <= maxGuesses {
			return true
		}
	default:
		return false
	}
	node.Encoding = "8bit"
	return false
}

// leaf takes everything up to the next mark as the body of node.
func (p *parser) leaf(node *Part, pos int) mark {
	end := p.skip(pos)
	node.raw = p.body(pos, end)
	node.Size = int64(len(node.raw))
	return end
}

func looksLikeLetter(b []byte) bool {
	line, _ := lineAt(b, 0)
	return fieldName(line) > 0
}
