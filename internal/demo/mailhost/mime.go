package mailhost

import (
	"bytes"
	"strings"
)

// Caps on one letter's structure: past them the rest is one opaque part.
const (
	maxDepth = 20
	maxParts = 500
)

// part is one MIME part as offsets into the letter: header and body are slices of
// the raw bytes, never copies, never rewritten. Rules follow what Dovecot does
// with broken mail: a multipart without a boundary or without parts has no
// children, a missing or unreadable type is text/plain.
type part struct {
	header   []byte // with its final empty line
	body     []byte
	kind     string // "text"
	subtype  string // "plain"
	params   []param
	children []*part // of a multipart
	letter   *part   // of a message/rfc822
}

type param struct{ name, value string }

// parsePart reads a letter. It accepts any bytes.
func parsePart(raw []byte) *part {
	budget := maxParts
	return parse(raw, "", 0, &budget)
}

func parse(raw []byte, parent string, depth int, budget *int) *part {
	*budget--
	p := &part{}
	p.header, p.body = splitHeader(raw)
	p.kind, p.subtype, p.params = contentType(fieldValue(p.header, "Content-Type"))
	if p.kind == "" {
		p.kind, p.subtype = "text", "plain"
		if parent == "digest" {
			p.kind, p.subtype = "message", "rfc822"
		}
	}
	if depth >= maxDepth || *budget <= 0 {
		if p.kind == "multipart" || p.kind == "message" {
			p.kind, p.subtype = "application", "octet-stream"
		}
		return p
	}
	switch {
	case p.kind == "multipart":
		for _, chunk := range splitParts(p.body, p.param("boundary")) {
			if *budget <= 0 {
				break
			}
			p.children = append(p.children, parse(chunk, p.subtype, depth+1, budget))
		}
	case p.kind == "message" && p.subtype == "rfc822":
		p.letter = parse(p.body, "", depth+1, budget)
	}
	return p
}

func (p *part) param(name string) string {
	for _, q := range p.params {
		if q.name == name {
			return q.value
		}
	}
	return ""
}

// splitHeader cuts at the first empty line; without one, all is header.
func splitHeader(raw []byte) (header, body []byte) {
	if bytes.HasPrefix(raw, []byte("\r\n")) {
		return raw[:2], raw[2:]
	}
	if i := bytes.Index(raw, []byte("\r\n\r\n")); i >= 0 {
		return raw[:i+4], raw[i+4:]
	}
	return raw, nil
}

// splitParts cuts a multipart body at its boundary lines (RFC 2046 §5.1.1). A
// missing closing line ends the last part with the body.
func splitParts(body []byte, boundary string) [][]byte {
	if boundary == "" {
		return nil
	}
	delimiter := []byte("--" + boundary)
	var out [][]byte
	start := -1
	for at := 0; at <= len(body); {
		end := bytes.Index(body[at:], []byte("\r\n"))
		next := len(body) + 1
		text := body[at:]
		if end >= 0 {
			text, next = body[at:at+end], at+end+2
		}
		if bytes.HasPrefix(text, delimiter) {
			rest := text[len(delimiter):]
			closing := bytes.HasPrefix(rest, []byte("--"))
			if closing {
				rest = rest[2:]
			}
			if len(bytes.TrimRight(rest, " \t")) == 0 {
				if start >= 0 {
					out = append(out, body[start:max(start, at-2)])
				}
				start = -1
				if closing {
					return out
				}
				start = min(next, len(body))
			}
		}
		at = next
	}
	if start >= 0 {
		out = append(out, body[start:])
	}
	return out
}

// fields calls f for each header field with its raw bytes, folding included; a
// line that is no field is passed over.
func fields(header []byte, f func(name string, raw []byte) bool) {
	for len(header) > 0 {
		end := 0
		for {
			i := bytes.Index(header[end:], []byte("\r\n"))
			if i < 0 {
				end = len(header)
				break
			}
			end += i + 2
			if end >= len(header) || (header[end] != ' ' && header[end] != '\t') {
				break
			}
		}
		raw := header[:end]
		header = header[end:]
		name, _, ok := bytes.Cut(raw, []byte(":"))
		name = bytes.TrimRight(name, " \t")
		if !ok || len(name) == 0 || bytes.ContainsAny(name, " \t\r\n") {
			continue
		}
		if !f(string(name), raw) {
			return
		}
	}
}

// fieldValue is the first value of a field, unfolded.
func fieldValue(header []byte, name string) string {
	var value string
	fields(header, func(n string, raw []byte) bool {
		if !strings.EqualFold(n, name) {
			return true
		}
		_, v, _ := bytes.Cut(raw, []byte(":"))
		value = strings.TrimSpace(strings.ReplaceAll(string(v), "\r\n", ""))
		return false
	})
	return value
}

// contentType reads "type/subtype; name=value" leniently. A parameter without a
// name stays, with an empty name, as Dovecot reports it.
func contentType(s string) (kind, subtype string, params []param) {
	value, params := valueAndParams(s)
	kind, subtype, ok := strings.Cut(strings.ToLower(value), "/")
	kind, subtype = strings.TrimSpace(kind), strings.TrimSpace(subtype)
	if !ok || kind == "" || subtype == "" || strings.ContainsAny(kind+subtype, " \t\"()<>@,;:\\[]?=") {
		return "", "", nil
	}
	return kind, subtype, params
}

func valueAndParams(s string) (value string, params []param) {
	value, rest := cutUnquoted(s, ';')
	for rest != "" && len(params) < 100 {
		var item string
		item, rest = cutUnquoted(rest, ';')
		name, v, ok := strings.Cut(item, "=")
		if !ok {
			continue
		}
		params = append(params, param{strings.ToLower(strings.TrimSpace(name)), unquote(strings.TrimSpace(v))})
	}
	return strings.TrimSpace(value), params
}

// cutUnquoted cuts at the first separator outside a quoted string.
func cutUnquoted(s string, sep byte) (before, after string) {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && quoted:
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == sep && !quoted:
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

func unquote(s string) string {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return s
	}
	var b strings.Builder
	for i := 1; i < len(s)-1; i++ {
		if s[i] == '\\' && i+1 < len(s)-1 {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// crlf gives the bytes with every line end as CRLF, as a server stores mail.
func crlf(raw []byte) []byte {
	var out []byte
	done := 0 // octets of raw that are in out
	for at := 0; ; at++ {
		next := bytes.IndexByte(raw[at:], '\n')
		if next < 0 {
			break
		}
		if at += next; at > 0 && raw[at-1] == '\r' {
			continue
		}
		if out == nil {
			out = make([]byte, 0, len(raw)+len(raw)/40+16)
		}
		out = append(append(out, raw[done:at]...), "\r\n"...)
		done = at + 1
	}
	if done == 0 {
		return raw
	}
	return append(out, raw[done:]...)
}
